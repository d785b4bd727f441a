"""The mode under priors with corners: the sums it needs of the rows, and where it begins.

On many rows the search begins at the mode of a few, with their likelihood weighed up to
all: the working set is then nearly right before the first pass over all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.design.blocks import holding, split
from mlefit.engines.local import LocalEngine
from mlefit.likelihood import Kind, Model, Slopes, Totals
from mlefit.search.corners import Corners, Positions, Slope, newton_with_corners
from mlefit.search.few import thinned
from mlefit.search.optimise import Optimum, Status
from mlefit.search.penalty import Penalty
from mlefit.search.together import Guide, minimise_together

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
        engine: LocalEngine,
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
        rows = slopes_at(self._model, self._engine, np.array(gammas), "observed")
        found = []
        for k, (i, gamma) in enumerate(zip(which, gammas, strict=True)):
            value, gradient, diagonal = self._penalties[i].bent(gamma)
            found.append(
                Slope(
                    float(self._factor * rows.nll[k] + value),
                    self._factor * rows.score[k] + gradient,
                    self._factor * rows.diagonal[k] + diagonal,
                )
            )
        return found

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
            value, gradient, _ = self._penalties[i].bent(gamma)
            found.append(
                (
                    float(self._factor * rows.nll[k] + value),
                    self._factor * rows.score[k] + gradient[at],
                )
            )
        return found

    def among(self, gamma: Vector, kind: Kind, at: Positions) -> Totals:
        """The sums under the first penalty, of the coefficients at some positions."""
        return self._penalties[0].added_to(self._partial(gamma, kind, at), gamma, kind, at)

    def information(self, gamma: Vector, at: Positions) -> Matrix:
        """The expected information of some coefficients, without priors."""
        return self._partial(gamma, "expected", at).information

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


def slopes_at(model: Model, engine: LocalEngine, gammas: Matrix, kind: Kind | None) -> Slopes:
    """NLL, gradient and, of some kind of information, the diagonal at k points, shape (k, p)."""
    edges = np.cumsum([predictor.size for predictor in engine.predictors])[:-1]
    points = [np.ascontiguousarray(part) for part in np.split(gammas, edges, axis=1)]
    return engine.total(lambda block: model.slopes(block, points, kind), "slopes of all columns")


def partial_totals(
    model: Model, engine: LocalEngine, gamma: Vector, kind: Kind, at: Positions
) -> Totals:
    """The totals of the coefficients at some positions, the others held."""
    seen = engine.with_predictors(holding(engine.predictors, at, gamma))
    gammas = split(gamma[at], seen.predictors)
    totals = seen.total(lambda block: model.totals(block, gammas, kind), "search")
    engine.passes = seen.passes
    return totals


def without_zeros(engine: LocalEngine, gamma: Vector) -> tuple[LocalEngine, Vector]:
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
    engine: LocalEngine,
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
    penalty: Penalty, model: Model, engine: LocalEngine, gamma: Vector, log: Callable[[str], None]
) -> Vector:
    """The mode of a few of many rows, or the point itself if there is none."""
    few = thinned(engine, _FEW_ROWS)
    if few is None:
        return gamma
    corners = Corners(penalty.corners, penalty.centres)
    factor = engine.columns.rows / few.columns.rows
    optimum = newton_with_corners(
        PenalisedRows(model, few, [penalty], factor), gamma, corners, tol=_ENOUGH, max_iter=50
    )
    if optimum.status is not Status.CONVERGED:
        return gamma
    log(
        f"start from {few.columns.rows:,} rows: {int(corners.hold(optimum.gamma).sum()):,} of "
        f"{len(gamma):,} coefficients on their corners"
    )
    return optimum.gamma


def sparse_modes(
    penalties: Sequence[Penalty],
    model: Model,
    engine: LocalEngine,
    gamma: Vector,
    score: Vector,
    guide: Guide,
    tol: float,
) -> list[Optimum | None]:
    """The modes at several strengths of the priors, the strongest first, from one just above.

    None where a search of its own is needed.
    """
    return minimise_together(
        PenalisedRows(model, engine, penalties),
        gamma,
        score,
        [Corners(penalty.corners, penalty.centres) for penalty in penalties],
        guide,
        tol,
    )
