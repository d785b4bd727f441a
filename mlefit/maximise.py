"""From columns to the maximum: coordinates, a start, the search.

The search runs in centred coordinates. Only where the information at the start is
ill conditioned does a QR pass decide the rank and turn the columns, so that the
Newton steps see nearly orthogonal ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.conditioning import well_conditioned
from mlefit.corners import newton_with_corners
from mlefit.design.blocks import Predictor, betas, split
from mlefit.engines.local import LocalEngine
from mlefit.errors import UntrustworthyError
from mlefit.existence import Recession, recession
from mlefit.exits import leaving, stays
from mlefit.families._base import Limit, Moments, Parameter
from mlefit.likelihood import Kind, Model, Totals
from mlefit.optimise import Kind as SearchKind
from mlefit.optimise import Optimum, Status, newton
from mlefit.penalty import Assigned, Penalty
from mlefit.pinball import Vertex, minimise_pinball
from mlefit.rank import Redundant
from mlefit.refine import refined_coefficients
from mlefit.scale import (
    collapse,
    collapses_somewhere,
    exact_scale,
    refuse_collapsed_start,
)
from mlefit.several import Trials, further_starts, highest
from mlefit.start import centred, start_coefficients

Log = Callable[[str], None]

# Where there is no maximum each step gains a constant factor only, so it takes over twenty of
# them to look converged; a search this long is checked.
_SUSPICIOUS_STEPS = 10
_MOST_ROUNDS = 200


@dataclass(frozen=True)
class Edge:
    """An edge of a parameter at which the likelihood is highest.

    Attributes:
        model: the one that was asked for, with the parameter.
        position: the parameter's, in that model.
        limit: what the family becomes there.
        predictor: the parameter's, as it was asked for.
        rows: how many rows are at the edge, if not all of them are.
    """

    model: Model
    position: int
    limit: Limit
    predictor: Predictor
    rows: int | None = None


@dataclass(frozen=True)
class Maximum:
    """The maximum of a likelihood and the coordinates it was found in.

    Attributes:
        model: family and links; at an edge those of the family that is left.
        engine: the rows, seen through the predictors that were fitted.
        optimum: where the search ended, in the coordinates of the predictors' bases.
        redundant: for each parameter the columns that were left out.
        asked: the predictors before columns were left out.
        vertex: the linear programme's answer, for families that have a corner.
        moments: of the target.
        penalty: the priors, or None for maximum likelihood.
        recession: a direction in which the likelihood only grows, if there is one.
        refined: coefficients of an ill-conditioned fit, with digits the search could not see.
        edges: parameters that are at an edge, the outermost family first.
        trials: what became of the searches from several starts.
    """

    model: Model
    engine: LocalEngine
    optimum: Optimum
    redundant: tuple[tuple[Redundant, ...], ...]
    asked: tuple[Predictor, ...]
    vertex: Vertex | None
    moments: Moments
    penalty: Penalty | None = None
    recession: Recession | None = None
    refined: list[Vector] | None = None
    edges: tuple[Edge, ...] = ()
    trials: Trials = field(default_factory=Trials)

    @property
    def wanted(self) -> Model:
        """Family and links that were asked for."""
        return self.edges[0].model if self.edges else self.model

    @property
    def status(self) -> Status:
        """Why the search ended, or that it led to an edge."""
        return Status.BOUNDARY if self.edges else self.optimum.status

    @property
    def runs_to_edge(self) -> bool:
        """Whether a fitted parameter still runs to an edge, so that no error means anything."""
        return any(edge.rows for edge in self.edges)

    def fitted_position(self, parameter: Parameter) -> int | None:
        """Position of a parameter of the family asked for among the fitted ones, if it is one."""
        names = [fitted.name for fitted in self.model.family.parameters]
        return names.index(parameter.name) if parameter.name in names else None

    def edge_of(self, parameter: Parameter) -> Edge | None:
        """The edge that a parameter is at."""
        for edge in self.edges:
            if edge.limit.parameter == parameter.name:
                return edge
        return None

    @property
    def evaluate(self) -> Callable[[Vector, Kind], Totals]:
        """The sums over all rows, and the priors, as a function of all coefficients."""
        return evaluator(self.model, self.engine, self.penalty)

    @property
    def log_prior(self) -> float:
        """Log-density of the priors at the optimum; 0 without one."""
        return 0.0 if self.penalty is None else self.penalty.log_density(self.optimum.gamma)

    @property
    def nll(self) -> float:
        """Negative log-likelihood at the optimum, without the priors."""
        if self.penalty is None:
            return float(self.optimum.totals.nll)
        return float(self.optimum.totals.nll) - self.penalty.smooth(self.optimum.gamma)

    @property
    def gammas(self) -> list[Vector]:
        """Coefficients of each parameter in the search's coordinates."""
        return split(self.optimum.gamma, self.engine.predictors)

    @property
    def betas(self) -> list[Vector]:
        """Coefficients of each parameter for the user's columns."""
        if self.refined is not None:
            return self.refined
        return betas(self.engine.predictors, self.optimum.gamma)


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        tol: Newton decrement, in nats, at which to stop.
        max_iter: most Newton steps.
        log: takes a line for each step.
    """

    tol: float = 1e-10
    max_iter: int = 100
    log: Log = lambda line: None


def maximise(
    model: Model,
    engine: LocalEngine,
    search: Search,
    priors: Sequence[Assigned] = (),
    *,
    watch: bool = False,
) -> Maximum:
    """Find the coefficients of largest likelihood, or of largest posterior density.

    Args:
        model: family and links.
        engine: rows and predictors.
        search: when to stop.
        priors: for some of the coefficients.
        watch: whether to stop where a parameter is on its way to an edge.

    Raises:
        UntrustworthyError: no start was found that keeps every parameter in its domain.
    """
    asked = engine.predictors
    engine, moments, survey = centred(engine)
    theta, *others = model.family.starts(moments)
    refuse_collapsed_start(model, engine, theta, moments)
    gamma = start_coefficients(model, engine, theta, survey)
    first = evaluator(model, engine)(gamma, "guide")
    if not math.isfinite(first.nll):
        raise _no_start(model)
    held = {label for one in priors for label in one.labels}
    engine, redundant = well_conditioned(model, engine, first.information, survey, held, search.log)
    if any(redundant) or any(p.basis.triangle is not None for p in engine.predictors):
        gamma = start_coefficients(model, engine, theta, survey)
        first = evaluator(model, engine)(gamma, "guide")
    names = [parameter.name for parameter in model.family.parameters]
    penalty = Penalty(priors, names, engine.predictors) if priors else None
    if model.family.vertex is not None:
        vertex, optimum = _with_vertex(model, engine, gamma, moments, search)
        return Maximum(model, engine, optimum, redundant, asked, vertex, moments, penalty)

    def searched(gamma: Vector, first: Totals) -> Optimum:
        if penalty is not None:
            return _under(penalty, model, engine, gamma, moments, search, watch=watch)
        return _newton(model, engine, gamma, moments, search, first=first, watch=watch)

    optima = [searched(gamma, first)]
    for start in further_starts(model, engine, others, moments, survey):
        first = evaluator(model, engine)(start, "guide")
        if math.isfinite(first.nll):
            optima.append(searched(start, first))
    optimum, trials = highest(optima)
    maximum = Maximum(model, engine, optimum, redundant, asked, None, moments, penalty)
    return _judged(replace(maximum, trials=trials))


def continued(maximum: Maximum, search: Search, priors: Sequence[Assigned]) -> Maximum:
    """The maximum under priors of other strengths, searched from this one.

    Args:
        maximum: of the same model on the same rows.
        search: when to stop.
        priors: for the same coefficients as those that `maximum` was found with.
    """
    model, engine = maximum.model, maximum.engine
    names = [parameter.name for parameter in model.family.parameters]
    penalty = Penalty(priors, names, engine.predictors)
    optimum = _under(penalty, model, engine, maximum.optimum.gamma, maximum.moments, search)
    return _judged(replace(maximum, optimum=optimum, penalty=penalty, recession=None))


def restarted(maximum: Maximum, gamma: Vector, search: Search) -> Maximum:
    """The maximum that a search from other coefficients leads to, however far it is."""
    model, engine, moments = maximum.model, maximum.engine, maximum.moments
    if maximum.penalty is None:
        optimum = _newton(model, engine, gamma, moments, search)
    else:
        optimum = _under(maximum.penalty, model, engine, gamma, moments, search)
    return _judged(replace(maximum, optimum=optimum, recession=None, refined=None))


def _under(
    penalty: Penalty,
    model: Model,
    engine: LocalEngine,
    gamma: Vector,
    moments: Moments,
    search: Search,
    *,
    watch: bool = False,
) -> Optimum:
    """The search that suits the priors: with corners, or without."""
    if not penalty.has_corners:
        return _newton(model, engine, gamma, moments, search, penalty=penalty, watch=watch)
    return newton_with_corners(
        _guided(evaluator(model, engine, penalty)),
        gamma,
        penalty.corners,
        penalty.centres,
        collapsed=collapse(model, engine, moments),
        tol=search.tol,
        max_iter=search.max_iter,
        log=search.log,
    )


def _judged(maximum: Maximum) -> Maximum:
    """The maximum, after asking whether one exists and sharpening what is ill conditioned."""
    model, engine, optimum = maximum.model, maximum.engine, maximum.optimum
    if optimum.status is Status.LEAVING:
        return maximum
    if optimum.steps >= _SUSPICIOUS_STEPS or optimum.status is not Status.CONVERGED:
        held = [] if maximum.penalty is None else maximum.penalty.positions
        found = recession(model, engine, held)
        if found is not None:
            away = replace(optimum, status=Status.NO_MAXIMUM)
            return replace(maximum, optimum=away, recession=found)
        if collapses_somewhere(model, engine, optimum.gamma, maximum.moments):
            return replace(maximum, optimum=replace(optimum, status=Status.PERFECT_FIT))
    if optimum.status not in (Status.CONVERGED, Status.PERFECT_FIT) or maximum.penalty is not None:
        return maximum
    return replace(maximum, refined=refined_coefficients(model, engine, optimum, maximum.betas))


def _newton(
    model: Model,
    engine: LocalEngine,
    gamma: Vector,
    moments: Moments,
    search: Search,
    *,
    free: NDArray[np.intp] | None = None,
    first: Totals | None = None,
    penalty: Penalty | None = None,
    watch: bool = False,
) -> Optimum:
    """Newton's method with what this model knows: an exact scale, when it collapses, its edges.

    Asked to watch, it stops where a parameter is on its way to an edge.
    """
    # The product of the scores, for want of an expected information, misleads far from a
    # maximum; so does an expected information that vanishes faster than the slope at an edge.
    family = model.family
    expects = family.has_expected and not family.limits
    several = len(model.links) > 1 and expects
    fallback: SearchKind = "expected" if expects else "observed"
    held = [] if penalty is None else penalty.positions
    return newton(
        _guided(evaluator(model, engine, penalty)),
        gamma,
        tol=search.tol,
        max_iter=search.max_iter,
        begin="expected" if several else "observed",
        fallback=fallback,
        free=free,
        bend=exact_scale(model, engine, held),
        first=first if several or model.is_fused else None,
        collapsed=collapse(model, engine, moments),
        leaving=leaving(model, engine, held) if watch else stays,
        log=search.log,
    )


def _guided(
    evaluate: Callable[[Vector, Kind], Totals],
) -> Callable[[Vector, SearchKind], Totals]:
    """The sums as a search sees them: what it takes for expected is the family's guide."""
    return lambda gamma, kind: evaluate(gamma, "guide" if kind == "expected" else kind)


