"""The exact minimiser of a quadratic with corners, by a search over patterns of signs.

    f(u) = l'u + u'H u/2 + sum_j w_j |u_j|

Given which coefficients are off zero, and to which side, the minimum is one system of
equations. Where its solution has other signs, f is minimised exactly along the way to it;
where a coefficient at zero has too steep a slope, it joins. Every step lowers f, and there are
finitely many patterns (H. Lee, A. Battle, R. Raina and A. Y. Ng 2006, NIPS 19, 801-808).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.search.support import Curvature, Inverse

_ROUNDING = 1e-12


def minimise_quadratic(
    H: Matrix | Curvature,
    g: Vector,
    gamma: Vector,
    weights: Vector,
    centres: Vector,
    inverse: Inverse | None = None,
    start: Vector | None = None,
) -> Vector:
    """The exact minimiser x of g'(x - gamma) + (x - gamma)'H(x - gamma)/2 + corners.

    Args:
        H: positive definite, shape (p, p).
        g: slope at `gamma`, shape (p,).
        gamma: where the slope is known.
        weights: of the corners, zero where there is none.
        centres: where the corners are.
        inverse: of what H is based on, kept from an earlier search.
        start: where the search starts; None for `gamma`.
    """
    H = H if isinstance(H, Curvature) else Curvature.of(H)
    inverse = Inverse(H.base) if inverse is None else inverse
    begin = (gamma if start is None else start) - centres
    search = _Search(H, inverse, g - H @ (gamma - centres), weights, begin)
    slack = _ROUNDING * (np.abs(search.linear).max(initial=0.0) + weights)
    several = True
    while search.solutions_left:
        before = search.u
        search.settle()
        slope = search.linear + H @ search.u
        steep = np.abs(slope) - weights
        joining = np.flatnonzero((search.side == 0) & (steep > slack))
        if not len(joining):
            break
        # half of those that would join, the steepest, save solutions; one alone cannot go round
        several = several and not np.array_equal(before, search.u)
        joining = joining[np.argsort(-steep[joining])]
        joining = joining[: -(-len(joining) // 2) if several else 1]
        search.side[joining] = -np.sign(slope[joining])
    return centres + search.u


class _Search:
    """A point, and for each coefficient the side of zero it is on: -1, 0 or 1.

    A coefficient without a corner has side 2: it may be anywhere.
    """

    def __init__(
        self, H: Curvature, inverse: Inverse, linear: Vector, weights: Vector, u: Vector
    ) -> None:
        self.H, self.inverse, self.linear, self.weights = H, inverse, linear, weights
        self.u = u.copy()
        # each pattern is lower than the one before, but rounding could go round for ever
        self.solutions_left = 10 * len(u) + 50
        self.side = np.where(weights > 0, np.sign(u), 2.0)

    def settle(self) -> None:
        """Move to the minimum over a pattern of signs that agrees with itself."""
        while self.solutions_left:
            self.solutions_left -= 1
            support = np.flatnonzero(self.side)
            target = self._solved(support)
            wrong = (self.side[support] != 2) & (np.sign(target) != self.side[support])
            if not wrong.any():
                self.u = np.zeros_like(self.u)
                self.u[support] = target
                return
            self._towards(support, target, wrong)

    def _solved(self, support: NDArray[np.intp]) -> Vector:
        right = -(self.linear + self._pull(self.side))[support]
        target = self.inverse.solve(self.H, support, right)
        if target is not None:
            return target
        # singular but for rounding: the smallest of its solutions, all but exactly
        inner = self.H.among(support)
        firm = inner + (_ROUNDING * float(np.trace(inner)) or 1.0) * np.eye(len(inner))
        target = np.linalg.solve(firm, right)
        return target + np.linalg.solve(firm, right - inner @ target)

    def _pull(self, side: Vector) -> Vector:
        return np.where(side == 2, 0.0, side) * self.weights

    def _towards(self, support: NDArray[np.intp], target: Vector, wrong: NDArray[np.bool_]) -> None:
        """The lowest point on the way, or the target with what is on the wrong side at zero."""
        here = self.u[support]
        direction = target - here
        weights = self.weights[support]
        bend = self._bend(support, direction)
        level = (self.linear[support] + self._bend(support, here)) @ direction
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = np.where(wrong & (direction != 0), -here / direction, np.inf)
        crossing = np.where(crossing > 1, np.inf, crossing)
        # along the way f is convex and its slope jumps where a coefficient crosses zero
        order = np.argsort(crossing)
        jumps = 2 * weights[order] * np.abs(direction[order])
        slope = level + float(self._pull(self.side)[support] @ direction)
        curvature = float(direction @ bend)
        length, stopped = 1.0, -1
        for k, jump in zip(order.tolist(), jumps.tolist(), strict=True):
            if not np.isfinite(crossing[k]) or slope + curvature * crossing[k] >= 0:
                break
            slope += jump
            if slope + curvature * crossing[k] >= 0:
                length, stopped = float(crossing[k]), int(k)
                break
        if stopped < 0 and curvature > 0:
            length = float(np.clip(-slope / curvature, 0.0, 1.0))
        there = here + length * direction
        side = np.sign(there) if length > 0 else self.side[support]
        if stopped >= 0:
            there[stopped] = side[stopped] = 0.0
        cut = np.where(wrong, 0.0, target)
        if self._height(support, cut) < self._height(support, there):
            there, side = cut, np.sign(cut)
        self.u = np.zeros_like(self.u)
        self.u[support] = there
        self.side[support] = np.where(weights > 0, side, 2.0)

    def _height(self, support: NDArray[np.intp], u: Vector) -> float:
        smooth = float(self.linear[support] @ u + u @ self._bend(support, u) / 2)
        return smooth + float(self.weights[support] @ np.abs(u))

    def _bend(self, support: NDArray[np.intp], u: Vector) -> Vector:
        """H u over the support, where alone u is not zero."""
        whole = np.zeros_like(self.u)
        whole[support] = u
        return (self.H @ whole)[support]
