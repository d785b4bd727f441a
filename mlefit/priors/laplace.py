"""Laplace prior with centre c and scale s: the lasso.

    log p(b) = -log(2 s) - |b - c|/s

Penalty: |b - c|/s, an L1 penalty of strength 1/s. The corner puts the mode exactly at
the centre for coefficients the data say little about.

Source: R. Tibshirani (1996), J. R. Stat. Soc. B 58, 267-288.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Vector
from mlefit.priors._base import Prior


class Laplace(Prior):
    """See the module's docstring."""

    name = "laplace"
    summary = "L1 penalty: some coefficients exactly zero"
    parameters = ("centre", "scale")
    penalty = "|b - centre| / scale"
    formula = "-log(2*scale) - abs(b - centre)/scale"
    auto = ("scale", -1.0)

    def __init__(self, *numbers: float) -> None:
        super().__init__(*numbers)
        self.centre = self.numbers["centre"]
        self.corner_weight = 1 / self.numbers["scale"]

    @property
    def strengths(self) -> dict[str, float]:
        return {"l1": self.corner_weight}

    def log_density(self, b: Vector) -> Vector:
        return -math.log(2 / self.corner_weight) - self.corner_weight * np.abs(b - self.centre)

    def slope(self, b: Vector) -> Vector:
        return np.zeros_like(b)

    def curvature(self, b: Vector) -> Vector:
        return np.zeros_like(b)


PRIOR = Laplace
