"""Inverse Gaussian target: y > 0 with mean mu > 0 and shape lambda > 0.

    ell(y; mu, lambda) = log(lambda/(2 pi y^3))/2 - lambda d/2,    d = (y - mu)^2/(mu^2 y)

    d ell/d mu     = lambda (y - mu)/mu^3     -d2/dmu2       = lambda (3 y - 2 mu)/mu^4
    d ell/d lambda = (1/lambda - d)/2         -d2/dmu dlambda = -(y - mu)/mu^3
                                              -d2/dlambda2   = 1/(2 lambda^2)
    expected: lambda/mu^3, 0, 1/(2 lambda^2): mu and lambda are orthogonal

The variance is mu^3/lambda; GLM programs call 1/lambda the dispersion. lambda is measured
in the units of y, and as it grows the distribution narrows to a point.

Loss: with lambda held fixed, maximising over mu is minimising the inverse Gaussian deviance d.

Tails: with a, b = sqrt(lambda/(2 y)) (y -+ mu)/mu and erfcx(x) = exp(x^2) erfc(x)

    2 P(Y <= y) = exp(-a^2) (erfcx(-a) + erfcx(b)),    2 P(Y > y) = exp(-a^2) (erfcx(a) - erfcx(b))

Source: G. Giner and G. K. Smyth (2016), statmod: probability calculations for the inverse
Gaussian distribution, The R Journal 8(1), 339-351.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import in_r, in_scipy
from mlefit.families._records import Example, Loss, Moments, Narrowing, Parameter
from mlefit.special import log_complement
from mlefit.support import POSITIVE, Domain

ALIASES = ("inverse-gaussian-deviance", "inverse-normal", "invgauss", "wald")

# b - a below which the difference of the two erfcx is an integral of their slope
_CLOSE = 0.5
_SERIES_FROM = 6.0
_TERMS = 30


class InverseGaussian(Family):
    """See the module's docstring."""

    name = "inverse-gaussian"
    summary = "positive values with a long right tail; times to reach a level"
    rare = True
    support = POSITIVE
    smooth_in = "log y"
    parameters = (
        Parameter("mu", "log", Domain.POSITIVE, "mean"),
        Parameter(
            "lambda",
            "log",
            Domain.POSITIVE,
            "shape; the variance is mu^3/lambda",
            precision_power=1,
            narrowing=Narrowing(power=-0.5, unit=1),
        ),
    )
    examples = (
        Example((1.0, 1.0)),
        Example((250.0, 2000.0)),
        Example((0.02, 0.01)),
    )
    derivation = Derivation(
        "log(lambda/(2*pi*y^3))/2 - lambda*(y - mu)^2/(2*mu^2*y)",
        estimate={"mu": "mean(y)", "lambda": "1/(mean(1/y) - 1/mu)"},
        information={"mu": "lambda/mu^3", "lambda": "1/(2*lambda^2)"},
    )
    elsewhere = (
        in_r("statmod::dinvgauss", {"mean": "mu", "shape": "lambda"}),
        in_scipy("invgauss", {"mu": "mu/lambda", "scale": "lambda"}),
    )

    def log_density(self, y: Rows, mu: Rows, lam: Rows) -> Rows:
        return 0.5 * (np.log(lam / (2 * math.pi)) - 3 * np.log(y) - lam * deviance(y, mu))

    def score(self, y: Rows, mu: Rows, lam: Rows) -> tuple[Rows, Rows]:
        return lam * (((y - mu) / mu) / mu**2), 0.5 * (1 / lam - deviance(y, mu))

    def observed(self, y: Rows, mu: Rows, lam: Rows) -> Pairs:
        return {
            (0, 0): lam * ((3 * y - 2 * mu) / (mu**2) ** 2),
            (0, 1): -(y - mu) / mu / mu**2,
            (1, 1): 0.5 * lam**-2.0,
        }

    def expected(self, mu: Rows, lam: Rows) -> Pairs:
        return {(0, 0): lam / (mu * mu**2), (1, 1): 0.5 * lam**-2.0}

    def start(self, moments: Moments) -> tuple[float, float]:
        mean = moments.mean_of(lambda y: y)
        spread = moments.mean_of(lambda y: deviance(y, np.array([mean])))
        if spread == 0:  # one value only in the sample
            spread = moments.variance / moments.mean**3
        return moments.mean, 1 / spread if spread > 0 else math.inf

    def mean(self, mu: Rows, lam: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, lam: Rows) -> Rows:
        return mu**3 / lam

    def unit_deviance(self, y: Rows, mu: Rows, lam: Rows) -> Rows:
        return deviance(y, mu)

    def dispersion(self, lam: Rows) -> Rows:
        return 1 / lam

    def log_cdf(self, y: Rows, mu: Rows, lam: Rows) -> Rows:
        a, below, above = _tails(y, mu, lam)
        return np.where(a < 0, below, log_complement(above))

    def log_sf(self, y: Rows, mu: Rows, lam: Rows) -> Rows:
        a, below, above = _tails(y, mu, lam)
        return np.where(a > -1, above, log_complement(below))

    def sample(self, rng: np.random.Generator, mu: Rows, lam: Rows) -> Rows:
        return rng.wald(mu, lam)

    losses = (
        Loss(
            parameter="mu",
            name="inverse Gaussian deviance",
            formula="(y - mu)^2 / (mu^2 y)",
            value=lambda y, mu: deviance(y, mu),
            slope=lambda y, mu: -2 * (((y - mu) / mu) / mu**2),
            scale=lambda lam: lam / 2,
            constant=lambda y, lam: 0.5 * (3 * np.log(y) - np.log(lam / (2 * math.pi))),
            apis={
                "log": {
                    "scikit-learn": "TweedieRegressor(power=3, link='log', alpha=0)",
                    "R": 'glm(formula, family = inverse.gaussian(link = "log"))',
                },
                "inverse-squared": {"R": "glm(formula, family = inverse.gaussian)"},
            },
        ),
    )


