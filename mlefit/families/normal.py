"""Normal target with mean mu and standard deviation sigma > 0.

    ell(y; mu, sigma) = -log(2 pi)/2 - log(sigma) - z^2/2,    z = (y - mu)/sigma

    d ell/d mu    = z/sigma              -d2/dmu2       = 1/sigma^2
    d ell/d sigma = (z^2 - 1)/sigma      -d2/dmu dsigma = 2 z/sigma^2
                                         -d2/dsigma2    = (3 z^2 - 1)/sigma^2
    expected: 1/sigma^2, 0, 2/sigma^2: mu and sigma are orthogonal

Loss: with sigma held fixed, maximising over mu is minimising the mean squared error.

Source: C. Forbes et al. (2011), Statistical Distributions, 4th ed., chapter 33.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import STANDARDISED, Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._location_scale import line_drift
from mlefit.families._records import Example, Loss, Moments, Narrowing, Parameter
from mlefit.special import HALF_LOG_2PI, log_normal_cdf
from mlefit.support import REAL_LINE, Domain

ALIASES = (
    "gaussian",
    "mse",
    "mse-loss",
    "mean-squared-error",
    "l2",
    "l2-loss",
    "squared-error",
    "half-squared-error",
    "rmse",
    "root-mean-squared-error",
    "ols",
    "least-squares",
    "gaussian-nll-loss",
    "reg:squarederror",
    "reg:linear",
    "regression",
    "regression-l2",
    "l2-root",
)


class Normal(Family):
    """See the module's docstring."""

    name = "normal"
    summary = "symmetric errors of constant spread"
    support = REAL_LINE
    smooth_in = "y"
    parameters = (
        Parameter("mu", "identity", Domain.REAL, "mean"),
        Parameter(
            "sigma",
            "log",
            Domain.POSITIVE,
            "standard deviation",
            precision_power=-0.5,
            norm=2,
            narrowing=Narrowing(power=1, unit=1),
        ),
    )
    quadratic = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((1200.0, 35.0)))
    derivation = Derivation(
        "-log(2*pi)/2 - log(sigma) - z^2/2",
        short=(STANDARDISED,),
        estimate={"mu": "mean(y)", "sigma": "sqrt(mean((y - mu)^2))"},
        minimum="log(2*pi*sigma^2)/2 + 1/2",
        information={"mu": "1/sigma^2", "sigma": "2/sigma^2"},
    )
    elsewhere = (
        in_r("dnorm", {"mean": "mu", "sd": "sigma"}),
        in_scipy("norm", {"loc": "mu", "scale": "sigma"}),
        in_stan("normal", {"mu": "mu", "sigma": "sigma"}),
    )

    def log_density(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        return -HALF_LOG_2PI - np.log(sigma) - 0.5 * ((y - mu) / sigma) ** 2

    def score(self, y: Rows, mu: Rows, sigma: Rows) -> tuple[Rows, Rows]:
        z = (y - mu) / sigma
        return z / sigma, (z**2 - 1) / sigma

    def observed(self, y: Rows, mu: Rows, sigma: Rows) -> Pairs:
        z = (y - mu) / sigma
        precision = sigma**-2.0
        return {(0, 0): precision, (0, 1): 2 * z * precision, (1, 1): (3 * z**2 - 1) * precision}

    def expected(self, mu: Rows, sigma: Rows) -> Pairs:
        precision = sigma**-2.0
        return {(0, 0): precision, (1, 1): 2 * precision}

    def start(self, moments: Moments) -> tuple[float, float]:
        return moments.mean, math.sqrt(moments.variance)

    def mean(self, mu: Rows, sigma: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, sigma: Rows) -> Rows:
        return sigma**2

    def unit_deviance(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        return (y - mu) ** 2

    def dispersion(self, sigma: Rows) -> Rows:
        return sigma**2

    def log_cdf(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        return log_normal_cdf((y - mu) / sigma)

    def log_sf(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        return self.log_cdf(-y, -mu, sigma)

    def drift(self, y: Rows, mu: Rows, sigma: Rows) -> Drift:
        return line_drift((y - mu) / sigma, sigma)

    def sample(self, rng: np.random.Generator, mu: Rows, sigma: Rows) -> Rows:
        return rng.normal(mu, sigma)

    losses = (
        Loss(
            parameter="mu",
            name="mean squared error",
            formula="(y - mu)^2",
            value=lambda y, mu: (y - mu) ** 2,
            slope=lambda y, mu: -2 * (y - mu),
            scale=lambda sigma: 0.5 * sigma**-2.0,
            constant=lambda y, sigma: HALF_LOG_2PI + np.log(sigma),
            apis={
                "identity": {
                    "scikit-learn": "LinearRegression()",
                    "R": "lm(formula)",
                    "PyTorch": "torch.nn.Linear with torch.nn.MSELoss(), weight_decay=0",
                }
            },
            same_loss={
                "identity": {
                    "XGBoost": "objective='reg:squarederror'",
                    "LightGBM": "objective='regression'",
                }
            },
        ),
    )


FAMILY = Normal()
