"""Loglogistic target: y > 0 with scale s > 0, its median, and shape k > 0.

With w = k log(y/s), which is logistic, and p = 1/(1 + exp(-w)), q = 1 - p,

    ell(y; s, k) = log(k) - log(y) + log(p) + log(q)

    d ell/d s = k (p - q)/s                -d2/ds2   = k (p - q + 2 k p q)/s^2
    d ell/d k = (1 - w (p - q))/k          -d2/ds dk = -(p - q + 2 w p q)/s
                                           -d2/dk2   = (1 + 2 w^2 p q)/k^2
    expected: k^2/(3 s^2), 0, (3 + pi^2)/(9 k^2): s and k are orthogonal

P(Y > y) = q: the odds of y being exceeded fall as y^-k. As k grows the distribution narrows
to a point; it has a mean for k > 1 only. With the log link, a coefficient b of the scale
multiplies every quantile of y by exp(b), and the odds of exceeding any y by exp(b k).

Source: J. F. Lawless (2003), Statistical Models and Methods for Lifetime Data, 2nd ed.,
sections 1.3.4 and 5.4.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import Elsewhere, R, in_r, in_scipy, in_stan
from mlefit.families._positive import log_moments, power_drift
from mlefit.families._records import Example, Moments, Narrowing, Parameter, Reading
from mlefit.special import log_logistic_cdf, log_logistic_density, log_ratio
from mlefit.support import POSITIVE, Domain

ALIASES = ("fisk", "llogis", "loglogistic-aft")


class Loglogistic(Family):
    """See the module's docstring."""

    name = "loglogistic"
    summary = "lifetimes whose odds of being exceeded are a power of time"
    rare = True
    support = POSITIVE
    smooth_in = "log y"
    parameters = (
        Parameter("scale", "log", Domain.POSITIVE, "scale, which is the median"),
        Parameter(
            "k",
            "log",
            Domain.POSITIVE,
            "shape; larger is narrower",
            narrowing=Narrowing(power=-1, unit=0),
        ),
    )
    readings = (
        Reading("time ratio", "log"),
        Reading("survival odds ratio", "log", times="k"),
    )
    examples = (
        Example((1.0, 2.5)),
        Example((250.0, 1.8)),
        Example((0.02, 12.0)),
    )
    derivation = Derivation(
        "log(k/y) + log(z) - 2*log(1 + z)",
        short=(Short("z", "(y/scale)^k", {"scale": "-k*z/scale", "k": "z*log(z)/k"}),),
        information={"scale": "k^2/(3*scale^2)", "k": "(3 + pi^2)/(9*k^2)"},
    )
    elsewhere = (
        in_r("actuar::dllogis", {"shape": "k", "scale": "scale"}),
        Elsewhere(
            R,
            'survival::dsurvreg(x, mean = {mean}, scale = {scale}, distribution = "loglogistic")',
            {"mean": "log(scale)", "scale": "1/k"},
        ),
        in_scipy("fisk", {"c": "k", "scale": "scale"}),
        in_stan("loglogistic", {"alpha": "scale", "beta": "k"}),
    )

    def log_density(self, y: Rows, scale: Rows, k: Rows) -> Rows:
        w = k * log_ratio(y, scale)
        return np.log(k) - np.log(y) + log_logistic_density(w)

    def score(self, y: Rows, scale: Rows, k: Rows) -> tuple[Rows, Rows]:
        w = k * log_ratio(y, scale)
        tilt = np.tanh(w / 2)
        return k * tilt / scale, (1 - w * tilt) / k

    def observed(self, y: Rows, scale: Rows, k: Rows) -> Pairs:
        w = k * log_ratio(y, scale)
        tilt = np.tanh(w / 2)
        small = np.exp(-np.abs(w))
        twice = 2 * small / (1 + small) ** 2
        return {
            (0, 0): k * (tilt + k * twice) / scale**2,
            (0, 1): -(tilt + w * twice) / scale,
            (1, 1): (1 + w**2 * twice) / k**2,
        }

    def expected(self, scale: Rows, k: Rows) -> Pairs:
        return {(0, 0): (k / scale) ** 2 / 3, (1, 1): (3 + math.pi**2) / (9 * k**2)}

    def start(self, moments: Moments) -> tuple[float, float]:
        mean, sd = log_moments(moments)
        return math.exp(mean), math.pi / math.sqrt(3) / sd if sd > 0 else math.inf

    def mean(self, scale: Rows, k: Rows) -> Rows:
        angle = np.pi / k
        return np.where(k > 1, scale * angle / np.sin(angle), np.inf)

    def log_cdf(self, y: Rows, scale: Rows, k: Rows) -> Rows:
        return log_logistic_cdf(k * np.log(np.maximum(y, 0.0) / scale))

    def log_sf(self, y: Rows, scale: Rows, k: Rows) -> Rows:
        return log_logistic_cdf(-k * np.log(np.maximum(y, 0.0) / scale))

    def drift(self, y: Rows, scale: Rows, k: Rows) -> Drift:
        return power_drift(y, scale, k)

    def sample(self, rng: np.random.Generator, scale: Rows, k: Rows) -> Rows:
        return scale * np.exp(rng.logistic(0.0, 1 / k))


FAMILY = Loglogistic()
