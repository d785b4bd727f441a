"""Counts that are seen only when they are not zero: a base family given y > 0.

With f the base's mass function, s and J its score and information, f0, s0 and J0 those at
zero, and r = f0/(1 - f0):

    ell      = log f(y) - log(1 - f0)
    score    = s(y) + r s0
    observed = J(y) + r J0 - r (1 + r) s0 s0'
    expected = E J/(1 - f0) - r (1 + r) s0 s0'      with E J the base's own

A family is a subclass that names itself and its base.

Source: J. Grogger and R. Carson (1991), J. Applied Econometrics 6, 225-238.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any, ClassVar

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._records import Moments
from mlefit.special import log_probability
from mlefit.support import POSITIVE_COUNTS

_ROUNDS = 10
_OFTEN = 0.1


class ZeroTruncated(Family):
    """A base family of counts given that they are not zero."""

    base: ClassVar[Family]
    support = POSITIVE_COUNTS
    runaways = ("1", "1")

    @property
    def has_expected(self) -> bool:
        return self.base.has_expected

    def log_density(self, y: Rows, *theta: Any) -> Rows:
        return self.base.log_density(y, *theta) - _log_seen(self.base, *theta)

    def score(self, y: Rows, *theta: Any) -> tuple[Rows, ...]:
        zero = _zero(theta)
        odds = _odds(self.base, *theta)
        pairs = zip(self.base.score(y, *theta), self.base.score(zero, *theta), strict=True)
        return tuple(s + odds * s0 for s, s0 in pairs)

    def observed(self, y: Rows, *theta: Any) -> Pairs:
        odds = _odds(self.base, *theta)
        own, at_zero = self.base.observed(y, *theta), self.base.observed(_zero(theta), *theta)
        bend = self._bend(odds, *theta)
        return {
            pair: own.get(pair, 0.0) + odds * at_zero.get(pair, 0.0) - values
            for pair, values in bend.items()
        }

    def expected(self, *theta: Any) -> Pairs | None:
        whole = self.base.expected(*theta)
        if whole is None:
            return None
        odds = _odds(self.base, *theta)
        bend = self._bend(odds, *theta)
        return {pair: (1 + odds) * whole.get(pair, 0.0) - v for pair, v in bend.items()}

    def _bend(self, odds: Rows, *theta: Any) -> Pairs:
        return {
            pair: odds * (1 + odds) * product
            for pair, product in products(self.base.score(_zero(theta), *theta)).items()
        }

    def start(self, moments: Moments) -> tuple[float, ...]:
        # the zeros that the last start expects are put back, and it starts again
        theta = self.base.start(moments)
        for _ in range(_ROUNDS):
            seen = float(np.exp(_log_seen(self.base, *np.array(theta)[:, None]))[0])
            mean = seen * moments.mean
            square = seen * (moments.variance + moments.mean**2)
            whole = replace(
                moments,
                rows=moments.rows / seen,
                mean=mean,
                variance=max(square - mean**2, 0.0),
                least=0.0,
            )
            theta = self.base.start(whole)
        return theta

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 1, np.zeros(len(y), dtype=bool)

    def mean(self, *theta: Any) -> Rows | None:
        mean = self.base.mean(*theta)
        return None if mean is None else mean * (1 + _odds(self.base, *theta))

    def variance(self, *theta: Any) -> Rows | None:
        mean, variance = self.base.mean(*theta), self.base.variance(*theta)
        if mean is None or variance is None:
            return None
        odds = _odds(self.base, *theta)
        return (1 + odds) * (variance - odds * mean**2)

    def log_cdf(self, y: Rows, *theta: Any) -> Rows:
        above = np.exp(self.log_sf(y, *theta))
        whole = self.base.log_cdf(y, *theta)
        assert whole is not None
        at_zero = self.base.log_density(_zero(theta), *theta)
        below = (np.exp(whole) - np.exp(at_zero)) / np.exp(_log_seen(self.base, *theta))
        return log_probability(np.where(y < 1, 0.0, below), above)

    def log_sf(self, y: Rows, *theta: Any) -> Rows:
        above = self.base.log_sf(y, *theta)
        assert above is not None
        return np.where(y < 1, 0.0, above - _log_seen(self.base, *theta))

    def sample(self, rng: np.random.Generator, *theta: Any) -> Rows:
        y = self.base.sample(rng, *theta)
        seen = np.exp(_log_seen(self.base, *theta))
        while len(again := np.flatnonzero((y == 0) & (seen > _OFTEN))):
            y[again] = self.base.sample(rng, *(values[again] for values in theta))
        rare = np.flatnonzero(seen <= _OFTEN)
        y[rare] = self._inverted(rng.random(len(rare)), *(values[rare] for values in theta))
        return y

    def _inverted(self, share: Rows, *theta: Any) -> Rows:
        """The count whose upper tail first falls below a share, by halving an interval."""
        log_share = np.log1p(-share)
        low, high = np.zeros(len(share)), np.ones(len(share))
        while (short := self.log_sf(high, *theta) > log_share).any():
            low, high = np.where(short, high, low), np.where(short, 2 * high, high)
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            short = self.log_sf(middle, *theta) > log_share
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return high


def products(score: tuple[Rows, ...]) -> Pairs:
    """The outer product of a score with itself."""
    pairs = combinations_with_replacement(range(len(score)), 2)
    return {(j, k): score[j] * score[k] for j, k in pairs}


def _zero(theta: tuple[Any, ...]) -> Rows:
    return np.zeros_like(theta[0])


def _log_seen(base: Family, *theta: Any) -> Rows:
    """log(1 - f0)."""
    log_f0 = base.log_density(_zero(theta), *theta)
    return np.where(log_f0 > -0.7, np.log(-np.expm1(log_f0)), np.log1p(-np.exp(log_f0)))


def _odds(base: Family, *theta: Any) -> Rows:
    """f0/(1 - f0)."""
    return 1 / np.expm1(-base.log_density(_zero(theta), *theta))
