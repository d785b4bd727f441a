"""Weibull target: y > 0 with scale s > 0 and shape k > 0.

With w = k log(y/s) and z = exp(w) = (y/s)^k, which is exponential with mean 1,

    ell(y; s, k) = log(k) - log(y) + w - z

    d ell/d s = k (z - 1)/s                -d2/ds2   = k (z - 1 + k z)/s^2
    d ell/d k = (1 + w (1 - z))/k          -d2/ds dk = (1 - z - w z)/s
                                           -d2/dk2   = (1 + w^2 z)/k^2
    expected: k^2/s^2, -(1 - g)/s, (1 + pi^2/6 - 1 + (1 - g)^2)/k^2 with Euler's constant g

The hazard (k/s) (y/s)^(k - 1) rises for k > 1 and falls for k < 1; k = 1 is exponential. As
k grows the distribution narrows to a point. With the log link, a coefficient b of the scale
is that of an accelerated-failure-time model: it multiplies every quantile of y by exp(b).
The proportional-hazards coefficient is -b k.

Source: J. F. Lawless (2003), Statistical Models and Methods for Lifetime Data, 2nd ed.,
sections 1.3.2 and 5.2.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import Elsewhere, R, in_r, in_scipy, in_stan
from mlefit.families._positive import log_moments, power_drift
from mlefit.families._records import Example, Moments, Narrowing, Parameter, Reading, Special
from mlefit.families._stirling import log_gamma
from mlefit.special import log_complement, log_ratio
from mlefit.support import POSITIVE, Domain

ALIASES = ("weibull-aft", "weibull-min")

_EULER = 0.577215664901532861
# z of the largest value at the start: far out, and far from overflow
_FAR_OUT = 100.0


class Weibull(Family):
    """See the module's docstring."""

    name = "weibull"
    summary = "lifetimes whose hazard rises or falls"
    support = POSITIVE
    smooth_in = "log y"
    parameters = (
        Parameter("scale", "log", Domain.POSITIVE, "scale; 63.2% of the values lie below it"),
        Parameter(
            "k",
            "log",
            Domain.POSITIVE,
            "shape; 1 is exponential",
            narrowing=Narrowing(power=-1, unit=0),
        ),
    )
    readings = (
        Reading("time ratio", "log"),
        Reading("hazard ratio", "log", sign=-1, times="k"),
    )
    specials = (Special("k", 1, "exponential"), Special("k", 2, "rayleigh"))
    examples = (
        Example((1.0, 1.5)),
        Example((250.0, 0.7)),
        Example((0.02, 12.0)),
    )
    derivation = Derivation(
        "log(k/y) + log(z) - z",
        short=(Short("z", "(y/scale)^k", {"scale": "-k*z/scale", "k": "z*log(z)/k"}),),
        information={
            "scale": "k^2/scale^2",
            "scale k": "-(1 - euler)/scale",
            "k": "(pi^2/6 + (1 - euler)^2)/k^2",
        },
    )
    elsewhere = (
        in_r("dweibull", {"shape": "k", "scale": "scale"}),
        Elsewhere(
            R,
            'survival::dsurvreg(x, mean = {mean}, scale = {scale}, distribution = "weibull")',
            {"mean": "log(scale)", "scale": "1/k"},
        ),
        in_scipy("weibull_min", {"c": "k", "scale": "scale"}),
        in_stan("weibull", {"alpha": "k", "sigma": "scale"}),
    )

    def log_density(self, y: Rows, scale: Rows, k: Rows) -> Rows:
        w = k * log_ratio(y, scale)
        return np.log(k) - np.log(y) + w - np.exp(w)

    def score(self, y: Rows, scale: Rows, k: Rows) -> tuple[Rows, Rows]:
        w = k * log_ratio(y, scale)
        excess = np.expm1(w)
        return k * excess / scale, (1 - w * excess) / k

    def observed(self, y: Rows, scale: Rows, k: Rows) -> Pairs:
        w = k * log_ratio(y, scale)
        z, excess = np.exp(w), np.expm1(w)
        return {
            (0, 0): k * (excess + k * z) / scale**2,
            (0, 1): -(excess + w * z) / scale,
            (1, 1): (1 + w**2 * z) / k**2,
        }

    def expected(self, scale: Rows, k: Rows) -> Pairs:
        cross = 1 - _EULER
        return {
            (0, 0): (k / scale) ** 2,
            (0, 1): -cross / scale,
            (1, 1): (math.pi**2 / 6 + cross**2) / k**2,
        }

    def start(self, moments: Moments) -> tuple[float, float]:
        # log(y) is log(scale) + log(exponential)/k, whose moments are known
        mean, sd = log_moments(moments)
        if sd == 0:
            return moments.mean, math.inf
        k = math.pi / math.sqrt(6) / sd
        scale = math.exp(mean + _EULER / k)
        beyond = math.log(moments.most / scale)
        return scale, min(k, _FAR_OUT / beyond) if beyond > 0 else k

    def mean(self, scale: Rows, k: Rows) -> Rows:
        return scale * np.exp(log_gamma(1 + 1 / k))

    def variance(self, scale: Rows, k: Rows) -> Rows:
        once = log_gamma(1 + 1 / k)
        return (scale * np.exp(once)) ** 2 * np.expm1(log_gamma(1 + 2 / k) - 2 * once)

    def log_cdf(self, y: Rows, scale: Rows, k: Rows) -> Rows:
        return log_complement(self.log_sf(y, scale, k))

    def log_sf(self, y: Rows, scale: Rows, k: Rows) -> Rows:
        return -((np.maximum(y, 0.0) / scale) ** k)

    def drift(self, y: Rows, scale: Rows, k: Rows) -> Drift:
        return power_drift(y, scale, k)

    def sample(self, rng: np.random.Generator, scale: Rows, k: Rows) -> Rows:
        return scale * rng.weibull(k)


FAMILY = Weibull()
