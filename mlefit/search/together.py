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
from functools import partial
from typing import Protocol

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.search.corners import Corners, PartialSums, Positions, Slope
from mlefit.search.optimise import Optimum, Status
from mlefit.search.signs import minimise_quadratic
from mlefit.search.support import Curvature, Inverse
from mlefit.symmetric import is_definite

_MOST_PASSES = 20
# More passes than these say that the information was taken too far away.
_FEW_PASSES = 6
# The convergence is faster than linear: a step that gains so little, of `tol`, is the last.
_ALMOST = 1e-5
_FIRMER = 1e-6
# Of the weakest corner: coefficients with a smaller slope will hardly leave it on the way.
_WILL_LEAVE = 0.5


class SeveralObjectives(Protocol):
    """The smooth parts of what is minimised, alike but for the strength of a prior."""

    def slopes(self, which: Sequence[int], gammas: Sequence[Vector]) -> list[Slope]:
        """The slope of every coefficient at one point for each of some strengths."""

    def diagonal(self, gamma: Vector, at: Positions, which: int) -> Vector:
        """Of the information of some coefficients at one strength."""

    def scores(
        self, which: Sequence[int], gammas: Sequence[Vector], at: Positions
    ) -> list[tuple[float, Vector]]:
        """Value and gradient at one point for each of some strengths, of some coefficients."""

    def information(self, gamma: Vector, at: Positions) -> Matrix:
        """The expected information of some coefficients, without the priors."""

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

    def take(self, objectives: SeveralObjectives, gamma: Vector, needed: Positions) -> None:
        """Have information of all needed coefficients, from here unless it serves."""
        if self.near and np.isin(needed, self.at).all():
            return
        self.at = needed
        self.information = objectives.information(gamma, needed)

    def equip(self, objectives: SeveralObjectives, runners: Sequence[_Runner]) -> None:
        """Give each the information, with what its prior adds."""
        plain: Matrix | None = None
        for runner in runners:
            bend = objectives.bend(runner.which, runner.gamma, self.at)
            if bend.any():
                base = _firm(self.information + bend)
            else:
                base = plain = _firm(self.information) if plain is None else plain
            runner.H, runner.inverse = Curvature.of(base), None


@dataclass
class _Runner:
    """One strength on its way, over a working set."""

    which: int
    corners: Corners
    gamma: Vector
    nll: float
    score: Vector
    H: Curvature = field(default_factory=lambda: Curvature.of(np.empty((0, 0))))
    inverse: Inverse | None = None
    ahead: Vector = field(default_factory=lambda: np.empty(0))
    decrement: float = np.inf

    def look(self, at: Positions, before: _Runner | None) -> None:
        """Minimise the quadratic model, the first time from where the one before got to."""
        x, corners, start = self.gamma[at], self.corners.among(at), None
        if self.inverse is None:
            self.inverse = Inverse(self.H.base)
            if before is not None and before.inverse is not None:
                start = before.ahead[at]
                if before.H.base is self.H.base:
                    self.inverse = before.inverse.copy()
        ahead = minimise_quadratic(
            self.H, self.score, x, corners.weights, corners.centres, self.inverse, start
        )
        step = ahead - x
        self.decrement = float(step @ (self.H @ step)) / 2
        self.ahead = self.gamma.copy()
        self.ahead[at] = ahead

    def arrive(self, nll: float, score: Vector, at: Positions) -> bool:
        """Take the step and learn from it; False if it leads up."""
        here = self.nll + self.corners.height(self.gamma)
        there = nll + self.corners.height(self.ahead)
        if not there <= here + 4 * np.finfo(float).eps * abs(here):
            return False
        self.H = self.H.corrected((self.ahead - self.gamma)[at], score - self.score)
        self.gamma, self.nll, self.score = self.ahead, nll, score
        return True

    def optimum(self, slope: Slope, diagonal: Vector, passes: int, at: Positions) -> Optimum:
        """Where it ended; no information is kept of the place."""
        kept = np.flatnonzero(~self.corners.among(at).hold(self.gamma[at]))
        definite = is_definite(self.H.among(kept))
        return Optimum(
            self.gamma,
            PartialSums(slope.nll, slope.score, np.empty((0, 0))),
            Status.CONVERGED if definite else Status.NOT_UNIQUE,
            passes,
            self.decrement,
            definite,
            free=np.empty(0, dtype=np.intp),
            diagonal=diagonal,
        )


