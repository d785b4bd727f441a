"""Columns as factors: a code for each row, and the levels that the codes count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.suggest import Place
from mlefit.design.values import contents, is_text, numbers
from mlefit.errors import MlefitError, UsageError, did_you_mean
from mlefit.expression import Name, tokenize
from mlefit.formula import Factor
from mlefit.source import Rows
from mlefit.source.learnt import Learnt

MOST_LEVELS = 5_000_000
"""More distinct values are not kept apart: each takes about 100 bytes."""

_SHOWN_LEVELS = 12
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def is_categorical(factor: Factor, schema: pl.Schema) -> bool:
    """Whether a factor has levels: an explicit `C()`, a column of text or a boolean one."""
    if factor.categorical:
        return True
    if not isinstance(factor.expression, Name):
        return False
    dtype = schema[factor.expression.name]
    return is_text(dtype) or dtype == pl.Boolean


class Levels:
    """The distinct values of a column, and a code for each in order of appearance.

    Codes by rank are known only when every row has passed; `order` turns these into those.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._first: pl.Series | None = None
        self._code_of: dict[Any, int] = {}

    def codes(self, values: pl.Series) -> pl.Series:
        """The code (m,) of every value of a run; within the first run it is its rank.

        Raises:
            UsageError: there are too many to be kept apart.
        """
        if is_text(values.dtype):
            values = values.cast(pl.String)  # an Enum has an order of its own
        self.rows += len(values)
        name, values = values.name, values.alias("values")  # polars takes "^a$" for a pattern
        distinct = values.unique().sort()
        ranks = _ranks(values, distinct)
        if self._first is None:
            self._first = distinct
            return ranks
        return pl.Series(self._numbered(distinct, name), dtype=pl.UInt32).gather(ranks)

    def _numbered(self, distinct: pl.Series, name: str) -> list[int]:
        assert self._first is not None
        known = self._code_of
        if not known:
            known.update({v: i for i, v in enumerate(self._first.to_physical().to_list())})
        codes = [known.setdefault(v, len(known)) for v in distinct.to_physical().to_list()]
        if len(known) > MOST_LEVELS:
            raise UsageError(
                f"column {name!r} has more than {MOST_LEVELS:,} different values, "
                "too many to tell apart in bounded memory"
            )
        return codes

    @property
    def _values(self) -> pl.Series:
        """All values by their code."""
        assert self._first is not None
        if not self._code_of:
            return self._first
        physical = pl.Series(list(self._code_of), dtype=self._first.to_physical().dtype)
        return physical.cast(self._first.dtype)

    @property
    def texts(self) -> list[str]:
        """All values as they are written, sorted."""
        return [level_text(value) for value in self._values.sort()]

    @property
    def order(self) -> NDArray[np.intp]:
        """The rank of every code."""
        return np.argsort(self._values.arg_sort().to_numpy())

    def error(self) -> MlefitError | None:
        """Nothing is wrong with any values."""
        return None


class FactorLevels(Levels):
    """The levels of a factor: sorted, but the base level first."""

    def __init__(self, factor: Factor, place: Place) -> None:
        super().__init__()
        self._factor, self._place = factor, place

    def error(self) -> MlefitError | None:
        """Refuse a base level that there is not."""
        reference, levels = self._factor.reference, self.texts
        if reference is None or reference in levels:
            return None
        close = did_you_mean(reference, levels) or tuple(levels[:1])
        tries = [_with_reference(self._place, reference, level) for level in close]
        label = self._factor.label
        problem = f"{label} has no level '{reference}'"
        return UsageError(problem, listed_levels(levels), tries=tries)

    def settled(self) -> tuple[NDArray[np.uint32], tuple[str, ...]]:
        """For every code of a run the place of its level, and the levels by place."""
        levels, order = self.texts, self.order
        if self._factor.reference is None:
            return order.astype(np.uint32), tuple(levels)
        base = levels.index(self._factor.reference)
        moved = np.where(order == base, 0, np.where(order < base, order + 1, order))
        return moved.astype(np.uint32), (levels[base], *levels[:base], *levels[base + 1 :])


def _ranks(values: pl.Series, distinct: pl.Series) -> pl.Series:
    """Which of the distinct values each one is."""
    if values.dtype == pl.String and not values.null_count():  # no level of an Enum is missing
        return values.cast(pl.Enum(distinct)).to_physical().cast(pl.UInt32)
    ranks = pl.Series(range(len(distinct)), dtype=pl.UInt32)
    return values.replace_strict(distinct, ranks, return_dtype=pl.UInt32)


def codes_of(factor: Factor, rows: Rows, place: Place, learnt: Learnt) -> pl.Series:
    """The codes (m,) of a factor in a run, in order of appearance.

    Raises:
        UsageError: values that cannot be told apart.
    """
    if isinstance(factor.expression, Name):
        values = rows.frame.get_column(factor.expression.name)
        if values.dtype.is_nested():
            raise UsageError(f"column {values.name!r} holds {contents(values.dtype)}")
    else:
        values = numbers(factor.expression, rows, place, learnt)
    return levels_of(factor, place, learnt).codes(values)


def levels_of(factor: Factor, place: Place, learnt: Learnt) -> FactorLevels:
    """What is learnt of the levels of a factor."""
    return learnt.of(f"levels:{factor.label}", lambda: FactorLevels(factor, place))


def level_text(value: object) -> str:
    """A level as it is written: true, 1990, 2020-01-31, b."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def spoiled_numbers(levels: Sequence[str]) -> str | None:
    """The level that keeps a column of numbers from being one: `?` among 1, 2, 3."""
    odd = [level for level in levels if number(level) is None]
    return odd[0] if len(levels) > 3 and 0 < len(odd) <= len(levels) / 4 else None


def number(level: str) -> float | None:
    """The number that a level is written as; None for a word."""
    return float(level) if _NUMBER.fullmatch(level) else None


def listed_levels(levels: list[str]) -> str:
    """The first levels, for a line of evidence."""
    more = ", ..." if len(levels) > _SHOWN_LEVELS else ""
    return "levels: " + ", ".join(map(repr, levels[:_SHOWN_LEVELS])) + more


def _with_reference(place: Place, old: str, new: str) -> str:
    """The formula with another level behind `ref=`."""
    parts, start, behind_equals = [], 0, False
    for token in tokenize(place.text):
        if behind_equals and token.value == old:
            quoted = "'" + new.replace("'", "''") + "'"
            parts += [place.text[start : token.at.start], quoted]
            start = token.at.end
        behind_equals = token.value == "=" and token.kind == "symbol"
    return place.respelt("".join([*parts, place.text[start:]]))
