"""Laplace target with location mu, its median, and scale b > 0.

    ell(y; mu, b) = -log(2 b) - |y - mu|/b

    d ell/d mu = sign(y - mu)/b            -d2/dmu2  = 0 except at the corner y = mu
    d ell/d b  = (|y - mu|/b - 1)/b        -d2/dmu db = sign(y - mu)/b^2
                                           -d2/db2   = (2 |y - mu|/b - 1)/b^2
    expected: 1/b^2, 0, 1/b^2

The corner carries all the curvature in mu, so standard errors come from the
expected information, and the maximum over mu is a vertex of a linear programme.

Loss: with b held fixed, maximising over mu is minimising the mean absolute error.

Source: S. Kotz, T. Kozubowski and K. Podgorski (2001), The Laplace Distribution
and Generalizations, sections 2.1 and 2.6.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Example, Family, Loss, Moments, Narrowing, Pairs, Parameter
from mlefit.support import REAL_LINE, Domain

ALIASES = ("mae", "l1", "absolute-error", "lad", "double-exponential")


class Laplace(Family):
    """See the module's docstring."""

    name = "laplace"
    summary = "symmetric errors with heavier tails; fits the median"
    support = REAL_LINE
    parameters = (
        Parameter("mu", "identity", Domain.REAL, "median", links=("identity",)),
        Parameter(
            "b",
            "log",
            Domain.POSITIVE,
            "mean absolute deviation",
            precision_power=-0.5,
            norm=1,
            narrowing=Narrowing(power=1, unit=1),
        ),
    )
    vertex = 0.5
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((40.0, 7.5)))
    elsewhere = {
        "R": "quantreg::rq(tau = 0.5) for the location",
        "scipy": "laplace(loc, scale)",
        "Stan": "double_exponential(mu, sigma)",
    }

    def log_density(self, y: Rows, mu: Rows, b: Rows) -> Rows:
        return -np.log(2 * b) - np.abs(y - mu) / b

    def score(self, y: Rows, mu: Rows, b: Rows) -> tuple[Rows, Rows]:
        return np.sign(y - mu) / b, (np.abs(y - mu) / b - 1) / b

    def observed(self, y: Rows, mu: Rows, b: Rows) -> Pairs:
        return {
            (0, 1): np.sign(y - mu) / b**2,
            (1, 1): (2 * np.abs(y - mu) / b - 1) / b**2,
        }

    def expected(self, mu: Rows, b: Rows) -> Pairs:
        return {(0, 0): b**-2.0, (1, 1): b**-2.0}

    def start(self, moments: Moments) -> tuple[float, float]:
        return moments.mean, math.sqrt(moments.variance / 2)

    def mean(self, mu: Rows, b: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, b: Rows) -> Rows:
        return 2 * b**2

    def log_cdf(self, y: Rows, mu: Rows, b: Rows) -> Rows:
        tail = -np.abs(y - mu) / b - math.log(2)
        return np.where(y <= mu, tail, np.log1p(-np.exp(tail)))

    def log_sf(self, y: Rows, mu: Rows, b: Rows) -> Rows:
        return self.log_cdf(-y, -mu, b)

    def sample(self, rng: np.random.Generator, mu: Rows, b: Rows) -> Rows:
        return rng.laplace(mu, b)

    losses = (
        Loss(
            parameter="mu",
            name="mean absolute error",
            formula="|y - mu|",
            value=lambda y, mu: np.abs(y - mu),
            slope=lambda y, mu: -np.sign(y - mu),
            scale=lambda b: 1 / b,
            constant=lambda y, b: np.log(2 * b),
            apis={
                "identity": {
                    "scikit-learn": "QuantileRegressor(quantile=0.5, alpha=0)",
                    "R": "quantreg::rq(formula, tau = 0.5)",
                    "PyTorch": "torch.nn.Linear with torch.nn.L1Loss(), weight_decay=0",
                }
            },
            same_loss={
                "identity": {
                    "XGBoost": "objective='reg:absoluteerror'",
                    "LightGBM": "objective='regression_l1'",
                }
            },
        ),
    )


FAMILY = Laplace()