def deviance(y: Rows, mu: Rows) -> Rows:
    """The unit deviance d."""
    return ((y - mu) / mu) ** 2 / y


def _tails(y: Rows, mu: Rows, lam: Rows) -> tuple[Rows, Rows, Rows]:
    """a, log P(Y <= y) exact for a < 0, and log P(Y > y) exact for a > -1."""
    from scipy.special import erfcx

    y = np.clip(y, 0.0, 1e300)
    root = np.sqrt(lam / (2 * y))
    a, b = root * ((y - mu) / mu), root * ((y + mu) / mu)
    gap = np.sqrt(2 * lam / y)  # b - a without a subtraction
    near = np.minimum(gap, _CLOSE)
    difference = np.where(
        gap < _CLOSE, _integrated_slope(np.maximum(a, -1), near), erfcx(a) - erfcx(b)
    )
    square = -(a**2)
    return a, square + np.log(0.5 * (erfcx(-a) + erfcx(b))), square + np.log(0.5 * difference)


def _integrated_slope(a: Rows, gap: Rows) -> Rows:
    """erfcx(a) - erfcx(a + gap) for a gap below 1/2, by ten Gauss points, exact to rounding."""
    points, weights = np.polynomial.legendre.leggauss(10)
    x = a[:, None] + gap[:, None] * (0.5 + 0.5 * points)
    return 0.5 * gap * (_falling(x) @ weights)


def _falling(x: Rows) -> Rows:
    """-d erfcx(x)/dx = 2/sqrt(pi) - 2 x erfcx(x).

    Where that cancels, from x = 6 on, the asymptotic series 2/sqrt(pi) sum_n (-1)^(n+1)
    (2n - 1)!!/(2 x^2)^n, whose error is below 1e-15 of it.
    """
    from scipy.special import erfcx

    t = 0.5 / np.maximum(x, _SERIES_FROM) ** 2
    series = np.zeros_like(x)
    for n in range(_TERMS, 0, -1):
        series = (2 * n - 1) * t * (1 - series)
    closed = 1 - math.sqrt(math.pi) * x * erfcx(x)
    return 2 / math.sqrt(math.pi) * np.where(x < _SERIES_FROM, closed, series)


FAMILY = InverseGaussian()
