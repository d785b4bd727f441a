"""Negative binomial target (NB1): counts with mean mu > 0 and variance mu (1 + alpha), alpha > 0.

The negative binomial of size k = mu/alpha, so that the variance is proportional to the mean:

    ell(y; mu, alpha) = rise(y, k) - log(y!) + y log(mu) - y log(1 + alpha)
                        - mu log(1 + alpha)/alpha

with rise(y, k) = log Gamma(y + k) - log Gamma(k) - y log(k), its derivatives in k, and
g = log(1 + alpha)/alpha:

    d ell/d mu    = y/mu + rise'/alpha - g
    d ell/d alpha = -rise' k/alpha - mu g' - y/(1 + alpha)

    -d2/dmu2       = y/mu^2 - rise''/alpha^2
    -d2/dmu dalpha = (rise' + k rise'')/alpha^2 + g'
    -d2/dalpha2    = -(2 k rise' + k^2 rise'')/alpha^2 + mu g'' - y/(1 + alpha)^2

As alpha goes to 0 this becomes a Poisson distribution; where counts spread no more than
that, the likelihood has its maximum there and none inside.

Source: A. C. Cameron and P. K. Trivedi (2013), Regression Analysis of Count Data, 2nd ed.,
section 3.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy, in_stan, in_statsmodels
from mlefit.families._records import Example, Limit, Moments, Parameter
from mlefit.families._rising import log1p_lag, rise, rise_bend, rise_slope
from mlefit.families.negbinom import below_and_above
from mlefit.special import log_factorial, log_probability, ratio, times_log
from mlefit.support import COUNTS, Domain

ALIASES = ("nb1", "negative-binomial-1")


class NegBinom1(Family):
    """See the module's docstring."""

    name = "negbinom1"
    summary = "counts with variance mu (1 + alpha)"
    rare = True
    support = COUNTS
    parameters = (
        Parameter("mu", "log", Domain.POSITIVE, "mean count"),
        Parameter("alpha", "log", Domain.POSITIVE, "variance over mean, less one"),
    )
    limits = (
        Limit(
            "alpha", "lower", "poisson", "no overdispersion: the Poisson boundary is the maximum"
        ),
    )
    elementary = False
    examples = (
        Example((4.0, 1.5)),
        Example((0.6, 4.0)),
        Example((30.0, 0.3)),
        Example((3.0, 0.01)),
    )
    derivation = Derivation(
        "log(gamma(y + k)) - log(gamma(k)) - log(factorial(y)) + y*log(alpha/(1 + alpha))"
        " - k*log(1 + alpha)",
        short=(Short("k", "mu/alpha", {"mu": "1/alpha", "alpha": "-k/alpha"}),),
    )
    elsewhere = (
        in_r("dnbinom", {"size": "mu/alpha", "mu": "mu"}),
        in_scipy("nbinom", {"n": "mu/alpha", "p": "1/(1 + alpha)"}),
        in_stan("neg_binomial_2", {"mu": "mu", "phi": "mu/alpha"}),
        in_statsmodels(
            "NegativeBinomial(loglike_method='nb1')", {"const": "log(mu)", "alpha": "alpha"}
        ),
    )

    def log_density(self, y: Rows, mu: Rows, alpha: Rows) -> Rows:
        log = np.log1p(alpha)
        return rise(y, mu / alpha) - log_factorial(y) + times_log(y, mu) - (y + mu / alpha) * log

    def score(self, y: Rows, mu: Rows, alpha: Rows) -> tuple[Rows, Rows]:
        fall = rise_slope(y, mu / alpha) / alpha
        slope_mu = ratio(y, mu) - fall - np.log1p(alpha) / alpha
        return slope_mu, fall * mu / alpha + mu * _shrink(alpha) - y / (1 + alpha)

    def observed(self, y: Rows, mu: Rows, alpha: Rows) -> Pairs:
        k = mu / alpha
        fall, bend = rise_slope(y, k) / alpha**2, rise_bend(y, k) / alpha**2
        return {
            (0, 0): ratio(y, mu) / mu - bend,
            (0, 1): k * bend - fall - _shrink(alpha),
            (1, 1): k * (2 * fall - k * bend) + mu * _shrink_bend(alpha) - y / (1 + alpha) ** 2,
        }

    def start(self, moments: Moments) -> tuple[float, float]:
        mean = moments.mean + 0.5 / moments.rows if moments.mean == 0 else moments.mean
        return mean, max((moments.variance - mean) / mean, 0.02)

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, np.zeros(len(y), dtype=bool)

    def mean(self, mu: Rows, alpha: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, alpha: Rows) -> Rows:
        return mu * (1 + alpha)

    def log_cdf(self, y: Rows, mu: Rows, alpha: Rows) -> Rows:
        return log_probability(*below_and_above(y, alpha, mu / alpha))

    def log_sf(self, y: Rows, mu: Rows, alpha: Rows) -> Rows:
        below, above = below_and_above(y, alpha, mu / alpha)
        return log_probability(above, below)

    def sample(self, rng: np.random.Generator, mu: Rows, alpha: Rows) -> Rows:
        return rng.poisson(rng.gamma(mu / alpha, alpha)).astype(float)


def _shrink(alpha: Rows) -> Rows:
    """Minus the derivative of log(1 + alpha)/alpha, 1/2 at alpha = 0."""
    return 1 / (1 + alpha) - log1p_lag(alpha) / alpha**2


def _shrink_bend(alpha: Rows) -> Rows:
    """The second derivative of log(1 + alpha)/alpha, 2/3 at alpha = 0.

    Below 0.02 by its series sum over n >= 0 of (-1)^n (n + 1)(n + 2)/(n + 3) alpha^n, whose
    next term is under 1e-15; above it the subtraction costs three digits.
    """
    small = np.minimum(alpha, 0.02)
    series = np.zeros_like(small)
    for n in reversed(range(10)):
        series = (n + 1) * (n + 2) / (n + 3) - small * series
    closed = (2 * _shrink(alpha) - 1 / (1 + alpha) ** 2) / alpha
    return np.where(alpha < 0.02, series, closed)


FAMILY = NegBinom1()
