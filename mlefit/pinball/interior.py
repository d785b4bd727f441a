"""Interior point method for the pinball loss: close to the optimum in a dozen steps.

With a = w (tau - 1 + x) and every row multiplied by its weight, the dual of the pinball loss is

    max x'y    s.t.  X x = (1 - tau) X 1,   0 <= x <= 1,   slack s = 1 - x

whose optimality conditions, with multipliers z >= 0 of x and v >= 0 of s, are
X'b + v - z = y, x z = 0, s v = 0. Each step solves them linearised twice: once for the
direction, once corrected for the curvature it met (Mehrotra's predictor-corrector; Portnoy and
Koenker 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlefit._types import Matrix, Rows, Vector

MAX_STEPS = 60
GAP = 1e-9
"""Duality gap, relative to the loss, at which the simplex takes over."""


def interior_point(X: Matrix, y: Rows, tau: float, beta: Vector) -> tuple[Vector, Rows]:
    """Coefficients and dual values x close to the optimum.

    Args:
        X: columns by rows, shape (p, m), each row multiplied by its weight.
        y: target, multiplied likewise.
        tau: quantile level.
        beta: where to start.

    Returns:
        Coefficients (p,) and x (m,), strictly between 0 and 1.
    """
    residual = y - beta @ X
    spread = float(np.abs(residual).mean())
    middle = 1.0 - tau
    state = _State(beta, np.full(len(y), middle), np.full(len(y), tau), residual, residual)
    if spread <= 1e-13 * float(np.abs(y).mean()):
        return state.beta, state.x
    state.z = np.maximum(-residual, 0.0) + 0.01 * spread
    state.v = np.maximum(residual, 0.0) + 0.01 * spread
    target = GAP * spread * len(y)
    for _ in range(MAX_STEPS):
        if state.gap < target or not _advance(state, X):
            break
    return state.beta, state.x


@dataclass
class _State:
    """A strictly interior point; advanced in place, for its arrays are as long as the data."""

    beta: Vector
    x: Rows
    s: Rows
    z: Rows
    v: Rows

    @property
    def gap(self) -> float:
        return float(self.x @ self.z + self.s @ self.v)


def _advance(state: _State, X: Matrix) -> bool:
    """One predictor-corrector step; False, and no step, when rounding leaves no direction."""
    x, s, z, v = state.x, state.s, state.z, state.v
    gap = state.gap
    q = 1.0 / (z / x + v / s)
    root = np.sqrt(q)
    half = X * root
    try:
        inverse = _inverse_of(np.dot(half, half.T))
    except np.linalg.LinAlgError:
        return False
    pull = z - v
    dbeta = -inverse @ (half @ (root * pull))
    dx = -q * (dbeta @ X + pull)
    dz = -z - z * dx / x
    dv = -v + v * dx / s
    primal, dual = _longest(x, dx, s, -dx), _longest(z, dz, v, dv)
    ahead = (x + primal * dx) @ (z + dual * dz) + (s - primal * dx) @ (v + dual * dv)
    centre = (ahead / gap) ** 3 * gap / (2 * len(x))
    z_target = (centre - dx * dz) / x
    v_target = (centre + dx * dv) / s
    pull = (z - z_target) - (v - v_target)
    dbeta = -inverse @ (half @ (root * pull))
    dx = -q * (dbeta @ X + pull)
    dz = z_target - z - z * dx / x
    dv = v_target - v + v * dx / s
    primal, dual = 0.99995 * _longest(x, dx, s, -dx), 0.99995 * _longest(z, dz, v, dv)
    if not (np.isfinite(dbeta).all() and primal > 1e-10 and dual > 1e-10):
        return False
    state.beta = state.beta + dual * dbeta
    state.x = np.clip(x + primal * dx, 1e-300, 1.0)
    state.s = np.maximum(1.0 - state.x, 1e-17)
    state.z = z + dual * dz
    state.v = v + dual * dv
    return True


def _inverse_of(gram: Matrix) -> Matrix:
    """Inverse of a positive definite matrix after scaling it to a unit diagonal."""
    scale = 1.0 / np.sqrt(np.diag(gram))
    half = np.linalg.inv(np.linalg.cholesky(gram * np.outer(scale, scale))) * scale
    return np.asarray(half.T @ half)


def _longest(a: Rows, da: Rows, b: Rows, db: Rows) -> float:
    """The longest step up to 1 that keeps a + t da and b + t db positive."""
    steepest = max(float(np.max(-da / a)), float(np.max(-db / b)))
    return 1.0 if steepest <= 1.0 else 1.0 / steepest
