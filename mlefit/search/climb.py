"""One search from a place: with what this model knows, and under its priors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Vector
from mlefit.engines.contract import Engine
from mlefit.families._records import Moments
from mlefit.frozen import frozen
from mlefit.likelihood import Beside, Kind, Model, Totals
from mlefit.search.course import SETTLED
from mlefit.search.course import Kind as SearchKind
from mlefit.search.exits import leaving, stays
from mlefit.search.maximum import evaluator, sums_at
from mlefit.search.optimise import Optimum, Record, forget, newton
from mlefit.search.penalty import Penalty
from mlefit.search.quadratic import LeastSquares, is_quadratic
from mlefit.search.scale import (
    collapse,
    exact_scale,
)

if TYPE_CHECKING:
    from mlefit.pinball import Vertex

Log = Callable[[str], None]
Look = Callable[[Vector, Kind, Beside | None], Totals]

# Where there is no maximum each step gains a constant factor only, so it takes over twenty of
# them to look converged; a search this long is checked.
SUSPICIOUS_STEPS = 11

# Of more, a look costs more than everything else about a step.
_MANY_ROWS = 50_000


@frozen
class Search:
    """How to search.

    Attributes:
        tol: Newton decrement, in nats, at which to stop.
        max_iter: most Newton steps.
        log: takes a line for each step.
        record: takes every place on the way.
        settled: decrement whose step is taken without another look at the rows.
        beside: gives what else to sum over many rows in the look at them that is meant to be the
            last, given the sums at a place near it.
    """

    tol: float = 1e-10
    max_iter: int = 100
    log: Log = lambda line: None
    record: Record = forget
    settled: float = SETTLED
    beside: Callable[[Model, Engine, Totals], Beside | None] | None = None


def climb_in_turns(
    penalty: Penalty | None,
    model: Model,
    engine: Engine,
    gamma: Vector,
    moments: Moments,
    search: Search,
    near: Vertex | None = None,
) -> tuple[Vertex, Optimum]:
    """A location by linear programme, from one near it, and the rest by Newton's method."""
    from mlefit.search.location import with_vertex  # only a corner needs it

    rest = np.arange(engine.predictors[0].size, len(gamma))
    return with_vertex(
        model,
        engine,
        gamma,
        penalty,
        lambda at, near: climb(
            model, engine, at, moments, search, free=rest, penalty=penalty, near=near
        ),
        near=near,
        weight=moments.rows,
        tol=search.tol,
        log=search.log,
    )


def objective(penalty: Penalty | None, optimum: Optimum) -> float:
    """What a search minimised: the NLL, less the log-density of the priors."""
    return optimum.totals.nll if penalty is None else penalty.objective(optimum)


def climb_under(
    penalty: Penalty | None,
    model: Model,
    engine: Engine,
    gamma: Vector,
    moments: Moments,
    search: Search,
    *,
    first: Totals | None = None,
    near: bool = False,
    watch: bool = False,
) -> Optimum:
    """The search that suits the priors: with corners, or without."""
    if penalty is None or not penalty.has_corners:
        return climb(
            model,
            engine,
            gamma,
            moments,
            search,
            first=first,
            penalty=penalty,
            near=near,
            watch=watch,
        )
    from mlefit.search.sparse import sparse_mode

    return sparse_mode(
        penalty,
        model,
        engine,
        gamma,
        collapsed=collapse(model, engine, moments),
        tol=search.tol,
        max_iter=search.max_iter,
        log=search.log,
    )


def climb(
    model: Model,
    engine: Engine,
    gamma: Vector,
    moments: Moments,
    search: Search,
    *,
    free: NDArray[np.intp] | None = None,
    first: Totals | None = None,
    penalty: Penalty | None = None,
    near: bool = False,
    watch: bool = False,
) -> Optimum:
    """Newton's method with what this model knows: an exact scale, when it collapses, its edges.

    Asked to watch, it stops where a parameter is on its way to an edge. Near the maximum the
    observed information leads, and `first` is of that kind.
    """
    # The product of the scores, for want of an expected information, misleads far from a
    # maximum; so does an expected information that vanishes faster than the slope at an edge.
    family = model.family
    expects = family.has_expected and not family.limits
    guided = len(model.links) > 1 and expects and not near
    fallback: SearchKind = "expected" if expects else "observed"
    held = [] if penalty is None else penalty.positions
    evaluate, foretell = evaluator(model, engine, penalty), None
    last: Look = partial(sums_at, model, engine)
    if not (guided or near or model.is_fused):
        first = None
    if penalty is None and free is None and is_quadratic(model, engine):
        first = first or evaluate(gamma, "observed")
        sums = LeastSquares(model, engine, gamma, first)
        evaluate, foretell, last = sums.evaluate, sums.foretell, sums.evaluate
    dear = engine.rows > _MANY_ROWS and penalty is None
    return newton(
        _guided(evaluate),
        gamma,
        tol=search.tol,
        settled=search.settled,
        max_iter=search.max_iter,
        begin="expected" if guided else "observed",
        fallback=fallback,
        free=free,
        bend=exact_scale(model, engine, held),
        first=first,
        slope=partial(_slope, model, engine) if dear and foretell is None else None,
        last=partial(_last, model, engine, search, last) if dear else None,
        foretell=foretell and _guided(foretell),
        collapsed=collapse(model, engine, moments),
        leaving=leaving(model, engine, held) if watch else stays,
        log=search.log,
        record=search.record,
    )


def _slope(model: Model, engine: Engine, gamma: Vector, lender: Totals) -> Totals:
    """The sums at a place but for their information, which is that of other sums."""
    return replace(sums_at(model, engine, gamma, None), information=lender.information)


def _last(
    model: Model,
    engine: Engine,
    search: Search,
    look: Look,
    gamma: Vector,
    near: Totals,
) -> Totals:
    """The sums at the place that a search ends at, with those that are wanted beside."""
    beside = None if search.beside is None else search.beside(model, engine, near)
    return look(gamma, "observed", beside)


def _guided(
    evaluate: Callable[[Vector, Kind], Totals],
) -> Callable[[Vector, SearchKind], Totals]:
    """The sums as a search sees them: what it takes for expected is the family's guide."""
    return lambda gamma, kind: evaluate(gamma, "guide" if kind == "expected" else kind)
