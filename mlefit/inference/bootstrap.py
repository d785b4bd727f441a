"""The bootstrap: fits of rows that were drawn again, to see how the estimates scatter.

    rows         as many rows as there are, drawn with replacement; or whole clusters of them
    parametric   the same rows with targets drawn from the fitted model

Drawn rows are counts, and counts are frequency weights of the rows that are there: nothing is
copied, and every search starts from the fit. A draw whose search does not settle at once is
fitted as a command would fit it. Where its likelihood rises for ever, or is highest at an edge
of the family, its estimates are infinite, and count as such: an end of an interval that lies
among them does not exist.

Sources: B. Efron and R. J. Tibshirani (1993), An Introduction to the Bootstrap, chapters 6 and
9; A. C. Davison and D. V. Hinkley (1997), Bootstrap Methods and their Application, chapter 2.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.columns import WEIGHT
from mlefit.design.predictors import user_matrix
from mlefit.diagnosis.gof import drawn
from mlefit.engines.contract import Engine
from mlefit.errors import UntrustworthyError
from mlefit.frozen import frozen
from mlefit.inference.boundary import highest, is_near_an_edge
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.search.maximise import nearby
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status

REPLICATIONS = 999
_NO_START = "no-start"
_REDUNDANT = "redundant"


@frozen
class Draws:
    """Estimates of drawn rows.

    Attributes:
        estimates: of the user's coefficients on the link scale, one row for each draw that has
            some, shape (R, p); infinite where the likelihood rises towards infinity.
        replications: draws made.
        failed: draws without estimates, by cause.
        infinite: draws with an estimate that is infinite, by cause.
    """

    estimates: Matrix
    replications: int
    failed: Mapping[str, int]
    infinite: Mapping[str, int]

    @property
    def covariance(self) -> Matrix | None:
        """Covariance of the finite estimates, shape (p, p); None if they are too few."""
        finite = self.estimates[np.isfinite(self.estimates).all(axis=1)]
        if len(finite) < 2:
            return None
        return np.atleast_2d(np.cov(finite, rowvar=False))


def draws(
    request: Request,
    maximum: Maximum,
    clusters: NDArray[np.intp] | None,
    search: Search,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Draws:
    """Fit drawn rows.

    Args:
        request: how many draws, of what, from which seed.
        maximum: the fit of the rows themselves.
        clusters: code of each row's cluster, where whole clusters are drawn.
        search: how to fit.
        tell: takes the draws done and all of them.
    """
    replications = request.replications or REPLICATIONS
    rng = np.random.default_rng(request.seed)
    again = _parametric(maximum, rng) if request.bootstrap == "parametric" else None
    engines = again or _rows(maximum, rng, clusters, counted=request.freq_weights is not None)
    estimates: list[Vector] = []
    failed: Counter[str] = Counter()
    infinite: Counter[str] = Counter()
    for done in range(replications):
        tell(done, replications)
        beta, cause = _estimate(maximum, *next(engines), search)
        if beta is None:
            failed[cause] += 1
            continue
        estimates.append(beta)
        if cause:
            infinite[cause] += 1
    tell(replications, replications)
    count = len(maximum.optimum.gamma)
    return Draws(np.array(estimates).reshape(-1, count), replications, failed, infinite)


_Engines = Iterator[tuple[Engine, Callable[[], Engine]]]
"""The rows of a draw at the cost of a column, and the same without those of weight zero."""


def _parametric(maximum: Maximum, rng: np.random.Generator) -> _Engines:
    while True:
        engine = maximum.engine.with_target(drawn(maximum, rng))
        yield engine, lambda engine=engine: engine  # type: ignore[misc]


def _rows(
    maximum: Maximum,
    rng: np.random.Generator,
    clusters: NDArray[np.intp] | None,
    *,
    counted: bool,
) -> _Engines:
    """Rows, or clusters, drawn with replacement.

    Args:
        maximum: whose rows.
        rng: decides.
        clusters: code of each row's cluster.
        counted: whether a weight is a number of rows, each of which is drawn for itself.
    """
    whole = maximum.engine
    n = whole.rows
    weight = whole.whole(WEIGHT).astype(float) if WEIGHT in whole else None
    count = n if clusters is None else int(clusters.max()) + 1
    while True:
        if counted and clusters is None:
            assert weight is not None
            total = int(weight.sum())
            weights = rng.multinomial(total, weight / weight.sum()).astype(float)
        else:
            counts = np.bincount(rng.integers(0, count, count), minlength=count).astype(float)
            weights = counts if clusters is None else counts[clusters]
            weights = weights if weight is None else weights * weight
        engine = whole.replaced(WEIGHT, weights)

        def seen(engine: Engine = engine, weights: Rows = weights) -> Engine:
            return engine.kept(weights > 0)

        yield engine, seen


def _estimate(
    maximum: Maximum, engine: Engine, seen: Callable[[], Engine], search: Search
) -> tuple[Vector | None, str]:
    """The user's coefficients for the rows of a draw, and why some are infinite or there are none.

    Args:
        maximum: the fit to start from.
        engine: the rows, through the predictors of that fit.
        seen: the same without rows of weight zero, which whoever looks at each row must not see.
        search: how to fit.
    """
    if maximum.vertex is None:
        # the last step squares what is left, and a draw needs no more digits
        quick = replace(search, tol=math.sqrt(search.tol))
        optimum = nearby(maximum, engine, quick)
        if optimum is not None:
            found = replace(maximum, engine=engine, optimum=optimum)
            if not is_near_an_edge(found):
                return user_matrix(engine.predictors) @ optimum.gamma, ""
    rows = seen()
    raw = rows.with_predictors([predictor.without_basis() for predictor in rows.predictors])
    try:
        return _mapped(maximum, highest(maximum.model, raw, search))
    except UntrustworthyError:
        return None, _NO_START


def _mapped(maximum: Maximum, again: Maximum) -> tuple[Vector | None, str]:
    """The coefficients of a fit in the order of another, infinite where they run away."""
    status = again.status.name.lower().replace("_", "-")
    known = (Status.CONVERGED, Status.BOUNDARY, Status.NO_MAXIMUM)
    if again.status not in known or again.runs_to_edge:
        return None, status
    parts = []
    for k, parameter in enumerate(maximum.model.family.parameters):
        size = maximum.engine.predictors[k].size
        edge = again.edge_of(parameter)
        if edge is not None:
            end = parameter.domain.lower if edge.limit.end == "lower" else parameter.domain.upper
            eta = maximum.model.links[k].forward(np.array([end]))
            parts.append(eta)
            if size != 1:
                return None, status
            continue
        fitted = again.fitted_position(parameter)
        assert fitted is not None
        parts.append(again.betas[fitted])
        if len(parts[-1]) != size:
            return None, _REDUNDANT
    beta = np.concatenate(parts)
    if again.recession is not None:
        run = again.recession
        moving = np.array(run.moving)
        beta[run.first + moving] = np.copysign(math.inf, run.direction[moving])
    return beta, "" if again.status is Status.CONVERGED else status
