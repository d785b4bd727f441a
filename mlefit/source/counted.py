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
from dataclasses import dataclass, replace
from typing import NamedTuple

import polars as pl

from mlefit.source.columns import all_exact
from mlefit.source.malformed import POSITION
from mlefit.source.missing import incomplete, is_complete, lacking, not_finite
from mlefit.source.selection import Selection

_APART = "\0mlefit: position of a row that stays apart"
_COUNT = "\0mlefit: rows of this kind"

# A column of which so large a share of the first rows is different has no levels.
_FIRST_ROWS = 8192
_MOST_DIFFERENT = 0.5
_HARDLY_ANY_ALIKE = 0.9  # of the first rows, where more of them are not worth a look
# Places in the table where the rows of a sample are taken from.
_PLACES = 8
_SKIPPING = ("parquet", "ipc", "frame")


@dataclass(frozen=True)
class Counting:
    """When identical rows are counted, and which rows stay apart from them.

    Attributes:
        step: from the number of rows to k, where every k-th row stays apart.
        fewest: with fewer rows than these nothing is gained.
        sampled: rows by which it is judged whether counting pays.
        share: of rows that may be different: one costs about as much as several that are only
            read.
    """

    step: Callable[[int], int]
    fewest: int = 200_000
    sampled: int = 100_000
    share: float = 0.1


class Counted(NamedTuple):
    """The different rows of a selection, in the order in which they first occur.

    Attributes:
        frame: their columns; complete rows only.
        counts: how often each of them occurs.
        positions: where it first does, among the complete rows.
        candidates: rows of the selection, complete or not.
        causes: rows left out, by the column that lacks a value.
    """

    frame: pl.DataFrame
    counts: pl.Series
    positions: pl.Series
    candidates: int
    causes: Mapping[str, int]


def pays(selection: Selection, counting: Counting) -> bool:
    """Whether counting is sure to save work, by a look at some rows."""
    source = selection.source
    if source.is_query or (source.delimited and source.delimited.place.compression):
        return False  # each look would run the query, or unpack the file, anew
    skipping = source.format in _SKIPPING
    if skipping and selection.rows_in_source < counting.fewest:
        return False
    floats = [name for name in selection.columns if source.schema[name].is_float()]
    if _is_measured(_first_rows(selection, floats[:1])):
        return False
    first = _first_rows(selection, selection.columns)
    if first.is_empty() or _is_measured(first):
        return False
    rows = selection.rows_in_source
    if rows < counting.fewest or _different(first, rows) > _HARDLY_ANY_ALIKE * rows:
        return False
    sample = _sample(selection, counting.sampled, places=_PLACES if skipping else 1)
    return sample.height > 0 and _different(sample, rows) <= counting.share * rows


def _first_rows(selection: Selection, names: Sequence[str]) -> pl.DataFrame:
    """Some rows that cost little: of text, where reading is slow, those that are known already."""
    if selection.source.delimited is not None:
        return selection.source.delimited.first.select(all_exact(names))
    return selection.scan.select(all_exact(names)).head(_FIRST_ROWS).collect()


def _is_measured(frame: pl.DataFrame) -> bool:
    """Whether a column has so many different values that it has no levels."""
    most = _MOST_DIFFERENT * frame.height
    return any(column.n_unique() > most for column in frame.get_columns())


def count_rows(selection: Selection, step: Callable[[int], int]) -> Counted | None:
    """The different rows; None if nothing is left, or an infinite value is to be told of.

    Args:
        selection: of which rows.
        step: from the number of complete rows to k, where every k-th row stays apart.
    """
    plan = selection.plan()
    candidates = selection.candidates
    groups = _grouped(plan, selection, step(max(candidates, 1)))
    odd = not_finite(groups.select(all_exact(selection.columns)))
    for name in odd & set(selection.finite):
        if groups.get_column(name).is_infinite().any():
            return None
    gaps = lacking(groups, selection.complete, odd)
    _, causes = incomplete(groups, gaps, groups.get_column(_COUNT))
    if causes:
        used = candidates - sum(causes.values())
        if not used:
            return None
        whole = plan.filter(is_complete(groups.schema, selection.complete))
        groups = _grouped(whole, selection, step(used))
    return Counted(
        groups.select(all_exact(selection.columns)),
        groups.get_column(_COUNT),
        groups.get_column(POSITION),
        candidates,
        causes,
    )


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


def _sample(selection: Selection, rows: int, places: int) -> pl.DataFrame:
    """About so many rows of the source from some places, less those that are not selected."""
    if places == 1:
        parts = [selection.scan.head(rows)]
    else:
        size, whole = rows // places, selection.rows_in_source
        starts = [max(0, whole - size) * k // (places - 1) for k in range(places)]
        parts = [selection.scan.slice(start, size) for start in starts]
    plans = [replace(selection, scan=part, blank=()).plan() for part in parts]
    return pl.concat(plans).collect()


def _different(sample: pl.DataFrame, rows: int) -> float:
    """About how many different rows there may be at most among so many."""
    times = sample.group_by(all_exact(sample.columns)).len(_COUNT).get_column(_COUNT)
    unlike = int((times == 1).sum()) / sample.height
    return min(
        len(times) + rows * unlike, math.prod(column.n_unique() for column in sample.get_columns())
    )
