"""The target: its values, what its levels are coded as, and whether the family can produce it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlefit.design.classes import coded
from mlefit.design.columns import TARGET, Columns
from mlefit.design.levels import level_text, listed_levels, spoiled_numbers
from mlefit.design.roles import Roles
from mlefit.design.suggest import listed, word
from mlefit.design.usable import Profile, facts_of, suggested_families
from mlefit.design.values import is_text, numbers
from mlefit.errors import DataError, UsageError
from mlefit.expression import Name
from mlefit.families._base import Family
from mlefit.request import Request
from mlefit.source import Rows
from mlefit.support import Violation

_CHECKED_ROWS = 65_536
_SHOWN_ROWS = 2
_SHOWN_LEVELS = 6


@dataclass(frozen=True)
class Target:
    """The left side.

    Attributes:
        values: numbers (n,), or the codes 0, 1, ... of levels.
        event: for a target of yes or no, the level that counts as 1.
        other_event: the one that counts as 0.
        levels: of a family of levels, in the order of their codes; else empty.
        note: what a person should know of the coding.
    """

    values: pl.Series
    event: str | None = None
    other_event: str | None = None
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
    values, other, event = _numbers_or_event(roles, rows, family)
    note = None if event is None else f"{roles.main.response_label}: {event!r} counts as 1"
    return Target(values, event, other, note=note)


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
    coding = coded(request, roles, rows, family)
    levels = coding.levels
    if len(levels) < 2:
        raise DataError(f"{label!r} has only the level {levels[0]!r}, and {family.name} needs two")
    note = None
    if not family.support.ordered:
        note = f"{label}: {levels[0]!r} is the base class"
    elif not coding.has_order:
        order = " < ".join(map(repr, levels[:_SHOWN_LEVELS])) + " < ..." * (
            len(levels) > _SHOWN_LEVELS
        )
        note = f"{label}: levels in alphabetical order, {order}; --levels names another order"
        if request.strict:
            raise UsageError(
                "--strict allows no guess, and nothing says in which order the levels of "
                f"{label!r} stand",
                listed_levels(list(levels)),
                tries=[f"--levels {listed(levels)}"],
            )
    return Target(coding.codes, levels=levels, note=note)


def _chosen_event(request: Request, roles: Roles, rows: Rows, family: Family) -> Target:
    """One of two levels as 0 and 1, in the order given."""
    if not family.support.binary:
        raise UsageError(
            f"--levels orders the levels of a target, and {family.name} has {family.support.words}",
            tries=["--family ordinal", "--family categorical"],
        )
    coding = coded(request, roles, rows, family)
    if len(coding.levels) != 2:
        raise _not_two(list(coding.levels), roles, family)
    label, (other, event) = roles.main.response_label, coding.levels
    return Target(coding.codes, event, other, note=f"{label}: {event!r} counts as 1")


def _numbers_or_event(
    roles: Roles, rows: Rows, family: Family
) -> tuple[pl.Series, str | None, str | None]:
    """The target (n,), and for one of two levels those that count as 0 and as 1."""
    if not isinstance(roles.response, Name):
        return numbers(roles.response, rows), None, None
    values = rows.frame.get_column(roles.response.name)
    if values.dtype == pl.Boolean:
        levels = ("false", "true") if family.support.binary else (None, None)
        return values.cast(pl.Float64), *levels
    if not is_text(values.dtype):
        return numbers(roles.response, rows), None, None
    return _event(values.cast(pl.String), roles, rows, family)


def _event(
    values: pl.Series, roles: Roles, rows: Rows, family: Family
) -> tuple[pl.Series, str, str]:
    """A two-level column of text as 0 and 1: the second level in sorted order is the event."""
    name, levels = values.name, values.unique().sort().to_list()
    if not family.support.binary:
        raise DataError(
            f"column {name!r} holds text, but {family.name} needs {family.support.words}",
            _first_text(values, rows),
            # a number spoilt by a letter is no class
            tries=[]
            if spoiled_numbers(levels) is not None
            else [f"--family {fitting}" for fitting in suggested_families(facts_of(values))],
        )
    if len(levels) != 2:
        raise _not_two(levels, roles, family)
    return (values == levels[-1]).cast(pl.Float64), *levels


def _not_two(levels: list[str], roles: Roles, family: Family) -> DataError:
    event = levels[-1].replace("'", "''")
    return DataError(
        f"column {roles.main.response_label!r} has {len(levels)} level{'s' * (len(levels) != 1)}, "
        f"but {family.name} needs two",
        listed_levels(levels),
        tries=[_compared(roles, f"'{event}'")] if len(levels) > 2 else (),
    )


def _first_text(values: pl.Series, rows: Rows) -> str:
    """The first value that is no number: among numbers it is the one to look at."""
    odd = values.str.strip_chars().cast(pl.Float64, strict=False).is_null()
    first = int(odd.arg_true()[0]) if odd.any() else 0
    number, value = rows.row_number(first), values[first]
    return f"first: row {number} = {value!r} ({int(odd.sum())} of {len(values)} rows)"


def check_support(
    columns: Columns, roles: Roles, rows: Rows, request: Request, family: Family
) -> tuple[float, float]:
    """Compare the target with what the family can produce, a run of rows at a time.

    Returns:
        Its least and its largest value.

    Raises:
        DataError: it cannot have produced a value; with the first rows.
    """
    wrong = 0
    broken: Violation | None = None
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
        broken = broken or found[0]
        positions = np.flatnonzero(found[1])
        wrong += len(positions)
        for at in positions[: _SHOWN_ROWS - len(shown)]:
            shown.append(f"row {rows.row_number(span.start + int(at))} = {y[at]:.12g}")
    if broken is not None:
        raise DataError(
            f"{roles.main.response_label!r} does not suit {family.name}: it has {broken.words}",
            f"first: {', '.join(shown)} ({wrong} of {columns.rows} rows)",
            tries=_instead(columns, roles, request, family, broken),
        )
    return least, most


def _instead(
    columns: Columns, roles: Roles, request: Request, family: Family, broken: Violation
) -> Sequence[str]:
    """The target in other units or another coding, or families that can produce it."""
    if broken.remedy:
        return [_rewritten(roles, broken.remedy.format(roles.main.response_label))]
    facts = facts_of(pl.Series(columns.whole(TARGET)))
    if family.support.binary and facts.values == 2:
        return [_compared(roles, level_text(float(np.max(columns.whole(TARGET)))))]
    # Links, formulas and values of parameters may mean nothing to another family.
    tied = request.links or request.models or request.fix or family.known
    return [] if tied else [f"--family {name}" for name in suggested_families(facts)]


def _compared(roles: Roles, event: str) -> str:
    """The formula with 1 where the target has this level."""
    return _rewritten(roles, f"{roles.main.response_label} == {event}")


def _rewritten(roles: Roles, target: str) -> str:
    """The formula with another left side."""
    return word(f"{target} ~ {roles.main.text.partition('~')[2].strip()}")
