"""Binomial target: y successes in a known number of trials m, each with probability mu.

    ell(y; mu, m) = log C(m, y) + y log(mu) + (m - y) log(1 - mu)

    d ell/d mu = y/mu - (m - y)/(1 - mu)      -d2/dmu2 = y/mu^2 + (m - y)/(1 - mu)^2
    expected: m/(mu (1 - mu))
    with the logit link: score y - m mu, information m mu (1 - mu) in eta

Loss: maximising over mu is minimising the binary cross-entropy of all trials.

Source: P. McCullagh and J. A. Nelder (1989), Generalized Linear Models, 2nd ed., chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Fused, Pairs, Probability
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import SCIPY, STAN, Elsewhere, R
from mlefit.families._records import Example, Loss, Moments, Parameter
from mlefit.special import (
    log_factorial,
    log_probability,
    ratio,
    recalled,
    reciprocal,
    times_log,
)
from mlefit.support import SUCCESSES, Domain

ALIASES = ("binomial-deviance", "grouped-logistic")


class Binomial(Family):
    """See the module's docstring."""

    name = "binomial"
    summary = "successes in a known number of trials (--trials COL)"
    support = SUCCESSES
    parameters = (Parameter("mu", "logit", Domain.UNIT, "probability of a success"),)
    known = ("trials",)
    runaways = ("0", "all trials")
    examples = (Example((0.2,), {"trials": 1.0}), Example((0.6,), {"trials": 17.0}))
    derivation = Derivation(
        "log(choose(m, y)) + y*log(mu) + (m - y)*log(1 - mu)",
        estimate={"mu": "sum(y)/sum(m)"},
        information={"mu": "m/(mu*(1 - mu))"},
    )
    elsewhere = (
        Elsewhere(R, "dbinom(x, size = trials, prob = {prob})", {"prob": "mu"}),
        Elsewhere(SCIPY, "binom(n=trials, p={p})", {"p": "mu"}),
        Elsewhere(STAN, "binomial(trials, {theta})", {"theta": "mu"}),
    )

    def log_density(self, y: Rows, mu: Probability, *, trials: Rows) -> Rows:
        return (
            log_binomial_coefficient(y, trials) + times_log(y, mu.p) + times_log(trials - y, mu.q)
        )

    def score(self, y: Rows, mu: Probability, *, trials: Rows) -> tuple[Rows]:
        return (ratio(y, mu.p) - ratio(trials - y, mu.q),)

    def observed(self, y: Rows, mu: Probability, *, trials: Rows) -> Pairs:
        return {(0, 0): ratio(ratio(y, mu.p), mu.p) + ratio(ratio(trials - y, mu.q), mu.q)}

    def expected(self, mu: Probability, *, trials: Rows) -> Pairs:
        return {(0, 0): trials * reciprocal(mu.p * mu.q)}

    def information_slope(self, mu: Probability, *, trials: Rows) -> Rows:
        return reciprocal(mu.q) - reciprocal(mu.p)

    def start(self, moments: Moments) -> tuple[float]:
        # half a success and half a failure added: inside the interval whatever was seen
        trials = moments.known["trials"] * moments.rows
        return ((moments.mean * moments.rows + 0.5) / (trials + 1),)

    @staticmethod
    def escape(y: Rows, *, trials: Rows) -> tuple[Any, Any]:
        return y == 0, y == trials

    def fused(self, links: tuple[str, ...]) -> Callable[..., Fused] | None:
        return _logit_form if links == ("logit",) else None

    def mean(self, mu: Probability, *, trials: Rows) -> Rows:
        return trials * mu.p

    def variance(self, mu: Probability, *, trials: Rows) -> Rows:
        return trials * mu.p * mu.q

    def unit_deviance(self, y: Rows, mu: Probability, *, trials: Rows) -> Rows:
        saturated = times_log(y, ratio(y, trials)) + times_log(
            trials - y, ratio(trials - y, trials)
        )
        return 2 * (saturated - times_log(y, mu.p) - times_log(trials - y, mu.q))

    def log_cdf(self, y: Rows, mu: Probability, *, trials: Rows) -> Rows:
        return log_probability(*_below_and_above(y, mu, trials))

    def log_sf(self, y: Rows, mu: Probability, *, trials: Rows) -> Rows:
        below, above = _below_and_above(y, mu, trials)
        return log_probability(above, below)

    def sample(self, rng: np.random.Generator, mu: Probability, *, trials: Rows) -> Rows:
        return rng.binomial(trials.astype(int), mu.p).astype(float)

    losses = (
        Loss(
            parameter="mu",
            name="cross-entropy of all trials",
            formula="-(y ln mu + (trials - y) ln(1 - mu))",
            value=lambda y, mu, *, trials: -times_log(y, mu.p) - times_log(trials - y, mu.q),
            slope=lambda y, mu, *, trials: ratio(trials - y, mu.q) - ratio(y, mu.p),
            scale=lambda: 1.0,
            constant=lambda y, *, trials: -log_binomial_coefficient(y, trials),
            apis={
                "logit": {
                    "scikit-learn": "LogisticRegression(C=inf) on one row a class, "
                    "sample_weight = successes and failures",
                    "R": "glm(cbind(y, trials - y) ~ ..., family = binomial)",
                }
            },
        ),
    )


def log_binomial_coefficient(y: Rows, trials: Rows) -> Rows:
    """ln C(trials, y)."""
    return log_factorial(trials) - log_factorial(y) - log_factorial(trials - y)


def logistic_parts(eta: Rows) -> tuple[Rows, Rows, Rows]:
    """e^-|eta|, mu = 1/(1 + e^-eta) with all its digits at both ends, and mu (1 - mu)."""
    # a new array for every operation would cost more than the operation
    small, mu = -np.abs(eta), np.minimum(eta, 0.0)
    np.exp(small, out=small)
    inverse = 1.0 + small
    np.divide(1.0, inverse, out=inverse)
    np.exp(mu, out=mu)
    mu *= inverse
    inverse *= inverse
    inverse *= small
    return small, mu, inverse


@recalled
def _below_and_above(y: Rows, mu: Probability, trials: Rows) -> tuple[Rows, Rows]:
    """P(Y <= y) and P(Y > y): an incomplete beta function and its complement."""
    from scipy.special import betainc

    k = np.clip(np.floor(y), -1, trials)
    inside = (k >= 0) & (k < trials)
    a, b = np.where(inside, k + 1, 1.0), np.where(inside, trials - k, 1.0)
    below = np.where(inside, betainc(b, a, mu.q), k >= trials)
    return below, np.where(inside, betainc(a, b, mu.p), k < 0)


def _logit_form(y: Rows, eta: Rows, *, trials: Rows) -> Fused:
    """The log-mass and its derivatives in eta.

    y eta - m log(1 + e^eta) = -y max(-eta, 0) - (m - y) max(eta, 0) - m log1p(e^-|eta|),
    in which nothing cancels.
    """
    small, mu, variance = logistic_parts(eta)
    log_mass = -y * np.maximum(-eta, 0.0) - (trials - y) * np.maximum(eta, 0.0)
    log_mass -= trials * np.log1p(small)
    log_mass += log_binomial_coefficient(y, trials)
    return Fused(log_mass, (y - trials * mu,), {(0, 0): trials * variance})


FAMILY = Binomial()
