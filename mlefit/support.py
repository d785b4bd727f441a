"""Sets of numbers, each with its own words: where a target may lie, where a parameter lives.

A `Support` checks the target of a family and phrases what is wrong. A `Domain` says
which values a parameter may take, so that a step that leaves it is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.frozen import frozen

Known = Mapping[str, Rows]
"""Quantities known for each row besides the target, such as the number of trials."""


@frozen
class Violation:
    """One way to lie outside a support.

    Attributes:
        words: finishes the sentence "it has ...", for example "negative values".
        found: which rows do, given target and known quantities.
        remedy: the target as a formula could turn it into what belongs, with {} for its name.
    """

    words: str
    found: Callable[[Rows, Known], NDArray[np.bool_]]
    remedy: str = ""


@frozen
class Support:
    """The values a family can produce.

    Attributes:
        words: how a person reads it, for example "0, 1, 2, ...".
        violations: everything that does not belong, the most telling first.
        discrete: whether the family has a mass function rather than a density.
        binary: whether a two-level text or boolean column can be the target.
        lower: its lower end; of a circle, where one turn begins.
        upper: its upper end.
        atoms: values that a density gives a probability of their own.
        levels: whether the values are the codes 0, 1, ... of a column's levels.
        ordered: whether those levels have an order.
    """

    words: str
    violations: tuple[Violation, ...]
    discrete: bool = False
    binary: bool = False
    lower: float = -math.inf
    upper: float = math.inf
    atoms: tuple[float, ...] = ()
    levels: bool = False
    ordered: bool = False

    @property
    def counts(self) -> bool:
        """Whether the values say how many: neither yes or no nor one of several levels."""
        return self.discrete and not self.binary and not self.levels

    def first_violation(self, y: Rows, known: Known) -> tuple[Violation, NDArray[np.bool_]] | None:
        """What is wrong and in which rows; None when every row belongs."""
        for violation in self.violations:
            rows = violation.found(y, known)
            if rows.any():
                return violation, rows
        return None


_NEGATIVE = Violation("negative values", lambda y, known: y < 0)
_FRACTION = Violation("non-integers", lambda y, known: y != np.floor(y))
_NOT_BINARY = Violation("values other than 0 and 1", lambda y, known: (y != 0) & (y != 1))
_ABOVE_TRIALS = Violation(
    "more successes than trials", lambda y, known: y > known.get("trials", np.inf)
)

_ZERO = Violation("zeros", lambda y, known: y == 0)
_NOT_UNIT = Violation("values not strictly between 0 and 1", lambda y, known: ~((y > 0) & (y < 1)))

_BEYOND_A_TURN = Violation(
    "values beyond a full turn of 6.2832 radians",
    lambda y, known: np.abs(y) > 2 * math.pi,
    remedy="I({} * 3.141592653589793 / 180)",
)

REAL_LINE = Support("any number", ())
POSITIVE = Support("> 0", (_NEGATIVE, _ZERO), lower=0)
NON_NEGATIVE = Support(">= 0", (_NEGATIVE,), lower=0)
ANGLES = Support("an angle in radians", (_BEYOND_A_TURN,), lower=-math.pi, upper=math.pi)
UNIT_INTERVAL = Support("between 0 and 1, both excluded", (_NOT_UNIT,), lower=0, upper=1)
COUNTS = Support("0, 1, 2, ...", (_FRACTION, _NEGATIVE), discrete=True, lower=0)
POSITIVE_COUNTS = Support("1, 2, 3, ...", (_FRACTION, _NEGATIVE, _ZERO), discrete=True, lower=1)
BINARY = Support("0 or 1", (_NOT_BINARY,), discrete=True, binary=True, lower=0, upper=1)
SUCCESSES = Support(
    "0, 1, ..., trials", (_FRACTION, _NEGATIVE, _ABOVE_TRIALS), discrete=True, lower=0
)
CLASSES = Support("levels: text, true or false, integers", (_FRACTION,), discrete=True, levels=True)
ORDERED_CLASSES = replace(
    CLASSES, words="levels in order: low, mid, high, or 1, 2, 3", ordered=True
)


@frozen
class Facts:
    """What is known of a target before anything is fitted.

    Attributes:
        levels: of a target that has levels, in the order of their codes 0, 1, ...
        least: its smallest value.
        most: its largest.
    """

    levels: tuple[str, ...]
    least: float
    most: float


@frozen
class Domain:
    """The open interval a parameter lives in.

    Attributes:
        words: how a person reads it, for example "> 0".
        lower: its lower end.
        upper: its upper end.
    """

    words: str
    lower: float
    upper: float

    REAL: ClassVar[Domain]
    POSITIVE: ClassVar[Domain]
    UNIT: ClassVar[Domain]

    @classmethod
    def between(cls, lower: float, upper: float) -> Domain:
        """An interval with two finite ends."""
        return cls(f"between {lower:g} and {upper:g}", float(lower), float(upper))

    @property
    def is_bounded(self) -> bool:
        """Whether both ends are finite."""
        return math.isfinite(self.upper - self.lower)

    @property
    def inside(self) -> float:
        """A value of it, for an example."""
        if self.is_bounded:
            return (self.lower + self.upper) / 2
        return self.lower + 1 if math.isfinite(self.lower) else 0.0

    def contains(self, theta: Rows) -> bool:
        """Whether every value is inside; NaN is not."""
        return bool(self.holds(theta).all())

    def holds(self, theta: Rows) -> NDArray[np.bool_]:
        """Which values are inside."""
        return (theta > self.lower) & (theta < self.upper)


Domain.REAL = Domain("any number", -math.inf, math.inf)
Domain.POSITIVE = Domain("> 0", 0.0, math.inf)
Domain.UNIT = Domain.between(0.0, 1.0)
