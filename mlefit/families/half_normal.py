"""Half-normal target: y >= 0, the size of a normal(0, sigma) number.

    ell(y; sigma) = log(2/pi)/2 - log(sigma) - z^2/2,    z = y/sigma

    d ell/d sigma = (z^2 - 1)/sigma      -d2/dsigma2 = (3 z^2 - 1)/sigma^2
    expected: 2/sigma^2

Source: C. Forbes et al. (2011), Statistical Distributions, 4th ed., section 33.6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import STAN, Elsewhere, R, in_scipy
from mlefit.families._positive import scale_drift
from mlefit.families._records import Example, Moments, Parameter
from mlefit.special import log_normal_cdf
from mlefit.support import NON_NEGATIVE, Domain

ALIASES = ("halfnorm",)


class HalfNormal(Family):
    """See the module's docstring."""

    name = "half-normal"
    summary = "sizes of errors, most of them small"
    rare = True
    support = NON_NEGATIVE
    smooth_in = "log y"
    parameters = (Parameter("sigma", "log", Domain.POSITIVE, "root mean square"),)
    examples = (Example((1.0,)), Example((0.02,)), Example((3000.0,)))
    derivation = Derivation(
        "log(2/pi)/2 - log(sigma) - y^2/(2*sigma^2)",
        estimate={"sigma": "sqrt(mean(y^2))"},
        information={"sigma": "2/sigma^2"},
    )
    elsewhere = (
        Elsewhere(R, "2 * dnorm(x, 0, {sd})", {"sd": "sigma"}),
        in_scipy("halfnorm", {"scale": "sigma"}),
        Elsewhere(STAN, "normal(0, {sigma}) T[0, ]", {"sigma": "sigma"}),
    )

    def log_density(self, y: Rows, sigma: Rows) -> Rows:
        return 0.5 * math.log(2 / math.pi) - np.log(sigma) - 0.5 * (y / sigma) ** 2

    def score(self, y: Rows, sigma: Rows) -> tuple[Rows]:
        return (((y / sigma) ** 2 - 1) / sigma,)

    def observed(self, y: Rows, sigma: Rows) -> Pairs:
        return {(0, 0): (3 * (y / sigma) ** 2 - 1) / sigma**2}

    def expected(self, sigma: Rows) -> Pairs:
        return {(0, 0): 2 * sigma**-2.0}

    def start(self, moments: Moments) -> tuple[float]:
        return (math.hypot(moments.mean, math.sqrt(moments.variance)),)

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, np.zeros(len(y), dtype=bool)

    def mean(self, sigma: Rows) -> Rows:
        return sigma * math.sqrt(2 / math.pi)

    def variance(self, sigma: Rows) -> Rows:
        return (1 - 2 / math.pi) * sigma**2

    def log_cdf(self, y: Rows, sigma: Rows) -> Rows:
        from scipy.special import erf

        return np.log(erf(np.maximum(y, 0.0) / sigma / math.sqrt(2)))

    def log_sf(self, y: Rows, sigma: Rows) -> Rows:
        return math.log(2) + log_normal_cdf(-np.maximum(y, 0.0) / sigma)

    def drift(self, y: Rows, sigma: Rows) -> Drift:
        return scale_drift(y, sigma)

    def sample(self, rng: np.random.Generator, sigma: Rows) -> Rows:
        return np.abs(rng.normal(0.0, sigma))


FAMILY = HalfNormal()
