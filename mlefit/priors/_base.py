"""What a prior is: the log-density of one coefficient, smooth but for one possible corner.

    log p(b) = smooth(b) - corner_weight * |b - centre|

or, for an `InformationPrior`, a function of what the rows tell about all of them.

`log_density` is the whole with every constant; `slope` and `curvature` are the first
and minus the second derivative of the smooth part alone. Arrays have shape (k,), one
entry for each coefficient.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.errors import UsageError


class Prior(ABC):
    """A prior with its numbers, as `normal(0, 2.5)`.

    Args:
        numbers: one for each of `parameters`, in order.

    Raises:
        UsageError: a wrong count, or a number that must be positive and is not.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]
    positive: ClassVar[tuple[str, ...]] = ("scale",)
    penalty: ClassVar[str]
    """The penalty of one coefficient b, zero at the prior's mode."""

    formula: ClassVar[str] = ""
    """Its log-density in letters that can be run; Z is a constant, of which there is no formula
    to read. Empty for a function of the rows' information."""

    natural: ClassVar[bool] = False
    """Whether it is a density of the parameter itself rather than of its linear predictor."""

    auto: ClassVar[tuple[str, float] | None] = None
    """The number that the data can choose, and the power of the penalty's strength it is."""

    corner_weight: float = 0.0
    centre: float = 0.0

    def __init__(self, *numbers: float) -> None:
        if len(numbers) != len(self.parameters):
            raise UsageError(
                f"{self.name} takes {len(self.parameters) or 'no'} numbers, not {len(numbers)}",
                tries=[f"--prior '{self.usage()}'"],
            )
        self.numbers = dict(zip(self.parameters, map(float, numbers), strict=True))
        for name in self.positive:
            if not (0 < self.numbers[name] < math.inf):
                raise UsageError(f"the {name} of a {self.name} prior must be > 0")

    def __str__(self) -> str:
        # every digit, so that it can be given back
        shown = [repr(number).removesuffix(".0") for number in self.numbers.values()]
        return f"{self.name}({', '.join(shown)})" if shown else self.name

    @classmethod
    def usage(cls) -> str:
        """How it is written: `normal(centre, scale)`."""
        return f"{cls.name}({', '.join(cls.parameters)})" if cls.parameters else cls.name

    @property
    def mode(self) -> float:
        """Where the density is highest."""
        return self.numbers.get("centre", 0.0)

    @property
    def wide(self) -> Prior | None:
        """A normal prior about as wide as the tails; None if the log-density is concave.

        From its mode a second search begins, since there may be more than one mode.
        """
        return None

    @property
    def strengths(self) -> dict[str, float]:
        """Strengths of the penalty on the summed NLL: l1 of |b|, l2 of b^2/2."""
        return {}

    def with_strength(self, strength: float) -> Prior:
        """The same prior with the number that `auto` names at this strength of its penalty."""
        assert self.auto is not None
        name, power = self.auto
        return type(self)(*(self.numbers | {name: strength**power}).values())

    def penalty_of(self, b: Vector) -> Vector:
        """How far the log-density at each b lies below its highest value."""
        return self.log_density(np.array([self.mode])) - self.log_density(b)

    @abstractmethod
    def log_density(self, b: Vector) -> Vector:
        """Log-density with every constant, the corner included."""

    @abstractmethod
    def slope(self, b: Vector) -> Vector:
        """Derivative of the smooth part."""

    @abstractmethod
    def curvature(self, b: Vector) -> Vector:
        """Minus the second derivative of the smooth part; negative in a heavy tail."""


class InformationPrior(Prior):
    """A prior of all coefficients together: a function f(I) of the rows' expected information.

    By itself no coefficient is pulled anywhere.
    """

    @abstractmethod
    def of_information(self, information: Matrix) -> tuple[float, Matrix]:
        """f, and its derivative in I, shape (p, p); -inf where I is singular."""

    @abstractmethod
    def in_coordinates(self, log_volume: float) -> float:
        """How much larger f is in coordinates gamma than for beta = T gamma.

        Args:
            log_volume: log |det T|.
        """

    def log_density(self, b: Vector) -> Vector:
        return np.zeros_like(b)

    def slope(self, b: Vector) -> Vector:
        return np.zeros_like(b)

    def curvature(self, b: Vector) -> Vector:
        return np.zeros_like(b)
