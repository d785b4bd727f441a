"""The target: its values, what its levels are coded as, and whether the family can produce it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.classes import Target, coded, compared, not_two, rewritten
from mlefit.design.columns import TARGET, Columns
from mlefit.design.levels import Levels, level_text, spoiled_numbers
from mlefit.design.roles import Roles
from mlefit.design.usable import Glance, Profile, facts_of, suggested_families
from mlefit.design.values import is_text, numbers
from mlefit.errors import DataError, UsageError
from mlefit.expression import Name
from mlefit.families._base import Family
from mlefit.request import Request
from mlefit.source import Numbered, Rows
from mlefit.source.learnt import Fault, Learnt
from mlefit.support import Violation

_CHECKED_ROWS = 65_536


class Plain:
    """A target whose values are its numbers."""

    def __init__(self, target: Target | None = None) -> None:
        self._target = target or Target()

    def settled(self) -> Target:
        """What all rows say of it."""
        return self._target

    def error(self) -> None:
        """Nothing can be wrong with numbers before a family judges them."""


def target_of(
    request: Request, roles: Roles, rows: Rows, family: Family, learnt: Learnt
) -> pl.Series:
    """The target in a run: numbers (m,), or codes in order of appearance.

    Raises:
        UsageError: a column that is neither numbers nor levels.
    """
    if request.lower is not None:  # nothing but an end, which may be missing
        learnt.of("target", Plain)
        return pl.repeat(0.0, rows.frame.height, eager=True)
    if family.support.levels:
        return coded(request, roles, rows, family, learnt).cast(pl.Float64)
    if request.levels is not None:
        if not family.support.binary:
            raise UsageError(
                f"--levels orders the levels of a target, and {family.name} has "
                f"{family.support.words}",
                tries=["--family ordinal", "--family categorical"],
            )
        return coded(request, roles, rows, family, learnt).cast(pl.Float64)
    return _numbers_or_event(roles, rows, family, learnt)


def settled_target(learnt: Learnt) -> Target:
    """What all rows say of the target."""
    return learnt.of("target", Plain).settled()


def profile_of_target(roles: Roles, rows: Rows) -> Profile:
    """What the left side looks like, before any family says what it should be.

    Raises:
        UsageError, DataError: it cannot be computed.
    """
    if isinstance(roles.response, Name):
        return facts_of(rows.frame.get_column(roles.response.name))
    return facts_of(numbers(roles.response, rows))


def _numbers_or_event(roles: Roles, rows: Rows, family: Family, learnt: Learnt) -> pl.Series:
    """The target (m,), and for one of two levels which they are."""
    if isinstance(roles.response, Name):
        values = rows.frame.get_column(roles.response.name)
        if values.dtype == pl.Boolean:
            label = roles.main.response_label
            binary = Target.of_yes_or_no(label, ("false", "true"))
            learnt.of("target", lambda: Plain(binary if family.support.binary else None))
            return values.cast(pl.Float64)
        if is_text(values.dtype):
            event = learnt.of("target", lambda: _Event(values.name, roles, family))
            return event.see(values.cast(pl.String), rows)
    learnt.of("target", Plain)
    return numbers(roles.response, rows, learnt=learnt)


class _Event(Levels):
    """A two-level column of text: the second level in sorted order counts as 1."""

    def __init__(self, name: str, roles: Roles, family: Family) -> None:
        super().__init__()
        self._name, self._roles, self._family = name, roles, family
        self._opening = ""
        self._words = Fault(self._refused)

    def see(self, values: pl.Series, rows: Rows) -> pl.Series:
        """The codes of a run, as numbers."""

        def told(at: int) -> str:
            return f"row {rows.row_number(at)} = {values[at]!r}"

        if not self._family.support.binary:
            odd = values.str.strip_chars().cast(pl.Float64, strict=False).is_null()
            if not self._words.rows:
                self._opening = told(0)
            # among numbers the first value that is none is the one to look at
            self._words.see(len(odd), odd.arg_true(), told)
        return self.codes(values).cast(pl.Float64)

    def error(self) -> DataError | None:
        """Refuse text where a family needs numbers, and other than two levels."""
        if not self._family.support.binary:
            return self._refused(self._words)
        levels = self.texts
        return None if len(levels) == 2 else not_two(levels, self._roles, self._family)

    def _refused(self, words: Fault) -> DataError:
        levels, family = self.texts, self._family
        name = self._name
        facts = Profile.of_text(name, len(levels), self.rows)
        shown = words.shown[0] if words.shown else self._opening
        return DataError(
            f"column {name!r} holds text, but {family.name} needs {family.support.words}",
            f"first: {shown} ({words.count} of {words.rows} rows)",
            # a number spoilt by a letter is no class
            tries=[]
            if spoiled_numbers(levels) is not None
            else [f"--family {fitting}" for fitting in suggested_families(facts)],
        )

    def settled(self) -> Target:
        """What all rows say of the target."""
        label = self._roles.main.response_label
        return Target.of_yes_or_no(label, self.texts, self.order.astype(float))


def check_support(
    columns: Columns, roles: Roles, rows: Numbered, request: Request, family: Family
) -> tuple[float, float]:
    """Compare the target with what the family can produce, a run of rows at a time.

    Returns:
        Its least and its largest value.

    Raises:
        DataError: it cannot have produced a value; with the first rows.
    """
    least, most = math.inf, -math.inf
    learnt = Learnt()
    for span in columns.spans(_CHECKED_ROWS):
        series = columns.of(span)
        y = series[TARGET].astype(float)
        least, most = min(least, float(y.min())), max(most, float(y.max()))
        known = {key: series[key] for key in family.known}
        for violation in family.support.violations:
            fault = learnt.of(violation.words, _refused(columns, roles, request, family, violation))
            wrong = np.flatnonzero(violation.found(y, known)).tolist()
            fault.see(len(y), wrong, _told(rows, span.start, y))
    learnt.settle()
    return least, most


def _told(rows: Numbered, start: int, y: NDArray[np.float64]) -> Callable[[int], str]:
    return lambda at: f"row {rows.row_number(start + at)} = {y[at]:.12g}"


def _refused(
    columns: Columns, roles: Roles, request: Request, family: Family, broken: Violation
) -> Callable[[], Fault]:
    def refused(fault: Fault) -> DataError:
        return DataError(
            f"{roles.main.response_label!r} does not suit {family.name}: it has {broken.words}",
            fault.evidence(),
            tries=_instead(columns, roles, request, family, broken),
        )

    return lambda: Fault(refused)


def _instead(
    columns: Columns, roles: Roles, request: Request, family: Family, broken: Violation
) -> Sequence[str]:
    """The target in other units or another coding, or families that can produce it."""
    if broken.remedy:
        return [rewritten(roles, broken.remedy.format(roles.main.response_label))]
    glance = Glance(roles.main.response_label)
    for span in columns.spans(_CHECKED_ROWS):
        glance.see(pl.Series(columns.of(span)[TARGET]))
    facts = glance.profile()
    if family.support.binary and facts.values == 2:
        return [compared(roles, level_text(glance.most))]
    # Links, formulas and values of parameters may mean nothing to another family.
    tied = request.links or request.models or request.fix or family.known
    return [] if tied else [f"--family {name}" for name in suggested_families(facts)]
