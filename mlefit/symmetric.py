"""Symmetric matrices in units of their own diagonal.

An information matrix mixes columns of all sizes. Scaled to a unit diagonal it has no
units, so that whether it is definite, and how well conditioned, does not depend on them
(A. van der Sluis 1969, Numer. Math. 14, 14-23).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.arrow import (
    Arrow,
    ArrowFactor,
    ArrowInverse,
    Spread,
    Symmetric,
    block_of,
    diagonal_of,
)
from mlefit.frozen import frozen
from mlefit.triangular import solve_lower, solve_upper

_MOST_ROUNDS = 5


def scaled(matrix: Symmetric, scale: Vector) -> Symmetric:
    """Every row and every column times its scale."""
    if isinstance(matrix, Arrow):
        return matrix.scaled(scale)
    return matrix * np.outer(scale, scale)


def unit_diagonal(matrix: Symmetric) -> tuple[Symmetric, Vector] | None:
    """The scaled matrix D M D and the diagonal of D; None if M has no positive diagonal."""
    diagonal = diagonal_of(matrix)
    if not (diagonal > 0).all() or not is_finite(matrix):
        return None
    scale = 1 / np.sqrt(diagonal)
    return scaled(matrix, scale), scale


def is_finite(matrix: Symmetric) -> bool:
    """Whether every entry is."""
    if isinstance(matrix, Arrow):
        return all(np.isfinite(one).all() for one in (matrix.large, matrix.inner, matrix.arms))
    return bool(np.isfinite(matrix).all())


@frozen
class Factor:
    """The triangle L of a positive definite matrix L L'."""

    triangle: Matrix

    def forward(self, b: Vector) -> Vector:
        """L^-1 b."""
        return solve_lower(self.triangle, b)

    def backward(self, half: Vector) -> Vector:
        """L'^-1 of what `forward` gives."""
        return solve_upper(self.triangle.T, half)


def factorised(matrix: Symmetric, damping: float = 0.0) -> Factor | ArrowFactor | None:
    """The factor of a matrix with so much more on its diagonal; None if it is not definite."""
    if isinstance(matrix, Arrow):
        return matrix.damped(damping).factor()
    triangle = cholesky(matrix + damping * np.eye(len(matrix)))
    return None if triangle is None else Factor(triangle)


def cholesky(matrix: Matrix) -> Matrix | None:
    """The lower Cholesky factor; None if the matrix is not positive definite."""
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    return factor if np.isfinite(factor).all() else None


def is_definite(matrix: Symmetric) -> bool:
    """Whether the matrix is positive definite, in any units."""
    unit = unit_diagonal(matrix)
    return unit is not None and factorised(unit[0]) is not None


def inverse(matrix: Symmetric) -> Spread | None:
    """The inverse of a positive definite matrix; None if it is not one."""
    unit = unit_diagonal(matrix)
    factor = None if unit is None else factorised(unit[0])
    if unit is None or factor is None:
        return None
    if isinstance(factor, ArrowFactor):
        return factor.inverse().scaled(unit[1])
    half = solve_lower(factor.triangle, np.diag(unit[1]))
    return half.T @ half


def condition_number(matrix: Symmetric, intercepts: Sequence[int] = ()) -> float:
    """Of the matrix scaled to a unit diagonal, in the 1-norm; infinite if it is singular.

    Of columns that no mean was taken from the positions of their intercepts are told: it is
    then that of what is left of the others when their weighted means are.
    """
    if not len(matrix):
        return 1.0
    if isinstance(matrix, Arrow):
        return _condition_of_arrow(matrix, intercepts)
    if intercepts:
        V = _means(matrix, intercepts)
        return condition_number(
            np.delete(np.delete(matrix - V @ V.T, intercepts, axis=0), intercepts, axis=1)
        )
    unit = unit_diagonal(matrix)
    if unit is None:
        return math.inf
    try:
        inverted = np.linalg.inv(unit[0])
    except np.linalg.LinAlgError:
        return math.inf
    return float(np.linalg.norm(unit[0], 1) * np.linalg.norm(inverted, 1))


def largest_inflation(matrix: Arrow, intercepts: Sequence[int]) -> float:
    """How many times the variance of a coefficient is what it were if the others were known."""
    spread = inverse(matrix)
    if spread is None:
        return math.inf
    return float(
        (diagonal_of(spread) * _left(matrix, _means(matrix, intercepts), intercepts)).max()
    )


def _means(matrix: Symmetric, intercepts: Sequence[int]) -> Matrix:
    """V with V V' what the columns share with the intercepts, shape (p, q)."""
    at = np.array(intercepts, dtype=np.intp)
    shared = block_of(matrix, np.arange(len(matrix)), at)
    factor = cholesky(shared[at])
    if factor is None:
        return np.full_like(shared, np.nan)
    return solve_lower(factor, shared.T).T


def _left(matrix: Arrow, V: Matrix, intercepts: Sequence[int]) -> Vector:
    """The diagonal of M - V V', and zero for the intercepts themselves."""
    left: Vector = np.maximum(matrix.diagonal - np.einsum("ij,ij->i", V, V), 0.0)
    left[list(intercepts)] = 0.0
    return left


def _condition_of_arrow(matrix: Arrow, intercepts: Sequence[int]) -> float:
    """Of M - V V', whose inverse is that of M without the intercepts.

    Of several intercepts the norm of M - V V' is an upper bound: the sum of the sizes of products.
    """
    spread = inverse(matrix)
    if spread is None:
        return math.inf
    assert isinstance(spread, ArrowInverse)
    V = _means(matrix, intercepts)
    sizes = np.sqrt(_left(matrix, V, intercepts))
    scale = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    V = V * scale[:, None]
    unit, large, rest = matrix.scaled(scale), V[matrix.at], V[matrix.rest]
    arms = np.abs(unit.arms - rest @ large.T)
    inner = np.abs(unit.inner - rest @ rest.T)
    apart = np.abs(large)
    between = (apart * (apart.sum(axis=0) - apart)).sum(axis=1)
    norm = max(
        (np.abs(unit.large - (large**2).sum(axis=1)) + between + arms.sum(axis=0)).max(),
        (inner.sum(axis=0) + arms.sum(axis=1)).max(),
    )
    return float(norm * _norm(spread.scaled(sizes)))


def _norm(matrix: ArrowInverse) -> float:
    """The 1-norm, of a matrix whose products with vectors cost less than its entries.

    A lower bound, and mostly the norm itself: N. J. Higham (1988), ACM Trans. Math. Softw. 14,
    381-396.
    """
    p = len(matrix)
    x, best = np.full(p, 1 / p), 0.0
    for _ in range(_MOST_ROUNDS):
        y = matrix @ x
        best = max(best, float(np.abs(y).sum()))
        slope = matrix @ np.where(y >= 0, 1.0, -1.0)
        j = int(np.argmax(np.abs(slope)))
        if abs(slope[j]) <= slope @ x:
            break
        x = np.zeros(p)
        x[j] = 1.0
    # what rounds may miss where entries cancel in the sums
    alternating = np.linspace(1.0, 2.0, p) * np.where(np.arange(p) % 2, -1.0, 1.0)
    return max(best, 2 * float(np.abs(matrix @ alternating).sum()) / (3 * p))
