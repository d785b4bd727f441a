"""Bernoulli target: y is 1 with probability mu and 0 otherwise.

    ell(y; mu) = y log(mu) + (1 - y) log(1 - mu)

    d ell/d mu = y/mu - (1 - y)/(1 - mu)      -d2/dmu2 = y/mu^2 + (1 - y)/(1 - mu)^2
    expected: 1/(mu (1 - mu))
    with the logit link: score y - mu, information mu (1 - mu) in eta

Loss: the negative log-mass is the binary cross-entropy itself.

Source: D. R. Cox (1958), J. R. Stat. Soc. B 20, 215-242.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Fused, Pairs, Probability
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import Elsewhere, R, in_scipy, in_stan
from mlefit.families._records import Example, Loss, Moments, Parameter
from mlefit.families.binomial import logistic_parts
from mlefit.special import ratio, reciprocal, times_log
from mlefit.support import BINARY, Domain

ALIASES = (
    "logistic-regression",
    "bce",
    "bce-loss",
    "bce-with-logits",
    "bce-with-logits-loss",
    "log-loss",
    "logistic-loss",
    "binary-cross-entropy",
    "logit",
    "binary",
    "binary:logistic",
    "binary:logitraw",
    "reg:logistic",
)


class Bernoulli(Family):
    """See the module's docstring."""

    name = "bernoulli"
    summary = "yes or no"
    support = BINARY
    parameters = (Parameter("mu", "logit", Domain.UNIT, "probability of 1"),)
    examples = (Example((0.2,)), Example((0.93,)))
    derivation = Derivation(
        "y*log(mu) + (1 - y)*log(1 - mu)",
        estimate={"mu": "mean(y)"},
        information={"mu": "1/(mu*(1 - mu))"},
    )
    elsewhere = (
        Elsewhere(R, "dbinom(x, size = 1, prob = {prob})", {"prob": "mu"}),
        in_scipy("bernoulli", {"p": "mu"}),
        in_stan("bernoulli", {"theta": "mu"}),
    )

    def log_density(self, y: Rows, mu: Probability) -> Rows:
        return times_log(y, mu.p) + times_log(1 - y, mu.q)

    def score(self, y: Rows, mu: Probability) -> tuple[Rows]:
        return (ratio(y, mu.p) - ratio(1 - y, mu.q),)

    def observed(self, y: Rows, mu: Probability) -> Pairs:
        return {(0, 0): ratio(ratio(y, mu.p), mu.p) + ratio(ratio(1 - y, mu.q), mu.q)}

    def expected(self, mu: Probability) -> Pairs:
        return {(0, 0): reciprocal(mu.p * mu.q)}

    def information_slope(self, mu: Probability) -> Rows:
        return reciprocal(mu.q) - reciprocal(mu.p)

    def start(self, moments: Moments) -> tuple[float]:
        # half a yes and half a no added: inside the interval whatever was seen
        return ((moments.mean * moments.rows + 0.5) / (moments.rows + 1),)

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, y == 1

    def fused(self, links: tuple[str, ...]) -> Callable[..., Fused] | None:
        return _logit_form if links == ("logit",) else None

    def mean(self, mu: Probability) -> Rows:
        return mu.p

    def variance(self, mu: Probability) -> Rows:
        return mu.p * mu.q

    def unit_deviance(self, y: Rows, mu: Probability) -> Rows:
        return -2 * self.log_density(y, mu)

    def log_cdf(self, y: Rows, mu: Probability) -> Rows:
        return np.select([y < 0, y < 1], [-np.inf, np.log(mu.q)], 0.0)

    def log_sf(self, y: Rows, mu: Probability) -> Rows:
        return np.select([y < 0, y < 1], [0.0, np.log(mu.p)], -np.inf)

    def sample(self, rng: np.random.Generator, mu: Probability) -> Rows:
        return rng.binomial(1, mu.p).astype(float)

    losses = (
        Loss(
            parameter="mu",
            name="binary cross-entropy",
            formula="-(y ln mu + (1 - y) ln(1 - mu))",
            value=lambda y, mu: -times_log(y, mu.p) - times_log(1 - y, mu.q),
            slope=lambda y, mu: ratio(1 - y, mu.q) - ratio(y, mu.p),
            scale=lambda: 1.0,
            constant=lambda y: 0.0,
            apis={
                "logit": {
                    "scikit-learn": "LogisticRegression(C=inf)",
                    "R": "glm(formula, family = binomial)",
                    "PyTorch": "torch.nn.Linear with torch.nn.BCEWithLogitsLoss(), weight_decay=0",
                }
            },
            same_loss={
                "logit": {
                    "XGBoost": "objective='binary:logistic'",
                    "LightGBM": "objective='binary'",
                }
            },
        ),
    )


def _logit_form(y: Rows, eta: Rows) -> Fused:
    small, mu, variance = logistic_parts(eta)
    # as of y only 0 and 1 occur, the first two are equal or one of them is 0
    kernel = y * eta
    kernel -= np.maximum(eta, 0.0)
    kernel -= np.log1p(small)
    return Fused(kernel, (y - mu,), {(0, 0): variance})


FAMILY = Bernoulli()
