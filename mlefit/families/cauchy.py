"""Cauchy target with median mu and scale sigma > 0, half the distance of its quartiles.

    ell(y; mu, sigma) = -log(pi) - log(1 + z^2) - log(sigma),    z = (y - mu)/sigma

    g_z = -2 z/(1 + z^2)      g_zz = -2 (1 - z^2)/(1 + z^2)^2      (see `_location_scale`)
    expected: 1/(2 sigma^2), 0, 1/(2 sigma^2)

It has no mean and no variance. A plain sample of three or more different values has one
maximum over mu and sigma, but a regression, or mu with sigma held fixed, can have several
local ones. Where more than half of the rows lie exactly on the fit the likelihood grows
without bound as sigma goes to 0. It is the student family with df = 1.

Source: J. B. Copas (1975), Biometrika 62, 701-704.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Pairs
from mlefit.families._derivation import STANDARDISED, Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._location_scale import LocationScale, half_spread, location, scale
from mlefit.families._records import Example, Moments

ALIASES = ("lorentz", "lorentzian")


class Cauchy(LocationScale):
    """See the module's docstring."""

    name = "cauchy"
    summary = "symmetric errors with tails too heavy for a mean"
    smooth_in = "y"
    parameters = (location("median"), scale("scale, half the distance of the quartiles"))
    rare = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((4.0, 2.5)))
    derivation = Derivation(
        "-log(pi) - log(sigma) - log(1 + z^2)",
        short=(STANDARDISED,),
        information={"mu": "1/(2*sigma^2)", "sigma": "1/(2*sigma^2)"},
    )
    elsewhere = (
        in_r("dcauchy", {"location": "mu", "scale": "sigma"}),
        in_scipy("cauchy", {"loc": "mu", "scale": "sigma"}),
        in_stan("cauchy", {"mu": "mu", "sigma": "sigma"}),
    )

    def standard(self, z: Rows) -> Rows:
        return -math.log(math.pi) - np.log1p(z**2)

    def slopes(self, z: Rows) -> tuple[Rows]:
        return (-2 * z / (1 + z**2),)

    def bends(self, z: Rows) -> tuple[Rows]:
        return (-2 * (1 - z**2) / (1 + z**2) ** 2,)

    def expected(self, mu: Rows, sigma: Rows) -> Pairs:
        return {(0, 0): 0.5 * sigma**-2.0, (1, 1): 0.5 * sigma**-2.0}

    def start(self, moments: Moments) -> tuple[float, float]:
        return moments.quantile(0.5), half_spread(moments)

    def starts(self, moments: Moments) -> tuple[tuple[float, float], ...]:
        mu, sigma = self.start(moments)
        return tuple((at, sigma) for at in (mu, moments.quantile(0.25), moments.quantile(0.75)))

    def lower_tail(self, z: Rows) -> Rows:
        # the angle of (-z, 1) over pi, which is small without a subtraction
        above = np.arctan2(1.0, z) / math.pi
        return np.where(z < 0, np.log(np.arctan2(1.0, -z) / math.pi), np.log1p(-above))

    def standard_draws(self, rng: np.random.Generator, n: int) -> Rows:
        return rng.standard_cauchy(n)


FAMILY = Cauchy()
