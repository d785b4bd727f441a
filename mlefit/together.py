"""Several strengths of the corners at once: one pass over the rows serves them all.

Neighbouring strengths have nearly the same information matrix. So all begin from one, taken
once, and each corrects its own copy by what its steps show of the curvature (BFGS; J. Nocedal
and S. J. Wright 2006, Numerical Optimization, 2nd ed., section 6.1), while every pass gives the
slope of every coefficient at every strength. A strength is done when its optimality conditions
hold for all coefficients; one that does not get there is left to Newton's method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.corners import Corners, PartialSums, Positions, Slope
from mlefit.optimise import Optimum, Status
from mlefit.signs import minimise_quadratic
from mlefit.symmetric import is_definite

_MOST_PASSES = 12
# More passes than these say that the information was taken too far away.
_FEW_PASSES = 6
# Of the weakest corner: coefficients with a smaller slope will hardly leave it on the way.
_WILL_LEAVE = 0.6


class SeveralObjectives(Protocol):
    """The smooth parts of what is minimised, alike but for the strength of a prior."""

    def slopes(self, which: Sequence[int], gammas: Sequence[Vector]) -> list[Slope]:
        """The slope of every coefficient at one point for each of some strengths."""

    def information(self, gamma: Vector, at: Positions) -> Matrix:
        """The information of some coefficients, without the priors."""

    def bend(self, which: int, gamma: Vector, at: Positions) -> Matrix:
        """What the prior of one strength adds to it."""


@dataclass
class Guide:
    """Information to begin from, and which coefficients it is of.

    Attributes:
        at: positions.
        information: of the rows, without priors.
        near: whether it served the last strengths well.
    """

    at: Positions = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    information: Matrix = field(default_factory=lambda: np.empty((0, 0)))
    near: bool = False


@dataclass
class _Runner:
    """One strength on its way."""

    which: int
    corners: Corners
    gamma: Vector
    slope: Slope
    H: Matrix = field(default_factory=lambda: np.empty((0, 0)))
    ahead: Vector = field(default_factory=lambda: np.empty(0))
    decrement: float = np.inf
    failed: bool = False

    def look(self, at: Positions) -> None:
        """Minimise the quadratic model."""
        x, corners = self.gamma[at], self.corners.among(at)
        ahead = minimise_quadratic(
            self.H, self.slope.score[at], x, corners.weights, corners.centres
        )
        step = ahead - x
        self.decrement = float(step @ self.H @ step) / 2
        self.ahead = self.gamma.copy()
        self.ahead[at] = ahead

    def arrive(self, slope: Slope, at: Positions) -> None:
        """Take the step, unless it leads up, and learn from it."""
        here = self.slope.nll + self.corners.height(self.gamma)
        there = slope.nll + self.corners.height(self.ahead)
        if not there <= here + 4 * np.finfo(float).eps * abs(here):
            self.failed = True
            return
        self.H = _corrected(
            self.H, (self.ahead - self.gamma)[at], (slope.score - self.slope.score)[at]
        )
        self.gamma, self.slope = self.ahead, slope

    def optimum(self, passes: int, at: Positions) -> Optimum:
        """Where it ended; no information is kept of the place."""
        kept = np.flatnonzero(~self.corners.among(at).hold(self.gamma[at]))
        definite = is_definite(self.H[np.ix_(kept, kept)])
        return Optimum(
            self.gamma,
            PartialSums(self.slope.nll, self.slope.score, np.empty((0, 0))),
            Status.CONVERGED if definite else Status.NOT_UNIQUE,
            passes,
            self.decrement,
            definite,
            free=np.empty(0, dtype=np.intp),
            diagonal=self.slope.diagonal,
        )


def minimise_together(
    objectives: SeveralObjectives,
    gamma: Vector,
    corners: Sequence[Corners],
    guide: Guide,
    tol: float,
) -> list[Optimum | None]:
    """The optimum at each of several strengths; None where the search did not get there.

    Args:
        objectives: one for each strength, the strongest first.
        gamma: the optimum at a strength just above them, shape (p,).
        corners: for each strength.
        guide: information to begin from; it is replaced where it does not serve.
        tol: root of the predicted decrease, in nats, at which a search has converged.
    """
    slopes = objectives.slopes(range(len(corners)), [gamma] * len(corners))
    every = [
        _Runner(i, corner, gamma, slope)
        for i, (corner, slope) in enumerate(zip(corners, slopes, strict=True))
    ]
    leaving = np.abs(slopes[-1].score) > _WILL_LEAVE * corners[-1].weights
    needed = np.flatnonzero(~corners[-1].hold(gamma) | leaving)
    _equip(objectives, every, guide, needed, gamma, fresh=not guide.near)
    found: list[Optimum | None] = [None] * len(every)
    running = every
    passes = 0
    while running and passes < _MOST_PASSES:
        for runner in running:
            runner.look(guide.at)
            if passes and runner.decrement <= tol**2:
                found[runner.which] = runner.optimum(passes, guide.at)
        running = [runner for runner in running if found[runner.which] is None]
        if not running:
            break
        slopes = objectives.slopes(
            [runner.which for runner in running], [runner.ahead for runner in running]
        )
        passes += 1
        for runner, slope in zip(running, slopes, strict=True):
            runner.arrive(slope, guide.at)
        running = [runner for runner in running if not runner.failed]
        at = guide.at
        for runner in running:
            at = np.union1d(
                at, runner.corners.released(runner.slope, runner.gamma, guide.at, tol**2)
            )
        if len(at) > len(guide.at):
            middle = running[len(running) // 2].gamma
            _equip(objectives, running, guide, at, middle, fresh=True)
    guide.near = passes <= _FEW_PASSES
    return found


def _equip(
    objectives: SeveralObjectives,
    runners: Sequence[_Runner],
    guide: Guide,
    needed: Positions,
    gamma: Vector,
    *,
    fresh: bool,
) -> None:
    """Give every runner information of all needed coefficients."""
    if fresh or not np.isin(needed, guide.at).all():
        guide.at = needed
        guide.information = objectives.information(gamma, needed)
    for runner in runners:
        runner.H = guide.information + objectives.bend(runner.which, runner.gamma, guide.at)


def _corrected(H: Matrix, step: Vector, change: Vector) -> Matrix:
    """H with the curvature along a step as the change of the slope shows it."""
    seen = float(step @ change)
    bend = H @ step
    believed = float(step @ bend)
    if believed <= 0 or seen <= 1e-12 * float(np.linalg.norm(step) * np.linalg.norm(change)):
        return H
    return H + np.outer(change, change / seen) - np.outer(bend, bend / believed)
