"""What a check is: it looks at a day and says what it saw; it judges nothing."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar

from mlefit.checking.conditions import Condition, Value
from mlefit.checking.day import Day
from mlefit.checking.options import Option
from mlefit.frozen import frozen
from mlefit.prediction.saved import SavedModel
from mlefit.results.check import Sensitivity
from mlefit.results.power import TermSensitivity


@frozen
class Sight:
    """What a check saw of one subject.

    Attributes:
        values: of every quantity of the check; None where it has none.
        message: the same in words, the effect first.
        subject: term, column or quantity; empty for the rows as a whole.
        p_value: probability of as much by chance; None where chance has no part.
        evidence: lines that show it.
    """

    values: Mapping[str, Value]
    message: str
    subject: str = ""
    p_value: float | None = None
    evidence: tuple[str, ...] = ()


class UnseenError(Exception):
    """There is nothing that this check could look at, for a reason that is no fault.

    Args:
        reason: the sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@frozen
class Levels:
    """The conditions of the two levels; None where a level does not exist."""

    warn: Condition | None = None
    fail: Condition | None = None

    def bounds_above(self, quantity: str) -> Iterator[tuple[Condition, float]]:
        """The conditions that need a quantity above a number, the failure first, with it."""
        for condition in (self.fail, self.warn):
            bound = None if condition is None else condition.bound_above(quantity)
            if condition is not None and bound is not None:
                yield condition, bound


@frozen
class Outlook:
    """What is known before there is a day.

    Attributes:
        model: the baseline.
        exact: whether it is known without error.
        rows: of days.
    """

    model: SavedModel
    exact: bool
    rows: Sequence[int]

    @property
    def rows_before(self) -> float:
        """Rows of the baseline; infinite where it is exact."""
        return math.inf if self.exact else self.model.record.fit.nobs


class Check(ABC):
    """One kind of check.

    Attributes:
        name: as the checks file calls it.
        summary: what it looks at, for the list of checks.
        quantities: what it measures, by name; conditions without a name are about the first.
        options: further keys in the checks file.
        by_default: `warn` and `fail` as a checks file has them, where none is given; None if
            it is not run then.
        example: a condition that shows how one is written, where there is no default.
        baseline: whether it compares with yesterday.
        rows: whether it needs the rows of today, and not only their fit.
        in_place_of_rows: whether it is run by default only where today's rows are not here.
        order: its place in a report: what the rows are, what the fit is, what moved.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    quantities: ClassVar[Mapping[str, str]]
    options: ClassVar[Mapping[str, Option]] = {}
    by_default: ClassVar[Mapping[str, Mapping[str, Any]] | None] = None
    example: ClassVar[Mapping[str, Any]] = {}
    baseline: ClassVar[bool] = True
    rows: ClassVar[bool] = False
    in_place_of_rows: ClassVar[bool] = False
    order: ClassVar[int] = 9

    @abstractmethod
    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        """What there is to see.

        Args:
            day: today, and yesterday's model.
            given: the check's options, defaults filled in.

        Raises:
            UnseenError: there is nothing to look at.
            MlefitError: it could not look.
        """

    def sensitivity(self, planned: Planned, day: Day) -> Iterator[Sensitivity]:
        """The smallest drift that its conditions see on a day that it looked at, if it can say."""
        return iter(())

    def foreseen(
        self, planned: Planned, outlook: Outlook
    ) -> Iterator[Sensitivity | TermSensitivity]:
        """The same of days to come, for each number of rows."""
        return iter(())


class GroupedCheck(Check):
    """A check that can look at every group of rows by itself."""

    @abstractmethod
    def observe_groups(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        """What there is to see of each group, named by the subject.

        Raises:
            UnseenError: there is nothing to look at.
            MlefitError: it could not look.
        """


@frozen
class Planned:
    """A check as it is to be run.

    Attributes:
        check: its kind.
        name: as the report calls it.
        levels: when it warns and fails.
        alpha: significance that must accompany an effect.
        given: its options.
        line: of its head in the checks file; None elsewhere.
    """

    check: Check
    name: str
    levels: Levels
    alpha: float
    given: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None
