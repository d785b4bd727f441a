"""What a column looks like, to guess what it is for and which families suit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlefit._types import Rows
from mlefit.families import every
from mlefit.source import Source
from mlefit.support import Support

MOST_LEVELS = 50


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
        if self.dtype.is_numeric():
            return self.series.cast(pl.Float64).to_numpy()
        if self.dtype == pl.Boolean:
            return self.series.cast(pl.Float64).to_numpy()
        if self.dtype == pl.String and self.values == 2:
            return (self.series == self.series.max()).cast(pl.Float64).to_numpy()
        return None


def profile(source: Source, names: Sequence[str]) -> Mapping[str, Profile]:
    """Look at whole columns: a guess must not depend on the first rows."""
    frame = source.scan.select(names).collect()
    profiles = {}
    for name in names:
        series = frame[name].drop_nulls()
        if series.dtype.is_float():
            series = series.drop_nans()
        profiles[name] = Profile(name, series.dtype, series.n_unique(), len(series), series)
    return profiles


def left_out(facts: Profile) -> str | None:
    """Why a column is no feature by itself; None if it is one."""
    if facts.values <= 1:
        return "it is constant"
    if facts.dtype.is_temporal():
        return "it holds dates"
    if facts.dtype == pl.String:
        if facts.values == facts.rows:
            return "its values are all different, as an identifier's are"
        if facts.values > MOST_LEVELS:
            return f"it is text with {facts.values} levels, more than {MOST_LEVELS}"
        return None
    if not facts.dtype.is_numeric() and facts.dtype != pl.Boolean:
        return f"it is of type {facts.dtype}"
    if _counts_rows(facts):
        return "it numbers the rows, as an identifier does"
    return None


def suits(facts: Profile, support: Support) -> bool:
    """Whether every value can come from a family with this support."""
    y = facts.numbers
    if y is None or not len(y) or facts.values < 2 or _counts_rows(facts):
        return False
    if not facts.dtype.is_numeric() and not support.binary:
        return False
    return support.first_violation(y, {}) is None


def suitable_families(facts: Profile) -> list[str]:
    """Names of the families whose support holds the column, the most specific first."""
    found = [family for family in every() if not family.known and suits(facts, family.support)]
    found.sort(key=lambda family: (not family.support.binary, not family.support.discrete))
    return [family.name for family in found]


def _counts_rows(facts: Profile) -> bool:
    """Whether a column is 0, 1, 2, ... or 1, 2, 3, ..., or integers like a key, all different."""
    if not facts.dtype.is_numeric() or facts.values != facts.rows or facts.rows < 3:
        return False
    steps = np.diff(facts.series.cast(pl.Float64).to_numpy())
    return bool((steps == 1).all())
