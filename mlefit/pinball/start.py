"""A basis close to the optimal one, for the simplex to start from."""

from __future__ import annotations

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.pinball.interior import interior_point
from mlefit.pinball.plane import Plane, sides
from mlefit.pinball.rows import FAR, Index, Sample

INDEPENDENT = 1e-12
"""Share of a row, or a column, that must be its own; rounding leaves about 1e-15."""

TIED = 3
"""Ties per column from which the interior point method settles them too."""


def starting_basis(rows: Sample, tau: float, beta: Vector | None = None) -> Index | None:
    """Indices of p independent rows near the optimum; None when no p rows are independent.

    Args:
        rows: to be solved.
        tau: quantile level.
        beta: the solution of other rows like them, in `Units`; None for none.
    """
    p, m = rows.X.shape
    if m < p:
        return None
    half = whitening(rows.X)
    if half is None:
        return None
    white = half @ rows.X
    begin = None if beta is None else np.linalg.solve(half.T, beta)
    basis = first_independent(rows.X, _promising(white, rows.y, rows.w, tau, begin))
    if basis is None or p == 1:
        return basis
    plane = Plane.through(rows.take(basis))
    residual = rows.y - plane.beta @ rows.X
    sign, tied, _ = sides(plane, residual, plane.near, rows.take)
    if len(tied) < TIED * p:
        return basis
    return _untied(rows, white, tied, sign, tau)


def whitening(X: Matrix) -> Matrix | None:
    """H such that H X has uncorrelated rows of mean square 1; None when X lacks full rank."""
    root = np.linalg.qr(X.T, mode="r")
    own = np.abs(np.diag(root))
    if not (own > INDEPENDENT * np.sqrt(np.square(root).sum(axis=0))).all():
        return None
    return np.asarray(np.linalg.inv(root).T * np.sqrt(X.shape[1]))


def first_independent(X: Matrix, order: Index) -> Index | None:
    """The first p columns of X, taken in `order`, that are linearly independent."""
    p = X.shape[0]
    # The basis is nearly always among the first few; more are searched only if need be.
    for count in (2 * p, 20 * p, len(order)):
        candidates = order[:count]
        left = X[:, candidates] / np.sqrt(np.square(X[:, candidates]).sum(axis=0) + 1e-300)
        chosen: list[int] = []
        while len(chosen) < p:
            norms = np.square(left).sum(axis=0)
            able = np.flatnonzero(norms > INDEPENDENT**2)
            if not able.size:
                break
            chosen.append(int(able[0]))
            axis = left[:, able[0]] / np.sqrt(norms[able[0]])
            # Twice, for after one projection rounding leaves a trace of the axis.
            left -= np.outer(axis, axis @ left)
            left -= np.outer(axis, axis @ left)
            left[:, chosen[-1]] = 0.0
        if len(chosen) == p:
            return candidates[chosen]
    return None


def _promising(X: Matrix, y: Rows, w: Rows, tau: float, begin: Vector | None = None) -> Index:
    """Rows in the order in which they are likely to be basic, given coefficients near them.

    A basic row has a zero residual and a dual value within its bounds; their ratio tells it from
    the other rows much sooner than the residual alone.
    """
    p, m = X.shape
    X_w, y_w = X * w, y * w
    beta: Vector = (
        np.linalg.pinv(X_w @ X_w.T, hermitian=True) @ (X_w @ y_w) if begin is None else begin
    )
    interiority = np.ones(m)
    if p > 1 and m > p:
        beta, x = interior_point(X_w, y_w, tau, beta)
        interiority = np.minimum(x, 1 - x)
    return np.argsort(np.abs(y - beta @ X) / (interiority + 1e-300), kind="stable")


def _untied(rows: Sample, white: Matrix, tied: Index, sign: Rows, tau: float) -> Index | None:
    """The basis among tied rows, by solving for the infinitesimal shift.

    To first order in eps the loss is the pinball loss of e over the tied rows, plus the linear
    term of all others. One far row that carries their pull stands for that term.
    """
    slopes = np.where(sign < 0, tau - 1, tau) * rows.w
    slopes[tied] = 0.0
    pull = white @ slopes / tau
    w = float(np.abs(pull).sum()) or 1.0
    X = np.column_stack([white[:, tied], pull / w])
    order = _promising(X, np.append(rows.e[tied], FAR), np.append(rows.w[tied], w), tau)
    found = first_independent(rows.X[:, tied], order[order < len(tied)])
    return None if found is None else tied[found]
