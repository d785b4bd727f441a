"""What a column looks like, to guess what it is for and which families suit it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlefit._types import Rows
from mlefit.design.values import contents, is_number, is_text
from mlefit.families import every, load
from mlefit.source import Source, read_rows
from mlefit.support import Support

MOST_LEVELS = 50
"""Text with more levels is taken for names or remarks, not for a feature."""

_MOST_FAMILIES = 5


@dataclass(frozen=True)
class Profile:
    """A column at a glance.

    Attributes:
        name: of the column.
        dtype: its type.
        values: distinct values, not counting missing ones.
        rows: rows that are not missing.
        series: the column without missing values.
    """

    name: str
    dtype: pl.DataType
    values: int
    rows: int
    series: pl.Series

    @property
    def numbers(self) -> Rows | None:
        """The values as numbers; two-level text and booleans as 0 and 1; else None."""
        if is_number(self.dtype):
            return self.series.cast(pl.Float64).to_numpy()
        if is_text(self.dtype) and self.values == 2:
            texts = self.series.cast(pl.String)
            return (texts == texts.max()).cast(pl.Float64).to_numpy()
        return None

    @property
    def counts_rows(self) -> bool:
        """Whether the column numbers the rows, in whatever order: n neighbouring integers."""
        if not self.dtype.is_numeric() or self.values != self.rows or self.rows < 3:
            return False
        numbers = self.series.cast(pl.Float64).to_numpy()
        whole = bool((numbers == np.floor(numbers)).all())
        return whole and bool(np.ptp(numbers) == self.rows - 1)


def facts_of(series: pl.Series) -> Profile:
    """Look at one column."""
    present = series.drop_nulls()
    if present.dtype.is_float():
        present = present.drop_nans()
    distinct = len(present) if present.dtype.is_nested() else present.n_unique()
    return Profile(series.name, present.dtype, distinct, len(present), present)


def profile(
    source: Source, names: Sequence[str], where: str | None = None
) -> Mapping[str, Profile]:
    """Look at every row of some columns: a guess must not depend on the first ones.

    Raises:
        DataError: the columns cannot be read.
    """
    if not names:
        return {}
    frame = read_rows(source, names, where=where, complete=()).frame
    return {name: facts_of(frame.get_column(name)) for name in names}


def left_out(facts: Profile) -> str | None:
    """Why a column is no feature by itself; None if it is one."""
    if facts.values <= 1:
        return "constant" if facts.values else "empty"
    if facts.dtype.is_temporal():
        return contents(facts.dtype)
    if is_text(facts.dtype):
        if facts.values == facts.rows:
            return "an identifier: all different"
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
