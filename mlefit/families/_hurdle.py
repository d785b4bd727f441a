"""Counts in two stages: zero or not, and if not, how many.

With z = zero, the probability of a zero, and g, s and J mass function, score and information
of a base family given y > 0:

    ell(0) = log(z)                        score: 0, 1/z            observed: 0, 0, 1/z^2
    ell(y) = log(1 - z) + log g(y)         score: s, -1/(1 - z)     observed: J, 0, 1/(1 - z)^2
    expected: (1 - z) E J, 0, 1/(z (1 - z))

The two stages share no parameter, so each could be fitted alone. A family is a subclass that
names itself and the zero-truncated family of its second stage.

Source: J. Mullahy (1986), J. Econometrics 33, 341-365.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._inflated import positive_part
from mlefit.families._records import Escape, Moments
from mlefit.families._zero_truncated import ZeroTruncated
from mlefit.special import log_probability
from mlefit.support import COUNTS


class Hurdle(Family):
    """Zero with a probability of its own, the last parameter; else a zero-truncated count."""

    positive: ClassVar[ZeroTruncated]
    support = COUNTS
    further_escapes = {"zero": Escape(lambda y: (y > 0, y == 0), "above 0", "0")}

    @property
    def has_expected(self) -> bool:
        return self.positive.has_expected

    def log_density(self, y: Rows, *theta: Any) -> Rows:
        *inner, zero = theta
        above = self.positive.log_density(_above(y), *inner)
        log_p, log_q = log_probability(zero.p, zero.q), log_probability(zero.q, zero.p)
        return np.where(y == 0, log_p, log_q + above)

    def score(self, y: Rows, *theta: Any) -> tuple[Rows, ...]:
        *inner, zero = theta
        slopes = (np.where(y == 0, 0.0, s) for s in self.positive.score(_above(y), *inner))
        return (*slopes, np.where(y == 0, 1 / zero.p, -1 / zero.q))

    def observed(self, y: Rows, *theta: Any) -> Pairs:
        *inner, zero = theta
        last = len(inner)
        above = self.positive.observed(_above(y), *inner)
        own = {pair: np.where(y == 0, 0.0, values) for pair, values in above.items()}
        return {**own, (last, last): np.where(y == 0, 1 / zero.p, 1 / zero.q) ** 2}

    def expected(self, *theta: Any) -> Pairs | None:
        *inner, zero = theta
        above = self.positive.expected(*inner)
        if above is None:
            return None
        own = {pair: zero.q * values for pair, values in above.items()}
        return {**own, (len(inner), len(inner)): 1 / (zero.p * zero.q)}

    def start(self, moments: Moments) -> tuple[float, ...]:
        share, above = positive_part(moments)
        room = 0.5 / (moments.rows + 1)
        inner = self.positive.start(moments) if above is None else self.positive.start(above)
        return (*inner, min(max(share, room), 1 - room))

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y <= 1, y == 0  # a zero says nothing about the second stage

    def mean(self, *theta: Any) -> Rows | None:
        *inner, zero = theta
        mean = self.positive.mean(*inner)
        return None if mean is None else zero.q * mean

    def variance(self, *theta: Any) -> Rows | None:
        *inner, zero = theta
        mean, variance = self.positive.mean(*inner), self.positive.variance(*inner)
        return None if mean is None or variance is None else zero.q * (variance + zero.p * mean**2)

    def log_cdf(self, y: Rows, *theta: Any) -> Rows:
        *inner, zero = theta
        below = log_probability(zero.q, zero.p) + self.positive.log_cdf(y, *inner)
        inside = np.logaddexp(np.log(zero.p), below)
        near_one = np.log1p(-np.exp(self.log_sf(y, *theta)))
        return np.where(y < 0, -np.inf, np.where(inside > -0.7, near_one, inside))

    def log_sf(self, y: Rows, *theta: Any) -> Rows:
        *inner, zero = theta
        above = log_probability(zero.q, zero.p) + self.positive.log_sf(y, *inner)
        return np.where(y < 0, 0.0, above)

    def sample(self, rng: np.random.Generator, *theta: Any) -> Rows:
        *inner, zero = theta
        return np.where(rng.random(len(zero.p)) < zero.p, 0.0, self.positive.sample(rng, *inner))


def _above(y: Rows) -> Rows:
    """The counts, with a one where there is none: any count of the second stage would do."""
    return np.where(y == 0, 1.0, y)
