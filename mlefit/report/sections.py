"""A report as a title, parts and tidy tables, from which every format is made.

A view of one kind of document says what they are; text, Markdown, CSV, TSV and JSON follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mlefit.frozen import frozen
from mlefit.report.options import ReportOptions
from mlefit.report.tables import Row, tidy

if TYPE_CHECKING:
    from mlefit.report.pictures import Picture


@frozen
class Grid:
    """A table of words and numbers: headings, rows, and how many columns are words."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int


@frozen
class Section:
    """A part of the report.

    Attributes:
        title: its heading; empty for none.
        before: lines above the table, each a list of pieces.
        picture: drawn above the table, where pictures are wanted.
        grid: the table.
        after: lines below it.
    """

    title: str = ""
    before: Sequence[Sequence[str]] = ()
    grid: Grid | None = None
    after: Sequence[Sequence[str]] = ()
    picture: Picture | None = None


@frozen
class TidyTable:
    """Columns and rows at full precision, for the next program."""

    columns: Sequence[str]
    rows: Sequence[Row]

    @classmethod
    def of(cls, record: type[Any], records: Sequence[Any]) -> TidyTable:
        """One row for each record, one column for each of its fields."""
        columns = [field.name for field in fields(record)]
        rows = [{name: tidy(getattr(one, name)) for name in columns} for one in records]
        return cls(columns, rows)


@frozen
class View:
    """What a report of a document shows.

    Attributes:
        title: pieces of its first line.
        ledger: of the rows it is about; empty for none.
        sections: its parts, or those of the one table that was asked for.
        tables: the tidy tables by name; the first is what CSV gets unless another is asked for.
    """

    title: Sequence[str]
    ledger: str
    sections: Callable[[ReportOptions], Sequence[Section]]
    tables: Mapping[str, Callable[[], TidyTable]]

    @property
    def table_names(self) -> Sequence[str]:
        """Names of the tables that can be asked for alone."""
        return tuple(self.tables)

    def render(self, record: object, options: ReportOptions) -> str:
        """The report in the format of the options, ending in a line break."""
        if options.format == "json":
            from mlefit.report import document

            if options.table is None:
                return document.dumps(record)
            return document.dumps(self.tables[options.table]().rows)
        if options.format in {"csv", "tsv"}:
            from mlefit.report import delimited

            table = self.tables[options.table or next(iter(self.tables))]()
            return delimited.write_rows(table.columns, table.rows, options.format)
        if options.format == "md":
            from mlefit.report import markdown

            return markdown.sections(self.title, self.ledger, self.sections(options), options)
        from mlefit.report import text

        return text.sections(self.title, self.ledger, self.sections(options), options)

    def pictures(self) -> list[Picture]:
        """Everything there is to draw."""
        found = [section.picture for section in self.sections(ReportOptions())]
        return [picture for picture in found if picture is not None]
