"""Generalised gamma target: y > 0 with location mu, scale sigma > 0 and shape Q, any number.

With w = (log(y) - mu)/sigma, v = Q w, g(v) = (exp(v) - 1 - v)/v^2, and r(k) what Stirling's
formula leaves of lgamma(k),

    ell(y; mu, sigma, Q) = -log(2 pi)/2 - log(sigma) - log(y) - r(1/Q^2) - w^2 g(v)

which for Q other than 0 is Prentice's form, with a = 1/Q^2,

    log|Q| + a log(a) - lgamma(a) - log(sigma) - log(y) + a (v - exp(v))

and has nothing to subtract where Q is near 0. With f(v) = (exp(v) - 1)/v and l = w f(v),
which is minus the derivative in w,

    d ell/d mu    = l/sigma                  -d2/dmu2       = exp(v)/sigma^2
    d ell/d sigma = (w l - 1)/sigma          -d2/dmu dsigma = (l + w exp(v))/sigma^2
    d ell/d Q     = -w^3 g'(v) - r'          -d2/dsigma2    = (2 w l + w^2 exp(v) - 1)/sigma^2
                                             -d2/dmu dQ     = -w^2 f'(v)/sigma
                                             -d2/dsigma dQ  = -w^3 f'(v)/sigma
                                             -d2/dQ2        = w^4 g''(v) + r''

with r taken as a function of Q. Special cases: Q = 0 lognormal, Q = 1 weibull with shape
1/sigma and scale exp(mu), Q = sigma gamma with shape 1/sigma^2, Q = -1 inverse weibull. As
sigma goes to 0 the distribution narrows to a point. As Q goes to -infinity with sigma |Q| = 1/c
it becomes the pareto one with the smallest value exp(mu) and tail index c, and as Q goes to
infinity the distribution of 1/y does, whose density rises like y^(c - 1) up to a wall. Of such
samples there can be a lower maximum inside too.

Source: R. L. Prentice (1974), Biometrika 61, 539-544; C. Jackson (2016), flexsurv, Journal
of Statistical Software 70(8).
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy
from mlefit.families._exponential_series import second_order
from mlefit.families._gamma_tails import log_gamma_tails
from mlefit.families._positive import log_moments
from mlefit.families._records import Example, Limit, Moments, Narrowing, Parameter, Special
from mlefit.families._stirling import SERIES_FROM, TERMS, Remainder, remainder
from mlefit.special import HALF_LOG_2PI
from mlefit.support import POSITIVE, Domain

ALIASES = ("generalized-gamma", "gengamma")

# Q of a start near a wall, and one from which the rest is a wall
_STEEP, _WALL = 100.0, 1000.0


class GeneralisedGamma(Family):
    """See the module's docstring."""

    name = "generalised-gamma"
    summary = "lifetimes: lognormal, weibull and gamma are special cases"
    rare = True
    support = POSITIVE
    smooth_in = "log y"
    parameters = (
        Parameter("mu", "identity", Domain.REAL, "location of ln y"),
        Parameter(
            "sigma",
            "log",
            Domain.POSITIVE,
            "scale of ln y",
            narrowing=Narrowing(power=1, unit=0),
        ),
        Parameter("Q", "identity", Domain.REAL, "shape: 0 is lognormal, 1 weibull, sigma gamma"),
    )
    limits = (
        Limit(
            "Q",
            "lower",
            None,
            "the density falls as a power of y from a wall on, where the smallest values lie: "
            "without covariates it is the pareto one",
            near=-_WALL,
        ),
        Limit(
            "Q",
            "upper",
            None,
            "the density rises as a power of y up to a wall, where the largest values lie: "
            "without covariates that of 1/y is the pareto one",
            near=_WALL,
        ),
    )
    specials = (
        Special("Q", 0, "lognormal"),
        Special("Q", 1, "weibull"),
        Special("Q", "sigma", "gamma"),
    )
    elementary = False
    examples = (
        Example((0.0, 1.0, 0.0)),
        Example((2.0, 0.5, 0.1)),
        Example((6.0, 0.4, 1.0)),
        Example((-3.0, 0.7, -0.6)),
        Example((1.0, 0.3, 2.5)),
    )
    derivation = Derivation(
        "log(size(Q)) + a*log(a) - log(gamma(a)) - log(sigma) - log(y) + a*(v - exp(v))",
        short=(
            Short("a", "1/Q^2", {"Q": "-2*a/Q"}),
            Short("w", "(log(y) - mu)/sigma", {"mu": "-1/sigma", "sigma": "-w/sigma"}),
            Short("v", "Q*w", {"mu": "-Q/sigma", "sigma": "-v/sigma", "Q": "w"}),
        ),
        singular=("Q",),
    )
    elsewhere = (
        in_r("flexsurv::dgengamma", {"mu": "mu", "sigma": "sigma", "Q": "Q"}),
        in_scipy("gengamma", {"a": "1/Q^2", "c": "Q/sigma", "scale": "exp(mu)*(Q^2)^(sigma/Q)"}),
    )

    def log_density(self, y: Rows, mu: Rows, sigma: Rows, Q: Rows) -> Rows:
        log_y = np.log(y)
        w = (log_y - mu) / sigma
        constant = -HALF_LOG_2PI - np.log(sigma) - _remainder(Q).value
        return constant - log_y - w**2 * second_order(Q * w, 0).value

    def score(self, y: Rows, mu: Rows, sigma: Rows, Q: Rows) -> tuple[Rows, Rows, Rows]:
        w = (np.log(y) - mu) / sigma
        g = second_order(Q * w, 1)
        push = w * (1 + Q * w * g.value)
        return push / sigma, (w * push - 1) / sigma, -(w * w**2) * g.slope - _remainder(Q).slope

    def observed(self, y: Rows, mu: Rows, sigma: Rows, Q: Rows) -> Pairs:
        w = (np.log(y) - mu) / sigma
        v = Q * w
        g = second_order(v)
        f = g.first_order(v)
        push, bend, square = w * f.value, np.exp(v), w**2
        return {
            (0, 0): bend / sigma**2,
            (0, 1): (push + w * bend) / sigma**2,
            (1, 1): (w * (2 * push + w * bend) - 1) / sigma**2,
            (0, 2): -square * f.slope / sigma,
            (1, 2): -w * square * f.slope / sigma,
            (2, 2): square**2 * g.curvature + _remainder(Q).curvature,
        }

    def start(self, moments: Moments) -> tuple[float, float, float]:
        return (*log_moments(moments), 0.0)

    def starts(self, moments: Moments) -> tuple[tuple[float, ...], ...]:
        """The lognormal one; and a steep wall at an end of the sample, if that is likelier."""
        mu, _, _ = self.start(moments)
        low, high = math.log(moments.least), math.log(moments.most)
        walls = ((low, (mu - low) / _STEEP, -_STEEP), (high, (high - mu) / _STEEP, _STEEP))
        return self.with_likelier(moments, walls)

    def mean(self, mu: Rows, sigma: Rows, Q: Rows) -> Rows:
        # ln E Y = mu + sigma^2 h(s) - ln(1 + s)/2 + r((1 + s)/Q^2) - r(1/Q^2), where s = sigma Q
        # and h(s) = ((1 + s) ln(1 + s) - s)/s^2; there is no mean where s <= -1
        s = sigma * Q
        inside = np.where(s > -1, s, 0.0)
        bowed = sigma**2 * _entropy_ratio(inside) - np.log1p(inside) / 2
        rest = _remainder(Q / np.sqrt(1 + inside)).value - _remainder(Q).value
        return np.where(s > -1, np.exp(mu + bowed + rest), np.inf)

    def log_cdf(self, y: Rows, mu: Rows, sigma: Rows, Q: Rows) -> Rows:
        return self._tails(y, mu, sigma, Q)[0]

    def log_sf(self, y: Rows, mu: Rows, sigma: Rows, Q: Rows) -> Rows:
        return self._tails(y, mu, sigma, Q)[1]

    def _tails(self, y: Rows, mu: Rows, sigma: Rows, Q: Rows) -> tuple[Rows, Rows]:
        w = (np.log(np.maximum(y, 0.0)) - mu) / sigma
        turned = Q < 0
        lower, upper = log_gamma_tails(np.where(turned, -w, w), np.abs(Q))
        return np.where(turned, upper, lower), np.where(turned, lower, upper)

    def sample(self, rng: np.random.Generator, mu: Rows, sigma: Rows, Q: Rows) -> Rows:
        normal = np.abs(Q) < 1e-6
        shape = np.where(normal, 1.0, Q) ** -2.0
        w = np.log(rng.gamma(shape) / shape) / np.where(normal, 1.0, Q)
        return np.exp(mu + sigma * np.where(normal, rng.normal(size=len(mu)), w))


