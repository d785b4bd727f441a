"""What is learnt of all rows while they pass by a run at a time.

Whatever needs every row, such as the levels of a factor or how many values break a rule, is one
accumulator under a name. What is wrong is told only when all rows have passed, so that the
sentence, its counts and its first row do not depend on how the rows came; and of several things
wrong the one that is looked for first is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast

import polars as pl

from mlefit.errors import DataError, MlefitError

_SHOWN = 2


class Accumulator(Protocol):
    """Something that grows with every run."""

    def error(self) -> MlefitError | None:
        """What is wrong, once every row has passed; None if nothing is."""
        ...


A = TypeVar("A", bound=Accumulator)


@dataclass
class Fault:
    """The rows that break a rule.

    Attributes:
        make: the error of one that has any.
        count: rows that break it.
        rows: rows looked at.
        shown: the first of them, in words.
    """

    make: Callable[[Fault], MlefitError]
    count: int = 0
    rows: int = 0
    shown: list[str] = field(default_factory=list)

    def see(self, rows: int, wrong: pl.Series | Sequence[int], tell: Callable[[int], str]) -> None:
        """Look at a run.

        Args:
            rows: how many it has.
            wrong: where it has those that break the rule, in order.
            tell: a row of the run in words.
        """
        self.rows += rows
        self.count += len(wrong)
        for at in wrong[: max(0, _SHOWN - len(self.shown))]:
            self.shown.append(tell(int(at)))

    def evidence(self, most: int = _SHOWN) -> str:
        """The first rows, and of how many."""
        return f"first: {', '.join(self.shown[:most])} ({self.count} of {self.rows} rows)"

    def error(self) -> MlefitError | None:
        """The error, if a row breaks the rule."""
        return self.make(self) if self.count else None


class Learnt:
    """Accumulators by name, in the order in which their errors are told."""

    def __init__(self) -> None:
        self._of: dict[str, Accumulator] = {}

    def of(self, name: str, make: Callable[[], A]) -> A:
        """The accumulator of this name, made if it is new."""
        if name not in self._of:
            self._of[name] = make()
        return cast("A", self._of[name])

    def watch(
        self, problem: str, wrong: pl.Series, tell: Callable[[int], str], most: int = _SHOWN
    ) -> None:
        """Look at a run for rows that break a rule; the error names so many of the first ones."""
        fault = self.of(problem, lambda: Fault(lambda one: DataError(problem, one.evidence(most))))
        fault.see(len(wrong), wrong.arg_true(), tell)

    def settle(self) -> None:
        """Raise the first error, if anything is wrong."""
        for accumulator in self._of.values():
            error = accumulator.error()
            if error is not None:
                raise error


@contextmanager
def at_once(learnt: Learnt | None) -> Iterator[Learnt]:
    """What is given; where nothing is, these are all the rows, and an error is told at once."""
    found = Learnt() if learnt is None else learnt
    yield found
    if learnt is None:
        found.settle()
