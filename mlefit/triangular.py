"""Systems of equations with a triangular matrix, at the cost of a product with it.

numpy's own solver factorises whatever it is given, which takes p^3 operations where p^2
would do; scipy's takes longer to load than a small fit.
"""

from __future__ import annotations

import numpy as np

from mlefit._types import Matrix, Vector

_BLOCK = 64


def solve_lower(L: Matrix, B: Matrix | Vector) -> Matrix:
    """X of L X = B, L (p, p) zero above its diagonal: forward substitution by blocks."""
    X = np.array(B, dtype=float)
    for lo in range(0, len(L), _BLOCK):
        hi = lo + _BLOCK
        X[lo:hi] -= L[lo:hi, :lo] @ X[:lo]
        X[lo:hi] = np.linalg.solve(L[lo:hi, lo:hi], X[lo:hi])
    return X


def solve_upper(U: Matrix, B: Matrix | Vector) -> Matrix:
    """X of U X = B, U (p, p) zero below its diagonal."""
    return solve_lower(U[::-1, ::-1], B[::-1])[::-1]
