"""Negative binomial target (NB2): counts with mean mu > 0 and size k > 0, variance mu + mu^2/k.

    ell(y; mu, k) = rise(y, k) - log(y!) + y log(mu) - (y + k) log(1 + mu/k)

with rise(y, k) = log Gamma(y + k) - log Gamma(k) - y log(k); b = mu/(k + mu), u = mu/k:

    d ell/d mu = (y - mu)/(mu (1 + u))
    d ell/d k  = rise'(y, k) + (y/k) b - (log(1 + u) - b)

    -d2/dmu2   = y/mu^2 - (y + k)/(k + mu)^2         expected: 1/(mu (1 + u))
    -d2/dmu dk = -(y - mu)/(k + mu)^2                expected: 0, mu and k are orthogonal
    -d2/dk2    = -rise''(y, k) + y b/k^2 (2 - b) - b^2/k

As k grows this becomes a Poisson distribution. Where counts spread no more than that, the
likelihood has its maximum there and none inside. The size is as in R; 1/k is the alpha of
Stata and statsmodels, and with the log link only the sign of its logarithm differs.

Source: J. M. Hilbe (2011), Negative Binomial Regression, 2nd ed., chapter 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import Elsewhere, R, in_r, in_scipy, in_stan, in_statsmodels
from mlefit.families._records import Example, Limit, Moments, Parameter, Special
from mlefit.families._rising import log1p_lag, rise, rise_bend, rise_slope
from mlefit.special import (
    FEW,
    SMALL_COUNT,
    count_tails,
    log_factorial,
    log_probability,
    ratio,
    recalled,
    times_log,
    times_log_ratio,
)
from mlefit.support import COUNTS, Domain

ALIASES = ("nb", "nb2", "negative-binomial", "negative-binomial-2", "nbinom")

_GLM_NB = {"(Intercept)": "log(mu)", "theta": "k"}


class NegBinom(Family):
    """See the module's docstring."""

    name = "negbinom"
    summary = "counts with variance mu + mu^2 / k"
    support = COUNTS
    parameters = (
        Parameter("mu", "log", Domain.POSITIVE, "mean count"),
        Parameter("k", "log", Domain.POSITIVE, "size: the smaller, the more overdispersed"),
    )
    specials = (Special("k", 1, "geometric"),)
    limits = (
        Limit("k", "upper", "poisson", "no overdispersion: the Poisson boundary is the maximum"),
    )
    elementary = False
    examples = (
        Example((4.0, 1.5)),
        Example((0.6, 0.2)),
        Example((30.0, 8.0)),
        Example((3.0, 2000.0)),
    )
    derivation = Derivation(
        "log(gamma(y + k)) - log(gamma(k)) - log(factorial(y)) + y*log(mu/k)"
        " - (y + k)*log(1 + mu/k)",
        estimate={"mu": "mean(y)"},
    )
    elsewhere = (
        in_r("dnbinom", {"size": "k", "mu": "mu"}),
        Elsewhere(R, "MASS::glm.nb: (Intercept) {(Intercept)}, theta {theta}", _GLM_NB),
        in_scipy("nbinom", {"n": "k", "p": "1/(1 + mu/k)"}),
        in_stan("neg_binomial_2", {"mu": "mu", "phi": "k"}),
        in_statsmodels("NegativeBinomial", {"const": "log(mu)", "alpha": "1/k"}),
    )

    def log_density(self, y: Rows, mu: Rows, k: Rows) -> Rows:
        return rise(y, k) - log_factorial(y) + times_log(y, mu) - (y + k) * np.log1p(mu / k)

    def first_masses(self, count: int, mu: Rows, k: Rows) -> Iterator[Rows]:
        mass, b = np.exp(-k * np.log1p(mu / k)), mu / (k + mu)
        yield mass
        for y in range(1, count):
            mass = mass * (b * ((k + y - 1) / y))
            yield mass

    def score(self, y: Rows, mu: Rows, k: Rows) -> tuple[Rows, Rows]:
        b = mu / (k + mu)
        slope_k = -rise_slope(y, k) + y / k * b - _log1p_excess(mu / k)
        return (ratio(y, mu) - 1) / (1 + mu / k), slope_k

    def observed(self, y: Rows, mu: Rows, k: Rows) -> Pairs:
        b = mu / (k + mu)
        return {
            (0, 0): ratio(y, mu) / mu - (y + k) / (k + mu) ** 2,
            (0, 1): (mu - y) / (k + mu) ** 2,
            (1, 1): -rise_bend(y, k) + y / k**2 * b * (2 - b) - b**2 / k,
        }

    def start(self, moments: Moments) -> tuple[float, float]:
        mean = moments.mean + 0.5 / moments.rows if moments.mean == 0 else moments.mean
        excess = max((moments.variance - mean) / mean, 0.02)
        return mean, mean / excess

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, np.zeros(len(y), dtype=bool)

    def mean(self, mu: Rows, k: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, k: Rows) -> Rows:
        return mu * (1 + mu / k)

    def unit_deviance(self, y: Rows, mu: Rows, k: Rows) -> Rows:
        return 2 * (times_log_ratio(y, mu) - (y + k) * np.log1p((y - mu) / (k + mu)))

    def log_cdf(self, y: Rows, mu: Rows, k: Rows) -> Rows:
        return log_probability(*below_and_above(y, mu / k, k))

    def log_sf(self, y: Rows, mu: Rows, k: Rows) -> Rows:
        below, above = below_and_above(y, mu / k, k)
        return log_probability(above, below)

    def sample(self, rng: np.random.Generator, mu: Rows, k: Rows) -> Rows:
        return rng.poisson(rng.gamma(k, mu / k)).astype(float)


def _log1p_excess(u: Rows) -> Rows:
    """log(1 + u) - u/(1 + u), which is near u^2/2 where u is small."""
    return u**2 / (1 + u) - log1p_lag(u)


# masses fall by odds/(1 + odds) far out, so that some forty times 1 + odds of them count
_SLOWEST = 8


@recalled
def below_and_above(y: Rows, odds: Rows, k: Rows) -> tuple[Rows, Rows]:
    """P(Y <= y) and P(Y > y): an incomplete beta function and its complement."""
    if y.size <= FEW and max(y.max(initial=0), _SLOWEST * odds.max(initial=0)) <= SMALL_COUNT:
        return _few_below_and_above(np.maximum(np.floor(y), -1), odds, k)
    from scipy.special import betainc

    # no row reaches these two, and not every SciPy takes an infinite count
    none, all_ = y < 0, y == np.inf
    count = np.where(none | all_, 0.0, np.floor(y))
    above = betainc(count + 1, k, odds / (1 + odds))
    below = betainc(k, count + 1, 1 / (1 + odds))
    return np.select([none, all_], [0.0, 1.0], below), np.select([none, all_], [1.0, 0.0], above)


def _few_below_and_above(y: Rows, odds: Rows, k: Rows) -> tuple[Rows, Rows]:
    at, p = np.maximum(y, 0), odds / (1 + odds)
    log_mass = rise(at, k) - log_factorial(at) + times_log(at, k * odds)
    log_mass = log_mass - (at + k) * np.log1p(odds)
    return count_tails(y, log_mass, lambda j: p * (j - 1 + k) / j, at + 1 > p * (at + k))


FAMILY = NegBinom()
