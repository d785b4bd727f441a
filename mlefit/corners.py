"""Newton's method for an objective with corners: NLL + sum_j w_j |gamma_j - c_j|.

Each step minimises the quadratic model under the corners exactly, on the information
matrix, so the passes over the rows stay as few as without them. The minimiser puts
coefficients exactly on their corners. The optimality conditions

    |g_j| <= w_j  where gamma_j = c_j,      g_j = -w_j sign(gamma_j - c_j)  elsewhere

are what the certificate reports (J. D. Lee, Y. Sun and M. A. Saunders 2014, SIAM J.
Optim. 24, 1420-1443).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.optimise import Evaluate, Optimum, Status, Sums
from mlefit.symmetric import is_definite

_HALVINGS = 40
_SUFFICIENT_DECREASE = 1e-4
_SWEEPS = 2000


def newton_with_corners(
    evaluate: Evaluate,
    gamma: Vector,
    weights: Vector,
    centres: Vector,
    *,
    collapsed: Callable[[Vector], bool] = lambda gamma: False,
    tol: float = 1e-10,
    max_iter: int = 100,
    log: Callable[[str], None] = lambda line: None,
) -> Optimum:
    """Minimise `evaluate(gamma).nll + sum weights |gamma - centres|`.

    Args:
        evaluate: sums of the smooth part at a point.
        gamma: start, shape (p,).
        weights: of the corners, zero where there is none.
        centres: where the corners are.
        collapsed: tells a place from which the likelihood only grows without bound.
        tol: predicted decrease, in nats, at which the search has converged.
        max_iter: most steps.
        log: takes a line for each step.
    """
    now = evaluate(gamma, "observed")
    left = np.inf
    for steps in range(max_iter + 1):
        free = ~on_corner(gamma, weights, centres)
        H = _guide(evaluate, gamma, now, free)
        ahead = minimise_quadratic(H, now.score, gamma, weights, centres)
        direction = ahead - gamma
        change = _corners(ahead, weights, centres) - _corners(gamma, weights, centres)
        predicted = -float(now.score @ direction) - change
        # equal once no coefficient changes sides, where the difference above has lost its digits
        decrement = max(predicted, float(direction @ H @ direction)) / 2
        definite = is_definite(now.information[np.ix_(free, free)])
        log(f"step {steps}: objective {now.nll:.10g}, predicted decrease left {decrement:.3g}")
        if decrement <= tol and (decrement <= tol**2 or decrement >= left):
            status = Status.CONVERGED if definite else Status.NOT_UNIQUE
            return Optimum(gamma, now, status, steps, decrement, definite)
        if collapsed(gamma):
            return Optimum(gamma, now, Status.PERFECT_FIT, steps, decrement, definite)
        if steps == max_iter:
            break
        found = _line_search(evaluate, gamma, ahead, now, predicted, weights, centres)
        if found is None:
            status = Status.CONVERGED if decrement <= tol and definite else Status.NO_DESCENT
            return Optimum(gamma, now, status, steps, decrement, definite)
        gamma, now = found
        left = decrement
    return Optimum(gamma, now, Status.STEP_LIMIT, max_iter, decrement, definite)


def optimality_residual(score: Vector, gamma: Vector, weights: Vector, centres: Vector) -> Vector:
    """How far each coefficient is from its optimality condition, shape (p,)."""
    away = gamma - centres
    on_corner = (away == 0) & (weights > 0)
    inside = np.maximum(np.abs(score) - weights, 0.0)
    return np.where(on_corner, inside, np.abs(score + weights * np.sign(away)))


def minimise_quadratic(
    H: Matrix, g: Vector, gamma: Vector, weights: Vector, centres: Vector
) -> Vector:
    """The exact minimiser x of g'(x - gamma) + (x - gamma)'H(x - gamma)/2 + corners.

    Coordinate descent finds which coefficients leave their corners and to which side;
    the equations of those are then solved exactly and the conditions of all checked.
    """
    linear = g - H @ gamma
    x = gamma.copy()
    slope = H @ x + linear
    diagonal = np.diag(H)
    for sweep in range(_SWEEPS):
        moved = False
        for j in range(len(x)):
            if diagonal[j] <= 0:
                continue
            away = _shrunk(x[j] - centres[j] - slope[j] / diagonal[j], weights[j] / diagonal[j])
            change = centres[j] + away - x[j]
            if change != 0:
                x[j] += change
                slope += change * H[:, j]
                moved = True
        if sweep % 5 == 4 or not moved:
            exact = _exact(H, linear, x, weights, centres)
            if exact is not None:
                return exact
            if not moved:
                return x
    return x


def _exact(H: Matrix, linear: Vector, x: Vector, weights: Vector, centres: Vector) -> Vector | None:
    """Solve for the coefficients off their corners; None if that changes who is."""
    free = (x != centres) | (weights == 0)
    side = np.sign(x - centres)
    y = centres.copy()
    inner = H[np.ix_(free, free)]
    right = -(linear[free] + H[np.ix_(free, ~free)] @ centres[~free] + (weights * side)[free])
    try:
        y[free] = np.linalg.solve(inner, right)
    except np.linalg.LinAlgError:
        return None
    if np.any((np.sign(y - centres) != side) & free & (weights > 0)):
        return None
    slope = H @ y + linear
    slack = 1e-12 * (np.abs(linear).max(initial=0.0) + weights)
    return y if np.all(np.abs(slope[~free]) <= (weights + slack)[~free]) else None


def _guide(evaluate: Evaluate, gamma: Vector, now: Sums, free: NDArray[np.bool_]) -> Matrix:
    """A positive definite matrix to step by: the information, the expected one, or damped."""
    H = now.information
    if is_definite(H):
        return H
    H = evaluate(gamma, "expected").information
    # what the corners hold needs no curvature, and the rest then still converges quadratically
    mixed = np.where(np.outer(free, free), now.information, H)
    if is_definite(mixed):
        return mixed
    scale = np.abs(np.diag(H)).max(initial=1.0)
    damping = 0.0
    while not is_definite(H + damping * np.eye(len(H))) and damping < 1e6 * scale:
        damping = max(10 * damping, 1e-10 * scale)
    return H + damping * np.eye(len(H))


def _line_search(
    evaluate: Evaluate,
    gamma: Vector,
    ahead: Vector,
    now: Sums,
    predicted: float,
    weights: Vector,
    centres: Vector,
) -> tuple[Vector, Sums] | None:
    here = now.nll + _corners(gamma, weights, centres)
    unseen = 4 * np.finfo(float).eps * abs(here)
    length = 1.0
    for _ in range(_HALVINGS):
        # the full step lands exactly on the corners
        there = ahead if length == 1 else gamma + length * (ahead - gamma)
        sums = evaluate(there, "observed")
        height = sums.nll + _corners(there, weights, centres)
        if height <= here - _SUFFICIENT_DECREASE * length * predicted + unseen:
            return there, sums
        length /= 2
    return None


def _corners(gamma: Vector, weights: Vector, centres: Vector) -> float:
    return float(weights @ np.abs(gamma - centres))


def _shrunk(value: float, by: float) -> float:
    return float(np.sign(value) * max(abs(value) - by, 0.0))


def on_corner(gamma: Vector, weights: Vector, centres: Vector) -> NDArray[np.bool_]:
    """Which coefficients the corners hold."""
    return (gamma == centres) & (weights > 0)
