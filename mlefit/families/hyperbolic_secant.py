"""Hyperbolic secant target with mean mu and standard deviation sigma > 0.

    ell(y; mu, sigma) = -log(2 cosh a) - log(sigma),    a = pi z/2,  z = (y - mu)/sigma

    g_z = -(pi/2) tanh a      g_zz = -(pi/2)^2 sech(a)^2      (see `_location_scale`)
    expected: pi^2/(8 sigma^2), 0, pi^2/(8 sigma^2)

Loss: with sigma held fixed, maximising over mu is minimising the log-cosh loss, the mean of
log cosh(r) with the residual r in units of 2 sigma/pi. Libraries that take r in the
target's own units hold sigma at pi/2: --fix sigma=1.5707963267948966.

Source: N. L. Johnson, S. Kotz and N. Balakrishnan (1995), Continuous Univariate
Distributions, volume 2, section 23.11; W. D. Baten (1934), Bull. Amer. Math. Soc. 40,
284-290.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Pairs
from mlefit.families._derivation import STANDARDISED, Derivation
from mlefit.families._elsewhere import Elsewhere, R, in_scipy
from mlefit.families._location_scale import LocationScale, location, scale
from mlefit.families._records import Example, Loss, Moments

ALIASES = ("log-cosh", "log-cosh-loss", "sech")

_HALF_PI = math.pi / 2


class HyperbolicSecant(LocationScale):
    """See the module's docstring."""

    name = "hyperbolic-secant"
    summary = "symmetric errors with exponential tails; the log-cosh loss"
    smooth_in = "y"
    parameters = (location("mean"), scale("standard deviation"))
    rare = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((1200.0, 35.0)))
    derivation = Derivation(
        "-log(2*sigma) - log(cosh(pi*z/2))",
        short=(STANDARDISED,),
        information={"mu": "pi^2/(8*sigma^2)", "sigma": "pi^2/(8*sigma^2)"},
    )
    elsewhere = (
        Elsewhere(
            R,
            "1 / (2 * {sigma} * cosh(pi * (x - {mu}) / (2 * {sigma})))",
            {"mu": "mu", "sigma": "sigma"},
        ),
        in_scipy("hypsecant", {"loc": "mu", "scale": "2*sigma/pi"}),
    )

    def standard(self, z: Rows) -> Rows:
        a = _HALF_PI * np.abs(z)
        return -a - np.log1p(np.exp(-2 * a))

    def slopes(self, z: Rows) -> tuple[Rows]:
        return (-_HALF_PI * np.tanh(_HALF_PI * z),)

    def bends(self, z: Rows) -> tuple[Rows]:
        small = np.exp(-2 * _HALF_PI * np.abs(z))
        return (-4 * _HALF_PI**2 * small / (1 + small) ** 2,)

    def expected(self, mu: Rows, sigma: Rows) -> Pairs:
        precision = math.pi**2 / 8 * sigma**-2.0
        return {(0, 0): precision, (1, 1): precision}

    def start(self, moments: Moments) -> tuple[float, float]:
        return moments.mean, math.sqrt(moments.variance)

    def mean(self, mu: Rows, sigma: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, sigma: Rows) -> Rows:
        return sigma**2

    def lower_tail(self, z: Rows) -> Rows:
        # P(Z <= z) = 2/pi arctan e^a: the smaller side has the digits
        smaller = np.arctan(np.exp(-_HALF_PI * np.abs(z))) / _HALF_PI
        return np.where(z < 0, np.log(smaller), np.log1p(-smaller))

    def standard_draws(self, rng: np.random.Generator, n: int) -> Rows:
        return np.log(np.tan(_HALF_PI * rng.uniform(size=n))) / _HALF_PI

    losses = (
        Loss(
            parameter="mu",
            name="log-cosh",
            formula="ln cosh((y - mu) / (2 sigma / pi))",
            value=lambda y, mu, sigma: _log_cosh((y - mu) / sigma * _HALF_PI),
            slope=lambda y, mu, sigma: -_HALF_PI / sigma * np.tanh((y - mu) / sigma * _HALF_PI),
            scale=lambda sigma: 1.0,
            constant=lambda y, sigma: np.log(2 * sigma),
            given=("sigma",),
        ),
    )


def _log_cosh(a: Rows) -> Rows:
    """Exact for large a, where cosh overflows, and for small a, where it is 1."""
    far = np.abs(a) - math.log(2) + np.log1p(np.exp(-2 * np.abs(a)))
    return np.where(np.abs(a) < 1, 0.5 * np.log1p(np.sinh(a) ** 2), far)


FAMILY = HyperbolicSecant()
