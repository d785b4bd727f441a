"""Exponential target: y >= 0 with mean mu > 0.

    ell(y; mu) = -log(mu) - y/mu

    d ell/d mu = (y - mu)/mu^2      -d2/dmu2 = (2 y - mu)/mu^3      expected: 1/mu^2

Loss: maximising over mu is minimising log(mu) + y/mu. With the log link
the coefficients are those of gamma regression; only their standard errors differ.

Source: N. L. Johnson, S. Kotz and N. Balakrishnan (1994), Continuous Univariate
Distributions 1, 2nd ed., chapter 19.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._positive import scale_drift
from mlefit.families._records import Example, Loss, Moments, Parameter, Reading
from mlefit.special import log_complement
from mlefit.support import NON_NEGATIVE, Domain

ALIASES = ("expon",)


class Exponential(Family):
    """See the module's docstring."""

    name = "exponential"
    summary = "waiting times without memory"
    rare = True
    support = NON_NEGATIVE
    smooth_in = "log y"
    parameters = (Parameter("mu", "log", Domain.POSITIVE, "mean"),)
    readings = (Reading("time ratio", "log"), Reading("hazard ratio", "log", sign=-1))
    examples = (Example((1.0,)), Example((0.02,)), Example((3000.0,)))
    derivation = Derivation(
        "-log(mu) - y/mu", estimate={"mu": "mean(y)"}, information={"mu": "1/mu^2"}
    )
    elsewhere = (
        in_r("dexp", {"rate": "1/mu"}),
        in_scipy("expon", {"scale": "mu"}),
        in_stan("exponential", {"beta": "1/mu"}),
    )

    def log_density(self, y: Rows, mu: Rows) -> Rows:
        return -np.log(mu) - y / mu

    def score(self, y: Rows, mu: Rows) -> tuple[Rows]:
        return ((y - mu) / mu / mu,)

    def observed(self, y: Rows, mu: Rows) -> Pairs:
        return {(0, 0): (2 * y - mu) / mu / mu**2}

    def expected(self, mu: Rows) -> Pairs:
        return {(0, 0): mu**-2.0}

    def start(self, moments: Moments) -> tuple[float]:
        return (moments.mean,)

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, np.zeros(len(y), dtype=bool)

    def mean(self, mu: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows) -> Rows:
        return mu**2

    def log_cdf(self, y: Rows, mu: Rows) -> Rows:
        return log_complement(self.log_sf(y, mu))

    def log_sf(self, y: Rows, mu: Rows) -> Rows:
        return -np.maximum(y, 0.0) / mu

    def drift(self, y: Rows, mu: Rows) -> Drift:
        return scale_drift(y, mu)

    def sample(self, rng: np.random.Generator, mu: Rows) -> Rows:
        return rng.exponential(mu)

    losses = (
        Loss(
            parameter="mu",
            name="exponential NLL",
            formula="ln mu + y / mu",
            value=lambda y, mu: np.log(mu) + y / mu,
            slope=lambda y, mu: -(y - mu) / mu / mu,
            scale=lambda: 1.0,
            constant=lambda y: 0.0,
            apis={
                "log": {
                    "scikit-learn": "GammaRegressor(alpha=0)",
                    "R": 'glm(formula, family = Gamma(link = "log"))',
                }
            },
            same_loss={
                "log": {"XGBoost": "objective='reg:gamma'", "LightGBM": "objective='gamma'"},
            },
        ),
    )


FAMILY = Exponential()
