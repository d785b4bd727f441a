"""Logistic target with mean mu and scale sigma > 0; its standard deviation is pi sigma/sqrt(3).

    ell(y; mu, sigma) = -z - 2 log(1 + e^-z) - log(sigma),    z = (y - mu)/sigma

    g_z = -tanh(z/2)      g_zz = -sech(z/2)^2/2      (see `_location_scale`)
    expected: 1/(3 sigma^2), 0, (pi^2 + 3)/(9 sigma^2)

The tails fall like those of a Laplace density, the middle is round like that of a normal
one. This is the distribution of a continuous target; the logistic regression of a yes or
no is the bernoulli family.

Source: C. Forbes et al. (2011), Statistical Distributions, 4th ed., chapter 28.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Pairs
from mlefit.families._derivation import STANDARDISED, Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._location_scale import LocationScale, location, scale
from mlefit.families._records import Example, Moments
from mlefit.special import log_logistic_cdf, log_logistic_density

ALIASES = ("logistic-distribution",)


class Logistic(LocationScale):
    """See the module's docstring."""

    name = "logistic"
    title = "Logistic-error"  # logistic regression is something else
    summary = "symmetric errors with tails somewhat heavier than normal"
    smooth_in = "y"
    parameters = (location("mean"), scale("scale; the standard deviation is 1.8138 sigma"))
    rare = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((1200.0, 35.0)))
    derivation = Derivation(
        "log(F) + log(1 - F) - log(sigma)",
        short=(
            STANDARDISED,
            Short("F", "logistic(z)", {"mu": "-F*(1 - F)/sigma", "sigma": "-z*F*(1 - F)/sigma"}),
        ),
        information={"mu": "1/(3*sigma^2)", "sigma": "(pi^2 + 3)/(9*sigma^2)"},
    )
    elsewhere = (
        in_r("dlogis", {"location": "mu", "scale": "sigma"}),
        in_scipy("logistic", {"loc": "mu", "scale": "sigma"}),
        in_stan("logistic", {"mu": "mu", "sigma": "sigma"}),
    )

    def standard(self, z: Rows) -> Rows:
        return log_logistic_density(z)

    def slopes(self, z: Rows) -> tuple[Rows]:
        return (-np.tanh(z / 2),)

    def bends(self, z: Rows) -> tuple[Rows]:
        small = np.exp(-np.abs(z))
        return (-2 * small / (1 + small) ** 2,)

    def expected(self, mu: Rows, sigma: Rows) -> Pairs:
        return {(0, 0): sigma**-2.0 / 3, (1, 1): (math.pi**2 + 3) / 9 * sigma**-2.0}

    def start(self, moments: Moments) -> tuple[float, float]:
        return moments.mean, math.sqrt(3 * moments.variance) / math.pi

    def mean(self, mu: Rows, sigma: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, sigma: Rows) -> Rows:
        return (math.pi * sigma) ** 2 / 3

    def lower_tail(self, z: Rows) -> Rows:
        return log_logistic_cdf(z)

    def standard_draws(self, rng: np.random.Generator, n: int) -> Rows:
        return rng.logistic(size=n)


FAMILY = Logistic()
