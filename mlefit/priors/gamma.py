"""Gamma prior with shape a and rate r on a positive parameter itself, not on its logarithm.

    log p(theta) = a log(r) - lgamma(a) + (a - 1) log(theta) - r theta

Source: A. Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section 2.6.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Vector
from mlefit.priors._base import Prior


class Gamma(Prior):
    """See the module's docstring."""

    name = "gamma"
    summary = "for a rate, a shape or a scale, on its natural scale"
    parameters = ("shape", "rate")
    positive = ("shape", "rate")
    penalty = "rate b - (shape - 1) log(b), less its least value"
    formula = "shape*log(rate) - log(gamma(shape)) + (shape - 1)*log(b) - rate*b"
    natural = True

    @property
    def mode(self) -> float:
        shape, rate = self.numbers.values()
        # with a shape of 1 or less the density only falls; any small value stands for its start
        return max(shape - 1, 1e-12) / rate

    def log_density(self, b: Vector) -> Vector:
        shape, rate = self.numbers.values()
        constant = shape * math.log(rate) - math.lgamma(shape)
        return constant + (shape - 1) * np.log(b) - rate * b

    def slope(self, b: Vector) -> Vector:
        shape, rate = self.numbers.values()
        return (shape - 1) / b - rate

    def curvature(self, b: Vector) -> Vector:
        return (self.numbers["shape"] - 1) / b**2


PRIOR = Gamma