def evaluator(
    model: Model, engine: LocalEngine, penalty: Penalty | None = None
) -> Callable[[Vector, Kind], Totals]:
    """The sums over all rows, and the priors, as a function of all coefficients."""

    def evaluate(gamma: Vector, kind: Kind) -> Totals:
        gammas = split(gamma, engine.predictors)
        totals = engine.total(lambda block: model.totals(block, gammas, kind))
        return totals if penalty is None else penalty.added_to(totals, gamma, kind)

    return evaluate


def _with_vertex(
    model: Model, engine: LocalEngine, gamma: Vector, moments: Moments, search: Search
) -> tuple[Vertex, Optimum]:
    """Location by linear programme and the rest by Newton, in turn until neither moves.

    With a constant scale the location does not depend on it, so one turn is all. The
    objective is smooth in the rest and convex in the location, so a point that
    neither can improve is stationary.
    """
    p = engine.predictors[0].size
    rest = np.arange(p, len(gamma))
    constant_scale = all(predictor.size <= 1 for predictor in engine.predictors[1:])
    tau = model.family.vertex
    assert tau is not None
    gamma = gamma.copy()
    nll = math.inf
    for turn in range(_MOST_ROUNDS):
        blocks = partial(_pinball_blocks, model, engine, gamma)
        vertex = minimise_pinball(blocks, p, engine.columns.rows, tau)
        gamma[:p] = vertex.beta
        optimum = _newton(model, engine, gamma, moments, search, free=rest)
        gamma = optimum.gamma.copy()
        search.log(
            f"turn {turn + 1}: vertex in {vertex.passes} passes, NLL {optimum.totals.nll:.10g}"
        )
        if constant_scale or nll - optimum.totals.nll <= search.tol:
            break
        nll = optimum.totals.nll
    if not vertex.optimal:
        optimum = replace(optimum, status=Status.NOT_A_VERTEX)
    return vertex, optimum


def _pinball_blocks(
    model: Model, engine: LocalEngine, gamma: Vector
) -> Iterator[tuple[Matrix, Rows, Rows | None]]:
    """The location's columns, the target less its offset, and weights over the scale."""
    gammas = split(gamma, engine.predictors)
    varying = any(p.size > 1 or p.offsets or p.held for p in engine.predictors[1:])
    for block in engine.blocks():
        weight = block.weight
        if varying:
            scale = model.theta(model.etas(block, gammas))[1]
            weight = block.weighted(np.broadcast_to(1 / scale, block.y.shape))
        yield block.designs[0], block.y - block.offsets[0], weight


def _no_start(model: Model) -> UntrustworthyError:
    parameter, link = model.family.parameters[0], model.links[0]
    return UntrustworthyError(
        f"no start was found with every {parameter.name} {parameter.domain.words} "
        f"under the {link.name} link",
        tries=[f"--link {parameter.link}"],
    )
