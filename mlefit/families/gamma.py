"""Gamma target: y > 0 with mean mu > 0 and shape k > 0.

With u = y/mu - 1 - log(y/mu), half the unit deviance, and h(k) = k log(k) - k - lgamma(k),

    ell(y; mu, k) = h(k) - log(y) - k u
                  = k log(k/mu) - lgamma(k) + (k - 1) log(y) - k y/mu

    d ell/d mu = k (y - mu)/mu^2         -d2/dmu2   = k (2 y - mu)/mu^3
    d ell/d k  = h'(k) - u               -d2/dmu dk = -(y - mu)/mu^2
                                         -d2/dk2    = -h''(k) = psi'(k) - 1/k
    expected: k/mu^2, 0, -h''(k): mu and k are orthogonal (D. R. Cox and N. Reid 1987,
    J. R. Stat. Soc. B 49, 1-39)

The first form loses nothing where k is large and y near mu, in which the terms of the
second cancel. As k grows the distribution narrows to a point; k = 1 is exponential.

Loss: with k held fixed, maximising over mu is minimising the gamma deviance.

Source: P. McCullagh and J. A. Nelder (1989), Generalized Linear Models, 2nd ed., chapter 8.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._gamma_tails import log_gamma_tails
from mlefit.families._records import Example, Loss, Moments, Narrowing, Parameter, Special
from mlefit.families._stirling import remainder
from mlefit.special import log_ratio, recalled
from mlefit.support import POSITIVE, Domain

ALIASES = ("gamma-deviance", "gamma-loss", "half-gamma-loss", "reg:gamma")

_SAME_COEFFICIENTS = {
    "log": {
        "scikit-learn": "GammaRegressor(alpha=0)",
        "R": 'glm(formula, family = Gamma(link = "log"))',
    },
    "inverse": {"R": "glm(formula, family = Gamma)"},
    "identity": {"R": 'glm(formula, family = Gamma(link = "identity"))'},
}
_SAME_LOSS = {
    "log": {"XGBoost": "objective='reg:gamma'", "LightGBM": "objective='gamma'"},
}


class Gamma(Family):
    """See the module's docstring."""

    name = "gamma"
    summary = "positive values whose standard deviation grows with their mean"
    support = POSITIVE
    smooth_in = "log y"
    parameters = (
        Parameter("mu", "log", Domain.POSITIVE, "mean"),
        Parameter(
            "k",
            "log",
            Domain.POSITIVE,
            "shape; the variance is mu^2/k",
            precision_power=1,
            narrowing=Narrowing(power=-0.5, unit=0),
        ),
    )
    specials = (Special("k", 1, "exponential"),)
    elementary = False
    examples = (
        Example((2.0, 3.0)),
        Example((1500.0, 0.6)),
        Example((0.01, 80.0)),
    )
    derivation = Derivation(
        "k*log(k/mu) - log(gamma(k)) + (k - 1)*log(y) - k*y/mu",
        estimate={"mu": "mean(y)"},
        information={"mu": "k/mu^2", "k": "trigamma(k) - 1/k"},
    )
    elsewhere = (
        in_r("dgamma", {"shape": "k", "rate": "k/mu"}),
        in_scipy("gamma", {"a": "k", "scale": "mu/k"}),
        in_stan("gamma", {"alpha": "k", "beta": "k/mu"}),
    )

    def log_density(self, y: Rows, mu: Rows, k: Rows) -> Rows:
        return _height(k) - np.log(y) - k * half_deviance(y, mu)

    def score(self, y: Rows, mu: Rows, k: Rows) -> tuple[Rows, Rows]:
        slope = 0.5 / k - remainder(k).slope
        return k * ((y - mu) / mu / mu), slope - half_deviance(y, mu)

    def observed(self, y: Rows, mu: Rows, k: Rows) -> Pairs:
        return {
            (0, 0): k * ((2 * y - mu) / mu / mu**2),
            (0, 1): -(y - mu) / mu / mu,
            (1, 1): _shape_information(k),
        }

    def expected(self, mu: Rows, k: Rows) -> Pairs:
        return {(0, 0): k / mu**2, (1, 1): _shape_information(k)}

    def start(self, moments: Moments) -> tuple[float, float]:
        mean = moments.mean_of(lambda y: y)
        s = moments.mean_of(lambda y: half_deviance(y, np.array([mean])))
        if s <= 0:  # one value only in the sample
            return moments.mean, _ratio(moments.mean**2, moments.variance)
        # within 1.5 % of the maximum (T. P. Minka 2002, Estimating a Gamma distribution)
        return moments.mean, (3 - s + math.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)

    def mean(self, mu: Rows, k: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, k: Rows) -> Rows:
        return mu**2 / k

    def unit_deviance(self, y: Rows, mu: Rows, k: Rows) -> Rows:
        return _deviance(y, mu)

    def dispersion(self, k: Rows) -> Rows:
        return 1 / k

    def log_cdf(self, y: Rows, mu: Rows, k: Rows) -> Rows:
        return _tails(y, mu, k)[0]

    def log_sf(self, y: Rows, mu: Rows, k: Rows) -> Rows:
        return _tails(y, mu, k)[1]

    def sample(self, rng: np.random.Generator, mu: Rows, k: Rows) -> Rows:
        return rng.gamma(k, mu / k)

    losses = (
        Loss(
            parameter="mu",
            name="gamma deviance",
            formula="2 (y / mu - 1 - ln(y / mu))",
            value=lambda y, mu: _deviance(y, mu),
            slope=lambda y, mu: -2 * ((y - mu) / mu / mu),
            scale=lambda k: k / 2,
            constant=lambda y, k: np.log(y) - _height(k),
            apis=_SAME_COEFFICIENTS,
            same_loss=_SAME_LOSS,
        ),
    )


def _deviance(y: Rows, mu: Rows) -> Rows:
    return 2 * half_deviance(y, mu)


@recalled
def half_deviance(y: Rows, mu: Rows) -> Rows:
    """u = y/mu - 1 - log(y/mu); near y = mu it keeps the digits that (y - mu)/mu has."""
    return (y - mu) / mu - log_ratio(y, mu)


def _height(k: Rows) -> Rows:
    """h(k) = k log(k) - k - lgamma(k), by what lgamma leaves after its large part."""
    return 0.5 * np.log(k / (2 * math.pi)) - remainder(k).value


def _shape_information(k: Rows) -> Rows:
    """-h''(k) = psi'(k) - 1/k = 1/(2 k^2) + ..."""
    return 0.5 / k**2 + remainder(k).curvature


def _tails(y: Rows, mu: Rows, k: Rows) -> tuple[Rows, Rows]:
    root = np.sqrt(k)
    return log_gamma_tails(root * np.log(np.maximum(y, 0.0) / mu), 1 / root)


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else math.inf


FAMILY = Gamma()
