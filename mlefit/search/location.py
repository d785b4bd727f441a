"""A location whose log-density has a corner: by linear programme, in turn with the rest.

With a constant scale and no prior the location does not depend on it, so one turn is all,
and what the programme minimised is, for each unit of weight, that scale.
The objective is smooth in the rest and convex in the location, so a point that neither
can improve is stationary.

A Laplace prior of the location is two more rows of the programme for each coefficient. With
rho(r) = r (tau - [r < 0]), as |u| = rho(u) + rho(-u),

    kappa sum_i w_i rho(y_i - x_i'b) / scale_i + sum_j c_j |b_j - m_j|
      = kappa (sum_i (w_i / scale_i) rho(y_i - x_i'b)
               + sum_j (c_j / kappa) (rho(m_j - b_j) + rho(b_j - m_j)))

so its conditions of optimality are among those that the programme proves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows, Vector
from mlefit.design.blocks import Block
from mlefit.design.predictors import split
from mlefit.engines.contract import Engine
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.pinball import Run, Vertex, minimise_pinball
from mlefit.search.optimise import Optimum, Status
from mlefit.search.penalty import Penalty
from mlefit.search.scale import solved

_MOST_ROUNDS = 200

T = TypeVar("T")


def with_vertex(
    model: Model,
    engine: Engine,
    gamma: Vector,
    penalty: Penalty | None,
    rest: Callable[[Vector, bool], Optimum],
    *,
    near: Vertex | None = None,
    weight: float,
    tol: float,
    log: Callable[[str], None],
) -> tuple[Vertex, Optimum]:
    """The location by linear programme and the rest by `rest`, in turn until neither moves.

    Args:
        model: of a family with a vertex.
        engine: the rows.
        gamma: start.
        penalty: the priors; those of the location only have corners.
        rest: finds the coefficients of the other parameters from a place, told if it is near.
        near: the location under other priors.
        weight: of all rows.
        tol: fall of the objective, in nats, below which the turns end.
        log: takes a line for each turn.
    """
    p = engine.predictors[0].size
    tau = model.family.vertex
    assert tau is not None
    one = np.ones(1)
    kappa = float(model.family.score(one, 0 * one, *[one] * (len(model.links) - 1))[0][0]) / tau
    corner = _Corner(penalty, p, kappa)
    scale = solved(model, engine, [] if penalty is None else penalty.positions)
    settled = not corner.count and all(predictor.size <= 1 for predictor in engine.predictors[1:])
    varies = bool(corner.count) or any(
        other.size > 1 or other.offsets or other.held for other in engine.predictors[1:]
    )
    gamma = gamma.copy()
    height = math.inf
    rows = engine.rows
    begin = None if near is None else near.zero_rows
    for turn in range(_MOST_ROUNDS):
        walk = _Walk(model, engine, gamma, corner, varies)
        vertex = minimise_pinball(walk, p, rows + 2 * corner.count, tau, near=begin)
        begin = vertex.zero_rows
        gamma[:p] = corner.held(vertex.beta, vertex.zero_rows - rows)
        solves = False
        if scale is not None:
            at, norm = scale
            unit = 1.0 if varies else math.exp(gamma[at])
            mean = (kappa * vertex.objective - corner.height(gamma[:p])) / (weight * unit)
            solves = mean > float(np.finfo(float).eps)
            gamma[at] += math.log(mean) / norm if solves else 0.0
        optimum = rest(gamma, solves)
        gamma = optimum.gamma.copy()
        reached = optimum.totals.nll if penalty is None else penalty.objective(optimum)
        log(f"turn {turn + 1}: vertex in {vertex.passes} passes, objective {reached:.10g}")
        if settled or height - reached <= tol:
            break
        height = reached
    if not vertex.optimal:
        optimum = replace(optimum, status=Status.NOT_A_VERTEX)
    # the vertex is a step, and so is a scale that was known with it
    return vertex, replace(optimum, steps=optimum.steps + 1) if solves else optimum


class _Corner:
    """The rows that the corners of the location's priors are.

    Attributes:
        count: coefficients with a corner.
        rows: for each of them two rows, one after the other.
    """

    def __init__(self, penalty: Penalty | None, p: int, kappa: float) -> None:
        weights = np.zeros(p) if penalty is None else penalty.corners[:p]
        at = np.flatnonzero(weights)
        self.count = len(at)
        if penalty is None:
            return
        self._at = at
        self._weights = weights[at]
        self._to_user = penalty.to_user[:p, :p]
        self._centres = penalty.centres[at]
        X, m = np.repeat(self._to_user[at], 2, axis=0).T, np.repeat(self._centres, 2)
        side = np.tile([1.0, -1.0], self.count)
        self.rows = (X * side, m * side, np.repeat(weights[at] / kappa, 2))

    def height(self, gamma: Vector) -> float:
        """What the priors add to the objective."""
        if not self.count:
            return 0.0
        away = self._to_user[self._at] @ gamma - self._centres
        return float(self._weights @ np.abs(away))

    def held(self, gamma: Vector, basic: NDArray[np.int64]) -> Vector:
        """The location with the coefficients whose rows are basic exactly at their centres."""
        pairs = np.unique(basic[basic >= 0] // 2)
        if not len(pairs):
            return gamma
        beta = self._to_user @ gamma
        beta[self._at[pairs]] = self._centres[pairs]
        return np.linalg.solve(self._to_user, beta)


@frozen
class _Walk:
    """The rows of the programme: those of the data, and those that the corners are.

    Attributes:
        model: family and links.
        engine: the rows of the data.
        gamma: coefficients, of which the scale is made.
        corner: corners of the location's priors.
        varies: whether rows differ by more than their weights.
    """

    model: Model
    engine: Engine
    gamma: Vector
    corner: _Corner
    varies: bool

    def __call__(self, function: Callable[[Run], T]) -> list[T]:
        model, varies = self.model, self.varies
        gammas = split(self.gamma, self.engine.predictors)

        def term(block: Block) -> T:
            weight = block.weight
            if varies:
                scale = model.theta(model.etas(block, gammas))[1]
                weight = block.weighted(np.broadcast_to(1 / scale, block.y.shape))
            return function(run_of(block, weight))

        found = self.engine.written_out().each(term, "linear programme")
        if self.corner.count:
            found.append(function(Run.of(self.engine.rows, *self.corner.rows, sampled=True)))
        return found


def run_of(block: Block, weight: Rows | None) -> Run:
    """The location's columns of a block and the target less its offset."""
    return Run.of(block.start, np.asarray(block.designs[0]), block.y - block.offsets[0], weight)
