"""Read just the columns asked for, and account for every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from mlefit.errors import DataError
from mlefit.source.columns import all_exact, exact
from mlefit.source.malformed import (
    POSITION,
    blank_lines,
    readable_text,
    refuse_ragged_rows,
    reparsed,
)
from mlefit.source.missing import (
    Limit,
    drop_incomplete,
    has_empty_row,
    is_complete,
    lacking,
    not_finite,
    parse_limit,
)
from mlefit.source.place import readable
from mlefit.source.predicate import nan_as_null, parse_predicate
from mlefit.source.records import Ledger, Rows, Source, missing_column
from mlefit.source.spelling import refuse_spelt_numbers


@dataclass(frozen=True)
class _Selection:
    """Which rows and columns of a scan are wanted; nothing is read before `collect`."""

    source: Source
    scan: pl.LazyFrame
    columns: tuple[str, ...]
    complete: tuple[str, ...]
    finite: tuple[str, ...]
    predicate: pl.Expr | None = None
    blank: tuple[int, ...] = ()

    def plan(self, numbered: bool = False) -> pl.LazyFrame:
        """The lazy rows, with their position in the source if `numbered`."""
        scan = self.scan
        if numbered or self.blank:
            scan = scan.with_row_index(POSITION)
        if self.blank:
            scan = scan.filter(~pl.col(POSITION).is_in(list(self.blank)))
        if self.predicate is not None:
            scan = scan.with_columns(nan_as_null(self.source, self.predicate))
            scan = scan.filter(self.predicate)
        return scan.select(*all_exact(self.columns), *([POSITION] if numbered else []))

    def positions(self) -> pl.Series:
        """Positions in the source of the complete rows, from 0."""
        plan = self.plan(numbered=True)
        if self.complete:
            plan = plan.filter(is_complete(plan.collect_schema(), self.complete))
        return plan.select(POSITION).collect().to_series()

    def rows_in_source(self) -> int:
        """All rows of the source, blank lines aside."""
        return int(self.scan.select(pl.len()).collect().item()) - len(self.blank)


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
    wanted = tuple(dict.fromkeys(columns))
    needed = wanted if complete is None else tuple(dict.fromkeys(complete))
    needed = tuple(name for name in needed if name not in open_ended)
    unknown = [name for name in wanted if name not in source.schema]
    if unknown:
        raise missing_column(source, unknown[0])
    limit = None if max_dropped is None else parse_limit(max_dropped)
    predicate = None if where is None else parse_predicate(source, where)
    finite = tuple(name for name in wanted if name not in open_ended)
    selection = _Selection(source, source.scan, wanted, needed, finite, predicate)
    frame, selection = _without_blank_lines(*_collect(selection))
    with _readable(source):
        total = frame.height if predicate is None else selection.rows_in_source()
    if frame.is_empty():
        raise _no_rows(source, where, total)
    return _account(selection, frame, total, limit, missing)


def _collect(selection: _Selection) -> tuple[pl.DataFrame, _Selection]:
    """Read; where a CSV value does not parse, try once more from its text."""
    source, delimited = selection.source, selection.source.delimited
    with _readable(source):
        try:
            return selection.plan().collect(), selection
        except pl.exceptions.ComputeError as error:
            hopeless = "utf-8" in str(error) or "end of file" in str(error)
            if delimited is None or hopeless:
                raise
    tested = [] if selection.predicate is None else selection.predicate.meta.root_names()
    scan = reparsed(source, delimited, [*selection.columns, *tested])
    with _readable(source):
        again = replace(selection, scan=scan)
        return again.plan().collect(), again


def _without_blank_lines(
    frame: pl.DataFrame, selection: _Selection
) -> tuple[pl.DataFrame, _Selection]:
    """Leave out blank lines, which polars reads as rows of nulls."""
    delimited = selection.source.delimited
    suspected = selection.predicate is not None or has_empty_row(frame)
    if delimited is None or not suspected:
        return frame, selection
    with _readable(selection.source):
        found = blank_lines(delimited)
        if found.is_empty():
            return frame, selection
        without = replace(selection, blank=tuple(found))
        return without.plan().collect(), without


def _readable(source: Source) -> AbstractContextManager[None]:
    if source.delimited is None:
        return readable(source.name)
    return readable_text(source.delimited.place)


def _account(
    selection: _Selection,
    frame: pl.DataFrame,
    total: int,
    limit: Limit | None,
    missing: Literal["drop", "error"],
) -> Rows:
    """Drop incomplete rows, write the ledger, refuse what may not be used."""
    source = selection.source
    candidates = frame.height
    dropped = {"where": total - candidates} if total > candidates else {}
    odd = not_finite(frame)
    gaps = lacking(frame, selection.complete, odd)
    causes: dict[str, int] = {}
    if gaps:
        _refuse_short_rows(source, frame, selection.columns)
        if missing == "error":
            _refuse_missing(selection, frame, gaps)
        frame, causes = drop_incomplete(frame, gaps)
    ledger = Ledger(total, frame.height, dropped | causes)
    if frame.is_empty():
        raise DataError(f"every row of {source.name} lacks a value it needs", *ledger.lines())
    lost = sum(causes.values())
    if limit is not None and limit.is_exceeded(lost, candidates):
        raise DataError(
            f"missing values cost {lost} of {candidates} rows, more than {limit.spec}",
            *ledger.lines(),
            tries=(f"--max-dropped {lost}",),
        )
    moved = total > frame.height or bool(selection.blank)
    rows = Rows(frame, ledger, source.first_row, selection.positions if moved else None)
    _refuse_infinite(rows, [name for name in selection.finite if name in odd])
    refuse_spelt_numbers(source, rows, selection.columns)
    return rows


def _refuse_short_rows(source: Source, frame: pl.DataFrame, columns: Sequence[str]) -> None:
    """A row that ends too early looks like missing values: tell them apart."""
    order = list(source.schema)
    last = max(order.index(name) for name in columns)
    if source.delimited is not None and frame[order[last]].null_count():
        place, separator = source.delimited.place, source.delimited.separator
        with _readable(source):
            refuse_ragged_rows(place, separator, range(last + 1, 2**31))


def _refuse_missing(selection: _Selection, frame: pl.DataFrame, gaps: Sequence[str]) -> None:
    for name in gaps:
        absent = ~frame.select(is_complete(frame.schema, [name])).to_series()
        count = int(absent.sum())
        if count:
            positions = replace(selection, complete=()).positions().filter(absent)
            row = int(positions[0]) + selection.source.first_row
            raise DataError(
                f"column {name!r} lacks {count} of {frame.height} values",
                f"first: row {row}, in all {_spellings(selection.source, name, positions)}",
                tries=("--missing drop",),
            )


def _spellings(source: Source, name: str, positions: pl.Series) -> str:
    """How missing values are written, the most frequent first: "3 NA, 1 empty"."""
    scan = source.scan if source.delimited is None else source.delimited.text
    values = scan.select(exact(name)).collect().to_series().gather(positions)
    if source.delimited is None:
        nan = int(values.is_nan().sum()) if values.dtype.is_float() else 0
        counts = {"null": len(values) - nan, "NaN": nan}
    else:
        words = Counter(values.fill_null("").str.strip_chars().to_list())
        counts = {word or "empty": number for word, number in words.most_common()}
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def _refuse_infinite(rows: Rows, suspects: Sequence[str]) -> None:
    for name in suspects:
        infinite = rows.frame[name].is_infinite()
        positions = infinite.fill_null(False).arg_true()
        if len(positions):
            first = int(positions[0])
            raise DataError(
                f"column {name!r} holds infinite values",
                f"first: row {rows.row_number(first)} = {rows.frame[name][first]} "
                f"({len(positions)} of {rows.frame.height} rows)",
                # Only a finite number less itself is 0.
                tries=(f'--where \'"{name}" - "{name}" = 0\'',),
            )


def _no_rows(source: Source, where: str | None, total: int) -> DataError:
    if total:
        return DataError(f"no row of {source.name} satisfies --where {where!r}", f"{total} rows")
    if source.delimited is not None and source.delimited.has_header:
        return DataError(f"{source.name} has a header but no rows")
    return DataError(f"{source.name} has no rows")
