"""Directions in a cone: the largest move along it, and what is orthogonal to some rows."""

from __future__ import annotations

import numpy as np

from mlefit._types import Matrix, Vector

ON_THE_PLANE = 1e-6
"""A margin of a row and a direction of length one that is none."""

_NOTHING = 1e-7
_SINGULAR = 1e-9


def null_space(rows: Matrix) -> Matrix:
    """Orthonormal columns that all given rows, of length one or less, are orthogonal to."""
    _, values, directions = np.linalg.svd(rows)
    rank = int((values > _SINGULAR * max(1.0, float(values.max(initial=0.0)))).sum())
    return directions[rank:].T


def programme(c: Vector, rows: Matrix) -> Vector | None:
    """max c'z over rows' z >= 0 in a box; None if only z = 0 is left."""
    from scipy.optimize import linprog  # loaded only where a fit shows signs

    size = float(np.abs(c).max(initial=0.0)) or 1.0
    answer = linprog(
        -c / size,
        A_ub=-rows.T,
        b_ub=np.zeros(rows.shape[1]),
        bounds=(-1, 1),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if answer.x is None or np.abs(answer.x).max() < _NOTHING:
        return None
    return np.asarray(answer.x)


def on_its_face(z: Vector, rows: Matrix) -> Vector:
    """Clear a solution of the solver's tolerance: exactly zero on the rows it leaves alone."""
    z = z / np.linalg.norm(z)
    still = rows[:, np.abs(z @ rows) <= ON_THE_PLANE]
    if not still.shape[1]:
        return z
    face = null_space(still.T)
    return face @ (face.T @ z)
