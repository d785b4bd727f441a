"""Normal prior with centre c and scale s: ridge regression.

    log p(b) = -log(2 pi)/2 - log(s) - ((b - c)/s)^2 / 2

Penalty: (b - c)^2 / (2 s^2), an L2 penalty of strength 1/s^2.

Source: A. E. Hoerl and R. W. Kennard (1970), Technometrics 12, 55-67.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Vector
from mlefit.priors._base import Prior


class Normal(Prior):
    """See the module's docstring."""

    name = "normal"
    summary = "L2 penalty: small coefficients, none exactly zero"
    parameters = ("centre", "scale")
    penalty = "(b - centre)^2 / (2 scale^2)"
    formula = "-log(2*pi)/2 - log(scale) - (b - centre)^2/(2*scale^2)"
    auto = ("scale", -0.5)

    @property
    def strengths(self) -> dict[str, float]:
        return {"l2": self.numbers["scale"] ** -2}

    def log_density(self, b: Vector) -> Vector:
        centre, scale = self.numbers.values()
        return -0.5 * math.log(2 * math.pi) - math.log(scale) - 0.5 * ((b - centre) / scale) ** 2

    def slope(self, b: Vector) -> Vector:
        centre, scale = self.numbers.values()
        return -(b - centre) / scale**2

    def curvature(self, b: Vector) -> Vector:
        return np.full_like(b, self.numbers["scale"] ** -2)


PRIOR = Normal
