"""What a report of a fit shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlefit.frozen import frozen
from mlefit.report import tables, tested
from mlefit.report.options import ReportOptions
from mlefit.results.fit import FitResult

if TYPE_CHECKING:
    from mlefit.report.pictures import Picture

_TABLES = {
    "terms": tables.terms,
    "path": tables.path,
    "derived": tables.derived,
    "elsewhere": tables.elsewhere,
    "tests": tested.tests,
    "anova": tested.anova,
}


@frozen
class FitView:
    """A fit in every format; the modules of a format are loaded when it is asked for."""

    result: FitResult
    table_names = ("terms", "fit", *list(_TABLES)[1:])

    def render(self, record: object, options: ReportOptions) -> str:
        """The report in the format of the options, ending in a line break."""
        result = self.result
        if options.table is not None:
            self._rows(options.table)  # a table that a fit has not is told in every format
        if options.format == "json":
            from mlefit.report import document

            if options.table == "fit":
                return document.dumps(tables.fit(result))
            return document.dumps(record if options.table is None else self._rows(options.table))
        if options.format in {"csv", "tsv"}:
            from mlefit.report import delimited

            table = options.table or "terms"
            rows = self._rows(table)
            columns = tables.TERM_COLUMNS if table == "terms" else list(rows[0])
            return delimited.write_rows(columns, rows, options.format)
        if options.format == "md":
            from mlefit.report.views import _fit_markdown

            return _fit_markdown.render(result, options)
        from mlefit.report.views import _fit_text

        return _fit_text.render(result, options)

    def pictures(self) -> Sequence[Picture]:
        """Everything there is to draw."""
        from mlefit.report import curves, searched

        drawn = [part.picture for part in searched.sections(self.result)]
        return [*curves.path_pictures(self.result), *(one for one in drawn if one is not None)]

    def _rows(self, table: str) -> list[tables.Row]:
        """A tidy table."""
        if table == "fit":
            return [tables.fit(self.result)]
        return _TABLES[table](self.result)


def view(result: FitResult) -> FitView:
    """What a report of a fit shows."""
    return FitView(result)
