"""Symmetric matrices in units of their own diagonal.

An information matrix mixes columns of all sizes. Scaled to a unit diagonal it has no
units, so that whether it is definite, and how well conditioned, does not depend on them
(A. van der Sluis 1969, Numer. Math. 14, 14-23).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.arrow import Arrow, ArrowFactor, ArrowInverse, Spread, Symmetric, diagonal_of
from mlefit.triangular import solve_lower, solve_upper


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


@dataclass(frozen=True)
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


def condition_number(matrix: Symmetric, intercept: int | None = None) -> float:
    """Of the matrix scaled to a unit diagonal, in the 1-norm; infinite if it is singular.

    An arrow is one of columns that no mean was taken from. With their `intercept` it is that of
    what is left of the others when their weighted means are.
    """
    if not len(matrix):
        return 1.0
    if isinstance(matrix, Arrow):
        return _condition_of_arrow(matrix, intercept)
    unit = unit_diagonal(matrix)
    if unit is None:
        return math.inf
    try:
        inverted = np.linalg.inv(unit[0])
    except np.linalg.LinAlgError:
        return math.inf
    return float(np.linalg.norm(unit[0], 1) * np.linalg.norm(inverted, 1))


def largest_inflation(matrix: Arrow, intercept: int | None) -> float:
    """How many times the variance of a coefficient is what it were if the others were known."""
    spread = inverse(matrix)
    if spread is None:
        return math.inf
    sizes = _without_means(matrix, intercept)[1]
    return float((diagonal_of(spread) * sizes**2).max())


def _without_means(matrix: Arrow, intercept: int | None) -> tuple[Vector, Vector]:
    """m / root of m_0, with m the intercept's column, and the roots of the diagonal without it."""
    means: Vector = np.zeros(len(matrix))
    if intercept is not None:
        means[intercept] = 1.0
        means = matrix @ means
        means = means / math.sqrt(means[intercept])
    left = matrix.diagonal - means**2
    if intercept is not None:
        left[intercept] = 0.0
    return means, np.sqrt(np.maximum(left, 0.0))


def _condition_of_arrow(matrix: Arrow, intercept: int | None) -> float:
    """With M the matrix and m its column of the intercept, of M - m m'/m_0 and its inverse.

    The inverse is M's own without the intercept.
    """
    spread = inverse(matrix)
    if spread is None:
        return math.inf
    assert isinstance(spread, ArrowInverse)
    means, sizes = _without_means(matrix, intercept)
    scale = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    centred, own = matrix.scaled(scale), scale * means
    large, rest = own[matrix.at], own[matrix.rest]
    arms = np.abs(centred.arms - np.outer(rest, large))
    inner = np.abs(centred.inner - np.outer(rest, rest))
    apart = np.abs(large) * (np.abs(large).sum() - np.abs(large))
    norm = max(
        (np.abs(centred.large - large**2) + apart + arms.sum(axis=0)).max(),
        (inner.sum(axis=0) + arms.sum(axis=1)).max(),
    )
    return float(norm * max(np.abs(row).sum() for row in spread.scaled(sizes).rows()))
