"""Geometric target: counts of failures before a success, with mean mu > 0.

The negative binomial of size 1, so the variance is mu + mu^2:

    ell(y; mu) = y log(mu) - (y + 1) log(1 + mu)

    d ell/d mu = (y - mu)/(mu (1 + mu))     -d2/dmu2 = y/mu^2 - (y + 1)/(1 + mu)^2
    expected: 1/(mu (1 + mu))

The probability of a success is 1/(1 + mu).

Source: C. Forbes et al. (2011), Statistical Distributions, 4th ed., chapter 23.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import SCIPY, Elsewhere, in_r, in_stan
from mlefit.families._records import Example, Moments, Parameter
from mlefit.special import ratio, times_log, times_log_ratio
from mlefit.support import COUNTS, Domain

ALIASES = ("geom",)


class Geometric(Family):
    """See the module's docstring."""

    name = "geometric"
    summary = "failures before a success, variance mu + mu^2"
    rare = True
    support = COUNTS
    parameters = (Parameter("mu", "log", Domain.POSITIVE, "mean count"),)
    examples = (Example((0.3,)), Example((4.0,)), Example((60.0,)))
    derivation = Derivation(
        "y*log(mu) - (y + 1)*log(1 + mu)",
        estimate={"mu": "mean(y)"},
        information={"mu": "1/(mu*(1 + mu))"},
    )
    elsewhere = (
        in_r("dgeom", {"prob": "1/(1 + mu)"}),
        Elsewhere(SCIPY, "geom(p={p}, loc=-1)", {"p": "1/(1 + mu)"}),
        in_stan("neg_binomial_2", {"mu": "mu", "phi": "1"}),
    )

    def log_density(self, y: Rows, mu: Rows) -> Rows:
        return times_log(y, mu) - (y + 1) * np.log1p(mu)

    def score(self, y: Rows, mu: Rows) -> tuple[Rows]:
        return ((ratio(y, mu) - 1) / (1 + mu),)

    def observed(self, y: Rows, mu: Rows) -> Pairs:
        return {(0, 0): ratio(y, mu) / mu - (y + 1) / (1 + mu) ** 2}

    def expected(self, mu: Rows) -> Pairs:
        return {(0, 0): 1 / (mu * (1 + mu))}

    def start(self, moments: Moments) -> tuple[float]:
        return (moments.mean + 0.5 / moments.rows if moments.mean == 0 else moments.mean,)

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, np.zeros(len(y), dtype=bool)

    def mean(self, mu: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows) -> Rows:
        return mu * (1 + mu)

    def unit_deviance(self, y: Rows, mu: Rows) -> Rows:
        return 2 * (times_log_ratio(y, mu) - (y + 1) * np.log1p((y - mu) / (1 + mu)))

    def log_cdf(self, y: Rows, mu: Rows) -> Rows:
        return np.log(-np.expm1(self.log_sf(y, mu)))

    def log_sf(self, y: Rows, mu: Rows) -> Rows:
        return np.maximum(np.floor(y) + 1, 0) * -np.log1p(1 / mu)

    def sample(self, rng: np.random.Generator, mu: Rows) -> Rows:
        return rng.geometric(1 / (1 + mu)) - 1.0


FAMILY = Geometric()
