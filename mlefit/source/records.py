"""The records this package hands over, and the messages about what they hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any, Protocol

import polars as pl

from mlefit.errors import DataError, UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.source.place import Place

SHOWN_COLUMNS = 12


@frozen
class Delimited:
    """What only CSV and TSV files have: the text behind the typed columns.

    Attributes:
        place: where the bytes are.
        separator: the character between two fields.
        has_header: whether the first line names the columns.
        decimal_comma: whether numbers are written 1,5.
        text: the same rows and columns, every field as the file spells it; empty is null.
        first: the first rows of that; not where it was sent to other processes.
        bare: the typed rows of a long file, of which a word for a missing number is an error;
            None where the first rows have one.
    """

    place: Place
    separator: str
    has_header: bool
    decimal_comma: bool
    text: pl.LazyFrame
    first: pl.DataFrame
    bare: pl.LazyFrame | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What goes along to a worker: no rows, which polars may wait forever to unpack there."""
        return {name: value for name, value in vars(self).items() if name != "first"}


@frozen
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
        place: where the bytes are; None for a frame.
        is_query: whether the scan is a query of a caller, which may be costly to run twice.
    """

    name: str
    format: str
    scan: pl.LazyFrame = field(repr=False)
    schema: Mapping[str, pl.DataType]
    first_row: int = 1
    notes: tuple[str, ...] = ()
    delimited: Delimited | None = field(default=None, repr=False)
    place: Place | None = field(default=None, repr=False)
    is_query: bool = False

    @property
    def stored(self) -> int | None:
        """Bytes of the files; None where there are none, or where they are elsewhere."""
        return None if self.place is None else self.place.stored

    def bytes_of(self, columns: Iterable[str]) -> int | None:
        """What reading some columns takes from its files.

        Returns:
            0 where that is not known; None where nothing is read but a memory map.
        """
        place = self.place
        if place is None or place.compression or isinstance(place.target, bytes):
            return None
        if not place.stored or self.format == "ipc":
            return None
        # the columns of a Parquet file lie apart, and the others are not read
        whole = self.format != "parquet" or set(columns) >= set(self.schema)
        return place.stored if whole else 0


@frozen
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

    def __add__(self, later: Ledger) -> Ledger:
        causes = dict.fromkeys([*self.dropped, *later.dropped])
        dropped = {c: self.dropped.get(c, 0) + later.dropped.get(c, 0) for c in causes}
        return Ledger(self.read + later.read, self.used + later.used, dropped)

    @property
    def candidates(self) -> int:
        """Rows that could have been used: those that `where` asks for."""
        return self.read - self.dropped.get("where", 0)

    def sorted(self, rank: Mapping[str, int]) -> Ledger:
        """The same, its causes by rank; those without one come last, as they are."""
        causes = sorted(self.dropped, key=lambda cause: rank.get(cause, len(rank)))
        return Ledger(self.read, self.used, {cause: self.dropped[cause] for cause in causes})

    def lines(self) -> tuple[str, ...]:
        """The ledger as evidence, one line."""
        parts = [f"{count} {cause}" for cause, count in self.dropped.items()]
        return (
            f"{self.read} rows read, {self.used} usable, dropped: {', '.join(parts) or 'none'}",
        )


class Numbered(Protocol):
    """Rows that may be gone from memory, of which it is known what became of them."""

    @property
    def ledger(self) -> Ledger:
        """What became of every row."""
        ...

    @property
    def is_counted(self) -> bool:
        """Whether identical ones are there once, with their number."""
        ...

    def row_number(self, position: int) -> int:
        """The number in the source of the row at `position` of those that are used."""
        ...


class Memory(Protocol):
    """What remains of runs of rows once they have been used."""

    @property
    def begins(self) -> tuple[tuple[int, int], ...]:
        """For each run with rows the position of its first, in the source and among all used."""
        ...

    def add(self, rows: Rows) -> None:
        """Remember a run."""
        ...

    def numbered(self) -> Numbered:
        """The rows of all runs."""
        ...


class Rereading(Protocol):
    """Complete rows that can be read again, from any row of their source on."""

    def again(self, first: int, last: int | None) -> Iterator[Rows]:
        """Those of the rows from `first` to `last` of the source; None for its end."""
        ...


class Reading(Protocol):
    """The complete rows of a table in runs, of which perhaps only one is in memory."""

    @property
    def rereading(self) -> Rereading | None:
        """What reads them again elsewhere; None where that is not wanted."""
        ...

    def runs(self) -> Iterator[Rows]:
        """The runs in order; what is wrong with the table is told behind the last one."""
        ...

    def memory(self) -> Memory:
        """What is to remember the runs; empty."""
        ...


@frozen
class Rows:
    """The rows a model may use, and the way back to their numbers in the source.

    Attributes:
        frame: the columns asked for, complete rows only; as many chunks as the scan made.
        ledger: what became of every row.
        first_row: number of the first data row of the source.
        locate: positions in the source, from 0, of the rows that are used; reads the source
            again, so it is called for messages only. None when no row was dropped.
        counts: how many identical rows each of `frame` stands for; None if each is its own.
        firsts: where the first of these is among the rows that are used; None likewise.
        squares: sums of squares of columns, where they are known.
    """

    frame: pl.DataFrame
    ledger: Ledger
    first_row: int = 1
    locate: Callable[[], pl.Series] | None = field(default=None, repr=False)
    counts: pl.Series | None = None
    firsts: pl.Series | None = None
    squares: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def _positions(self) -> pl.Series | None:
        return None if self.locate is None else self.locate()

    def positions(self) -> pl.Series:
        """Positions in the source, from 0, of the rows of `frame`."""
        found = self._positions
        return pl.int_range(self.frame.height, eager=True) if found is None else found

    def row_number(self, position: int) -> int:
        """The number in the source of the row at `position` among those that are used."""
        if self._positions is None:
            return position + self.first_row
        return int(self._positions[position]) + self.first_row

    @property
    def is_counted(self) -> bool:
        """Whether each is there once, with its number."""
        return self.counts is not None

    @property
    def rereading(self) -> None:
        """They are here."""

    def runs(self) -> Iterator[Rows]:
        """These rows are one run."""
        yield self

    def memory(self) -> Memory:
        """They stay as they are."""
        return Held()

    def row_numbers(self, positions: Iterable[int]) -> list[int]:
        """The numbers in the source of several rows."""
        return [self.row_number(position) for position in positions]

    def told(self, values: pl.Series, form: str = "") -> Callable[[int], str]:
        """What puts a row into words: its number, and its value of these in a format."""
        return lambda at: f"row {self.row_number(at)} = {values[at]:{form}}"

    def number_of(self, mask: pl.Series) -> int:
        """How many rows of the source those stand for where `mask` is true."""
        return int(mask.sum() if self.counts is None else self.counts.filter(mask).sum())

    def only(self, mask: pl.Series, cause: str) -> Rows:
        """The rows for which `mask` is true; the others count as dropped under `cause`."""
        assert self.counts is None  # the positions of those that stay would be others
        frame = self.frame.filter(mask)
        lost = self.frame.height - frame.height
        dropped = dict(self.ledger.dropped)
        dropped[cause] = dropped.get(cause, 0) + lost
        ledger = Ledger(self.ledger.read, frame.height, dropped)

        def locate() -> pl.Series:
            return self.positions().filter(mask)

        return Rows(frame, ledger, self.first_row, locate)


class Held:
    """One run of rows that stays in memory."""

    begins = ((0, 0),)

    def add(self, rows: Rows) -> None:
        """Remember a run."""
        self._rows = rows

    def numbered(self) -> Rows:
        """The run."""
        return self._rows


class Passed:
    """Runs of rows that are gone, and the way back to their numbers: a bit for each row.

    Args:
        causes: for which rows may be dropped, in the order in which a ledger lists them.
    """

    is_counted = False

    def __init__(self, causes: Sequence[str]) -> None:
        self.ledger = Ledger(0, 0, {})
        self._causes = {cause: rank for rank, cause in enumerate(causes)}
        self._starts: list[int] = []
        self._positions: list[int] = []
        self._firsts: list[int] = []
        self._kept: list[pl.Series | None] = []

    def numbered(self) -> Passed:
        """The rows of all runs."""
        return self

    def add(self, rows: Rows) -> None:
        """Remember the rows of a run before it is let go."""
        self.ledger = (self.ledger + rows.ledger).sorted(self._causes)
        if rows.frame.is_empty():
            return
        positions = rows.positions()
        first, last = int(positions[0]), int(positions[-1])
        self._starts.append(self.ledger.used - rows.ledger.used)
        self._positions.append(first)
        self._firsts.append(first + rows.first_row)
        everywhere = pl.int_range(first, last + 1, eager=True).cast(positions.dtype)
        gaps = len(everywhere) > len(positions)
        self._kept.append(everywhere.is_in(positions.implode()) if gaps else None)

    @property
    def begins(self) -> tuple[tuple[int, int], ...]:
        """Where each run begins."""
        return tuple(zip(self._positions, self._starts, strict=True))

    def row_number(self, position: int) -> int:
        """The number in the source of the row at `position` of those that are used."""
        run = bisect_right(self._starts, position) - 1
        kept, within = self._kept[run], position - self._starts[run]
        if kept is not None:
            within = int(kept.arg_true()[within])
        return self._firsts[run] + within


def columns_line(names: Iterable[str]) -> str:
    """One line of evidence that lists column names, shortened to about a dozen."""
    known = list(names)
    more = len(known) - SHOWN_COLUMNS
    shown = ", ".join(known[:SHOWN_COLUMNS])
    return f"columns: {shown}" + (f", ... and {more} more" if more > 0 else "")


def no_rows(source: Source) -> DataError:
    """The error for a table that holds nothing."""
    if source.delimited is not None and source.delimited.has_header:
        return DataError(f"{source.name} has a header but no rows")
    return DataError(f"{source.name} has no rows")


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
