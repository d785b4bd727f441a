"""Levels of a target as codes 0, 1, ...: in the order given, declared by its type, or sorted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mlefit.design.levels import level_text, listed_levels, number, ranked
from mlefit.design.roles import Roles
from mlefit.design.suggest import listed
from mlefit.design.usable import facts_of, suggested_families
from mlefit.design.values import contents, numbers
from mlefit.errors import DataError, UsageError
from mlefit.expression import Name
from mlefit.families._base import Family
from mlefit.request import Request
from mlefit.source import Rows

_SHOWN_ROWS = 2


@dataclass(frozen=True)
class Coding:
    """The codes of a target.

    Attributes:
        codes: shape (n,).
        levels: in the order of their codes.
        has_order: whether that order means something: given, declared, or of numbers.
    """

    codes: pl.Series
    levels: tuple[str, ...]
    has_order: bool


def coded(request: Request, roles: Roles, rows: Rows, family: Family) -> Coding:
    """Give the levels of the target their codes.

    Raises:
        UsageError: a column without levels, or `--levels` that are not those it has.
        DataError: numbers that are no integers.
    """
    if isinstance(roles.response, Name):
        values = rows.frame.get_column(roles.response.name)
        if values.dtype.is_nested() or values.dtype.is_temporal():
            raise UsageError(f"column {values.name!r} holds {contents(values.dtype)}")
    else:
        values = numbers(roles.response, rows)
    if values.dtype.is_numeric():
        values = numbers(roles.response, rows)
        _require_integers(values, roles, rows, family)
    declared = values.dtype.categories.to_list() if isinstance(values.dtype, pl.Enum) else None
    ranks, distinct = ranked(values)
    seen = [level_text(value) for value in distinct]
    if request.levels is not None:
        wanted = _agreed(request.levels, seen, roles)
    elif declared is not None:
        wanted = tuple(level for level in declared if level in seen)
    else:
        return Coding(ranks.cast(pl.Float64), tuple(seen), _ordered_as_sorted(seen))
    places = pl.Series([float(wanted.index(level)) for level in seen])
    codes = ranks.replace_strict(range(len(seen)), places, return_dtype=pl.Float64)
    return Coding(codes, wanted, True)


def _ordered_as_sorted(levels: Sequence[str]) -> bool:
    """Whether levels are no words, which have no order of their own."""
    return all(number(level) is not None for level in levels) or set(levels) == {"false", "true"}


def _require_integers(values: pl.Series, roles: Roles, rows: Rows, family: Family) -> None:
    broken = (values != values.floor()).arg_true()
    if len(broken):
        shown = (f"row {rows.row_number(i)} = {values[i]:.12g}" for i in broken[:_SHOWN_ROWS])
        raise DataError(
            f"{roles.main.response_label!r} does not suit {family.name}: it has non-integers",
            f"first: {', '.join(shown)} ({len(broken)} of {len(values)} rows)",
            tries=[f"--family {name}" for name in suggested_families(facts_of(values))],
        )


def _agreed(given: tuple[str, ...], seen: Sequence[str], roles: Roles) -> tuple[str, ...]:
    """The levels of `--levels`, if they are those of the target."""
    label = roles.main.response_label
    unknown = [level for level in given if level not in seen]
    missing = [level for level in seen if level not in given]
    twice = [level for level in given if given.count(level) > 1]
    if not (unknown or missing or twice):
        return given
    if unknown:
        problem = f"--levels names {unknown[0]!r}, which no row of {label!r} has"
    elif missing:
        problem = f"--levels leaves out {missing[0]!r}, which rows of {label!r} have"
    else:
        problem = f"--levels names {twice[0]!r} twice"
    kept = list(dict.fromkeys(level for level in given if level in seen))
    raise UsageError(
        problem, listed_levels(list(seen)), tries=[f"--levels {listed([*kept, *missing])}"]
    )
