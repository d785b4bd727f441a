"""Identical rows once, with their number: the same sums over far fewer rows.

Rows are grouped while they are scanned, so that they are never in memory. A sample of m rows
tells whether that pays. With d of them different and s seen only once, about a share s/m of all
n rows is unlike any of the sample (I. J. Good 1953, Biometrika 40, 237-264), so that all of
them have at most about d + n s/m different ones; nor more than the levels of all columns have
combinations.

Every so many rows one stays apart and keeps its position among all, for whoever looks at rows
evenly spaced over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import polars as pl

from mlefit.errors import DataError
from mlefit.frozen import frozen
from mlefit.source.columns import all_exact
from mlefit.source.malformed import POSITION, blank_lines, refuse_ragged_rows
from mlefit.source.missing import (
    has_empty_row,
    incomplete,
    is_complete,
    lacking,
    not_finite,
    parse_limit,
    squares_of,
)
from mlefit.source.records import Ledger, Rows, Source
from mlefit.source.selection import Selection, selected
from mlefit.source.spelling import Spelling

_APART = "\0mlefit: position of a row that stays apart"
_COUNT = "\0mlefit: rows of this kind"

# A column of which so large a share of the first rows is different has no levels.
_FIRST_ROWS = 8192
_MOST_DIFFERENT = 0.5
_HARDLY_ANY_ALIKE = 0.9  # of the first rows, where more of them are not worth a look
# Places in the table where the rows of a sample are taken from.
_PLACES = 8
_SKIPPING = ("parquet", "ipc", "frame")


@frozen
class Counting:
    """When identical rows are counted, and which rows stay apart from them.

    Attributes:
        step: from the number of rows to k, where every k-th row stays apart.
        fewest: with fewer rows than these nothing is gained.
        sampled: rows by which it is judged whether counting pays.
        share: of rows that may be different: one costs about as much as several that are only
            read.
        most: rows that may be different because there is room for no more.
    """

    step: Callable[[int], int]
    fewest: int = 250_000
    sampled: int = 100_000
    share: float = 0.1
    most: float = math.inf


def count_rows(
    source: Source,
    columns: Sequence[str],
    counting: Counting,
    *,
    where: str | None = None,
    missing: Literal["drop", "error"] = "drop",
    max_dropped: str | None = None,
    open_ended: Sequence[str] = (),
) -> Rows | None:
    """Read the different complete rows of some columns and how often each occurs.

    Args:
        source: an opened table.
        columns: the columns to read.
        counting: when that pays.
        where: as for `read_rows`, like what follows.
        missing: what a missing value does.
        max_dropped: the most rows that missing values may cost.
        open_ended: the columns in which a missing value means something.

    Returns:
        None where it does not pay, or where something is to be told of single rows: reading
        every one tells it.

    Raises:
        UsageError: an unknown column, a bad predicate or limit.
    """
    selection = selected(source, columns, where, open_ended=open_ended)
    limit = None if max_dropped is None else parse_limit(max_dropped)
    try:
        found = _counted(selection, counting)
        if found is None or (found.causes and missing == "error") or _is_ragged(selection, found):
            return None
        lost = sum(found.causes.values())
        if limit is not None and limit.is_exceeded(lost, found.candidates):
            return None
        dropped = {"where": found.total - found.candidates} | dict(found.causes)
        used = found.candidates - lost
        rows = Rows(
            found.frame,
            Ledger(found.total, used, {cause: n for cause, n in dropped.items() if n}),
            source.first_row,
            selection.positions if used < found.total else None,
            found.counts,
            found.firsts,
        )
        if any(_is_spelt_for_people(rows, name, source) for name in selection.columns):
            return None
    except (pl.exceptions.PolarsError, DataError):
        return None
    return rows


class _Counted(NamedTuple):
    """The different rows of a selection, in the order in which they first occur.

    Attributes:
        frame: their columns; complete rows only.
        counts: how often each of them occurs.
        firsts: where it first does, among the complete rows.
        total: rows of the source.
        candidates: those that satisfy the predicate.
        causes: rows left out, by the column that lacks a value.
    """

    frame: pl.DataFrame
    counts: pl.Series
    firsts: pl.Series
    total: int
    candidates: int
    causes: Mapping[str, int]


def _counted(selection: Selection, counting: Counting) -> _Counted | None:
    """None if it does not pay, if nothing is left, or if a value is infinite."""
    total = _rows_that_pay(selection, counting)
    if total is None:
        return None
    plan, candidates = selection.plan(), total
    if selection.predicate is not None:
        candidates = int(plan.select(pl.len()).collect().item())
    groups = _grouped(plan, selection, counting.step(max(candidates, 1)))
    wanted = groups.select(all_exact(selection.columns))
    odd = not_finite(wanted, squares_of(wanted))
    for name in odd & set(selection.finite):
        if groups.get_column(name).is_infinite().any():
            return None
    gaps = lacking(groups, selection.complete, odd)
    _, causes = incomplete(groups, gaps, groups.get_column(_COUNT))
    used = candidates - sum(causes.values())
    if not used:
        return None
    if causes:
        whole = plan.filter(is_complete(groups.schema, selection.complete))
        groups = _grouped(whole, selection, counting.step(used))
    frame = groups.select(all_exact(selection.columns))
    counts, firsts = groups.get_column(_COUNT), groups.get_column(POSITION)
    return _Counted(frame, counts, firsts, total, candidates, causes)


def _is_ragged(selection: Selection, found: _Counted) -> bool:
    """Whether a text file has blank lines, which are no rows; a row that ends early raises."""
    source = selection.source
    if source.delimited is None:
        return False
    if found.causes:
        last = max(list(source.schema).index(name) for name in selection.columns)
        place, separator = source.delimited.place, source.delimited.separator
        refuse_ragged_rows(place, separator, range(last + 1, 2**31))
    suspected = selection.predicate is not None or found.causes or has_empty_row(found.frame)
    return bool(suspected) and not blank_lines(source.delimited).is_empty()


def _is_spelt_for_people(rows: Rows, name: str, source: Source) -> bool:
    """Whether a column of text is one of numbers with thousands separators, say."""
    if rows.frame.schema[name] != pl.String:
        return False
    spelling = Spelling(source, name)
    spelling.see(rows)
    return spelling.error() is not None


def _rows_that_pay(selection: Selection, counting: Counting) -> int | None:
    """How many rows there are, if counting them is sure to save work by a look at some."""
    source = selection.source
    if source.is_query or (source.delimited and source.delimited.place.compression):
        return None  # each look would run the query, or unpack the file, anew
    skipping = source.format in _SKIPPING
    if skipping and selection.rows_in_source() < counting.fewest:
        return None
    floats = [name for name in selection.columns if source.schema[name].is_float()]
    if _is_measured(_first_rows(selection, floats[:1])):
        return None
    first = _first_rows(selection, selection.columns)
    if first.is_empty() or _is_measured(first):
        return None
    rows = selection.rows_in_source()
    if rows < counting.fewest or _different(first, rows) > _HARDLY_ANY_ALIKE * rows:
        return None
    sample = _sample(selection, counting.sampled, rows if skipping else None)
    most = min(counting.share * rows, counting.most)
    few = sample.height > 0 and _different(sample, rows) <= most
    return rows if few else None


def _first_rows(selection: Selection, names: Sequence[str]) -> pl.DataFrame:
    """Some rows that cost little: of text, where reading is slow, those that are known already."""
    if selection.source.delimited is not None:
        return selection.source.delimited.first.select(all_exact(names))
    return selection.scan.select(all_exact(names)).head(_FIRST_ROWS).collect()


def _is_measured(frame: pl.DataFrame) -> bool:
    """Whether a column has so many different values that it has no levels."""
    most = _MOST_DIFFERENT * frame.height
    return any(column.n_unique() > most for column in frame.get_columns())


def _grouped(plan: pl.LazyFrame, selection: Selection, step: int) -> pl.DataFrame:
    place = pl.col(POSITION)
    apart = pl.when(place % step == 0).then(place).alias(_APART)
    return (
        plan.with_row_index(POSITION)
        .group_by([*all_exact(selection.columns), apart])
        .agg(pl.len().alias(_COUNT), place.min())
        .collect(engine="streaming")
        .sort(POSITION)
    )


def _sample(selection: Selection, rows: int, among: int | None) -> pl.DataFrame:
    """About so many rows, less those that are not selected.

    Args:
        selection: of which rows.
        rows: how many to look at.
        among: all rows of a table in which one can skip to any place; None for the first ones.
    """
    if among is None:
        parts = [selection.scan.head(rows)]
    else:
        size = rows // _PLACES
        starts = [max(0, among - size) * k // (_PLACES - 1) for k in range(_PLACES)]
        parts = [selection.scan.slice(start, size) for start in starts]
    plans = [replace(selection, scan=part).plan() for part in parts]
    return pl.concat(plans).collect()


def _different(sample: pl.DataFrame, rows: int) -> float:
    """About how many different rows there may be at most among so many."""
    times = sample.group_by(all_exact(sample.columns)).len(_COUNT).get_column(_COUNT)
    unlike = int((times == 1).sum()) / sample.height
    return min(
        len(times) + rows * unlike, math.prod(column.n_unique() for column in sample.get_columns())
    )
