"""Densities that fall exponentially on both sides of a corner, at two rates.

With r = y - mu, rates u above and d below the corner, and the cost
c(r) = u r for r >= 0, -d r for r < 0:

    ell(y; mu, b) = log(u d/(u + d)) - log(b) - c(r)/b

    d ell/d mu = s(r)/b, s = u above and -d below    -d2/dmu2  = 0 except at the corner
    d ell/d b  = (c/b - 1)/b                         -d2/dmu db = s/b^2
                                                     -d2/db2   = (2 c/b - 1)/b^2
    expected: u d/b^2, 0, 1/b^2

    P(Y <= mu) = u/(u + d);  r = b (E1/u - E2/d) with independent unit exponentials E1, E2

The corner carries all the curvature in mu, so standard errors come from the
expected information, and the maximum over mu is a vertex of a linear programme.

Source: S. Kotz, T. Kozubowski and K. Podgorski (2001), The Laplace Distribution
and Generalizations, chapter 3.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._records import Moments
from mlefit.support import REAL_LINE


class TwoSided(Family):
    """What such families share; each names its rates, parameters and losses."""

    support = REAL_LINE
    up: float
    down: float

    def cost(self, r: Rows) -> Rows:
        """c(r): the loss of a residual."""
        return np.maximum(self.up * r, -self.down * r)

    def pull(self, r: Rows) -> Rows:
        """s(r): the slope of the cost, 0 in the corner."""
        return self.up * (r > 0) - self.down * (r < 0)

    @property
    def log_height(self) -> float:
        """Log-density at the corner for b = 1."""
        return math.log(self.up * self.down / (self.up + self.down))

    def log_density(self, y: Rows, mu: Rows, b: Rows) -> Rows:
        return self.log_height - np.log(b) - self.cost(y - mu) / b

    def score(self, y: Rows, mu: Rows, b: Rows) -> tuple[Rows, Rows]:
        r = y - mu
        return self.pull(r) / b, (self.cost(r) / b - 1) / b

    def observed(self, y: Rows, mu: Rows, b: Rows) -> Pairs:
        r = y - mu
        return {
            (0, 1): self.pull(r) / b**2,
            (1, 1): (2 * self.cost(r) / b - 1) / b**2,
        }

    def expected(self, mu: Rows, b: Rows) -> Pairs:
        return {(0, 0): self.up * self.down * b**-2.0, (1, 1): b**-2.0}

    def start(self, moments: Moments) -> tuple[float, float]:
        b = math.sqrt(moments.variance / (self.up**-2 + self.down**-2))
        return moments.mean - self._shift * b, b

    def mean(self, mu: Rows, b: Rows) -> Rows:
        return mu + self._shift * b

    def variance(self, mu: Rows, b: Rows) -> Rows:
        return (self.up**-2 + self.down**-2) * b**2

    @property
    def _shift(self) -> float:
        """Mean less corner, for b = 1."""
        return 1 / self.up - 1 / self.down

    def log_cdf(self, y: Rows, mu: Rows, b: Rows) -> Rows:
        return self._log_tail(y - mu, b, self.up, self.down)

    def log_sf(self, y: Rows, mu: Rows, b: Rows) -> Rows:
        return self._log_tail(mu - y, b, self.down, self.up)

    def _log_tail(self, r: Rows, b: Rows, up: float, down: float) -> Rows:
        """Log-probability below r where the rates above and below are these."""
        below = math.log(up / (up + down)) + down * np.minimum(r, 0) / b
        above = math.log(down / (up + down)) - up * np.maximum(r, 0) / b
        return np.where(r <= 0, below, np.log1p(-np.exp(above)))

    def sample(self, rng: np.random.Generator, mu: Rows, b: Rows) -> Rows:
        above, below = rng.standard_exponential((2, *np.shape(mu)))
        return mu + b * (above / self.up - below / self.down)
