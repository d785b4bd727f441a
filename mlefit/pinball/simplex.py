"""Primal simplex for the pinball loss, with long steps and without cycling.

At a vertex the loss falls along an edge when a basic row's dual value leaves its bounds.
The step along the edge passes every row whose sign change still leaves the loss falling
(the weighted-quantile line search of Barrodale and Roberts 1973, SIAM J. Numer. Anal. 10(5),
839-848); the row that stops it enters the basis. Steps are compared as t + eps s, slopes as
(slope, tie-break), so every pivot lowers the perturbed objective strictly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.frozen import frozen
from mlefit.pinball.plane import EPS, Plane, sides
from mlefit.pinball.rows import Index, Sample

_NEAREST = 500
"""Rows whose steps are put in order before all are."""

MAX_PIVOTS = 1000
"""Far above what has been seen (a few per column); a tenth more for every column."""

ENOUGH_PIVOTS = 100
"""From a basis that is not near after all; a tenth more for every column."""


@frozen
class Tilt:
    """Sums over all rows that settle what the loss leaves open, in `Units`.

    Attributes:
        sum_x: weighted sum of x, the direction in which the mean fitted value grows.
        sum_abs_x: weighted sum of |x|, the size that rounding errors are relative to.
    """

    sum_x: Vector
    sum_abs_x: Vector

    def prefers(self, direction: Vector) -> bool:
        """Whether of two equal losses the one further along `direction` is taken."""
        size = np.abs(direction) * self.sum_abs_x
        downhill = float(self.sum_x @ direction)
        if abs(downhill) > 1e-10 * size.sum():
            return downhill < 0
        leading = direction[np.argmax(size > 1e-10 * size.max())]
        return bool(leading < 0)


@frozen
class Duals:
    """Dual values of the basic rows, against their bounds w (tau - 1) and w tau.

    Attributes:
        values: shape (p,).
        up: slope of the loss as the basic row's residual rises from zero, w tau - value.
        down: slope as it falls, value - w (tau - 1).
        rounding: error bound on the three.
    """

    values: Vector
    up: Vector
    down: Vector
    rounding: Vector

    @classmethod
    def at(cls, plane: Plane, gradient: Vector, w: Vector, tau: float, tilt: Tilt) -> Duals:
        """Solve for the basic rows; `gradient` is the sum of a_i x_i over all other rows."""
        values = -plane.inverse.T @ gradient
        rounding = 8 * EPS * (np.abs(plane.inverse.T) @ tilt.sum_abs_x) + 1e-12 * w
        return cls(values, w * tau - values, values - w * (tau - 1), rounding)

    @property
    def feasible(self) -> bool:
        """Whether every value is within its bounds: the certificate of optimality."""
        return bool(np.all(np.minimum(self.up, self.down) >= -self.rounding))

    @property
    def interior(self) -> bool:
        """Whether every value is strictly within: no other vertex has this loss."""
        return bool(np.all(np.minimum(self.up, self.down) > self.rounding))


def simplex(
    rows: Sample, basis: Index, tau: float, tilt: Tilt, most: int = MAX_PIVOTS
) -> Index | None:
    """The optimal basis, reached from any other.

    Args:
        rows: distinct rows.
        basis: indices of p independent rows.
        tau: quantile level.
        tilt: what settles ties of the loss.
        most: pivots, and a tenth more for every column.

    Returns:
        Indices of the optimal basic rows, or None when the pivots ran out or lost rank.
    """
    sizes = np.abs(rows.X).sum(axis=0)
    for _ in range(most + most // 10 * len(basis)):
        try:
            plane = Plane.through(rows.take(basis))
        except np.linalg.LinAlgError:
            return None
        residual = rows.y - plane.beta @ rows.X
        sign, _, _ = sides(plane, residual, plane.near, rows.take)
        sign[basis] = 0.0
        slopes = np.where(sign < 0, tau - 1, tau) * rows.w
        slopes[basis] = 0.0
        duals = Duals.at(plane, rows.X @ slopes, rows.w[basis], tau, tilt)
        edge = _falling_edge(plane, duals, tilt)
        if edge is None:
            return basis
        leaving, direction, slope = edge
        speed = direction @ rows.X
        speed[np.abs(speed) <= 1e-11 * sizes * np.abs(direction).max()] = 0.0
        crossing = np.flatnonzero(sign * speed > 0)
        entering = _stop(_crossings(rows, plane, residual, speed, crossing), slope)
        if entering is None:
            return None
        basis = basis.copy()
        basis[leaving] = entering
    return None


@frozen
class _Crossings:
    """Rows whose residuals change sign along an edge.

    Attributes:
        at: which rows, shape (m,).
        steps: how far along the edge, t >= 0, shape (m,).
        speeds: how fast the residual changes, shape (m,).
        rises: how much steeper the loss is afterwards, shape (m,).
        resolution: residuals that differ by less are equal.
        shift: of some of them, the infinitesimal part s of the step t + eps s.
    """

    at: Index
    steps: Rows
    speeds: Rows
    rises: Rows
    resolution: float
    shift: Callable[[Index], Rows]


def _crossings(rows: Sample, plane: Plane, residual: Rows, speed: Rows, at: Index) -> _Crossings:
    size = np.abs(speed[at])

    def shift(some: Index) -> Rows:
        there = at[some]
        return (rows.e[there] - plane.gamma @ rows.X[:, there]) / speed[there]

    steps = np.abs(residual[at]) / size
    return _Crossings(at, steps, size, size * rows.w[at], 1e-8 * plane.near, shift)


@frozen
class _Slope:
    """Slope of the loss along an edge; within `rounding` of zero, `onward` decides."""

    value: float
    rounding: float
    onward: bool


def _falling_edge(plane: Plane, duals: Duals, tilt: Tilt) -> tuple[int, Vector, _Slope] | None:
    """The basic row to leave, the direction of beta and the slope there; None at the optimum."""
    slopes = np.concatenate([duals.up, duals.down])
    if slopes.size == 0:  # without a column there is nowhere to go
        return None
    rounding = np.concatenate([duals.rounding, duals.rounding])
    directions: Matrix = np.concatenate([-plane.inverse, plane.inverse], axis=1)
    steepness = slopes / np.abs(directions).sum(axis=0)
    steepness[slopes >= -rounding] = np.inf
    steepest = int(np.argmin(steepness))
    flat = (int(k) for k in np.flatnonzero(np.abs(slopes) <= rounding))
    candidates = [steepest] if np.isfinite(steepness[steepest]) else flat
    for k in candidates:
        onward = tilt.prefers(directions[:, k])
        if onward or slopes[k] < -rounding[k]:
            slope = _Slope(float(slopes[k]), float(rounding[k]), onward)
            return k % len(plane.beta), directions[:, k], slope
    return None


def _stop(crossings: _Crossings, slope: _Slope) -> int | None:
    """The row at whose crossing the loss no longer falls, None when it always does."""
    steps, rises = crossings.steps, crossings.rises
    last = _first_rise(steps, rises, slope)
    if last is None:
        return None
    # Rows that are crossed at the same step but for rounding are ordered by their shifts.
    same = np.abs(steps - steps[last]) * crossings.speeds <= crossings.resolution
    tied = np.flatnonzero(same)
    if len(tied) > 1:
        before = float(rises[~same & (steps < steps[last])].sum())
        there = replace(slope, value=slope.value + before)
        first = _first_rise(crossings.shift(tied), rises[tied], there)
        if first is None:
            return None
        last = int(tied[first])
    return int(crossings.at[last])


def _first_rise(steps: Rows, rises: Rows, slope: _Slope) -> int | None:
    """The first of some steps after which the loss no longer falls."""
    enough = slope.rounding if slope.onward else -slope.rounding
    for count in (_NEAREST, len(steps)):  # mostly one of the first
        near = (
            np.argpartition(steps, count)[:count] if count < len(steps) else np.arange(len(steps))
        )
        order = near[np.argsort(steps[near])]
        risen = np.flatnonzero(slope.value + np.cumsum(rises[order]) > enough)
        if risen.size:
            return int(order[risen[0]])
    return None
