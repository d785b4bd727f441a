"""Lognormal target: y > 0 whose logarithm is normal with mean mu and standard deviation sigma.

    ell(y; mu, sigma) = -log(2 pi)/2 - log(sigma) - log(y) - z^2/2,    z = (log(y) - mu)/sigma

    d ell/d mu    = z/sigma              -d2/dmu2       = 1/sigma^2
    d ell/d sigma = (z^2 - 1)/sigma      -d2/dmu dsigma = 2 z/sigma^2
                                         -d2/dsigma2    = (3 z^2 - 1)/sigma^2
    expected: 1/sigma^2, 0, 2/sigma^2

exp(mu) is the median of y and exp(mu + sigma^2/2) its mean. As an accelerated-failure-time
model, a coefficient b multiplies every quantile of y by exp(b).

Loss: with sigma held fixed, maximising over mu is minimising the mean squared
logarithmic error of exp(mu), the squared error of log(y). Some libraries take log(1 + y)
in it, which is another loss: the normal one of log(1 + y).

Source: C. Forbes et al. (2011), Statistical Distributions, 4th ed., chapter 31.
"""

from __future__ import annotations

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._positive import log_moments
from mlefit.families._records import Example, Loss, Moments, Narrowing, Parameter, Reading
from mlefit.special import HALF_LOG_2PI, log_normal_cdf
from mlefit.support import POSITIVE, Domain

ALIASES = ("msle", "mean-squared-logarithmic-error", "mean-squared-log-error", "lnorm")


class Lognormal(Family):
    """See the module's docstring."""

    name = "lognormal"
    summary = "positive values, normal once the logarithm is taken"
    support = POSITIVE
    smooth_in = "log y"
    parameters = (
        Parameter("mu", "identity", Domain.REAL, "mean of ln y; exp(mu) is the median"),
        Parameter(
            "sigma",
            "log",
            Domain.POSITIVE,
            "standard deviation of ln y",
            precision_power=-0.5,
            norm=2,
            narrowing=Narrowing(power=1, unit=0),
        ),
    )
    readings = (Reading("time ratio", "identity"),)
    quadratic = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((7.0, 0.8)))
    derivation = Derivation(
        "-log(2*pi)/2 - log(sigma) - log(y) - z^2/2",
        short=(Short("z", "(log(y) - mu)/sigma", {"mu": "-1/sigma", "sigma": "-z/sigma"}),),
        estimate={"mu": "mean(log(y))", "sigma": "sqrt(mean((log(y) - mu)^2))"},
        information={"mu": "1/sigma^2", "sigma": "2/sigma^2"},
    )
    elsewhere = (
        in_r("dlnorm", {"meanlog": "mu", "sdlog": "sigma"}),
        in_scipy("lognorm", {"s": "sigma", "scale": "exp(mu)"}),
        in_stan("lognormal", {"mu": "mu", "sigma": "sigma"}),
    )

    def log_density(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        log_y = np.log(y)
        return -HALF_LOG_2PI - np.log(sigma) - log_y - 0.5 * ((log_y - mu) / sigma) ** 2

    def score(self, y: Rows, mu: Rows, sigma: Rows) -> tuple[Rows, Rows]:
        z = (np.log(y) - mu) / sigma
        return z / sigma, (z**2 - 1) / sigma

    def observed(self, y: Rows, mu: Rows, sigma: Rows) -> Pairs:
        z = (np.log(y) - mu) / sigma
        precision = sigma**-2.0
        return {(0, 0): precision, (0, 1): 2 * z * precision, (1, 1): (3 * z**2 - 1) * precision}

    def expected(self, mu: Rows, sigma: Rows) -> Pairs:
        precision = sigma**-2.0
        return {(0, 0): precision, (1, 1): 2 * precision}

    def start(self, moments: Moments) -> tuple[float, float]:
        return log_moments(moments)

    def mean(self, mu: Rows, sigma: Rows) -> Rows:
        return np.exp(mu + 0.5 * sigma**2)

    def variance(self, mu: Rows, sigma: Rows) -> Rows:
        return np.exp(2 * mu + sigma**2) * np.expm1(sigma**2)

    def log_cdf(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        return log_normal_cdf((np.log(np.maximum(y, 0.0)) - mu) / sigma)

    def log_sf(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        return log_normal_cdf((mu - np.log(np.maximum(y, 0.0))) / sigma)

    def drift(self, y: Rows, mu: Rows, sigma: Rows) -> Drift:
        z = (np.log(y) - mu) / sigma
        return Drift((y, y * z), {(1, 1): -y * z / sigma})

    def sample(self, rng: np.random.Generator, mu: Rows, sigma: Rows) -> Rows:
        return rng.lognormal(mu, sigma)

    losses = (
        Loss(
            parameter="mu",
            name="squared error of ln y",
            formula="(ln y - mu)^2, with ln y and not ln(1 + y)",
            value=lambda y, mu: (np.log(y) - mu) ** 2,
            slope=lambda y, mu: -2 * (np.log(y) - mu),
            scale=lambda sigma: 0.5 * sigma**-2.0,
            constant=lambda y, sigma: HALF_LOG_2PI + np.log(sigma) + np.log(y),
            apis={"identity": {"R": "lm(log(y) ~ ...)"}},
        ),
    )


FAMILY = Lognormal()
