"""Gumbel target, the law of maxima, with mode mu and scale sigma > 0.

    ell(y; mu, sigma) = -z - e^-z - log(sigma),    z = (y - mu)/sigma

    g_z = e^-z - 1      g_zz = -e^-z      (see `_location_scale`)
    expected: 1/sigma^2, (gamma - 1)/sigma^2, (pi^2/6 + (1 - gamma)^2)/sigma^2,
    gamma = 0.5772... (Euler): mu and sigma are not orthogonal

This is the form for maxima, whose long tail is the upper one; for minima fit the target
with its sign turned, which turns that of mu. It is the gev family with xi = 0.

Source: N. L. Johnson, S. Kotz and N. Balakrishnan (1995), Continuous Univariate
Distributions, volume 2, chapter 22.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Pairs
from mlefit.families._derivation import STANDARDISED, Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._location_scale import LocationScale, location, scale
from mlefit.families._records import Example, Moments

ALIASES = ("gumbel-max", "extreme-value", "ev1")

# e^-z at the start must not overflow, however far below the others the smallest value lies
_FURTHEST = 10.0


class Gumbel(LocationScale):
    """See the module's docstring."""

    name = "gumbel"
    summary = "maxima, such as yearly floods; for minima turn the sign"
    smooth_in = "y"
    parameters = (location("mode"), scale("scale; the standard deviation is 1.2825 sigma"))
    rare = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((1200.0, 35.0)))
    derivation = Derivation(
        "-log(sigma) - z - exp(-z)",
        short=(STANDARDISED,),
        information={
            "mu": "1/sigma^2",
            "mu sigma": "(euler - 1)/sigma^2",
            "sigma": "(pi^2/6 + (1 - euler)^2)/sigma^2",
        },
    )
    elsewhere = (
        in_r("evd::dgumbel", {"loc": "mu", "scale": "sigma"}),
        in_scipy("gumbel_r", {"loc": "mu", "scale": "sigma"}),
        in_stan("gumbel", {"mu": "mu", "beta": "sigma"}),
    )

    def standard(self, z: Rows) -> Rows:
        return -z - np.exp(-z)

    def slopes(self, z: Rows) -> tuple[Rows]:
        return (np.expm1(-z),)

    def bends(self, z: Rows) -> tuple[Rows]:
        return (-np.exp(-z),)

    def expected(self, mu: Rows, sigma: Rows) -> Pairs:
        less = np.euler_gamma - 1
        precision = sigma**-2.0
        return {
            (0, 0): precision,
            (0, 1): less * precision,
            (1, 1): (math.pi**2 / 6 + less**2) * precision,
        }

    def start(self, moments: Moments) -> tuple[float, float]:
        return gumbel_start(moments)

    def mean(self, mu: Rows, sigma: Rows) -> Rows:
        return mu + np.euler_gamma * sigma

    def variance(self, mu: Rows, sigma: Rows) -> Rows:
        return (math.pi * sigma) ** 2 / 6

    def lower_tail(self, z: Rows) -> Rows:
        return -np.exp(-z)

    def upper_tail(self, z: Rows) -> Rows:
        return log_one_minus_exp(np.exp(-z))

    def standard_draws(self, rng: np.random.Generator, n: int) -> Rows:
        return rng.gumbel(size=n)


def gumbel_start(moments: Moments) -> tuple[float, float]:
    """The moment estimates, with a scale that keeps the smallest value in reach."""
    sigma = max(
        math.sqrt(6 * moments.variance) / math.pi, (moments.mean - moments.least) / _FURTHEST
    )
    return moments.mean - np.euler_gamma * sigma, sigma


def log_one_minus_exp(t: Rows) -> Rows:
    """log(1 - e^-t) for t >= 0, without a subtraction where either end is near."""
    return np.where(t < math.log(2), np.log(-np.expm1(-t)), np.log1p(-np.exp(-t)))


FAMILY = Gumbel()
