"""Beta-binomial target: y successes in m trials whose probability varies from row to row.

The mean probability is mu, the correlation of two trials of a row rho, both in (0, 1). With
t = rho/(1 - rho) the probability is beta distributed with shapes a = mu/t, b = (1 - mu)/t:

    ell(y; mu, rho, m) = log C(m, y) + y log(mu) + rise(y, a)
                         + (m - y) log(1 - mu) + rise(m - y, b) - rise(m, 1/t)

with rise(y, k) = log Gamma(y + k) - log Gamma(k) - y log(k) and its derivatives in k:

    d ell/d mu = y/mu + rise'(y, a)/t - (m - y)/(1 - mu) - rise'(m - y, b)/t
    d ell/d t  = -(a rise'(y, a) + b rise'(m - y, b) - rise'(m, 1/t)/t)/t

    -d2/dmu2   = y/mu^2 - rise''(y, a)/t^2 + (m - y)/(1 - mu)^2 - rise''(m - y, b)/t^2
    -d2/dmu dt = e(y, a) - e(m - y, b),       e(y, k) = (rise' + k rise'')/t^2
    -d2/dt2    = f(m, 1/t) - f(y, a) - f(m - y, b),  f(y, k) = (2 k rise' + k^2 rise'')/t^2

and in rho by dt/drho = 1/(1 - rho)^2. The variance is m mu (1 - mu) (1 + (m - 1) rho). As
rho goes to 0 this becomes a binomial distribution; where successes spread no more than
that, the likelihood has its maximum there and none inside. Where every row is all successes
or none, rho goes to 1.

Source: J. G. Skellam (1948), J. Royal Statistical Society B 10, 257-261.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs, Probability
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import SCIPY, STAN, Elsewhere, R
from mlefit.families._records import Example, Limit, Moments, Parameter
from mlefit.families._rising import rise, rise_bend, rise_slope
from mlefit.families.binomial import log_binomial_coefficient
from mlefit.special import log_probability, ratio, times_log
from mlefit.support import SUCCESSES, Domain

ALIASES = ("bb", "overdispersed-binomial")


class BetaBinomial(Family):
    """See the module's docstring."""

    name = "beta-binomial"
    summary = "successes in trials whose probability varies by row (--trials COL)"
    support = SUCCESSES
    parameters = (
        Parameter("mu", "logit", Domain.UNIT, "mean probability of a success"),
        Parameter("rho", "logit", Domain.UNIT, "correlation of two trials of one row"),
    )
    known = ("trials",)
    runaways = ("0", "all trials")
    limits = (
        Limit(
            "rho", "lower", "binomial", "no overdispersion: the binomial boundary is the maximum"
        ),
        Limit(
            "rho",
            "upper",
            None,
            "the trials of a row all end alike: they count as one, and their correlation is 1",
            near=1 - 1e-10,
        ),
    )
    elementary = False
    examples = (
        Example((0.2, 0.1), {"trials": 9.0}),
        Example((0.6, 0.3), {"trials": 17.0}),
        Example((0.5, 0.02), {"trials": 60.0}),
    )
    derivation = Derivation(
        "log(choose(m, y)) + log(gamma(y + a)) - log(gamma(a)) + log(gamma(m - y + b))"
        " - log(gamma(b)) + log(gamma(c)) - log(gamma(m + c))",
        short=(
            Short("c", "(1 - rho)/rho", {"rho": "-1/rho^2"}),
            Short("a", "mu*c", {"mu": "c", "rho": "-mu/rho^2"}),
            Short("b", "(1 - mu)*c", {"mu": "-c", "rho": "-(1 - mu)/rho^2"}),
        ),
    )
    elsewhere = (
        Elsewhere(
            R,
            "VGAM::dbetabinom(x, size = trials, prob = {prob}, rho = {rho})",
            {"prob": "mu", "rho": "rho"},
        ),
        Elsewhere(
            SCIPY,
            "betabinom(n=trials, a={a}, b={b})",
            {"a": "mu*(1/rho - 1)", "b": "(1 - mu)*(1/rho - 1)"},
        ),
        Elsewhere(
            STAN,
            "beta_binomial(trials, {alpha}, {beta})",
            {"alpha": "mu*(1/rho - 1)", "beta": "(1 - mu)*(1/rho - 1)"},
        ),
    )

    def log_density(self, y: Rows, mu: Probability, rho: Probability, *, trials: Rows) -> Rows:
        t, rest = rho.p / rho.q, trials - y
        return (
            log_binomial_coefficient(y, trials)
            + times_log(y, mu.p)
            + rise(y, mu.p / t)
            + times_log(rest, mu.q)
            + rise(rest, mu.q / t)
            - rise(trials, 1 / t)
        )

    def score(
        self, y: Rows, mu: Probability, rho: Probability, *, trials: Rows
    ) -> tuple[Rows, Rows]:
        t, rest = rho.p / rho.q, trials - y
        wins, losses = rise_slope(y, mu.p / t) / t, rise_slope(rest, mu.q / t) / t
        slope_mu = (ratio(y, mu.p) - wins) - (ratio(rest, mu.q) - losses)
        return slope_mu, self._slope(y, mu, t, trials) / rho.q**2

    def _slope(self, y: Rows, mu: Probability, t: Rows, trials: Rows) -> Rows:
        """Derivative of the log-density with respect to t."""
        wins, losses = rise_slope(y, mu.p / t), rise_slope(trials - y, mu.q / t)
        return (mu.p * wins + mu.q * losses - rise_slope(trials, 1 / t)) / t**2

    def observed(self, y: Rows, mu: Probability, rho: Probability, *, trials: Rows) -> Pairs:
        t, rest = rho.p / rho.q, trials - y
        a, b = mu.p / t, mu.q / t
        wins, losses = rise_bend(y, a) / t**2, rise_bend(rest, b) / t**2
        inside = ratio(ratio(y, mu.p), mu.p) - wins + ratio(ratio(rest, mu.q), mu.q) - losses
        across = a * wins - rise_slope(y, a) / t**2 - b * losses + rise_slope(rest, b) / t**2
        bend = _turn(y, a, t) + _turn(rest, b, t) - _turn(trials, 1 / t, t)
        # -d2/drho2 = -d2/dt2 (dt/drho)^2 - d/dt d2t/drho2
        slope = self._slope(y, mu, t, trials)
        return {
            (0, 0): inside,
            (0, 1): across / rho.q**2,
            (1, 1): bend / rho.q**4 - 2 * slope / rho.q**3,
        }

    def start(self, moments: Moments) -> tuple[float, float]:
        trials = moments.known["trials"]
        mu = (moments.mean * moments.rows + 0.5) / (trials * moments.rows + 1)
        excess = moments.variance / (max(trials, 1) * mu * (1 - mu)) - 1
        return mu, min(max(excess / max(trials - 1, 1), 0.01), 0.9)

    @staticmethod
    def escape(y: Rows, *, trials: Rows) -> tuple[Any, Any]:
        return y == 0, y == trials

    def mean(self, mu: Probability, rho: Probability, *, trials: Rows) -> Rows:
        return trials * mu.p

    def variance(self, mu: Probability, rho: Probability, *, trials: Rows) -> Rows:
        return trials * mu.p * mu.q * (1 + (trials - 1) * rho.p)

    def log_cdf(self, y: Rows, mu: Probability, rho: Probability, *, trials: Rows) -> Rows:
        return log_probability(*self._below_and_above(y, mu, rho, trials))

    def log_sf(self, y: Rows, mu: Probability, rho: Probability, *, trials: Rows) -> Rows:
        below, above = self._below_and_above(y, mu, rho, trials)
        return log_probability(above, below)

    def _below_and_above(
        self, y: Rows, mu: Probability, rho: Probability, trials: Rows
    ) -> tuple[Rows, Rows]:
        """P(Y <= y) and P(Y > y), each a sum of masses."""
        below, above = np.zeros(y.shape), np.zeros(y.shape)
        for count in range(int(trials.max(initial=0)) + 1):
            inside = np.minimum(count, trials)
            mass = np.exp(self.log_density(inside, mu, rho, trials=trials)) * (count <= trials)
            below += np.where(count <= y, mass, 0.0)
            above += np.where(count > y, mass, 0.0)
        return np.where(y >= trials, 1.0, below), np.where(y < 0, 1.0, above)

    def sample(
        self, rng: np.random.Generator, mu: Probability, rho: Probability, *, trials: Rows
    ) -> Rows:
        t = rho.p / rho.q
        return rng.binomial(trials.astype(int), rng.beta(mu.p / t, mu.q / t)).astype(float)


def _turn(y: Rows, k: Rows, t: Rows) -> Rows:
    """Minus the second derivative with respect to t of rise(y, k), k in proportion to 1/t."""
    return k * (2 * rise_slope(y, k) - k * rise_bend(y, k)) / t**2


FAMILY = BetaBinomial()