FAMILY = GeneralisedGamma()


def _entropy_ratio(s: Rows) -> Rows:
    """((1 + s) ln(1 + s) - s)/s^2 = 1/2 - s/6 + s^2/12 - ...; the series serves |s| < 0.1."""
    near = np.abs(s) < 0.1
    series = np.zeros_like(s)
    for k in range(16, -1, -1):
        series = 1 / ((k + 1) * (k + 2)) - s * series
    far = np.where(near, 1.0, s)
    return np.where(near, series, ((1 + far) * np.log1p(far) - far) / far**2)


def _remainder(Q: Rows) -> Remainder:
    """r(1/Q^2) and its derivatives in Q: near 0 the series Q^2/12 - Q^6/360 + ..."""
    near = Q**2 <= 1 / SERIES_FROM
    small = np.where(near, Q, 0.0)
    x = small**4
    value, slope, curvature = (np.zeros_like(x) for _ in range(3))
    for n in range(len(TERMS), 0, -1):
        power = 4 * n - 2
        value = value * x + TERMS[n - 1]
        slope = slope * x + power * TERMS[n - 1]
        curvature = curvature * x + power * (power - 1) * TERMS[n - 1]
    series = value * small**2, slope * small, curvature
    if near.all():
        return Remainder(*series)
    large = np.where(near, 1.0, Q)
    r = remainder(large**-2.0)
    far = (
        r.value,
        -2 * r.slope * large**-3.0,
        4 * r.curvature * large**-6.0 + 6 * r.slope * large**-4.0,
    )
    return Remainder(*(np.where(near, a, b) for a, b in zip(series, far, strict=True)))
