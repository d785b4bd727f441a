"""Poisson target: counts with mean mu > 0.

    ell(y; mu) = y log(mu) - mu - log(y!)

    d ell/d mu = y/mu - 1      -d2/dmu2 = y/mu^2      expected: 1/mu
    with the log link: score y - mu, information mu in eta

Losses: maximising over mu is minimising the Poisson loss mu - y log(mu), and the
Poisson deviance 2 (y log(y/mu) - (y - mu)), which differ by something free of mu.

Source: P. McCullagh and J. A. Nelder (1989), Generalized Linear Models, 2nd ed., chapter 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Fused, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._records import Example, Loss, Moments, Parameter
from mlefit.special import (
    log_factorial,
    log_probability,
    poisson_tails,
    ratio,
    recalled,
    times_log,
    times_log_ratio,
)
from mlefit.support import COUNTS, Domain

ALIASES = (
    "poisson-loss",
    "poisson-deviance",
    "poisson-nll-loss",
    "half-poisson-loss",
    "count",
    "counts",
    "count:poisson",
)

_SAME_COEFFICIENTS = {
    "log": {
        "scikit-learn": "PoissonRegressor(alpha=0)",
        "R": "glm(formula, family = poisson)",
        "PyTorch": "torch.nn.Linear with torch.nn.PoissonNLLLoss(log_input=True), weight_decay=0",
    }
}
_SAME_LOSS = {
    "log": {"XGBoost": "objective='count:poisson'", "LightGBM": "objective='poisson'"},
}


@recalled
def _deviance(y: Rows, mu: Rows) -> Rows:
    return 2 * (times_log_ratio(y, mu) - (y - mu))


class Poisson(Family):
    """See the module's docstring."""

    name = "poisson"
    summary = "counts whose variance equals their mean"
    support = COUNTS
    parameters = (Parameter("mu", "log", Domain.POSITIVE, "mean count"),)
    examples = (Example((0.3,)), Example((4.0,)), Example((250.0,)))
    derivation = Derivation(
        "y*log(mu) - mu - log(factorial(y))",
        estimate={"mu": "mean(y)"},
        information={"mu": "1/mu"},
    )
    elsewhere = (
        in_r("dpois", {"lambda": "mu"}),
        in_scipy("poisson", {"mu": "mu"}),
        in_stan("poisson", {"lambda": "mu"}),
    )

    def log_density(self, y: Rows, mu: Rows) -> Rows:
        return times_log(y, mu) - mu - log_factorial(y)

    def first_masses(self, count: int, mu: Rows) -> Iterator[Rows]:
        mass = np.exp(-mu)
        yield mass
        for k in range(1, count):
            mass = mass * (mu / k)
            yield mass

    def score(self, y: Rows, mu: Rows) -> tuple[Rows]:
        return (ratio(y, mu) - 1,)

    def observed(self, y: Rows, mu: Rows) -> Pairs:
        return {(0, 0): ratio(y, mu) / mu}

    def expected(self, mu: Rows) -> Pairs:
        return {(0, 0): 1 / mu}

    def information_slope(self, mu: Rows) -> Rows:
        return -1 / mu

    def start(self, moments: Moments) -> tuple[float]:
        # half a count added: positive even where every count is zero
        return (moments.mean + 0.5 / moments.rows if moments.mean == 0 else moments.mean,)

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, np.zeros(len(y), dtype=bool)

    def fused(self, links: tuple[str, ...]) -> Callable[..., Fused] | None:
        return _log_form if links == ("log",) else None

    def mean(self, mu: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows) -> Rows:
        return mu

    def unit_deviance(self, y: Rows, mu: Rows) -> Rows:
        return _deviance(y, mu)

    def log_cdf(self, y: Rows, mu: Rows) -> Rows:
        return log_probability(*poisson_tails(np.maximum(np.floor(y), -1), mu))

    def log_sf(self, y: Rows, mu: Rows) -> Rows:
        below, above = poisson_tails(np.maximum(np.floor(y), -1), mu)
        return log_probability(above, below)

    def sample(self, rng: np.random.Generator, mu: Rows) -> Rows:
        return rng.poisson(mu).astype(float)

    losses = (
        Loss(
            parameter="mu",
            name="Poisson loss",
            formula="mu - y ln mu",
            value=lambda y, mu: mu - times_log(y, mu),
            slope=lambda y, mu: 1 - ratio(y, mu),
            scale=lambda: 1.0,
            constant=lambda y: log_factorial(y),
            apis=_SAME_COEFFICIENTS,
            same_loss=_SAME_LOSS,
        ),
        Loss(
            parameter="mu",
            name="Poisson deviance",
            formula="2 (y ln(y / mu) - (y - mu))",
            value=lambda y, mu: _deviance(y, mu),
            slope=lambda y, mu: 2 * (1 - ratio(y, mu)),
            scale=lambda: 0.5,
            constant=lambda y: log_factorial(y) + y - times_log(y, np.maximum(y, 1)),
            apis=_SAME_COEFFICIENTS,
            same_loss=_SAME_LOSS,
        ),
    )


def _log_form(y: Rows, eta: Rows) -> Fused:
    mu = np.exp(eta)
    return Fused(y * eta - mu - log_factorial(y), (y - mu,), {(0, 0): mu})


FAMILY = Poisson()
