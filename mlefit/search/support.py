"""Solving with a matrix over a support that changes by a few positions at a time.

The inverse over the support is kept, and follows a change by blocks: with S the support, J what
joins it and L what leaves it,

    [H_SS H_SJ]^-1     [M + B C^-1 B'  -B C^-1]
    [H_JS H_JJ]      = [   -C^-1 B'      C^-1 ],     B = M H_SJ,  C = H_JJ - H_JS B

    (H_KK)^-1 = M_KK - M_KL (M_LL)^-1 M_LK,          K = S without L

(W. W. Hager 1989, SIAM Rev. 31(2), 221-239), which costs a product with the few, not a
factorisation. The same identity brings in corrections of low rank. Rounding grows with every
change; it is taken back by refining on the residual, and an inverse that has drifted is taken anew.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.frozen import frozen

_UNSOLVED = 1e-9
_DRIFTED = 1e-7
_REFINED = 1e-13
_REFINEMENTS = 3
_SINGULAR = 1e-13
# A support that changes by more than this share of itself is solved for afresh.
_MUCH = 0.3

Support = NDArray[np.intp]


@frozen
class Curvature:
    """A symmetric matrix and corrections of low rank: base + sum_k signs_k v_k v_k'.

    Attributes:
        base: shape (p, p).
        vectors: v_k as columns, shape (p, k).
        signs: 1 or -1, shape (k,).
    """

    base: Matrix
    vectors: Matrix
    signs: Vector

    @classmethod
    def of(cls, base: Matrix) -> Curvature:
        """The matrix itself."""
        return cls(base, np.empty((len(base), 0)), np.empty(0))

    def __matmul__(self, u: Vector) -> Vector:
        used = np.flatnonzero(u)
        # the rows of a symmetric matrix, which lie together, stand for its columns
        few = 3 * len(used) < len(u)
        product: Vector = u[used] @ self.base[used] if few else self.base @ u
        return product + self.vectors @ (self.signs * (self.vectors.T @ u))

    @property
    def diagonal(self) -> Vector:
        """Shape (p,)."""
        return np.asarray(np.diag(self.base) + np.square(self.vectors) @ self.signs)

    def among(self, at: Support) -> Matrix:
        """The matrix over some positions."""
        vectors = self.vectors[at]
        return self.base[np.ix_(at, at)] + (vectors * self.signs) @ vectors.T

    def corrected(self, step: Vector, change: Vector) -> Curvature:
        """With the curvature along a step as the change of the slope shows it (BFGS)."""
        seen = float(step @ change)
        bend = self @ step
        believed = float(step @ bend)
        if believed <= 0 or seen <= 1e-12 * float(np.linalg.norm(step) * np.linalg.norm(change)):
            return self
        pair = np.column_stack([change / np.sqrt(seen), bend / np.sqrt(believed)])
        return replace(
            self,
            vectors=np.hstack([self.vectors, pair]),
            signs=np.append(self.signs, [1.0, -1.0]),
        )


class Inverse:
    """The inverse of the base of a curvature over a support, kept from one solution to the next."""

    def __init__(self, base: Matrix) -> None:
        self.base = base
        self._order: Support = np.empty(0, dtype=np.intp)
        self._inverse: Matrix = np.empty((0, 0))

    def copy(self) -> Inverse:
        """One that changes by itself; nothing is ever written into the arrays."""
        twin = Inverse(self.base)
        twin._order, twin._inverse = self._order, self._inverse
        return twin

    def solve(self, curvature: Curvature, support: Support, right: Vector) -> Vector | None:
        """x over the support with H x = right there; None if rounding leaves it unsolved.

        Args:
            curvature: H, of this base.
            support: positions, ascending.
            right: shape of the support.
        """
        if not len(support):
            return right
        try:
            self._move(support)
            found = self._refined(curvature, support, right, _DRIFTED)
            if found is None:
                self._afresh(support)
                found = self._refined(curvature, support, right, np.inf)
        except np.linalg.LinAlgError:
            self._order, self._inverse = np.empty(0, dtype=np.intp), np.empty((0, 0))
            return None
        return found

    def _move(self, support: Support) -> None:
        stays = np.isin(self._order, support)
        joins = np.setdiff1d(support, self._order)
        changes = len(joins) + np.count_nonzero(~stays)
        if changes > _MUCH * len(support):
            self._afresh(support)
            return
        if not stays.all():
            kept, gone = np.flatnonzero(stays), np.flatnonzero(~stays)
            M = self._inverse
            across = M[np.ix_(gone, kept)]
            inner = np.linalg.solve(M[np.ix_(gone, gone)], across)
            self._inverse = M[np.ix_(kept, kept)] - across.T @ inner
            self._order = self._order[kept]
        if len(joins):
            self._join(joins)

    def _join(self, joins: Support) -> None:
        M, s, k = self._inverse, len(self._order), len(joins)
        across = self.base[np.ix_(self._order, joins)]
        B = M @ across
        own = self.base[np.ix_(joins, joins)]
        C = own - across.T @ B
        if (np.diag(C) <= _SINGULAR * np.diag(own)).any():
            raise np.linalg.LinAlgError
        inner = np.linalg.inv(C)
        side = B @ inner
        wider = np.empty((s + k, s + k))
        wider[:s, :s] = M + side @ B.T
        wider[:s, s:] = -side
        wider[s:, :s] = -side.T
        wider[s:, s:] = inner
        self._order, self._inverse = np.concatenate([self._order, joins]), wider

    def _afresh(self, support: Support) -> None:
        self._inverse = np.linalg.inv(self.base[np.ix_(support, support)])
        self._order = support

    def _refined(
        self, curvature: Curvature, support: Support, right: Vector, most: float
    ) -> Vector | None:
        """The solution; None if it leaves more than `most` of the right side at first."""
        order, M = self._order, self._inverse
        whole = np.zeros(len(self.base))
        whole[support] = right
        vectors = curvature.vectors[order]
        lifted = M @ vectors
        small = np.diag(curvature.signs) + vectors.T @ lifted

        def apply(r: Vector) -> Vector:
            x = M @ r
            return np.asarray(x - lifted @ np.linalg.solve(small, lifted.T @ r))

        size = float(np.linalg.norm(right))
        x = np.zeros_like(whole)
        left = whole[order]
        for _ in range(_REFINEMENTS):
            x[order] += apply(left)
            left = (whole - curvature @ x)[order]
            away = float(np.linalg.norm(left))
            if away > most * size:
                return None
            if away <= _REFINED * size:
                break
        return x[support] if away <= _UNSOLVED * size else None
