"""Newton's method: a direction, a step, and a rule to stop.

Sees only `evaluate(gamma, kind) -> Totals`, never a family. The decrement

    half g' H^-1 g

estimates how much the NLL can still fall. It has the units of the log-likelihood
and does not depend on how columns are scaled (S. Boyd and L. Vandenberghe 2004,
Convex Optimization, section 9.5.1), so it is what stops the search.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.arrow import among, diagonal_of
from mlefit.frozen import frozen
from mlefit.search.course import SETTLED, Beyond, Course, Evaluate, Kind, Sums
from mlefit.symmetric import Factor, factorised, is_finite, scaled

Bend = Callable[[Vector, Sums], Vector]


class Status(Enum):
    """Why the search ended; the value is the sentence a person reads."""

    CONVERGED = "converged"
    STEP_LIMIT = "the step limit was reached before the maximum"
    NO_DESCENT = "no step raises the likelihood any more, yet its slope is not zero"
    NOT_A_MAXIMUM = "the slope is zero but the information is not positive definite"
    NOT_UNIQUE = "a maximum, but not the only one: neither rows nor priors part some coefficients"
    PERFECT_FIT = "the fit is perfect: the likelihood grows without bound as its spread goes to 0"
    NO_MAXIMUM = "no maximum exists: the likelihood keeps rising as coefficients grow"
    LEAVING = "the search was on its way to an edge of the family"
    BOUNDARY = "the maximum lies at an edge of the family"
    NOT_HIGHEST = "a maximum, but profiling goes on finding places above it"
    NOT_A_VERTEX = "the linear programme ended without a proof that its vertex is optimal"


@frozen
class Optimum:
    """Where the search ended and what it knows about the place.

    Attributes:
        gamma: coefficients, shape (p,).
        totals: sums there, with the observed information.
        status: why it ended.
        steps: steps taken.
        decrement: decrease in NLL the quadratic model still predicts.
        positive_definite: whether the information is.
        free: positions of the coefficients that `totals.information` is of; None for all.
        diagonal: of the information of all coefficients, if that is of some; infinite where a
            corner holds one and the place does not depend on it.
    """

    gamma: Vector
    totals: Sums
    status: Status
    steps: int
    decrement: float
    positive_definite: bool
    free: NDArray[np.intp] | None = None
    diagonal: Vector | None = None

    @property
    def curvatures(self) -> Vector:
        """Diagonal of the information of all coefficients, shape (p,)."""
        return diagonal_of(self.totals.information) if self.diagonal is None else self.diagonal


@frozen
class Step:
    """A place on the way, and where the search goes from it.

    Attributes:
        number: steps taken before.
        gamma: coefficients.
        totals: sums there.
        direction: to the top of the parabola with that slope and that information.
        decrement: the rise that it promises.
        kind: of the information.
    """

    number: int
    gamma: Vector
    totals: Sums
    direction: Vector
    decrement: float
    kind: Kind


Record = Callable[[Step], None]


def forget(step: Step) -> None:
    """Keep no record of the way."""


# Far from the maximum the expected information is the safer guide for models with
# several parameters; this close (in nats) the observed one converges faster.
_NEAR = 0.03
# Damping that makes up for rounding; what needs more bends the other way.
_ROUNDING = 1e-7
_FLATTEST = 1e-6
# A step that gains less than this share of what was predicted was led by a wrong information:
# the next one is led by the observed, where that is positive definite.
_FULFILLED = 0.5
_SUFFICIENT_DECREASE = 1e-4
_LAST_STEP = 1e-4
_HALVINGS = 40


def newton(
    evaluate: Evaluate,
    gamma: Vector,
    *,
    tol: float = 1e-10,
    settled: float = SETTLED,
    max_iter: int = 100,
    begin: Kind = "observed",
    fallback: Kind = "expected",
    free: NDArray[np.intp] | None = None,
    bend: Bend | None = None,
    first: Sums | None = None,
    slope: Beyond | None = None,
    last: Beyond | None = None,
    foretell: Evaluate | None = None,
    collapsed: Callable[[Vector], bool] = lambda gamma: False,
    leaving: Callable[[Vector, Vector, Sums, float], bool] = lambda gamma, along, now, left: False,
    log: Callable[[str], None] = lambda line: None,
    record: Record = forget,
) -> Optimum:
    """Minimise `evaluate(gamma).nll` from a start where it is finite.

    After the decrement has fallen below `tol`, one more step is taken while it
    exceeds 1e-4 times `tol` squared: Newton's convergence is quadratic, so that step buys
    the remaining digits, ten of them also where a coefficient is small for its error. From a
    decrement of `settled` on that step changes the sums by less than the tenth digit, whatever
    the leverage of a row is, and nobody looks at the rows once more for it; nor where the steps
    before tell that the information changes as little. Where they tell that it will do for the
    next place too, only the slope is looked at there (see `Course`).

    Args:
        evaluate: sums at a point, with observed or expected information.
        gamma: start, shape (p,).
        tol: decrement, in nats, at which the search has converged.
        settled: decrement whose step is taken without another look.
        max_iter: most steps.
        begin: information that guides the search until it is near.
        fallback: information to turn to where the observed one is not positive definite.
        free: positions to move; None for all.
        bend: replaces the direction by a better one, given the sums.
        first: sums at the start with the information of `begin`, if already known.
        slope: sums at a point, but for the information that of other sums; where the rows are
            many.
        last: sums at the point that the search is meant to end at, given those at one near it.
        foretell: the same as `evaluate` but for rounding, if they are known without a look at
            the rows; `evaluate` then only confirms the place that the search ends at.
        collapsed: tells a place from which the likelihood only grows without bound.
        leaving: tells a way with no end, from place, direction, sums and decrement.
        log: takes a line for each step.
        record: takes every place of the way, the last ones at the maximum.
    """
    moving = np.arange(len(gamma)) if free is None else free
    kind: Kind = begin
    look = foretell or evaluate
    now = look(gamma, kind) if first is None else first
    misled = False
    course = Course(settled, evaluate, slope, last)
    for steps in range(max_iter + 1):
        direction, decrement, definite = newton_direction(now, moving)
        if not definite and kind == "observed" and fallback != "observed":
            kind, now = fallback, look(gamma, fallback)
            direction, decrement, _ = newton_direction(now, moving)
        log(f"step {steps}: rise left {decrement:.2g}, log-likelihood {-now.nll:.10g}")
        record(Step(steps, gamma, now, direction, decrement, kind))
        seen = None if course.lent or foretell is not None else kind
        course.reach(decrement)
        if decrement <= tol:
            return _finish(course, gamma, now, seen, decrement, moving, steps, tol, record)
        if collapsed(gamma):
            return _ended(evaluate, gamma, seen, now, moving, steps, Status.PERFECT_FIT)
        if steps == max_iter:
            return _ended(evaluate, gamma, seen, now, moving, steps, Status.STEP_LIMIT)
        if leaving(gamma, direction, now, decrement):
            return _ended(evaluate, gamma, seen, now, moving, steps, Status.LEAVING)
        if bend is not None:
            direction = bend(direction, now)
        kind = "observed" if decrement <= _NEAR or misled else begin
        way = course.look(look, now, decrement, seen, kind)
        ahead = _line_search(way, gamma, direction, now, decrement, kind)
        if ahead is None:
            return _ended(evaluate, gamma, seen, now, moving, steps, Status.NO_DESCENT)
        misled = now.nll - ahead[1].nll < _FULFILLED * decrement
        gamma, now = ahead
    raise AssertionError("unreachable: the last turn of the loop returns")


def newton_direction(now: Sums, moving: NDArray[np.intp]) -> tuple[Vector, float, bool]:
    """Direction -H^-1 g, its decrement, and whether H is positive definite.

    H is scaled to a unit diagonal, so that units do not matter, and damped by a small
    multiple of the identity where rounding keeps it from being factorised. Where it bends
    the other way, the sizes of its eigenvalues stand for it: the direction then leads away
    from a saddle (Y. Dauphin et al. 2014, NeurIPS 27, 2933-2941).
    """
    direction = np.zeros_like(now.score)
    if not len(moving):
        return direction, 0.0, True
    g = now.score[moving]
    H = among(now.information, moving)
    diagonal = np.abs(diagonal_of(H))
    largest = diagonal.max(initial=0.0)
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, largest if largest > 0 else 1.0))
    unit = scaled(H, scale)
    if not is_finite(unit):  # no direction can be told
        return direction, math.inf, False
    damping = 0.0
    while True:
        factor = factorised(unit, damping)
        if factor is not None:
            break
        damping = max(10 * damping, 1e-10)
        if damping > _ROUNDING:
            factor = Factor(_of_sizes(np.asarray(unit)))
            break
    half = factor.forward(g * scale)
    direction[moving] = -factor.backward(half) * scale
    return direction, 0.5 * float(half @ half), damping == 0.0


def _of_sizes(scaled: Matrix) -> Matrix:
    """The triangle of the matrix with the same eigenvectors and the sizes of its eigenvalues."""
    values, directions = np.linalg.eigh(scaled)
    sizes = np.maximum(np.abs(values), _FLATTEST * np.abs(values).max())
    # the R of a QR decomposition, which unlike a Cholesky factor always exists
    return np.asarray(np.linalg.qr((directions * np.sqrt(sizes)).T, mode="r")).T


def _line_search(
    evaluate: Evaluate, gamma: Vector, direction: Vector, now: Sums, decrement: float, kind: Kind
) -> tuple[Vector, Sums] | None:
    """The first of the steps 1, 1/2, 1/4, ... that lowers the NLL by enough."""
    # a decrease below the rounding of the NLL itself cannot be seen
    unseen = 4 * np.finfo(float).eps * abs(now.nll)
    length = 1.0
    for _ in range(_HALVINGS):
        there = gamma + length * direction
        ahead = evaluate(there, kind)
        wanted = 2 * _SUFFICIENT_DECREASE * length * decrement
        if ahead.nll <= now.nll - wanted + unseen and np.isfinite(ahead.score).all():
            return there, ahead
        length /= 2
    return None


def _finish(
    course: Course,
    gamma: Vector,
    now: Sums,
    kind: Kind | None,
    decrement: float,
    moving: NDArray[np.intp],
    steps: int,
    tol: float,
    record: Record,
) -> Optimum:
    """Take the last steps and make sure that the place is a maximum.

    `kind` is that of the information, None for sums that were foretold.
    """
    least = _LAST_STEP * min(tol, 1.0) ** 2
    # a step before the rows are looked at is for nothing
    further = kind is None and decrement > least
    if further:
        gamma, steps = gamma + newton_direction(now, moving)[0], steps + 1
    if kind != "observed":
        now = course.last(gamma, now)
    direction, decrement, definite = newton_direction(now, moving)
    if further:
        record(Step(steps, gamma, now, direction, decrement, "observed"))
    while definite and decrement > least:
        there = gamma + direction
        if decrement <= course.settled:
            record(Step(steps + 1, there, now, np.zeros_like(direction), 0.0, "observed"))
            return Optimum(there, now, Status.CONVERGED, steps + 1, decrement, definite)
        ahead = course.last(there, now)
        direction, left, definite = newton_direction(ahead, moving)
        if not left < decrement:
            break
        gamma, now, decrement, steps = there, ahead, left, steps + 1
        record(Step(steps, gamma, now, direction, decrement, "observed"))
    definite = newton_direction(now, moving)[2]
    status = Status.CONVERGED if definite else Status.NOT_A_MAXIMUM
    return Optimum(gamma, now, status, steps, decrement, definite)


def _ended(
    evaluate: Evaluate,
    gamma: Vector,
    kind: Kind | None,
    now: Sums,
    moving: NDArray[np.intp],
    steps: int,
    status: Status,
) -> Optimum:
    if kind != "observed":
        now = evaluate(gamma, "observed")
    _, decrement, definite = newton_direction(now, moving)
    return Optimum(gamma, now, status, steps, decrement, definite)
