"""Student prior with df degrees of freedom, centre c and scale s.

    log p(b) = lgamma((df + 1)/2) - lgamma(df/2) - log(df pi)/2 - log(s)
               - (df + 1)/2 log(1 + z^2/df),    z = (b - c)/s

Its tails let a coefficient that the data insist on escape the pull.

Source: A. Gelman et al. (2008), Ann. Appl. Stat. 2, 1360-1383.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Vector
from mlefit.priors._base import Prior
from mlefit.priors.normal import Normal


class Student(Prior):
    """See the module's docstring."""

    name = "student"
    summary = "weak pull on large coefficients"
    parameters = ("df", "centre", "scale")
    positive = ("df", "scale")
    penalty = "(df + 1) log(1 + ((b - centre) / scale)^2 / df) / 2"
    formula = (
        "log(gamma((df + 1)/2)) - log(gamma(df/2)) - log(df*pi)/2 - log(scale)"
        " - (df + 1)*log(1 + (b - centre)^2/(df*scale^2))/2"
    )

    @property
    def wide(self) -> Prior:
        return Normal(self.numbers["centre"], 10 * self.numbers["scale"])

    def log_density(self, b: Vector) -> Vector:
        df, centre, scale = self.numbers.values()
        constant = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
        z = (b - centre) / scale
        return constant - math.log(scale) - 0.5 * (df + 1) * np.log1p(z**2 / df)

    def slope(self, b: Vector) -> Vector:
        df, centre, scale = self.numbers.values()
        z = (b - centre) / scale
        return -(df + 1) * z / (df + z**2) / scale

    def curvature(self, b: Vector) -> Vector:
        df, centre, scale = self.numbers.values()
        z = (b - centre) / scale
        return (df + 1) * (df - z**2) / (df + z**2) ** 2 / scale**2


PRIOR = Student
