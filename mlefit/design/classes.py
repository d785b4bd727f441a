"""Levels of a target as codes 0, 1, ...: in the order given, declared by its type, or sorted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.levels import Levels, listed_levels, number
from mlefit.design.roles import Roles
from mlefit.design.suggest import listed, word
from mlefit.design.usable import Glance, suggested_families
from mlefit.design.values import contents, numbers
from mlefit.errors import DataError, MlefitError, UsageError
from mlefit.expression import Name
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.request import Request
from mlefit.source import Rows
from mlefit.source.learnt import Fault, Learnt

_SHOWN_LEVELS = 6


@frozen
class Target:
    """What all rows say of the left side.

    Attributes:
        event: for a target of yes or no, the level that counts as 1.
        other_event: the one that counts as 0.
        levels: of a family of levels, in the order of their codes; else empty.
        note: what a person should know of the coding.
        places: where the runs hold codes of levels, the number that each stands for.
    """

    event: str | None = None
    other_event: str | None = None
    levels: tuple[str, ...] = ()
    note: str | None = None
    places: NDArray[np.float64] | None = None

    @classmethod
    def of_yes_or_no(
        cls, label: str, levels: Sequence[str], places: NDArray[np.float64] | None = None
    ) -> Target:
        """A target of two levels, the second of which counts as 1."""
        other, event = levels
        return cls(event, other, note=f"{label}: {event!r} counts as 1", places=places)


class TargetLevels(Levels):
    """The levels of a target."""

    def __init__(self, request: Request, roles: Roles, family: Family, declared: pl.Series | None):
        super().__init__()
        self._request, self._roles, self._family = request, roles, family
        self._declared = declared

    @property
    def agreed(self) -> tuple[str, ...]:
        """The levels in the order of their codes.

        Raises:
            UsageError: `--levels` are not those of the target.
        """
        seen = self.texts
        if self._request.levels is not None:
            return _agreed(self._request.levels, seen, self._roles)
        if self._declared is not None:
            return tuple(level for level in self._declared if level in seen)
        return tuple(seen)

    @property
    def has_order(self) -> bool:
        """Whether their order means something: given, declared, or of numbers."""
        told = self._request.levels is not None or self._declared is not None
        return told or _ordered_as_sorted(self.texts)

    @property
    def places(self) -> NDArray[np.float64]:
        """For every code of a run the place of its level."""
        place = {level: k for k, level in enumerate(self.agreed)}
        return np.array([float(place[level]) for level in self.texts])[self.order]

    def error(self) -> MlefitError | None:
        """Refuse levels that are not those asked for, or too few."""
        try:
            levels = self.agreed
        except UsageError as error:
            return error
        label, family = self._roles.main.response_label, self._family
        if not family.support.levels:
            return None if len(levels) == 2 else not_two(list(levels), self._roles, family)
        if len(levels) > 1:
            return self._guessed_order()
        return DataError(f"{label!r} has only the level {levels[0]!r}, and {family.name} needs two")

    def _guessed_order(self) -> UsageError | None:
        """The error where an order may not be guessed."""
        if not (self._family.support.ordered and self._request.strict) or self.has_order:
            return None
        levels = self.agreed
        return UsageError(
            "--strict allows no guess, and nothing says in which order the levels of "
            f"{self._roles.main.response_label!r} stand",
            listed_levels(list(levels)),
            tries=[f"--levels {listed(levels)}"],
        )

    def settled(self) -> Target:
        """What all rows say of the target."""
        label, levels = self._roles.main.response_label, self.agreed
        if not self._family.support.levels:
            return Target.of_yes_or_no(label, levels, self.places)
        note = None
        if not self._family.support.ordered:
            note = f"{label}: {levels[0]!r} is the base class"
        elif not self.has_order:
            order = " < ".join(map(repr, levels[:_SHOWN_LEVELS])) + " < ..." * (
                len(levels) > _SHOWN_LEVELS
            )
            note = f"{label}: levels in alphabetical order, {order}; --levels names another order"
        return Target(levels=levels, note=note, places=self.places)


def coded(request: Request, roles: Roles, rows: Rows, family: Family, learnt: Learnt) -> pl.Series:
    """A code (m,) for the level of the target in each row of a run, in order of appearance.

    Raises:
        UsageError: a column without levels.
    """
    if isinstance(roles.response, Name):
        values = rows.frame.get_column(roles.response.name)
        if values.dtype.is_nested() or values.dtype.is_temporal():
            raise UsageError(f"column {values.name!r} holds {contents(values.dtype)}")
    else:
        values = numbers(roles.response, rows, learnt=learnt)
    if values.dtype.is_numeric():
        values = numbers(roles.response, rows, learnt=learnt)
        _require_integers(values, roles, rows, family, learnt)
    declared = values.dtype.categories if isinstance(values.dtype, pl.Enum) else None
    return learnt.of("target", lambda: TargetLevels(request, roles, family, declared)).codes(values)


def _ordered_as_sorted(levels: Sequence[str]) -> bool:
    """Whether levels are no words, which have no order of their own."""
    return all(number(level) is not None for level in levels) or set(levels) == {"false", "true"}


def _require_integers(
    values: pl.Series, roles: Roles, rows: Rows, family: Family, learnt: Learnt
) -> None:
    """Numbers are levels only where all of them are integers."""
    label = roles.main.response_label

    def refused(fault: Fault) -> DataError:
        return DataError(
            f"{label!r} does not suit {family.name}: it has non-integers",
            fault.evidence(),
            tries=[f"--family {name}" for name in suggested_families(looked.profile())],
        )

    looked = learnt.of("glance", lambda: Glance(label))
    looked.see(values)
    fault = learnt.of("integers", lambda: Fault(refused))
    wrong = values != values.floor()
    fault.see(len(wrong), wrong.arg_true(), rows.told(values, ".12g"))


def not_two(levels: list[str], roles: Roles, family: Family) -> DataError:
    """The error for a target of yes or no that has another number of levels."""
    event = levels[-1].replace("'", "''")
    return DataError(
        f"column {roles.main.response_label!r} has {len(levels)} level{'s' * (len(levels) != 1)}, "
        f"but {family.name} needs two",
        listed_levels(levels),
        tries=[compared(roles, f"'{event}'")] if len(levels) > 2 else (),
    )


def compared(roles: Roles, event: str) -> str:
    """The formula with 1 where the target has this level."""
    return rewritten(roles, f"{roles.main.response_label} == {event}")


def rewritten(roles: Roles, target: str) -> str:
    """The formula with another left side."""
    return word(f"{target} ~ {roles.main.text.partition('~')[2].strip()}")


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
