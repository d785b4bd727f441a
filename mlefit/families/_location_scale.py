"""Families of mu + sigma Z, where Z has one density on the real line, perhaps with a shape s.

    ell(y; mu, sigma, s) = g(z, s) - log(sigma),    z = (y - mu)/sigma

    d ell/d mu    = -g_z/sigma               -d2/dmu2       = -g_zz/sigma^2
    d ell/d sigma = -(1 + z g_z)/sigma       -d2/dmu dsigma = -(g_z + z g_zz)/sigma^2
    d ell/d s     = g_s                      -d2/dsigma2    = -(1 + 2 z g_z + z^2 g_zz)/sigma^2
                                             -d2/dmu ds     = g_zs/sigma
                                             -d2/dsigma ds  = z g_zs/sigma
                                             -d2/ds2        = -g_ss

A quantile y = mu + sigma z moves by 1 with mu, by z with sigma, and by sigma q with s, where
q = dz/ds where P(Z <= z) stays (see `Drift`).

A family writes g, its derivatives and its tails; what follows from them stands here.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._records import Moments, Narrowing, Parameter
from mlefit.support import REAL_LINE, Domain


class LocationScale(Family):
    """A location, a scale, and at most one shape."""

    support = REAL_LINE

    @abstractmethod
    def standard(self, z: Rows, *shape: Any, **known: Any) -> Rows:
        """The log-density g of Z."""

    @abstractmethod
    def slopes(self, z: Rows, *shape: Any, **known: Any) -> tuple[Rows, ...]:
        """g_z; and g_s if there is a shape."""

    @abstractmethod
    def bends(self, z: Rows, *shape: Any, **known: Any) -> tuple[Rows, ...]:
        """g_zz; and g_zs and g_ss if there is a shape."""

    @abstractmethod
    def lower_tail(self, z: Rows, *shape: Any, **known: Any) -> Rows:
        """Logarithm of P(Z <= z)."""

    def upper_tail(self, z: Rows, *shape: Any, **known: Any) -> Rows:
        """Logarithm of P(Z > z); here for a symmetric density."""
        return self.lower_tail(-z, *shape)

    def shape_drift(self, z: Rows, *shape: Any, **known: Any) -> tuple[Rows, Rows] | None:
        """q, and its derivative in s where z stays; None if they have no closed form."""
        return None

    @abstractmethod
    def standard_draws(self, rng: np.random.Generator, n: int, *shape: Any, **known: Any) -> Rows:
        """n draws of Z."""

    def log_density(self, y: Rows, mu: Rows, sigma: Rows, *shape: Any, **known: Any) -> Rows:
        return self.standard((y - mu) / sigma, *shape) - np.log(sigma)

    def score(self, y: Rows, mu: Rows, sigma: Rows, *shape: Any, **known: Any) -> tuple[Rows, ...]:
        z = (y - mu) / sigma
        g_z, *g_s = self.slopes(z, *shape)
        return (-g_z / sigma, -(1 + z * g_z) / sigma, *g_s)

    def observed(self, y: Rows, mu: Rows, sigma: Rows, *shape: Any, **known: Any) -> Pairs:
        z = (y - mu) / sigma
        g_z = self.slopes(z, *shape)[0]
        g_zz, *bends = self.bends(z, *shape)
        pairs: dict[tuple[int, int], Any] = {
            (0, 0): -g_zz / sigma**2,
            (0, 1): -(g_z + z * g_zz) / sigma**2,
            (1, 1): -(1 + z * (2 * g_z + z * g_zz)) / sigma**2,
        }
        if bends:
            g_zs, g_ss = bends
            pairs |= {(0, 2): g_zs / sigma, (1, 2): z * g_zs / sigma, (2, 2): -g_ss}
        return pairs

    def log_cdf(self, y: Rows, mu: Rows, sigma: Rows, *shape: Any, **known: Any) -> Rows:
        return self.lower_tail((y - mu) / sigma, *shape)

    def log_sf(self, y: Rows, mu: Rows, sigma: Rows, *shape: Any, **known: Any) -> Rows:
        return self.upper_tail((y - mu) / sigma, *shape)

    def drift(self, y: Rows, mu: Rows, sigma: Rows, *shape: Any, **known: Any) -> Drift | None:
        z = (y - mu) / sigma
        own = line_drift(z, sigma)
        if not shape:
            return own
        moved = self.shape_drift(z, *shape)
        if moved is None:
            return None
        q, q_s = moved
        return Drift((*own.velocity, sigma * q), {**own.change, (2, 2): sigma * q_s})

    def sample(
        self, rng: np.random.Generator, mu: Rows, sigma: Rows, *shape: Any, **known: Any
    ) -> Rows:
        n = np.broadcast(mu, sigma, *shape).size
        return mu + sigma * self.standard_draws(rng, n, *shape)


def location(meaning: str) -> Parameter:
    """The parameter mu."""
    return Parameter("mu", "identity", Domain.REAL, meaning)


def scale(meaning: str) -> Parameter:
    """The parameter sigma, whose square a precision weight divides."""
    return Parameter(
        "sigma",
        "log",
        Domain.POSITIVE,
        meaning,
        precision_power=-0.5,
        narrowing=Narrowing(power=1, unit=1),
    )


def line_drift(z: Rows, sigma: Rows) -> Drift:
    """How the quantile mu + sigma z moves with mu and sigma."""
    return Drift((np.ones_like(z), z), {(1, 1): -z / sigma})


def half_spread(moments: Moments) -> float:
    """Half the distance of the quartiles, which no outlier moves.

    Where more than half of the sample is one value that is 0, and the standard deviation
    stands in for it.
    """
    half = (moments.quantile(0.75) - moments.quantile(0.25)) / 2
    return half if half > 0 else math.sqrt(moments.variance)
