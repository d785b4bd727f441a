"""What a column looks like, to guess what it is for and which families suit it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.design.values import contents, is_number, is_text
from mlefit.families import every, load
from mlefit.frozen import frozen
from mlefit.source import Source, stream_rows
from mlefit.support import Support

MOST_LEVELS = 50
"""Text with more levels is taken for names or remarks, not for a feature."""

MOST_COUNTED = 100_000
"""Distinct values that are counted where only a few runs are in memory."""

_MOST_FAMILIES = 5
_RUN = 65_536


@frozen
class Profile:
    """A column at a glance.

    Attributes:
        name: of the column.
        dtype: its type.
        values: distinct values, not counting missing ones.
        rows: rows that are not missing.
        numbers: a few values that stand for all: the least, the largest, one that is no
            integer, one that is neither 0 nor 1, and these two, where there are such. Two-level
            text and booleans are 0 and 1; other text is none.
        counts_rows: whether it numbers the rows, in whatever order: n neighbouring integers.
        more: whether it has more distinct values than were counted.
    """

    name: str
    dtype: pl.DataType
    values: int
    rows: int
    numbers: Rows | None
    counts_rows: bool = False
    more: bool = False

    @classmethod
    def of_text(cls, name: str, values: int, rows: int) -> Profile:
        """A column of text of so many levels."""
        return cls(name, pl.String(), values, rows, np.array([0.0, 1.0]) if values == 2 else None)


class Glance:
    """What a column looks like, learnt a run of rows at a time.

    Args:
        name: of the column.
        most: distinct values that are counted; None for all.
    """

    def __init__(self, name: str, most: int | None = MOST_COUNTED) -> None:
        self.name = name
        self.rows = 0
        self.least, self.most = math.inf, -math.inf
        self._limit = most
        self._dtype: pl.DataType = pl.Null()
        self._distinct: pl.Series | None = None
        self._more = False
        self._fraction: float | None = None
        self._other: float | None = None
        self._found: set[float] = set()
        self._mixed = 0

    def error(self) -> None:
        """Nothing is wrong with what a column looks like."""

    def see(self, values: pl.Series) -> None:
        """Look at a run."""
        present = values.drop_nulls()
        if present.dtype.is_float():
            present = present.drop_nans()
        self._dtype = present.dtype
        self.rows += len(present)
        if not len(present) or present.dtype.is_nested():
            return
        self._count(present)
        if is_number(present.dtype):
            self._weigh(present.cast(pl.Float64).to_numpy())

    def _count(self, present: pl.Series) -> None:
        if self._more:
            return
        if is_text(present.dtype):
            present = present.cast(pl.String)
        fresh = present.unique()
        seen = fresh if self._distinct is None else pl.concat([self._distinct, fresh]).unique()
        self._more = self._limit is not None and len(seen) > self._limit
        self._distinct = seen[: self._limit]

    def _weigh(self, numbers: Rows) -> None:
        self.least = min(self.least, float(numbers.min()))
        self.most = max(self.most, float(numbers.max()))
        with np.errstate(invalid="ignore"):
            whole = numbers == np.floor(numbers)
        if not whole.all() and self._fraction is None:
            self._fraction = float(numbers[~whole][0])
        other = (numbers != 0) & (numbers != 1)
        if other.any() and self._other is None:
            self._other = float(numbers[other][0])
        self._found |= {value for value in (0.0, 1.0) if (numbers == value).any()}
        if self._fraction is None and max(-self.least, self.most) < 2**53:
            self._mixed += _mixed(numbers.astype(np.int64))

    @property
    def _counts_rows(self) -> bool:
        if not self._dtype.is_numeric() or self._fraction is not None or self.rows < 3:
            return False
        if self.most - self.least != self.rows - 1 or max(-self.least, self.most) >= 2**53:
            return False
        total, low = 0, int(self.least)
        for start in range(low, low + self.rows, _RUN):
            numbers = np.arange(start, min(start + _RUN, low + self.rows))
            total += _mixed(numbers)
        return total % 2**64 == self._mixed % 2**64

    def profile(self) -> Profile:
        """What was seen."""
        distinct = 0 if self._distinct is None else len(self._distinct)
        values = self.rows if self._dtype.is_nested() else distinct
        numbers = None
        if is_number(self._dtype) and self.rows:
            some = (self.least, self.most, self._fraction, self._other, *sorted(self._found))
            numbers = np.array([value for value in some if value is not None])
        elif is_text(self._dtype) and values == 2:
            numbers = np.array([0.0, 1.0])
        return Profile(
            self.name, self._dtype, values, self.rows, numbers, self._counts_rows, self._more
        )


def _mixed(numbers: NDArray[np.int64]) -> int:
    """The sum of a hash of every integer (splitmix64): modulo 2**64 it tells sets apart."""
    z = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return int((z ^ (z >> np.uint64(31))).sum(dtype=np.uint64))


def facts_of(series: pl.Series) -> Profile:
    """Look at one column."""
    glance = Glance(series.name, None)
    glance.see(series)
    return glance.profile()


def profile(
    source: Source, names: Sequence[str], where: str | None = None
) -> Mapping[str, Profile]:
    """Look at every row of some columns: a guess must not depend on the first ones.

    Raises:
        DataError: the columns cannot be read.
    """
    if not names:
        return {}
    glances = {name: Glance(name) for name in names}
    for run in stream_rows(source, names, where=where, complete=()).runs():
        for name, glance in glances.items():
            glance.see(run.frame.get_column(name))
    return {name: glance.profile() for name, glance in glances.items()}


def left_out(facts: Profile) -> str | None:
    """Why a column is no feature by itself; None if it is one."""
    if facts.values <= 1:
        return "constant" if facts.values else "empty"
    if facts.dtype.is_temporal():
        return contents(facts.dtype)
    if is_text(facts.dtype):
        if facts.values == facts.rows:
            return "an identifier: all different"
        if facts.more:
            return f"text with more than {facts.values:,} levels"
        return f"text with {facts.values} levels" if facts.values > MOST_LEVELS else None
    if not is_number(facts.dtype):
        return contents(facts.dtype)
    return "an identifier: numbers the rows" if facts.counts_rows else None


def suits(facts: Profile, support: Support) -> bool:
    """Whether every value can come from a family with this support."""
    if support.levels:
        return 2 <= facts.values <= MOST_LEVELS and _has_levels(facts)
    y = facts.numbers
    if y is None or facts.values < 2:
        return False
    if not facts.dtype.is_numeric() and not support.binary:
        return False
    return support.first_violation(y, {}) is None


def _has_levels(facts: Profile) -> bool:
    numbers = facts.numbers
    return is_text(facts.dtype) or (numbers is not None and bool((numbers % 1 == 0).all()))


def suitable_families(facts: Profile, known: Sequence[str] = ()) -> list[str]:
    """Names of the families whose support holds the column, the most specific first.

    One that is made with a number, such as a quantile level, is nobody's first choice, and
    numbers and two levels are seldom meant as classes: those are for texts of more.

    Args:
        facts: the column.
        known: quantities that are known of every row and that the families must use.
    """
    many_texts = is_text(facts.dtype) and facts.values > 2
    found = [
        family
        for family in every()
        if set(family.known) == set(known)
        and family.value is None
        and (many_texts or not family.support.levels)
        and suits(facts, family.support)
    ]
    found.sort(
        key=lambda family: (
            not family.support.binary,
            not family.support.discrete,
            -sum(map(math.isfinite, (family.support.lower, family.support.upper))),
            len(family.parameters),
        )
    )
    return [family.name for family in found]


def suggested_families(facts: Profile) -> list[str]:
    """The first of the suitable families that are somebody's first choice, for an error."""
    usual = [name for name in suitable_families(facts) if not load(name).rare]
    return usual[:_MOST_FAMILIES]


