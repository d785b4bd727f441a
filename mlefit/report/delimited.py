"""CSV and TSV: one tidy table at full precision, for the next program."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from mlefit.report import tables
from mlefit.report.clean import clean
from mlefit.report.options import ReportOptions
from mlefit.results import FitResult

_DELIMITER = {"csv": ",", "tsv": "\t"}


def render(result: FitResult, options: ReportOptions) -> str:
    """The terms table, or the one that is asked for."""
    if options.table == "fit":
        row = tables.fit(result)
        return write_rows(list(row), [row], options.format)
    if options.table == "path":
        return write_rows(tables.PATH_COLUMNS, tables.path(result), options.format)
    return write_rows(tables.TERM_COLUMNS, tables.terms(result), options.format)


def write_rows(columns: Sequence[str], rows: Sequence[Mapping[str, object]], form: str) -> str:
    """Delimited text with a header; a missing value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=_DELIMITER[form], lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return clean(value) if isinstance(value, str) else value
