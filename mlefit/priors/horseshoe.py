"""A regularised horseshoe-like prior of scale s and slab c, centred on zero.

    p(b) = log(1 + s^2/(b^2 + d^2)) exp(-b^2/(2 c^2)) / Z,        d = s/100

    Z = 2 pi sqrt(2) c (F(A) - F(d)),    A^2 = s^2 + d^2,
    F(a) = integral of erfcx(t) over t from 0 to a/(c sqrt(2))

Like the marginal density of the horseshoe it has a spike at zero and tails that fall as
b^-2, under which small coefficients are pulled to almost zero and large ones hardly at
all; the slab holds what the rows cannot, as a normal prior of scale c. Z comes from
E 1/(b^2 + a^2) = sqrt(pi/2) erfcx(a/(c sqrt(2))) / (a c) for b ~ normal(0, c), integrated
over a.

The mode: the density of A. Bhadra et al. is infinite at zero, so its highest point is there
whatever the rows say. Here the spike is round within d, the density finite, and the mode
an answer: a coefficient is either in the spike, within a few d of zero but not zero, or
outside it. Both may be local modes, so the search begins from more than one place.

Sources: A. Bhadra, J. Datta, N. G. Polson and B. T. Willard (2021), Sankhya B 83, 185-214
(the density without slab and core); J. Piironen and A. Vehtari (2017), Electron. J. Stat. 11,
5018-5051 (the slab).
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Vector
from mlefit.priors._base import Prior
from mlefit.priors.normal import Normal

_CORE = 0.01


class Horseshoe(Prior):
    """See the module's docstring."""

    name = "horseshoe"
    summary = "pulls small coefficients to almost zero, large ones hardly"
    parameters = ("scale", "slab")
    positive = ("scale", "slab")
    penalty = (
        "b^2 / (2 slab^2) - log(log(1 + scale^2 / (b^2 + (scale/100)^2))), less its value at 0"
    )
    formula = "log(log(1 + scale^2/(b^2 + (scale/100)^2))) - b^2/(2*slab^2) - log(Z)"

    def __init__(self, *numbers: float) -> None:
        super().__init__(*numbers)
        scale, slab = self.numbers.values()
        self._core = _CORE * scale
        self._log_normaliser = _log_normaliser(self._core, math.hypot(scale, self._core), slab)

    @property
    def wide(self) -> Prior:
        return Normal(0.0, self.numbers["slab"])

    def log_density(self, b: Vector) -> Vector:
        height, _, _ = self._spike(b)
        return np.log(height) - 0.5 * (b / self.numbers["slab"]) ** 2 - self._log_normaliser

    def slope(self, b: Vector) -> Vector:
        height, first, _ = self._spike(b)
        return first / height - b / self.numbers["slab"] ** 2

    def curvature(self, b: Vector) -> Vector:
        height, first, second = self._spike(b)
        return (first / height) ** 2 - second / height + self.numbers["slab"] ** -2

    def _spike(self, b: Vector) -> tuple[Vector, Vector, Vector]:
        """log(1 + s^2/u) with u = b^2 + d^2, and its derivatives in b."""
        square = self.numbers["scale"] ** 2
        u = b**2 + self._core**2
        # derivatives in u, then the chain rule with u' = 2 b and u'' = 2
        first = -square / (u * (u + square))
        second = -first * (1 / u + 1 / (u + square))
        return np.log1p(square / u), 2 * b * first, 4 * b**2 * second + 2 * first


def _log_normaliser(core: float, outer: float, slab: float) -> float:
    """log Z, by Gauss and Legendre's rule in v with t = sinh v, where erfcx is smooth and slow."""
    from scipy.special import erfcx

    low, high = (math.asinh(a / (slab * math.sqrt(2))) for a in (core, outer))
    nodes, weights = np.polynomial.legendre.leggauss(100)
    v = 0.5 * (high + low) + 0.5 * (high - low) * nodes
    area = 0.5 * (high - low) * float(weights @ (erfcx(np.sinh(v)) * np.cosh(v)))
    return math.log(2 * math.pi * math.sqrt(2) * slab * area)


PRIOR = Horseshoe
