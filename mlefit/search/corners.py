"""Newton's method for an objective with corners: NLL + sum_j w_j |gamma_j - c_j|.

Only coefficients off their corners, and those whose slope may take them off, need the
information matrix. So the search minimises over such a working set, asks for the slope of
every coefficient, and takes in those that the corners do not hold, until there are none.
Each step minimises the quadratic model under the corners exactly, so the passes over the
rows stay as few as without corners, and coefficients land exactly on them. The optimality
conditions

    |g_j| <= w_j  where gamma_j = c_j,      g_j = -w_j sign(gamma_j - c_j)  elsewhere

hold for all coefficients at the end and are what the certificate reports (J. D. Lee, Y. Sun
and M. A. Saunders 2014, SIAM J. Optim. 24, 1420-1443).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.frozen import frozen
from mlefit.search.course import Kind, Sums
from mlefit.search.optimise import Optimum, Status
from mlefit.search.signs import minimise_quadratic
from mlefit.symmetric import is_definite

_HALVINGS = 40
_SUFFICIENT_DECREASE = 1e-4
# A corner that holds a slope of this share of its weight may soon hold it no more.
_NEARLY_FREE = 0.8
_FEWEST_JOINING = 50

Positions = NDArray[np.intp]


@frozen
class Slope:
    """What is known of all coefficients at a point without a product of columns.

    Attributes:
        nll: the smooth part.
        score: its gradient, shape (p,).
    """

    nll: float
    score: Vector


class Objective(Protocol):
    """The smooth part of what is minimised."""

    def slope(self, gamma: Vector) -> Slope:
        """The slope of every coefficient."""

    def diagonal(self, gamma: Vector, at: Positions) -> Vector:
        """Of the information, for the positions `at`."""

    def among(self, gamma: Vector, kind: Kind, at: Positions) -> Sums:
        """The sums at a point, with score and information of the positions `at` alone."""


@frozen
class Corners:
    """Where the corners are and how much they hold.

    Attributes:
        weights: shape (p,), zero where there is none.
        centres: shape (p,).
    """

    weights: Vector
    centres: Vector

    def height(self, gamma: Vector) -> float:
        """What they add to the objective."""
        return float(self.weights @ np.abs(gamma - self.centres))

    def hold(self, gamma: Vector) -> NDArray[np.bool_]:
        """Which coefficients they hold."""
        return on_corner(gamma, self.weights, self.centres)

    def among(self, at: Positions) -> Corners:
        """Those of some positions."""
        return Corners(self.weights[at], self.centres[at])

    def residual(self, slope: Slope, gamma: Vector) -> Vector:
        """How far each optimality condition is from holding."""
        return optimality_residual(slope.score, gamma, self.weights, self.centres)

    def curvatures(
        self,
        slope: Slope,
        gamma: Vector,
        at: Positions,
        own: Vector,
        ask: Callable[[Positions], Vector],
    ) -> Vector:
        """The diagonal of the information, infinite where a corner holds and need not be looked at.

        Args:
            slope: at the point.
            gamma: the point.
            at: positions whose information is known.
            own: the diagonal of that.
            ask: finds the diagonal at other positions, which costs a pass.
        """
        diagonal = np.full(len(gamma), np.inf)
        diagonal[at] = own
        unknown = self.residual(slope, gamma) > 0
        unknown[at] = False
        if unknown.any():
            diagonal[unknown] = ask(np.flatnonzero(unknown))
        return diagonal

    def scaled_residual(self, slope: Slope, gamma: Vector, diagonal: Vector) -> Vector:
        """How far each optimality condition is from holding, over the root of its information."""
        return self.residual(slope, gamma) / np.sqrt(np.maximum(diagonal, np.finfo(float).tiny))

    def working_set(self, slope: Slope, gamma: Vector) -> Positions:
        """Coefficients that are free, or that a step would free, or nearly."""
        held = self.hold(gamma)
        near = held & (np.abs(slope.score) > _NEARLY_FREE * self.weights)
        return _joined(np.flatnonzero(~held), near, slope, self.weights)

    def released(
        self, slope: Slope, gamma: Vector, diagonal: Vector, at: Positions, tol: float
    ) -> Positions:
        """The working set with what else the corners do not hold: more than `tol` is to gain."""
        gain = self.scaled_residual(slope, gamma, diagonal) ** 2 / 2
        loose = self.hold(gamma) & (gain > tol)
        loose[at] = False
        return _joined(at, loose, slope, self.weights)


def _joined(at: Positions, more: NDArray[np.bool_], slope: Slope, weights: Vector) -> Positions:
    """A working set with the most promising of more positions: at most twice as many again."""
    joining = np.flatnonzero(more)
    most = max(_FEWEST_JOINING, 2 * len(at))
    if len(joining) > most:
        steepness = (np.abs(slope.score) - weights)[joining]
        joining = joining[np.argsort(-steepness)[:most]]
    return np.union1d(at, joining)


def newton_with_corners(
    objective: Objective,
    gamma: Vector,
    corners: Corners,
    *,
    collapsed: Callable[[Vector], bool] = lambda gamma: False,
    tol: float = 1e-10,
    max_iter: int = 100,
    log: Callable[[str], None] = lambda line: None,
) -> Optimum:
    """Minimise the objective and the corners.

    Args:
        objective: the smooth part.
        gamma: start, shape (p,).
        corners: where there is no slope.
        collapsed: tells a place from which the likelihood only grows without bound.
        tol: predicted decrease, in nats, at which the search has converged.
        max_iter: most steps.
        log: takes a line for each step.

    Returns:
        The optimum; its information is that of the coefficients which no corner holds.
    """
    at = corners.working_set(objective.slope(gamma), gamma)
    steps = 0
    while True:
        found = _descended(
            _Restricted(objective, corners, at, gamma),
            collapsed=collapsed,
            tol=tol,
            first=steps,
            max_iter=max_iter,
            log=log,
        )
        gamma, steps = found.gamma, found.steps
        slope = objective.slope(gamma)
        diagonal = corners.curvatures(
            slope,
            gamma,
            at,
            np.diag(found.totals.information),
            partial(objective.diagonal, gamma),
        )
        if found.status not in (Status.CONVERGED, Status.NOT_UNIQUE):
            break
        more = corners.released(slope, gamma, diagonal, at, tol**2)
        if len(more) == len(at):
            break
        log(f"{len(more) - len(at)} more columns of {len(gamma)} have left their corners")
        at = more
    return _complete(found, slope, diagonal, at, ~corners.hold(gamma))


def optimality_residual(score: Vector, gamma: Vector, weights: Vector, centres: Vector) -> Vector:
    """How far each coefficient is from its optimality condition, shape (p,)."""
    away = gamma - centres
    on_corner = (away == 0) & (weights > 0)
    inside = np.maximum(np.abs(score) - weights, 0.0)
    return np.where(on_corner, inside, np.abs(score + weights * np.sign(away)))


def on_corner(gamma: Vector, weights: Vector, centres: Vector) -> NDArray[np.bool_]:
    """Which coefficients the corners hold."""
    return (gamma == centres) & (weights > 0)


@frozen
class PartialSums:
    """Sums with every slope, and the information of some coefficients only.

    Attributes:
        nll: the smooth part.
        score: its gradient, shape (p,).
        information: of the k coefficients that are free, shape (k, k).
    """

    nll: float
    score: Vector
    information: Matrix


def _complete(
    found: Optimum, slope: Slope, diagonal: Vector, at: Positions, free: NDArray[np.bool_]
) -> Optimum:
    kept = np.flatnonzero(free[at])
    information = found.totals.information[np.ix_(kept, kept)]
    return replace(
        found,
        totals=PartialSums(slope.nll, slope.score, information),
        free=np.flatnonzero(free),
        diagonal=diagonal,
    )


class _Restricted:
    """The objective over a working set; the other coefficients stay where they are."""

    def __init__(
        self, objective: Objective, corners: Corners, at: Positions, gamma: Vector
    ) -> None:
        self.gamma = gamma
        self.corners = corners.among(at)
        self._objective = objective
        self._at = at

    @property
    def start(self) -> Vector:
        return self.gamma[self._at]

    def whole(self, x: Vector) -> Vector:
        """All coefficients."""
        gamma = self.gamma.copy()
        gamma[self._at] = x
        return gamma

    def __call__(self, x: Vector, kind: Kind) -> Sums:
        return self._objective.among(self.whole(x), kind, self._at)


def _descended(
    evaluate: _Restricted,
    *,
    collapsed: Callable[[Vector], bool],
    tol: float,
    first: int,
    max_iter: int,
    log: Callable[[str], None],
) -> Optimum:
    """The minimum over a working set, the steps counted from `first`."""
    corners = evaluate.corners
    x = evaluate.start
    now = evaluate(x, "observed")
    left = np.inf
    steps = first
    while True:
        free = ~corners.hold(x)
        H = _guide(evaluate, x, now, free)
        ahead = minimise_quadratic(H, now.score, x, corners.weights, corners.centres)
        predicted = _predicted(now.score, H, x, ahead, corners)
        decrement = predicted / 2
        definite = is_definite(now.information[np.ix_(free, free)])

        def ended(status: Status) -> Optimum:
            return Optimum(evaluate.whole(x), now, status, steps, decrement, definite)  # noqa: B023

        if steps > first or not first:
            log(f"step {steps}: decrease left {decrement:.2g}, objective {now.nll:.10g}")
        if decrement <= tol and (decrement <= tol**2 or decrement >= left):
            return ended(Status.CONVERGED if definite else Status.NOT_UNIQUE)
        if collapsed(evaluate.whole(x)):
            return ended(Status.PERFECT_FIT)
        if steps == max_iter:
            return ended(Status.STEP_LIMIT)
        found = _line_search(evaluate, x, ahead, now, predicted)
        if found is None:
            return ended(Status.CONVERGED if decrement <= tol and definite else Status.NO_DESCENT)
        x, now = found
        left = decrement
        steps += 1


def _predicted(g: Vector, H: Matrix, x: Vector, ahead: Vector, corners: Corners) -> float:
    """Twice what the quadratic model says that a step to its minimum gains."""
    step = ahead - x
    curved = float(step @ H @ step)
    if np.array_equal(np.sign(ahead - corners.centres), np.sign(x - corners.centres)):
        return curved  # equal to the difference below, which loses its digits
    return max(curved, -float(g @ step) - (corners.height(ahead) - corners.height(x)))


def _guide(evaluate: _Restricted, x: Vector, now: Sums, free: NDArray[np.bool_]) -> Matrix:
    """A positive definite matrix to step by: the information, the expected one, or damped."""
    H = np.asarray(now.information)
    if is_definite(H):
        return H
    H = np.asarray(evaluate(x, "expected").information)
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
    evaluate: _Restricted, x: Vector, ahead: Vector, now: Sums, predicted: float
) -> tuple[Vector, Sums] | None:
    corners = evaluate.corners
    here = now.nll + corners.height(x)
    unseen = 4 * np.finfo(float).eps * abs(here)
    length = 1.0
    for _ in range(_HALVINGS):
        # the full step lands exactly on the corners
        there = ahead if length == 1 else x + length * (ahead - x)
        sums = evaluate(there, "observed")
        height = sums.nll + corners.height(there)
        if height <= here - _SUFFICIENT_DECREASE * length * predicted + unseen:
            return there, sums
        length /= 2
    return None
