"""Cauchy prior with centre c and scale s: Student's with one degree of freedom.

    log p(b) = -log(pi s) - log(1 + z^2),    z = (b - c)/s

Source: A. Gelman et al. (2008), Ann. Appl. Stat. 2, 1360-1383.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Vector
from mlefit.priors._base import Prior
from mlefit.priors.normal import Normal


class Cauchy(Prior):
    """See the module's docstring."""

    name = "cauchy"
    summary = "weakest pull on large coefficients"
    parameters = ("centre", "scale")
    penalty = "log(1 + ((b - centre) / scale)^2)"
    formula = "-log(pi*scale) - log(1 + (b - centre)^2/scale^2)"

    @property
    def wide(self) -> Prior:
        return Normal(self.numbers["centre"], 10 * self.numbers["scale"])

    def log_density(self, b: Vector) -> Vector:
        centre, scale = self.numbers.values()
        return -math.log(math.pi * scale) - np.log1p(((b - centre) / scale) ** 2)

    def slope(self, b: Vector) -> Vector:
        centre, scale = self.numbers.values()
        z = (b - centre) / scale
        return -2 * z / (1 + z**2) / scale

    def curvature(self, b: Vector) -> Vector:
        centre, scale = self.numbers.values()
        z = (b - centre) / scale
        return 2 * (1 - z**2) / (1 + z**2) ** 2 / scale**2


PRIOR = Cauchy
