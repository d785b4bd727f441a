"""Rayleigh target: y > 0, the length of a plane vector with two normal(0, sigma) parts.

    ell(y; sigma) = log(y) - 2 log(sigma) - z^2/2,    z = y/sigma

    d ell/d sigma = (z^2 - 2)/sigma      -d2/dsigma2 = (3 z^2 - 2)/sigma^2
    expected: 4/sigma^2

It is weibull with shape 2 and scale sigma sqrt(2).

Source: N. L. Johnson, S. Kotz and N. Balakrishnan (1994), Continuous Univariate
Distributions 1, 2nd ed., section 18.10.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._positive import scale_drift
from mlefit.families._records import Example, Moments, Parameter
from mlefit.special import log_complement
from mlefit.support import POSITIVE, Domain


class Rayleigh(Family):
    """See the module's docstring."""

    name = "rayleigh"
    summary = "lengths of random vectors in the plane"
    rare = True
    support = POSITIVE
    smooth_in = "log y"
    parameters = (Parameter("sigma", "log", Domain.POSITIVE, "scale, which is the mode"),)
    examples = (Example((1.0,)), Example((0.02,)), Example((3000.0,)))
    derivation = Derivation(
        "log(y) - 2*log(sigma) - y^2/(2*sigma^2)",
        estimate={"sigma": "sqrt(mean(y^2)/2)"},
        information={"sigma": "4/sigma^2"},
    )
    elsewhere = (
        in_r("VGAM::drayleigh", {"scale": "sigma"}),
        in_scipy("rayleigh", {"scale": "sigma"}),
        in_stan("rayleigh", {"sigma": "sigma"}),
    )

    def log_density(self, y: Rows, sigma: Rows) -> Rows:
        return np.log(y) - 2 * np.log(sigma) - 0.5 * (y / sigma) ** 2

    def score(self, y: Rows, sigma: Rows) -> tuple[Rows]:
        return (((y / sigma) ** 2 - 2) / sigma,)

    def observed(self, y: Rows, sigma: Rows) -> Pairs:
        return {(0, 0): (3 * (y / sigma) ** 2 - 2) / sigma**2}

    def expected(self, sigma: Rows) -> Pairs:
        return {(0, 0): 4 * sigma**-2.0}

    def start(self, moments: Moments) -> tuple[float]:
        return (math.hypot(moments.mean, math.sqrt(moments.variance)) / math.sqrt(2),)

    def mean(self, sigma: Rows) -> Rows:
        return sigma * math.sqrt(math.pi / 2)

    def variance(self, sigma: Rows) -> Rows:
        return (2 - math.pi / 2) * sigma**2

    def log_cdf(self, y: Rows, sigma: Rows) -> Rows:
        return log_complement(self.log_sf(y, sigma))

    def log_sf(self, y: Rows, sigma: Rows) -> Rows:
        return -0.5 * (np.maximum(y, 0.0) / sigma) ** 2

    def drift(self, y: Rows, sigma: Rows) -> Drift:
        return scale_drift(y, sigma)

    def sample(self, rng: np.random.Generator, sigma: Rows) -> Rows:
        return rng.rayleigh(sigma)


FAMILY = Rayleigh()
