"""A new outcome of a row: its distribution at the estimates, or averaged over what they could be.

The estimates have a normal distribution about what they estimate, so a row's predictors do too,
with a covariance V of K by K. The predictive distribution function is the mean of the family's
over it, here by a rule of 2 K^2 + 1 points that is exact for polynomials of degree 5:

    0 with weight 2/(K + 2),   +-sqrt(K + 2) e_j with (4 - K)/(2 (K + 2)^2),
    sqrt((K + 2)/2) (+-e_j +-e_k) with 1/(K + 2)^2,   each turned by a root of V

All weights are positive for K < 4, so that the mean is a distribution again, whose quantiles are
the limits of an outcome. Nothing is drawn, so the same row has the same limits.

Source: A. H. Stroud (1967), Numer. Math. 10, 249-253, formula 5-2 for the weight exp(-r^2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.distribution.quantile import quantiles
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.prediction.centre import RowSpread
from mlefit.support import Support


def limits(
    model: Model,
    etas: Sequence[Rows],
    known: Mapping[str, Rows],
    spread: RowSpread | None,
    levels: Sequence[float],
) -> Iterator[Rows]:
    """The quantiles of a new outcome of each row.

    Args:
        model: of a family that has a distribution function.
        etas: linear predictors, each (m,) or (1,).
        known: known quantities, each (m,).
        spread: how sure the predictors are; None to take them for certain.
        levels: strictly between 0 and 1.
    """
    family = model.family.uncensored
    m = np.broadcast(*etas, *known.values()).size if spread is None else len(spread.matrices)
    known = {key: known[key] for key in family.known}
    if spread is None:
        law: Any = family
        theta: Sequence[Any] = model.theta([np.broadcast_to(eta, m) for eta in etas])
    else:
        weights, points = _points(etas, spread)
        law = Averaged(family, weights, len(etas))
        theta = [one for point in points for one in model.theta(point)]
    for level in levels:
        ends = np.full(m, level), np.full(m, 1 - level)
        # at the estimates it takes few evaluations, and the mean over many points is near
        near = None if spread is None else quantiles(family, *ends, theta[: len(etas)], known)
        yield quantiles(law, *ends, theta, known, near)


@frozen
class Averaged:
    """The mean of a family over several parameters of each row.

    Takes them one after the other: all of the first point, then of the second.

    Attributes:
        family: the distribution.
        weights: of the points.
        size: parameters of each point.
    """

    family: Family
    weights: Vector
    size: int

    @property
    def support(self) -> Support:
        """The values it can have."""
        return self.family.support

    def log_density(self, y: Rows, *theta: Any, **known: Any) -> Rows:
        """Log-density or log-mass of every row."""
        return self._mean("log_density", y, theta, known)

    def log_cdf(self, y: Rows, *theta: Any, **known: Any) -> Rows:
        """Logarithm of P(Y <= y)."""
        return self._mean("log_cdf", y, theta, known)

    def log_sf(self, y: Rows, *theta: Any, **known: Any) -> Rows:
        """Logarithm of P(Y > y)."""
        return self._mean("log_sf", y, theta, known)

    def _mean(self, method: str, y: Rows, theta: Sequence[Any], known: Mapping[str, Any]) -> Rows:
        function, size = getattr(self.family, method), self.size
        total = np.full(y.shape, -np.inf)
        for i, weight in enumerate(self.weights):
            value = function(y, *theta[i * size : (i + 1) * size], **known)
            total = np.logaddexp(total, np.log(weight) + value)
        return total


def _points(etas: Sequence[Rows], spread: RowSpread) -> tuple[Vector, list[list[Rows]]]:
    """Weights, and for each the linear predictors of every row."""
    free = [k for k in range(len(etas)) if spread.is_free(k)]
    matrices = spread.matrices[:, free][:, :, free]
    values, vectors = np.linalg.eigh(matrices)
    roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    weights, nodes = _rule(len(free))
    m = len(matrices)
    points = []
    for node in nodes:
        moved = roots @ node
        point = [np.broadcast_to(eta, m) for eta in etas]
        for position, k in enumerate(free):
            point[k] = point[k] + moved[:, position]
        points.append(point)
    return weights, points


def _rule(size: int) -> tuple[Vector, Matrix]:
    """The points of a standard normal distribution of so many dimensions and their weights."""
    axes = np.eye(size)
    pairs = [
        np.sqrt((size + 2) / 2) * (a * axes[j] + b * axes[k])
        for j, k in combinations(range(size), 2)
        for a, b in product((1, -1), repeat=2)
    ]
    singles = [np.sqrt(size + 2) * sign * axis for axis in axes for sign in (1, -1)]
    weights = [
        2 / (size + 2),
        *[(4 - size) / (2 * (size + 2) ** 2)] * len(singles),
        *[1 / (size + 2) ** 2] * len(pairs),
    ]
    return np.array(weights), np.array([np.zeros(size), *singles, *pairs])
