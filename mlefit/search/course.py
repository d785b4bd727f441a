"""What the steps of a search so far tell of those ahead: which need no look, or only half of one.

Newton's step leaves the square of half of what the information changes by on it, as a share of
itself, of the decrement; and on a step as long as the root of its decrement the information
changes in proportion to that. So two places tell what is to come, and of many rows

- the last step is taken without a look where it changes no information that matters;
- the place before the last is looked at for its slope alone, where the information of the place
  before leads from there as well: a product of columns less;
- the last place is known to be that when it is looked at, so that all that is wanted of the rows
  there can be summed with the rest.

Whatever is foretold wrongly costs a look and no digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, Protocol

from mlefit._types import Vector
from mlefit.arrow import Symmetric

Kind = Literal["observed", "expected"]


class Sums(Protocol):
    """What the optimiser needs of the totals."""

    @property
    def nll(self) -> float: ...
    @property
    def score(self) -> Vector: ...
    @property
    def information(self) -> Symmetric: ...


Evaluate = Callable[[Vector, Kind], Sums]
Beyond = Callable[[Vector, Any], Any]
"""Sums at a point, given those at another."""

SETTLED = 1e-20
"""Decrement whose step changes nothing, whatever the steps before tell."""

# By how much of itself a standard error may yet change, where a look at the rows costs nothing
# to speak of and where it does.
_STEADY = 1e-11
_STEADY_OF_MANY = 1e-10
# How many times as fast the information may change on the next step as on the one before: for a
# place to be taken for the last, and for it to do without an information of its own.
_DOUBT = 5.0
_DOUBT_OF_LENT = 3.0


class Course:
    """The course of a search.

    Args:
        settled: decrement whose step is taken without another look.
        evaluate: sums at a point.
        slope: the same with the information of other sums; None where the rows are few.
        last: the same with all that is wanted at the end; None for no more.

    Attributes:
        lent: whether the place has the information of the one before.
    """

    def __init__(
        self, settled: float, evaluate: Evaluate, slope: Beyond | None, last: Beyond | None
    ) -> None:
        self.lent = False
        self.last: Beyond = last or (lambda there, now: evaluate(there, "observed"))
        self._settled = settled
        self._steady = _STEADY if slope is None else _STEADY_OF_MANY
        self._slope = slope
        self._before = self._rate = self._left = math.nan

    def reach(self, decrement: float) -> None:
        """Take note of the decrement at the next place."""
        if not math.isnan(self._before) and self._before > 0:
            self._rate = math.sqrt(decrement) / self._before
        self._before = math.nan if self.lent else decrement
        # of the slope; an information of the place before is wrong by all that it changed there
        self._left = 2 * self._left if self.lent else self._rate * math.sqrt(decrement)

    @property
    def settled(self) -> float:
        """Decrement whose step changes no information that matters."""
        return max(self._settled, (self._steady / self._rate) ** 2 if self._rate > 0 else 0.0)

    def look(
        self, evaluate: Evaluate, now: Sums, decrement: float, seen: Kind | None, kind: Kind
    ) -> Evaluate:
        """How to look at the place that the step from here leads to.

        Args:
            evaluate: where nothing else is foretold.
            now: the sums here.
            decrement: of the step.
            seen: of which kind the information here is; None for one that is not of this place.
            kind: of which kind it is to be there.
        """
        sure = kind == "observed" and (seen is not None or self.lent)
        ends = sure and self._ends(decrement)
        self.lent = seen == kind == "observed" and not ends and self._lends()
        beyond = self._slope if self.lent else self.last if ends else None
        return evaluate if beyond is None else lambda there, kind: beyond(there, now)

    def _ends(self, decrement: float) -> bool:
        # a step of a lent information was meant to be the last but one
        doubt = 1.0 if self.lent else _DOUBT
        return (doubt**2 * self._left) ** 2 * decrement <= self.settled

    def _lends(self) -> bool:
        steady = 2 * (_DOUBT_OF_LENT * self._left) ** 3 <= self._steady
        return self._slope is not None and steady
