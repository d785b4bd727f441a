"""The records this package hands over, and the messages about what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from mlefit.errors import UsageError, did_you_mean
from mlefit.source.place import Place

SHOWN_COLUMNS = 12


@dataclass(frozen=True)
class Delimited:
    """What only CSV and TSV files have: the text behind the typed columns.

    Attributes:
        place: where the bytes are.
        separator: the character between two fields.
        has_header: whether the first line names the columns.
        decimal_comma: whether numbers are written 1,5.
        text: the same rows and columns, every field as the file spells it; empty is null.
    """

    place: Place
    separator: str
    has_header: bool
    decimal_comma: bool
    text: pl.LazyFrame


@dataclass(frozen=True)
class Source:
    """A table that has been opened and not yet read.

    Attributes:
        name: path as given, "stdin" or "frame".
        format: csv, tsv, parquet, ipc, ndjson or frame.
        scan: the lazy table.
        schema: type of every column, in column order.
        first_row: number of the first data row in messages: 2 below a header line, else 1.
            Rows of several files are counted through, from 1.
        notes: sentences for stderr about what was decided.
        delimited: the text behind a CSV or TSV file.
        stored: bytes of its files; 0 where that is not known.
    """

    name: str
    format: str
    scan: pl.LazyFrame = field(repr=False)
    schema: Mapping[str, pl.DataType]
    first_row: int = 1
    notes: tuple[str, ...] = ()
    delimited: Delimited | None = field(default=None, repr=False)
    stored: int = 0

    def bytes_of(self, columns: Iterable[str]) -> int | None:
        """What reading some columns takes from its files.

        Returns:
            0 where that is not known; None where nothing is read but a memory map.
        """
        if not self.stored or self.format == "ipc":
            return None
        # the columns of a Parquet file lie apart, and the others are not read
        whole = self.format != "parquet" or set(columns) >= set(self.schema)
        return self.stored if whole else 0


@dataclass(frozen=True)
class Ledger:
    """Where every row went: `read == used + sum(dropped.values())`.

    Attributes:
        read: rows in the source; a blank line is not a row.
        used: rows handed over.
        dropped: rows left out, by cause: "where", "missing:age", "missing:several columns".
    """

    read: int
    used: int
    dropped: Mapping[str, int]

    def lines(self) -> tuple[str, ...]:
        """The ledger as evidence, one line."""
        parts = [f"{count} {cause}" for cause, count in self.dropped.items()]
        return (
            f"{self.read} rows read, {self.used} usable, dropped: {', '.join(parts) or 'none'}",
        )


@dataclass(frozen=True)
class Rows:
    """The rows a model may use, and the way back to their numbers in the source.

    Attributes:
        frame: the columns asked for, complete rows only; as many chunks as the scan made.
        ledger: what became of every row.
        first_row: number of the first data row of the source.
        locate: positions in the source, from 0, of the rows of `frame`; reads the source
            again, so it is called for messages only. None when no row was dropped.
    """

    frame: pl.DataFrame
    ledger: Ledger
    first_row: int = 1
    locate: Callable[[], pl.Series] | None = field(default=None, repr=False)

    @cached_property
    def _positions(self) -> pl.Series | None:
        return None if self.locate is None else self.locate()

    def row_number(self, position: int) -> int:
        """The number in the source of the row at `position` of `frame`."""
        if self._positions is None:
            return position + self.first_row
        return int(self._positions[position]) + self.first_row

    def row_numbers(self, positions: Iterable[int]) -> list[int]:
        """The numbers in the source of several rows of `frame`."""
        return [self.row_number(position) for position in positions]

    def only(self, mask: pl.Series, cause: str) -> Rows:
        """The rows for which `mask` is true; the others count as dropped under `cause`."""
        frame = self.frame.filter(mask)
        lost = self.frame.height - frame.height
        dropped = dict(self.ledger.dropped)
        dropped[cause] = dropped.get(cause, 0) + lost
        ledger = Ledger(self.ledger.read, frame.height, dropped)

        def locate() -> pl.Series:
            everywhere = self._positions
            if everywhere is None:
                everywhere = pl.int_range(self.frame.height, eager=True)
            return everywhere.filter(mask)

        return Rows(frame, ledger, self.first_row, locate)


def columns_line(names: Iterable[str]) -> str:
    """One line of evidence that lists column names, shortened to about a dozen."""
    known = list(names)
    more = len(known) - SHOWN_COLUMNS
    shown = ", ".join(known[:SHOWN_COLUMNS])
    return f"columns: {shown}" + (f", ... and {more} more" if more > 0 else "")


def missing_column(source: Source, name: str, tries: Sequence[str] | None = None) -> UsageError:
    """The error for a column that the source does not have.

    Args:
        source: where it was looked for.
        name: the column as the user spelt it.
        tries: commands that would work; without them, the closest column names.
    """
    shown = did_you_mean(name, source.schema) if tries is None else tries
    evidence = [columns_line(source.schema)]
    if source.delimited is not None and not source.delimited.has_header:
        evidence.append("its first row holds numbers only, so it is no header")
    return UsageError(f"no column {name!r} in {source.name}", *evidence, tries=shown)
