"""The target: its values, what its levels are coded as, and whether the family can produce it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlefit.design.blocks import TARGET, Columns
from mlefit.design.levels import level_text, listed_levels, number, ranked
from mlefit.design.roles import Roles
from mlefit.design.suggest import listed, word
from mlefit.design.usable import Profile, facts_of, suitable_families
from mlefit.design.values import contents, is_text, numbers
from mlefit.errors import DataError, UsageError
from mlefit.expression import Name
from mlefit.families._base import Family
from mlefit.request import Request
from mlefit.source import Rows

_CHECKED_ROWS = 65_536
_SHOWN_ROWS = 2
_SHOWN_LEVELS = 6


@dataclass(frozen=True)
class Target:
    """The left side.

    Attributes:
        values: numbers (n,), or the codes 0, 1, ... of levels.
        event: for a target of yes or no, the level that counts as 1.
        levels: of a family of levels, in the order of their codes; else empty.
        note: what a person should know of the coding.
    """

    values: pl.Series
    event: str | None = None
    levels: tuple[str, ...] = ()
    note: str | None = None


def target_of(request: Request, roles: Roles, rows: Rows, family: Family) -> Target:
    """The target as numbers.

    Raises:
        UsageError: a column that is neither numbers nor levels, or levels it does not have.
        DataError: text or levels that the family cannot produce.
    """
    if request.lower is not None:  # nothing but an end, which may be missing
        return Target(pl.repeat(0.0, rows.frame.height, eager=True))
    if family.support.levels:
        return _classes(request, roles, rows, family)
    if request.levels is not None:
        return _chosen_event(request, roles, rows, family)
    values, event = _numbers_or_event(roles, rows, family)
    note = None if event is None else f"{roles.main.response_label}: {event!r} counts as 1"
    return Target(values, event, note=note)


def profile_of_target(roles: Roles, rows: Rows) -> Profile:
    """What the left side looks like, before any family says what it should be.

    Raises:
        UsageError, DataError: it cannot be computed.
    """
    if isinstance(roles.response, Name):
        return facts_of(rows.frame.get_column(roles.response.name))
    return facts_of(numbers(roles.response, rows))


def _classes(request: Request, roles: Roles, rows: Rows, family: Family) -> Target:
    """The levels of a column as codes: in the order given, declared, or sorted."""
    label = roles.main.response_label
    codes, levels, declared = _coded(request, roles, rows, family)
    if len(levels) < 2:
        raise DataError(f"{label!r} has only the level {levels[0]!r}, and {family.name} needs two")
    shown = ", ".join(map(repr, levels[:_SHOWN_LEVELS])) + ", ..." * (len(levels) > _SHOWN_LEVELS)
    if not family.support.ordered:
        return Target(codes, levels=levels, note=f"{label}: {levels[0]!r} is the base class")
    if declared or not spelt_out(levels):
        return Target(codes, levels=levels)
    order = shown.replace(", ", " < ")
    if request.strict:
        raise UsageError(
            f"--strict allows no guess, and nothing says in which order the levels of {label!r} "
            "stand",
            listed_levels(list(levels)),
            tries=[f"--levels {listed(levels)}"],
        )
    return Target(
        codes,
        levels=levels,
        note=f"{label}: levels in alphabetical order, {order}; --levels names another order",
    )


def spelt_out(levels: Sequence[str]) -> bool:
    """Whether levels are words, which have no order of their own."""
    return any(number(level) is None for level in levels) and set(levels) != {"false", "true"}


def _coded(
    request: Request, roles: Roles, rows: Rows, family: Family
) -> tuple[pl.Series, tuple[str, ...], bool]:
    """Codes (n,), the levels they count, and whether somebody declared their order."""
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
        return ranks.cast(pl.Float64), tuple(seen), False
    places = pl.Series([float(wanted.index(level)) for level in seen])
    codes = ranks.replace_strict(range(len(seen)), places, return_dtype=pl.Float64)
    return codes, wanted, True


def _require_integers(values: pl.Series, roles: Roles, rows: Rows, family: Family) -> None:
    broken = (values != values.floor()).arg_true()
    if len(broken):
        shown = (f"row {rows.row_number(i)} = {values[i]:.12g}" for i in broken[:_SHOWN_ROWS])
        raise DataError(
            f"{roles.main.response_label!r} does not suit {family.name}: it has non-integers",
            f"first: {', '.join(shown)} ({len(broken)} of {len(values)} rows)",
            tries=[f"--family {name}" for name in suitable_families(facts_of(values))],
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


def _chosen_event(request: Request, roles: Roles, rows: Rows, family: Family) -> Target:
    """One of two levels as 0 and 1, in the order given."""
    if not family.support.binary:
        raise UsageError(
            f"--levels orders the levels of a target, and {family.name} has {family.support.words}",
            tries=["--family ordinal", "--family categorical"],
        )
    codes, levels, _ = _coded(request, roles, rows, family)
    if len(levels) != 2:
        raise _not_two(list(levels), roles, family)
    label = roles.main.response_label
    return Target(codes, levels[1], note=f"{label}: {levels[1]!r} counts as 1")


def _numbers_or_event(roles: Roles, rows: Rows, family: Family) -> tuple[pl.Series, str | None]:
    """The target (n,), and for one of two levels the level that counts as 1."""
    if not isinstance(roles.response, Name):
        return numbers(roles.response, rows), None
    values = rows.frame.get_column(roles.response.name)
    if values.dtype == pl.Boolean:
        return values.cast(pl.Float64), "true" if family.support.binary else None
    if not is_text(values.dtype):
        return numbers(roles.response, rows), None
    return _event(values.cast(pl.String), roles, family)


def _event(values: pl.Series, roles: Roles, family: Family) -> tuple[pl.Series, str]:
    """A two-level column of text as 0 and 1: the second level in sorted order is the event."""
    name, levels = values.name, values.unique().sort().to_list()
    if not family.support.binary:
        raise DataError(
            f"column {name!r} holds text, but {family.name} needs {family.support.words}",
            f"first values: {', '.join(map(repr, values.head(3)))}",
            tries=[f"--family {fitting}" for fitting in suitable_families(facts_of(values))],
        )
    if len(levels) != 2:
        raise _not_two(levels, roles, family)
    return (values == levels[-1]).cast(pl.Float64), levels[-1]


def _not_two(levels: list[str], roles: Roles, family: Family) -> DataError:
    event = levels[-1].replace("'", "''")
    return DataError(
        f"column {roles.main.response_label!r} has {len(levels)} level{'s' * (len(levels) != 1)}, "
        f"but {family.name} needs two",
        listed_levels(levels),
        tries=[_compared(roles, f"'{event}'")] if len(levels) > 2 else (),
    )


def check_support(
    columns: Columns, roles: Roles, rows: Rows, request: Request, family: Family
) -> tuple[float, float]:
    """Compare the target with what the family can produce, a run of rows at a time.

    Returns:
        Its least and its largest value.

    Raises:
        DataError: it cannot have produced a value; with the first rows.
    """
    wrong, words = 0, ""
    least, most = math.inf, -math.inf
    shown: list[str] = []
    for span in columns.spans(_CHECKED_ROWS):
        piece = columns.piece(span.piece)
        run = slice(span.lo, span.hi)
        y = piece[TARGET][run].astype(float)
        least, most = min(least, float(y.min())), max(most, float(y.max()))
        found = family.support.first_violation(y, {key: piece[key][run] for key in family.known})
        if found is None:
            continue
        words = words or found[0]
        positions = np.flatnonzero(found[1])
        wrong += len(positions)
        for at in positions[: _SHOWN_ROWS - len(shown)]:
            shown.append(f"row {rows.row_number(span.start + int(at))} = {y[at]:.12g}")
    if wrong:
        raise DataError(
            f"{roles.main.response_label!r} does not suit {family.name}: it has {words}",
            f"first: {', '.join(shown)} ({wrong} of {columns.rows} rows)",
            tries=_instead(columns, roles, request, family),
        )
    return least, most


def _instead(columns: Columns, roles: Roles, request: Request, family: Family) -> Sequence[str]:
    """Another coding of a two-valued target, or families that can produce it."""
    facts = facts_of(pl.Series(columns.whole(TARGET)))
    if family.support.binary and facts.values == 2:
        return [_compared(roles, level_text(float(np.max(columns.whole(TARGET)))))]
    # Links, formulas and values of parameters may mean nothing to another family.
    tied = request.links or request.models or request.fix or family.known
    return [] if tied else [f"--family {name}" for name in suitable_families(facts)]


def _compared(roles: Roles, event: str) -> str:
    """The formula with 1 where the target has this level."""
    right = roles.main.text.partition("~")[2].strip()
    return word(f"{roles.main.response_label} == {event} ~ {right}")
