"""Columns as factors: a code for each row, and the levels that the codes count."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from mlefit.design.suggest import Place
from mlefit.design.values import contents, is_text, numbers
from mlefit.errors import UsageError, did_you_mean
from mlefit.expression import Name, tokenize
from mlefit.formula import Factor
from mlefit.source import Rows

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


def levels_of(factor: Factor, rows: Rows, place: Place) -> tuple[pl.Series, tuple[str, ...]]:
    """The codes (n,) of a factor and its levels: sorted, but the base level first.

    Raises:
        UsageError: no such base level, or values that cannot be told apart.
        DataError: the factor is computed and has no value in some row.
    """
    if isinstance(factor.expression, Name):
        values = rows.frame.get_column(factor.expression.name)
        if values.dtype.is_nested():
            raise UsageError(f"column {values.name!r} holds {contents(values.dtype)}")
    else:
        values = numbers(factor.expression, rows, place)
    ranks, distinct = ranked(values)
    levels = [level_text(value) for value in distinct]
    if factor.reference is None:
        return ranks, tuple(levels)
    return _based(ranks, levels, factor, place)


def ranked(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The rank (n,) of every value among the distinct ones, from 0, and these, sorted."""
    if is_text(values.dtype):
        values = values.cast(pl.String)  # an Enum has an order of its own
    values = values.alias("values")  # polars would take "^a$" for a pattern
    distinct = values.unique().sort()
    order = pl.Series(np.arange(len(distinct), dtype=np.uint32))
    return values.replace_strict(distinct, order, return_dtype=pl.UInt32), distinct


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


def _based(
    ranks: pl.Series, levels: list[str], factor: Factor, place: Place
) -> tuple[pl.Series, tuple[str, ...]]:
    """Move the base level to the front."""
    reference = str(factor.reference)
    if reference not in levels:
        close = did_you_mean(reference, levels) or tuple(levels[:1])
        tries = [_with_reference(place, reference, level) for level in close]
        raise UsageError(
            f"{factor.label} has no level '{reference}'", listed_levels(levels), tries=tries
        )
    base = levels.index(reference)
    # Ranks below the base move up by one; unsigned numbers must not pass below zero.
    moved = pl.when(pl.col("r") == base).then(0).when(pl.col("r") < base).then(pl.col("r") + 1)
    codes = pl.DataFrame({"r": ranks}).select(moved.otherwise(pl.col("r")).cast(pl.UInt32))
    return codes.to_series(), (reference, *levels[:base], *levels[base + 1 :])


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
