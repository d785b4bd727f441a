"""What becomes of every row: counted by cause where it is dropped, refused where it may not be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import polars as pl

from mlefit.errors import DataError
from mlefit.source.columns import exact
from mlefit.source.learnt import Fault, Learnt
from mlefit.source.malformed import POSITION, blank_lines, refuse_ragged_rows, reparsed
from mlefit.source.missing import (
    incomplete,
    is_missing,
    lacking,
    not_finite,
    parse_limit,
    squares_of,
)
from mlefit.source.records import Ledger, Rows, Source, no_rows
from mlefit.source.selection import Selection, opened_text
from mlefit.source.spelling import Spelling


class Account:
    """Complete rows, a run at a time.

    Args:
        selection: which rows and columns are wanted.
        missing: what a missing value does: drop its row, or stop.
        max_dropped: "1%" or "20": the most rows that missing values may cost.

    Raises:
        UsageError: `max_dropped` is neither.
    """

    def __init__(
        self, selection: Selection, missing: Literal["drop", "error"], max_dropped: str | None
    ) -> None:
        self._selection = selection
        self._missing = missing
        self._limit = None if max_dropped is None else parse_limit(max_dropped)
        self._ledger = Ledger(0, 0, {})
        self._rank = {cause: k for k, cause in enumerate(selection.causes)}
        self._absent = Counter(dict.fromkeys(selection.complete, 0))
        self._learnt = Learnt()
        self._is_rectangular = selection.source.delimited is None

    def complete(
        self,
        frame: pl.DataFrame,
        total: int,
        locate: Callable[[pl.Series | None], Callable[[], pl.Series]],
        *,
        moved: bool,
    ) -> Rows:
        """The complete rows of a run.

        Args:
            frame: the wanted columns of the rows that satisfy the predicate.
            total: rows of the run in the source, blank lines aside.
            locate: from the rows of `frame` that are kept, None for all, to what tells their
                positions in the source.
            moved: whether those of `frame` may lie elsewhere than at 0, 1, ...
        """
        wanted = self._selection
        dropped = {"where": total - frame.height} if total > frame.height else {}
        squares = squares_of(frame)
        odd = not_finite(frame, squares)
        gaps = lacking(frame, wanted.complete, odd)
        kept: pl.Series | None = None
        if gaps:
            self._refuse_short_rows(frame)
            absent, causes = incomplete(frame, gaps)
            if causes:
                self._count_missing(frame, gaps)
                kept, dropped = ~absent, dropped | causes
                frame, squares = frame.filter(kept), {}
        ledger = Ledger(total, frame.height, dropped)
        self._ledger = (self._ledger + ledger).sorted(self._rank)
        moved = moved or kept is not None
        located = locate(kept) if moved else None
        rows = Rows(frame, ledger, wanted.source.first_row, located, squares=squares)
        self._watch(rows, odd)
        return rows

    def settle(self, selection: Selection) -> None:
        """Refuse what may not be used, now that every row has passed.

        Args:
            selection: as the rows were read in the end.

        Raises:
            DataError: no rows left, an infinity, or too many missing values.
        """
        source, ledger = selection.source, self._ledger
        candidates = ledger.candidates
        if not candidates:
            if not ledger.read:
                raise no_rows(source)
            problem = f"no row of {source.name} satisfies --where {selection.where!r}"
            raise DataError(problem, f"{ledger.read} rows")
        if self._missing == "error":
            for name, count in self._absent.items():
                if count:
                    raise _lacks(selection, name, count, candidates)
        if not ledger.used:
            raise DataError(f"every row of {source.name} lacks a value it needs", *ledger.lines())
        lost = candidates - ledger.used
        if self._limit is not None and self._limit.is_exceeded(lost, candidates):
            raise DataError(
                f"missing values cost {lost} of {candidates} rows, more than {self._limit.spec}",
                *ledger.lines(),
                tries=(f"--max-dropped {lost}",),
            )
        self._learnt.settle()

    def _refuse_short_rows(self, frame: pl.DataFrame) -> None:
        """A row that ends too early looks like missing values: tell them apart, once."""
        source = self._selection.source
        order = list(source.schema)
        last = max(order.index(name) for name in self._selection.columns)
        if self._is_rectangular or not frame[order[last]].null_count():
            return
        assert source.delimited is not None
        with opened_text(source):
            widths = range(last + 1, 2**31)
            refuse_ragged_rows(source.delimited.place, source.delimited.separator, widths)
        self._is_rectangular = True

    def _count_missing(self, frame: pl.DataFrame, gaps: list[str]) -> None:
        schema = frame.schema
        masks = [is_missing(name, schema[name]).sum().alias(f"{i}") for i, name in enumerate(gaps)]
        counts = frame.select(masks).row(0)
        self._absent.update(dict(zip(gaps, counts, strict=True)))

    def _watch(self, rows: Rows, odd: set[str]) -> None:
        """Look for infinities, and for numbers that are spelt for people."""
        source, learnt = self._selection.source, self._learnt
        schema = rows.frame.schema  # polars makes it anew each time it is asked
        for name in self._selection.finite:
            fault = learnt.of(f"infinite:{name}", partial(Fault, partial(_infinite, name)))
            if name not in odd:
                fault.rows += rows.frame.height
                continue
            values = rows.frame[name]
            fault.see(len(values), values.is_infinite().arg_true(), rows.told(values))
        for name in self._selection.columns:
            if schema[name] == pl.String:
                learnt.of(f"spelt:{name}", partial(Spelling, source, name)).see(rows)


def _infinite(name: str, fault: Fault) -> DataError:
    return DataError(
        f"column {name!r} holds infinite values",
        fault.evidence(1),
        # Only a finite number less itself is 0.
        tries=(f'--where \'"{name}" - "{name}" = 0\'',),
    )


def _lacks(selection: Selection, name: str, count: int, candidates: int) -> DataError:
    """The error for a column that lacks values, which are looked up once more."""
    source = selection.source
    if source.delimited is not None:
        scan = reparsed(source, source.delimited, [name, *selection.tested])
        selection = replace(selection, scan=scan, blank=tuple(blank_lines(source.delimited)))
    plan = replace(selection, columns=(name,)).plan(numbered=True)
    absent = plan.filter(is_missing(name, source.schema[name])).select(POSITION)
    with opened_text(source):
        positions = absent.collect(engine="streaming").to_series()
    return DataError(
        f"column {name!r} lacks {count} of {candidates} values",
        f"first: row {int(positions[0]) + source.first_row}, "
        f"in all {_spellings(source, name, positions)}",
        tries=("--missing drop",),
    )


def _spellings(source: Source, name: str, positions: pl.Series) -> str:
    """How missing values are written, the most frequent first: "3 NA, 1 empty"."""
    scan = source.scan if source.delimited is None else source.delimited.text
    numbered = scan.select(exact(name)).with_row_index(POSITION)
    values = (
        numbered.filter(pl.col(POSITION).is_in(positions.implode()))
        .select(exact(name))
        .collect(engine="streaming")
        .to_series()
    )
    if source.delimited is None:
        nan = int(values.is_nan().sum()) if values.dtype.is_float() else 0
        counts = {"null": len(values) - nan, "NaN": nan}
    else:
        words = Counter(values.fill_null("").str.strip_chars().to_list())
        counts = {word or "empty": number for word, number in words.most_common()}
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)
