"""The mode under priors with corners: the sums it needs of the rows, and where it begins.

On many rows the search begins at the mode of a few, with their likelihood weighed up to
all: the working set is then nearly right before the first pass over all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.design.predictors import holding, split
from mlefit.engines.contract import Engine
from mlefit.likelihood import Kind, Model, Slopes, Totals
from mlefit.search.few import thinned
from mlefit.search.optimise import Optimum, Status
from mlefit.search.penalty import Penalty

if TYPE_CHECKING:
    from mlefit.search.corners import Positions, Slope
    from mlefit.search.together import Guide

_FEW_ROWS = 10_000
_ENOUGH = 1e-3  # nats: what the few rows leave open is more


class PenalisedRows:
    """Sums over the rows, with the smooth parts of priors, for some coefficients or points.

    Args:
        model: family and links.
        engine: rows and predictors.
        penalties: the priors, at one strength or more.
        factor: what the rows stand for.
    """

    def __init__(
        self,
        model: Model,
        engine: Engine,
        penalties: Sequence[Penalty],
        factor: float = 1.0,
    ) -> None:
        self._model = model
        self._engine = engine
        self._penalties = penalties
        self._factor = factor

    def slope(self, gamma: Vector) -> Slope:
        """The slope of every coefficient under the first penalty."""
        return self.slopes([0], [gamma])[0]

    def slopes(self, which: Sequence[int], gammas: Sequence[Vector]) -> list[Slope]:
        """The slope of every coefficient at one point for each of some penalties."""
        from mlefit.search.corners import Slope

        everything = np.arange(len(gammas[0]))
        return [Slope(*found) for found in self.scores(which, gammas, everything)]

    def scores(
        self, which: Sequence[int], gammas: Sequence[Vector], at: Positions
    ) -> list[tuple[float, Vector]]:
        """Value and gradient at one point for each of some penalties, of some coefficients."""
        seen = self._engine.with_predictors(holding(self._engine.predictors, at, gammas[0]))
        # several strengths may begin from one place
        places = {id(gamma): gamma for gamma in gammas}
        row = {place: k for k, place in enumerate(places)}
        rows = slopes_at(self._model, seen, np.array(list(places.values()))[:, at], None)
        self._engine.passes = seen.passes
        found = []
        for i, gamma in zip(which, gammas, strict=True):
            k = row[id(gamma)]
            value, gradient = self._penalties[i].bent(gamma)
            nll = float(self._factor * rows.nll[k] + value)
            found.append((nll, self._factor * rows.score[k] + gradient[at]))
        return found

    def diagonal(self, gamma: Vector, at: Positions, which: int = 0) -> Vector:
        """Of the observed information of some coefficients under one penalty."""
        predictors = self._engine.predictors
        turned = [np.full(p.size, p.basis.triangle is not None) for p in predictors]
        # turned columns are seen together or not at all
        wider = np.union1d(at, np.flatnonzero(np.concatenate(turned)))
        seen = self._engine.with_predictors(holding(predictors, wider, gamma))
        rows = slopes_at(self._model, seen, gamma[None, wider], "observed")
        self._engine.passes = seen.passes
        own = np.diag(self._penalties[which].information(gamma, at=at))
        return self._factor * rows.diagonal[0][np.isin(wider, at)] + own

    def among(self, gamma: Vector, kind: Kind, at: Positions) -> Totals:
        """The sums under the first penalty, of the coefficients at some positions."""
        return self._penalties[0].added_to(self._partial(gamma, kind, at), gamma, kind, at)

    def information(self, gamma: Vector, at: Positions) -> Matrix:
        """The expected information of some coefficients, without priors."""
        return np.asarray(self._partial(gamma, "expected", at).information)

    def bend(self, which: int, gamma: Vector, at: Positions) -> Matrix:
        """What one penalty adds to it."""
        return self._penalties[which].information(gamma, "expected", at)

    def _partial(self, gamma: Vector, kind: Kind, at: Positions) -> Totals:
        totals = partial_totals(self._model, self._engine, gamma, kind, at)
        if self._factor == 1:
            return totals
        return Totals(
            self._factor * totals.nll,
            self._factor * totals.score,
            self._factor * totals.information,
            totals.rows,
        )


def slopes_at(model: Model, engine: Engine, gammas: Matrix, kind: Kind | None) -> Slopes:
    """NLL, gradient and, of some kind of information, the diagonal at k points, shape (k, p)."""
    edges = np.cumsum([predictor.size for predictor in engine.predictors])[:-1]
    points = [np.ascontiguousarray(part) for part in np.split(gammas, edges, axis=1)]
    # at several points at once each column is worth its copy
    seen = engine.in_place() if len(gammas) == 1 else engine
    slopes = seen.total(lambda block: model.slopes(block, points, kind), "slopes of all columns")
    engine.passes = seen.passes
    return slopes


def partial_totals(
    model: Model, engine: Engine, gamma: Vector, kind: Kind, at: Positions
) -> Totals:
    """The totals of the coefficients at some positions, the others held."""
    seen = engine.with_predictors(holding(engine.predictors, at, gamma))
    gammas = split(gamma[at], seen.predictors)
    totals = seen.total(lambda block: model.totals(block, gammas, kind), "search")
    engine.passes = seen.passes
    return totals


def without_zeros(engine: Engine, gamma: Vector) -> tuple[Engine, Vector]:
    """The rows without the columns whose coefficient is zero, and the other coefficients."""
    edges = np.cumsum([0, *(predictor.size for predictor in engine.predictors)])
    kept = gamma != 0
    for predictor, lo, hi in zip(engine.predictors, edges, edges[1:], strict=False):
        if predictor.basis.triangle is not None:
            kept[lo:hi] = True  # turned columns are no columns of the rows
    at = np.flatnonzero(kept)
    return engine.with_predictors(holding(engine.predictors, at, gamma)), gamma[at]


def sparse_mode(
    penalty: Penalty,
    model: Model,
    engine: Engine,
    gamma: Vector,
    *,
    collapsed: Callable[[Vector], bool],
    tol: float,
    max_iter: int,
    log: Callable[[str], None],
) -> Optimum:
    """The mode, searched from a point.

    Args:
        penalty: priors, some with a corner.
        model: family and links.
        engine: rows and predictors.
        gamma: where to begin.
        collapsed: tells a place from which the likelihood only grows without bound.
        tol: predicted decrease, in nats, at which the search has converged.
        max_iter: most steps.
        log: takes a line for each step.
    """
    from mlefit.search.corners import Corners, newton_with_corners

    corners = Corners(penalty.corners, penalty.centres)
    return newton_with_corners(
        PenalisedRows(model, engine, [penalty]),
        gamma,
        corners,
        collapsed=collapsed,
        tol=tol,
        max_iter=max_iter,
        log=log,
    )


def nearer(
    penalty: Penalty, model: Model, engine: Engine, gamma: Vector, log: Callable[[str], None]
) -> Vector:
    """The mode of a few of many rows, or the point itself if there is none."""
    from mlefit.search.corners import Corners, newton_with_corners

    few = thinned(engine, _FEW_ROWS)
    if few is None:
        return gamma
    corners = Corners(penalty.corners, penalty.centres)
    factor = engine.stands_for / few.stands_for
    optimum = newton_with_corners(
        PenalisedRows(model, few, [penalty], factor), gamma, corners, tol=_ENOUGH, max_iter=50
    )
    if optimum.status is not Status.CONVERGED:
        return gamma
    log(
        f"start from {few.rows:,} rows: {int(corners.hold(optimum.gamma).sum()):,} of "
        f"{len(gamma):,} coefficients on their corners"
    )
    return optimum.gamma


def sparse_modes(
    penalties: Sequence[Penalty],
    model: Model,
    engine: Engine,
    optimum: Optimum,
    before: Penalty,
    guide: Guide,
    tol: float,
) -> list[Optimum | None]:
    """The modes at several strengths of the priors, the strongest first.

    Args:
        penalties: the priors at each strength.
        model: family and links.
        engine: rows and predictors.
        optimum: the mode at a strength just above them.
        before: the priors there.
        guide: information to begin from.
        tol: predicted decrease, in nats, at which a search has converged.

    Returns:
        None where a search of its own is needed.
    """
    from mlefit.search.corners import Corners, Slope
    from mlefit.search.together import minimise_together

    gamma, totals = optimum.gamma, optimum.totals
    value, gradient = before.bent(gamma)
    starts = []
    for penalty in penalties:
        own, slope = penalty.bent(gamma)
        starts.append(Slope(totals.nll - value + own, totals.score - gradient + slope))
    return minimise_together(
        PenalisedRows(model, engine, penalties),
        gamma,
        starts,
        [Corners(penalty.corners, penalty.centres) for penalty in penalties],
        guide,
        tol,
    )
