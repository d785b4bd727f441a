"""Read just the columns asked for, and account for every row."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Literal

import polars as pl

from mlefit.frozen import frozen
from mlefit.source.account import Account
from mlefit.source.batches import BATCH_ROWS, batches
from mlefit.source.columns import all_exact
from mlefit.source.malformed import blank_lines, reparsed
from mlefit.source.missing import has_empty_row, parse_limit
from mlefit.source.predicate import nan_as_null
from mlefit.source.records import Passed, Rows, Source
from mlefit.source.selection import Selection, opened_text, selected


def read_rows(
    source: Source,
    columns: Sequence[str],
    *,
    where: str | None = None,
    missing: Literal["drop", "error"] = "drop",
    max_dropped: str | None = None,
    complete: Sequence[str] | None = None,
    open_ended: Sequence[str] = (),
) -> Rows:
    """Read the complete rows of some columns.

    Args:
        source: an opened table.
        columns: the columns to read; no others are touched.
        where: SQL predicate; rows for which it is false or null are dropped.
        missing: what a missing value (null or NaN) does: drop its row, or stop.
        max_dropped: "1%" or "20": the most rows that missing values may cost, out of those
            that satisfy `where`.
        complete: those of `columns` that must have a value; by default all.
        open_ended: those in which a missing or an infinite value means something.

    Returns:
        The rows and their ledger. When nothing is missing the frame is the one that was
        scanned: not copied and not rechunked.

    Raises:
        UsageError: an unknown column, a bad predicate or limit.
        DataError: unreadable, no rows left, an infinity, or too many missing values.
    """
    selection = selected(source, columns, where, complete, open_ended)
    account = Account(selection, missing, max_dropped)
    frame, selection = _without_blank_lines(*_collect(selection))
    with opened_text(source):
        total = frame.height if where is None else selection.rows_in_source()
    moved = total > frame.height or bool(selection.blank)
    rows = account.complete(frame, total, lambda kept: selection.positions, moved=moved)
    account.settle(selection)
    return rows


def _collect(selection: Selection) -> tuple[pl.DataFrame, Selection]:
    """Read; where a CSV value does not parse, try once more from its text."""
    source, delimited = selection.source, selection.source.delimited
    with opened_text(source):
        bare = _bare(selection)
        if bare is not None:
            with suppress(pl.exceptions.ComputeError):  # a word, of whatever kind
                return bare.plan().collect(), bare
        try:
            return selection.plan().collect(), selection
        except pl.exceptions.ComputeError as error:
            hopeless = "utf-8" in str(error) or "end of file" in str(error)
            if delimited is None or hopeless:
                raise
    scan = reparsed(source, delimited, [*selection.columns, *selection.tested])
    with opened_text(source):
        again = replace(selection, scan=scan)
        return again.plan().collect(), again


def _bare(selection: Selection) -> Selection | None:
    """The same rows read as numbers alone, where they are and hardly one says that it is missing.

    To compare every value with the words for missing ones takes polars a quarter of the time.
    """
    delimited, schema = selection.source.delimited, selection.source.schema
    numeric = all(schema[name].is_float() for name in selection.columns)
    needed = set(selection.columns) == set(selection.complete) and selection.predicate is None
    if delimited is None or delimited.bare is None or not (numeric and needed):
        return None
    return replace(selection, scan=delimited.bare)


def _without_blank_lines(
    frame: pl.DataFrame, selection: Selection
) -> tuple[pl.DataFrame, Selection]:
    """Leave out blank lines, which polars reads as rows of nulls."""
    delimited = selection.source.delimited
    suspected = selection.predicate is not None or has_empty_row(frame)
    if delimited is None or not suspected:
        return frame, selection
    with opened_text(selection.source):
        found = blank_lines(delimited)
        if found.is_empty():
            return frame, selection
        without = replace(selection, blank=tuple(found))
        return without.plan().collect(), without


@frozen
class Streamed:
    """The complete rows of some columns, of which only one run is in memory.

    Attributes:
        selection: which rows and columns are wanted.
        missing: what a missing value does: drop its row, or stop.
        max_dropped: the most rows that missing values may cost.
        most_rows: of a run.
        shared: whether others are to read them again.
    """

    selection: Selection
    missing: Literal["drop", "error"]
    max_dropped: str | None
    most_rows: int
    shared: bool = False

    @property
    def rereading(self) -> Streamed | None:
        """Itself, which others can be sent."""
        return self if self.shared else None

    def memory(self) -> Passed:
        """A bit for each row is remembered."""
        return Passed(self.selection.causes)

    def runs(self) -> Iterator[Rows]:
        """The runs in order.

        Raises:
            DataError: as `read_rows`; what needs every row is told behind the last one.
        """
        account = Account(self.selection, self.missing, self.max_dropped)
        with _little_ahead():
            yield from self._complete(account, 0, None)
        account.settle(self.selection)

    def again(self, first: int, last: int | None) -> Iterator[Rows]:
        """Those of the rows from `first` to `last` of the source, which were good before."""
        with _little_ahead():
            yield from self._complete(Account(self.selection, self.missing, None), first, last)

    def _complete(self, account: Account, first: int, last: int | None) -> Iterator[Rows]:
        wanted = self.selection
        read = [*wanted.columns, *wanted.tested]
        for run in batches(wanted.source, read, most_rows=self.most_rows, first=first, last=last):
            frame, positions = run.frame, run.positions()
            if wanted.predicate is not None:
                tested = frame.with_columns(nan_as_null(wanted.source, wanted.predicate))
                kept = tested.select(wanted.predicate.fill_null(False).alias("kept")).to_series()
                frame, positions = tested.filter(kept), positions.filter(kept)
            yield account.complete(
                frame.select(all_exact(wanted.columns)),
                run.frame.height,
                partial(_located, positions),
                moved=True,
            )


# How far polars reads ahead of what is asked for: a row group of Parquet is decoded while the one
# before is used, and text is parsed in pieces of 4 MB, where it would be 16 MB for each thread.
_AHEAD = {
    "POLARS_ROW_GROUP_PREFETCH_SIZE": "1",
    "POLARS_CSV_CHUNK_SIZE": "4194304",
    "POLARS_NDJSON_CHUNK_SIZE": "4194304",
}


@contextmanager
def _little_ahead() -> Iterator[None]:
    """While a table is streamed polars holds as little of it as it can, unless told otherwise."""
    ours = {name: value for name, value in _AHEAD.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


def _located(positions: pl.Series, kept: pl.Series | None) -> Callable[[], pl.Series]:
    return lambda: positions if kept is None else positions.filter(kept)


def stream_rows(
    source: Source,
    columns: Sequence[str],
    *,
    where: str | None = None,
    missing: Literal["drop", "error"] = "drop",
    max_dropped: str | None = None,
    complete: Sequence[str] | None = None,
    open_ended: Sequence[str] = (),
    most_rows: int = BATCH_ROWS,
    shared: bool = False,
) -> Streamed:
    """The complete rows of some columns, a run at a time.

    Args:
        source: an opened table.
        columns: the columns to read.
        where: as for `read_rows`, like what follows.
        missing: what a missing value does.
        max_dropped: the most rows that missing values may cost.
        complete: the columns that must have a value.
        open_ended: those in which a missing value means something.
        most_rows: of a run.
        shared: whether others are to read them again.

    Raises:
        UsageError: an unknown column, a bad predicate or limit.
    """
    if max_dropped is not None:
        parse_limit(max_dropped)
    selection = selected(source, columns, where, complete, open_ended)
    return Streamed(selection, missing, max_dropped, most_rows, shared)
