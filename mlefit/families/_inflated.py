"""Counts with more zeros than a base family makes: with probability `zero` none is counted.

With f the base's mass function, s and J its score and information, f0, s0 and J0 those at
zero, z = zero, D = z + (1 - z) f0 and w = (1 - z) f0/D the chance that a zero is the base's:

    ell(y)     = log(1 - z) + log f(y)     score: s, -1/(1 - z)     observed: J, 0, 1/(1 - z)^2
    ell(0)     = log D                     score: w s0, (1 - f0)/D
    observed there: w J0 - w (1 - w) s0 s0',  s0 f0/D^2,  (1 - f0)^2/D^2
    expected:       (1 - z) (E J - f0 (1 - w) s0 s0'),  s0 f0/D,  (1 - f0)/(D (1 - z))

A family is a subclass that names itself and its base. Where there are no more zeros than the
base makes, the likelihood has its maximum at zero = 0 and none inside.

Source: D. Lambert (1992), Technometrics 34, 1-14.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._records import Escape, Moments, Parameter
from mlefit.families._zero_truncated import ZeroTruncated, products
from mlefit.special import log_probability
from mlefit.support import COUNTS, Domain


class ZeroInflated(Family):
    """A base family of counts, or nothing: the last parameter is the probability of that."""

    base: ClassVar[Family]
    positive: ClassVar[ZeroTruncated]
    """The base given y > 0, which the counts above zero are a sample of."""

    support = COUNTS
    further_escapes = {"zero": Escape(lambda y: (y > 0, y == 0), "above 0", "0")}

    @property
    def has_expected(self) -> bool:
        return self.base.has_expected

    def log_density(self, y: Rows, *theta: Any) -> Rows:
        *inner, zero = theta
        log_base = log_probability(zero.q, zero.p) + self.base.log_density(y, *inner)
        return np.where(y == 0, np.logaddexp(np.log(zero.p), log_base), log_base)

    def score(self, y: Rows, *theta: Any) -> tuple[Rows, ...]:
        *inner, zero = theta
        f0, D = self._at_zero(*theta)
        own = np.where(y == 0, zero.q * f0 / D, 1.0)
        slopes = (own * s for s in self.base.score(y, *inner))
        return (*slopes, np.where(y == 0, _rest(self.base, inner) / D, -1 / zero.q))

    def observed(self, y: Rows, *theta: Any) -> Pairs:
        *inner, zero = theta
        f0, D = self._at_zero(*theta)
        is_zero = y == 0
        own = np.where(is_zero, zero.q * f0 / D, 1.0)
        bend = np.where(is_zero, own * zero.p / D, 0.0)
        score = self.base.score(y, *inner)
        base = self.base.observed(y, *inner)
        last = len(inner)
        within = {
            pair: own * base.get(pair, 0.0) - bend * product
            for pair, product in products(score).items()
        }
        across = {(j, last): np.where(is_zero, f0 / D**2, 0.0) * s for j, s in enumerate(score)}
        alone = np.where(is_zero, _rest(self.base, inner) / D, 1 / zero.q) ** 2
        return {**within, **across, (last, last): alone}

    def expected(self, *theta: Any) -> Pairs | None:
        *inner, zero = theta
        whole = self.base.expected(*inner)
        if whole is None:
            return None
        f0, D = self._at_zero(*theta)
        score = self.base.score(np.zeros_like(zero.p), *inner)
        last = len(inner)
        within = {
            pair: zero.q * (whole.get(pair, 0.0) - f0 * zero.p / D * product)
            for pair, product in products(score).items()
        }
        across = {(j, last): f0 / D * s for j, s in enumerate(score)}
        return {**within, **across, (last, last): _rest(self.base, inner) / (D * zero.q)}

    def _at_zero(self, *theta: Any) -> tuple[Rows, Rows]:
        """f0 and D, the base's and the whole probability of a zero."""
        *inner, zero = theta
        f0 = np.exp(self.base.log_density(np.zeros_like(zero.p), *inner))
        return f0, zero.p + zero.q * f0

    def start(self, moments: Moments) -> tuple[float, ...]:
        share, above = positive_part(moments)
        if above is None:
            return (*self.base.start(moments), 0.5)
        inner = self.positive.start(above)
        log_f0 = self.base.log_density(np.zeros(1), *np.array(inner)[:, None])
        rest = float(-np.expm1(log_f0)[0])
        return (*inner, min(max(1 - (1 - share) / rest, 0.02), 0.98))

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, np.zeros(len(y), dtype=bool)

    def mean(self, *theta: Any) -> Rows | None:
        *inner, zero = theta
        mean = self.base.mean(*inner)
        return None if mean is None else zero.q * mean

    def variance(self, *theta: Any) -> Rows | None:
        *inner, zero = theta
        mean, variance = self.base.mean(*inner), self.base.variance(*inner)
        return None if mean is None or variance is None else zero.q * (variance + zero.p * mean**2)

    def log_cdf(self, y: Rows, *theta: Any) -> Rows:
        *inner, zero = theta
        below = self.base.log_cdf(y, *inner)
        assert below is not None
        inside = np.logaddexp(np.log(zero.p), log_probability(zero.q, zero.p) + below)
        near_one = np.log1p(-np.exp(self.log_sf(y, *theta)))
        return np.where(y < 0, -np.inf, np.where(inside > -0.7, near_one, inside))

    def log_sf(self, y: Rows, *theta: Any) -> Rows:
        *inner, zero = theta
        above = self.base.log_sf(y, *inner)
        assert above is not None
        return np.where(y < 0, 0.0, log_probability(zero.q, zero.p) + above)

    def sample(self, rng: np.random.Generator, *theta: Any) -> Rows:
        *inner, zero = theta
        return np.where(rng.random(len(zero.p)) < zero.p, 0.0, self.base.sample(rng, *inner))


def probability_of_zero(meaning: str) -> Parameter:
    """The parameter that a wrapper adds to its base's."""
    return Parameter("zero", "logit", Domain.UNIT, meaning)


def positive_part(moments: Moments) -> tuple[float, Moments | None]:
    """The share of zeros, and what the other counts are like; None if there are none."""
    share = moments.mean_of(lambda y: (y == 0).astype(float))
    if moments.most == 0:
        return 1.0, None
    # the sample may hold no count above zero though the rows do
    share = min(share, 1 - 0.5 / max(moments.rows, 1.0))
    mean = max(moments.mean / (1 - share), 1.0)
    square = (moments.variance + moments.mean**2) / (1 - share)
    return share, replace(
        moments,
        rows=moments.rows * (1 - share),
        mean=mean,
        variance=max(square - mean**2, 0.0),
        least=1.0,
    )


def _rest(base: Family, inner: Any) -> Rows:
    """1 - f0."""
    return -np.expm1(base.log_density(np.zeros_like(inner[0]), *inner))