def minimise_together(
    objectives: SeveralObjectives,
    gamma: Vector,
    starts: Sequence[Slope],
    corners: Sequence[Corners],
    guide: Guide,
    tol: float,
) -> list[Optimum | None]:
    """The optimum at each of several strengths; None where the search did not get there.

    Args:
        objectives: one for each strength, the strongest first.
        gamma: the optimum at a strength just above them, shape (p,).
        starts: the slope there at each strength.
        corners: for each strength.
        guide: information to begin from; it is replaced where it does not serve.
        tol: predicted decrease, in nats, at which a search has converged.
    """
    weakest = corners[-1]
    needed = ~weakest.hold(gamma) | (np.abs(starts[-1].score) > _WILL_LEAVE * weakest.weights)
    if 2 * needed.sum() > len(gamma):
        needed[:] = True  # hardly more work, and it serves as long as it is near
    guide.take(objectives, gamma, np.flatnonzero(needed))
    found: list[Optimum | None] = [None] * len(corners)
    running = [
        _Runner(i, corner, gamma, start.nll, start.score[guide.at])
        for i, (corner, start) in enumerate(zip(corners, starts, strict=True))
    ]
    passes = 0
    guide.equip(objectives, running)
    while running and passes <= _MOST_PASSES:
        arrived, more = _run(objectives, running, guide.at, tol, _MOST_PASSES - passes)
        passes += more
        if not arrived:
            break
        which = [runner.which for runner in arrived]
        slopes = objectives.slopes(which, [runner.gamma for runner in arrived])
        running, at = [], guide.at
        for runner, slope in zip(arrived, slopes, strict=True):
            corner, here = runner.corners, runner.gamma
            # what the steps showed of the curvature is near enough to measure by
            diagonal = corner.curvatures(
                slope,
                here,
                guide.at,
                runner.H.diagonal,
                partial(objectives.diagonal, here, which=runner.which),
            )
            wider = corner.released(slope, here, diagonal, guide.at, tol**2)
            off = corner.scaled_residual(slope, here, diagonal)
            if len(wider) == len(guide.at) and float(off @ off) / 2 <= tol**2:
                found[runner.which] = runner.optimum(slope, diagonal, passes, guide.at)
                continue
            at = np.union1d(at, wider)
            running.append(runner)
            runner.nll, runner.score = slope.nll, slope.score
        if len(at) > len(guide.at):
            guide.near = False
            guide.take(objectives, running[len(running) // 2].gamma, at)
            guide.equip(objectives, running)
        for runner in running:
            runner.score = runner.score[at]
    guide.near = passes <= _FEW_PASSES
    return found


def _run(
    objectives: SeveralObjectives,
    running: Sequence[_Runner],
    at: Positions,
    tol: float,
    most: int,
) -> tuple[list[_Runner], int]:
    """Move all to their minima over a working set: who got there, and the passes it took.

    The last step is not looked back on; the slope of every coefficient after it decides.
    """
    almost = tol * _ALMOST
    arrived: list[_Runner] = []
    for passes in range(most + 1):
        for before, runner in zip([None, *running], running, strict=False):
            runner.look(at, before)
        there = [runner for runner in running if runner.decrement <= almost]
        running = [runner for runner in running if runner.decrement > almost]
        for runner in there:
            runner.gamma = runner.ahead
        arrived += there
        if not running or passes == most:
            break
        which, ahead = [r.which for r in running], [r.ahead for r in running]
        scores = objectives.scores(which, ahead, at)
        running = [
            runner
            for runner, (nll, score) in zip(running, scores, strict=True)
            if runner.arrive(nll, score, at)
        ]
    return arrived, passes


def _firm(H: Matrix) -> Matrix:
    """More columns than rows leave H singular; what is added, the corrections take back."""
    return H if is_definite(H) else H + _FIRMER * np.diag(np.diag(H))