def likely_families(
    facts: Profile, known: Sequence[str] = (), *, timed: bool = False
) -> tuple[list[str], str | None]:
    """The suitable families of one kind, and a note where the values allow several kinds.

    Zeros and ones are yes and no. Whole numbers that begin at 0 or 1 are counts; others, such
    as prices, are measurements that happen to be whole.

    Args:
        facts: the column.
        known: quantities that are known of every row and that the families must use.
        timed: whether the values are times until an event, which are measurements.
    """
    suitable = suitable_families(facts, known)
    supports = {name: load(name).support for name in suitable}
    binary = [name for name in suitable if supports[name].binary]
    counts = [name for name in suitable if supports[name].counts]
    densities = [name for name in suitable if not supports[name].discrete]
    numbers = facts.numbers
    if binary and (counts or densities):
        return binary, None
    if numbers is not None:
        # a probability at 0 is of no use where nothing is 0
        densities = [
            name
            for name in densities
            if not supports[name].atoms or any((numbers == a).any() for a in supports[name].atoms)
        ]
    if not counts or not densities:
        return counts or densities or suitable, None
    low = numbers is not None and float(numbers.min()) <= 1 and not timed
    kind, other = ("counts", "measurements") if low else ("measurements", "counts")
    return (
        counts if low else densities,
        f"{facts.name!r} is taken for {kind}; --families names those of {other}",
    )
