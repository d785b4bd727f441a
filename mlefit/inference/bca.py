"""Ends of intervals from drawn estimates: percentiles, or BCa, which corrects them.

The percentile interval ends at the shares (1 -+ level)/2 of the draws. Where the draws lie to
one side of the estimate, or scatter more the larger it is, those are not the right shares.
With z0 the normal quantile of the share of draws below the estimate, and a the acceleration,
the bias-corrected and accelerated interval ends at

    share(z) = Phi(z0 + (z0 + z) / (1 - a (z0 + z)))        z = -+ normal quantile of the level

    a = sum l^3 / (6 (sum l^2)^(3/2)),        l = dg' A^-1 score, the influence of each row

so the acceleration costs one pass and no refit; rows that are drawn together are one row, and
where targets are drawn the sums are those of drawn targets. A share p lies at the (R + 1) p-th
of the R ordered draws, between two of them on a line.

Source: B. Efron (1987), J. American Statistical Association 82, 171-185, sections 3 and 7;
A. C. Davison and D. V. Hinkley (1997), Bootstrap Methods and their Application, section 5.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.design.blocks import Block
from mlefit.design.coded import predictor_of
from mlefit.design.predictors import user_matrix
from mlefit.engines.contract import Engine
from mlefit.inference.covariance import inverse_information
from mlefit.products import sums_within
from mlefit.search.maximum import Maximum

_NORMAL = NormalDist()
_ROUNDING = 1e-9


class Reach(NamedTuple):
    """The ends that draws give an interval.

    Attributes:
        low: -inf or inf where such draws lie there; NaN where there is no end to tell.
        high: the same above.
        enough: whether both ends lie among the draws, not beyond the last of them.
    """

    low: float
    high: float
    enough: bool


def reach(drawn: Vector, estimate: float, level: float, acceleration: float | None) -> Reach:
    """The ends of an interval.

    Args:
        drawn: one coefficient in every draw, shape (R,).
        estimate: of the rows themselves.
        level: coverage aimed at.
        acceleration: of BCa; None for plain percentiles.
    """
    z = _NORMAL.inv_cdf(0.5 + level / 2)
    shares = ((1 - level) / 2, (1 + level) / 2)
    if acceleration is not None:
        below = ((drawn < estimate).sum() + (drawn == estimate).sum() / 2) / len(drawn)
        if not 0 < below < 1:
            return Reach(math.nan, math.nan, enough=False)
        z0 = _NORMAL.inv_cdf(float(below))
        shares = (_share(z0, -z, acceleration), _share(z0, z, acceleration))
    ordered = np.sort(drawn)
    count = len(drawn)
    places = [(count + 1) * share for share in shares]
    enough = min(places) >= 1 - _ROUNDING and max(places) <= count + _ROUNDING
    return Reach(_at(ordered, shares[0]), _at(ordered, shares[1]), enough)


def _share(z0: float, z: float, a: float) -> float:
    return _NORMAL.cdf(z0 + (z0 + z) / (1 - a * (z0 + z)))


def _at(ordered: Vector, share: float) -> float:
    """The value at a share of ordered draws."""
    place = min(max((len(ordered) + 1) * share, 1.0), float(len(ordered)))
    lower = int(place)
    low, rest = float(ordered[lower - 1]), place - lower
    # an infinite neighbour is not to be multiplied with nothing
    return low if not rest else low + rest * (float(ordered[lower]) - low)


class Influence:
    """What each row, or each cluster of rows, moves the estimates by.

    Args:
        maximum: the fit.
        engines: the rows; or several draws of them, which sums are the mean of.
        clusters: code of each row's cluster, where whole clusters are drawn.
        squared_weights: whether a weight is part of a row, not a number of rows.
    """

    def __init__(
        self,
        maximum: Maximum,
        engines: Sequence[Engine],
        clusters: NDArray[np.intp] | None,
        *,
        squared_weights: bool,
    ) -> None:
        self._maximum = maximum
        self._engines = engines
        self._clusters = clusters
        self._squared_weights = squared_weights
        inverse = inverse_information(maximum, "observed")
        to_user = user_matrix(maximum.engine.predictors)
        # of the user's coefficients for a score in the coordinates of the search
        self._moved = np.full(to_user.shape, math.nan) if inverse is None else to_user @ inverse

    def accelerations(self, directions: Matrix) -> Vector:
        """Of linear functions of the user's coefficients, one a row, shape (q, p) -> (q,)."""
        sums = np.mean([self._powers(engine, directions) for engine in self._engines], axis=0)
        second, third = sums
        found: Vector = third / (6 * second**1.5)
        return found

    def _powers(self, engine: Engine, directions: Matrix) -> Matrix:
        """Sums of the squares and of the cubes of the influence, shape (2, q)."""
        if self._clusters is not None:
            return self._powers_of_clusters(engine, directions, self._clusters)

        def powers(block: Block) -> Matrix:
            values = self._of(block, directions)
            if self._squared_weights:
                return np.array([(block.weighted(values) ** k).sum(axis=1) for k in (2, 3)])
            return np.array([block.weighted(values**k).sum(axis=1) for k in (2, 3)])

        return engine.total(powers, "acceleration")

    def _powers_of_clusters(
        self, engine: Engine, directions: Matrix, clusters: NDArray[np.intp]
    ) -> Matrix:
        count = int(clusters.max()) + 1

        def within(block: Block) -> Matrix:
            codes = clusters[block.start : block.start + len(block.y)]
            values = self._of(block, directions)
            return sums_within(codes, count, [values], [block.weighted(np.ones(len(block.y)))])

        sums = engine.total(within, "acceleration")
        return np.array([(sums**k).sum(axis=0) for k in (2, 3)])

    def _of(self, block: Block, directions: Matrix) -> Matrix:
        """The influence of each row of a block, shape (q, m)."""
        model, gammas = self._maximum.model, self._maximum.gammas
        terms = model.row_terms(block, gammas, model.leverage_kind)
        moved = directions @ self._moved
        firsts = accumulate(map(len, block.designs), initial=0)
        parts = zip(block.designs, firsts, terms.score, strict=False)
        return np.asarray(
            sum(
                predictor_of(moved[:, first : first + len(X)], X) * score
                for X, first, score in parts
            )
        )
