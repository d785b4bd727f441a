"""Symmetric matrices in units of their own diagonal.

An information matrix mixes columns of all sizes. Scaled to a unit diagonal it has no
units, so that whether it is definite, and how well conditioned, does not depend on them
(A. van der Sluis 1969, Numer. Math. 14, 14-23).
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.triangular import solve_lower


def unit_diagonal(matrix: Matrix) -> tuple[Matrix, Vector] | None:
    """The scaled matrix D M D and the diagonal of D; None if M has no positive diagonal."""
    diagonal = np.diag(matrix)
    if not (diagonal > 0).all() or not np.isfinite(matrix).all():
        return None
    scale = 1 / np.sqrt(diagonal)
    return matrix * np.outer(scale, scale), scale


def cholesky(matrix: Matrix) -> Matrix | None:
    """The lower Cholesky factor; None if the matrix is not positive definite."""
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    return factor if np.isfinite(factor).all() else None


def is_definite(matrix: Matrix) -> bool:
    """Whether the matrix is positive definite, in any units."""
    scaled = unit_diagonal(matrix)
    return scaled is not None and cholesky(scaled[0]) is not None


def inverse(matrix: Matrix) -> Matrix | None:
    """The inverse of a positive definite matrix; None if it is not one."""
    scaled = unit_diagonal(matrix)
    factor = None if scaled is None else cholesky(scaled[0])
    if scaled is None or factor is None:
        return None
    half = solve_lower(factor, np.diag(scaled[1]))
    return half.T @ half


def condition_number(matrix: Matrix) -> float:
    """Of the matrix scaled to a unit diagonal, in the 1-norm; infinite if it is singular."""
    if not len(matrix):
        return 1.0
    scaled = unit_diagonal(matrix)
    if scaled is None:
        return math.inf
    try:
        inverted = np.linalg.inv(scaled[0])
    except np.linalg.LinAlgError:
        return math.inf
    return float(np.linalg.norm(scaled[0], 1) * np.linalg.norm(inverted, 1))
