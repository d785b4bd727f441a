"""Elastic net of strength L and ratio r: L1 and L2 together.

    -log p(b) = L r |b| + L (1 - r) b^2 / 2 + log Z
    Z = sqrt(2 pi/v) erfcx(u / sqrt(2 v)),    u = L r, v = L (1 - r)

erfcx(x) = exp(x^2) erfc(x) stays of moderate size where its factors do not. A ratio of 1
is the Laplace prior of scale 1/L, a ratio of 0 the normal prior of scale 1/sqrt(L).

Source: H. Zou and T. Hastie (2005), J. R. Stat. Soc. B 67, 301-320; the normaliser by
completing the square.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Vector
from mlefit.errors import UsageError
from mlefit.priors._base import Prior


class ElasticNet(Prior):
    """See the module's docstring."""

    name = "elasticnet"
    summary = "L1 and L2 penalty together"
    parameters = ("strength", "ratio")
    positive = ("strength",)
    penalty = "strength (ratio |b| + (1 - ratio) b^2 / 2)"
    formula = "-strength*(ratio*abs(b) + (1 - ratio)*b^2/2) - log(Z)"
    auto = ("strength", 1.0)

    def __init__(self, *numbers: float) -> None:
        super().__init__(*numbers)
        strength, ratio = self.numbers.values()
        if not 0 <= ratio <= 1:
            raise UsageError("the ratio of an elastic net lies between 0 (L2) and 1 (L1)")
        self.corner_weight = strength * ratio
        self._ridge = strength * (1 - ratio)

    @property
    def strengths(self) -> dict[str, float]:
        return {"l1": self.corner_weight, "l2": self._ridge}

    def log_density(self, b: Vector) -> Vector:
        penalty = self.corner_weight * np.abs(b) + 0.5 * self._ridge * b**2
        return -penalty - self._log_normaliser()

    def slope(self, b: Vector) -> Vector:
        return -self._ridge * b

    def curvature(self, b: Vector) -> Vector:
        return np.full_like(b, self._ridge)

    def _log_normaliser(self) -> float:
        u, v = self.corner_weight, self._ridge
        if v == 0:
            return math.log(2 / u)
        from scipy.special import erfcx

        return 0.5 * math.log(2 * math.pi / v) + math.log(erfcx(u / math.sqrt(2 * v)))


PRIOR = ElasticNet
