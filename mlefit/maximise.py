"""From columns to the maximum: coordinates, a start, the search.

The search runs in centred coordinates, or in turned ones where columns nearly depend on each
other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Vector
from mlefit.conditioning import are_dependent, examined, well_conditioned
from mlefit.engines.local import LocalEngine
from mlefit.errors import UntrustworthyError
from mlefit.existence import recession
from mlefit.exits import leaving, stays
from mlefit.families._records import Moments
from mlefit.few import thinned
from mlefit.fisher import Fisher
from mlefit.likelihood import Kind, Model, Totals
from mlefit.location import with_vertex
from mlefit.maximum import Maximum, evaluator
from mlefit.modes import Modes, highest_mode, turns
from mlefit.optimise import Kind as SearchKind
from mlefit.optimise import Optimum, Status, newton
from mlefit.penalty import Assigned, Penalty
from mlefit.pinball import Vertex
from mlefit.priors._base import InformationPrior
from mlefit.rank import Redundant
from mlefit.refine import refined_coefficients
from mlefit.scale import (
    collapse,
    collapses_somewhere,
    exact_scale,
    refuse_collapsed_start,
)
from mlefit.several import further_starts, highest
from mlefit.sparse import nearer, partial_totals, slopes_at, sparse_mode, sparse_modes
from mlefit.start import Survey, centred, start_coefficients
from mlefit.together import Guide

Log = Callable[[str], None]

# Where there is no maximum each step gains a constant factor only, so it takes over twenty of
# them to look converged; a search this long is checked.
_SUSPICIOUS_STEPS = 10
_FEW_ROWS = 20_000
_ENOUGH = 1e-3  # nats: what a few rows leave open is more


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
    held = {label for one in priors if one.resolves for label in one.labels}
    # priors may draw away from where few rows lead; a vertex has few rows of its own
    alone = not priors and model.family.vertex is None
    begin = partial(_begin, model, moments, search) if alone else _begin_there
    engine, redundant, start, first = _first_look(
        model, engine, theta, survey, held, begin, search.log
    )
    gamma = start.gamma
    penalty = _penalty(priors, model, engine) if priors else None
    if model.family.vertex is not None:
        vertex, optimum = _turns(penalty, model, engine, gamma, moments, search)
        return Maximum(model, engine, optimum, redundant, asked, vertex, moments, penalty)
    if penalty is not None:
        first = None  # it knows nothing of the priors
        if penalty.has_corners:
            gamma = nearer(penalty, model, engine, gamma, search.log)
    under = partial(_under, penalty, model, engine, moments=moments, search=search, watch=watch)
    optima = [under(gamma, first=first, near=start.near)]
    for other in further_starts(model, engine, others, moments, survey):
        if math.isfinite(evaluator(model, engine)(other, "guide").nll):
            further = begin(engine, other)
            optima.append(under(further.gamma, near=further.near))
    optimum, trials = highest(optima, partial(_objective, penalty))
    modes = None
    if penalty is not None and penalty.heavy_tailed:
        modes = _modes(penalty, model, engine, gamma, optimum, moments, search, watch=watch)
        optimum = modes.best
    maximum = Maximum(model, engine, optimum, redundant, asked, None, moments, penalty)
    return _judged(replace(maximum, trials=trials, modes=modes, ahead=start.ahead))


class _Begin(NamedTuple):
    """Where a search begins.

    Attributes:
        gamma: coefficients.
        ahead: steps on a few rows that led there.
    """

    gamma: Vector
    ahead: int = 0

    @property
    def near(self) -> bool:
        """Whether the maximum is near, where the observed information leads best."""
        return self.ahead > 0

    @property
    def kind(self) -> Kind:
        """The information that leads from there."""
        return "observed" if self.near else "guide"


def _begin_there(engine: LocalEngine, gamma: Vector) -> _Begin:
    return _Begin(gamma)


def _begin(
    model: Model, moments: Moments, search: Search, engine: LocalEngine, gamma: Vector
) -> _Begin:
    """At the maximum of a few of many rows, unless it is hard to find or impossible for all."""
    few = thinned(engine, _FEW_ROWS)
    if few is None or not math.isfinite(_nll(model, few, gamma)):
        return _Begin(gamma)
    optimum = _newton(model, few, gamma, moments, Search(_ENOUGH, _SUSPICIOUS_STEPS))
    if optimum.status is not Status.CONVERGED:
        return _Begin(gamma)
    search.log(f"start from {few.columns.rows:,} rows: {optimum.steps} steps")
    return _Begin(optimum.gamma, optimum.steps)


def _first_look(
    model: Model,
    engine: LocalEngine,
    theta: Sequence[float],
    survey: Survey,
    held: set[str],
    begin: Callable[[LocalEngine, Vector], _Begin],
    log: Log,
) -> tuple[LocalEngine, tuple[tuple[Redundant, ...], ...], _Begin, Totals | None]:
    """Good coordinates, the columns left out for them, a start, and the sums there if known.

    Raises:
        UntrustworthyError: no start was found that keeps every parameter in its domain.
    """
    at = examined(model, engine, survey, held)
    start, first = _Begin(np.zeros(0)), None
    if not are_dependent(engine, at, survey):
        plain = start_coefficients(model, engine, theta, survey)
        start = begin(engine, plain)
        first = partial_totals(model, engine, start.gamma, start.kind, at)
        if start.near and not math.isfinite(first.nll):  # impossible for other rows
            start, begin = _Begin(plain), _begin_there
            first = partial_totals(model, engine, plain, start.kind, at)
    engine, redundant = well_conditioned(
        model, engine, at, None if first is None else first.information, survey, held, log
    )
    turned = any(p.basis.triangle is not None for p in engine.predictors)
    if first is None or turned or any(redundant):
        start = begin(engine, start_coefficients(model, engine, theta, survey))
        first = None
    nll = _nll(model, engine, start.gamma) if first is None else first.nll
    if not math.isfinite(nll):
        raise _no_start(model)
    return engine, redundant, start, first


def _nll(model: Model, engine: LocalEngine, gamma: Vector) -> float:
    return float(slopes_at(model, engine, gamma[None], None).nll[0])


def continued(maximum: Maximum, search: Search, priors: Sequence[Assigned]) -> Maximum:
    """The maximum under priors of other strengths, searched from this one.

    Args:
        maximum: of the same model on the same rows.
        search: when to stop.
        priors: for the same coefficients as those that `maximum` was found with.
    """
    model, engine = maximum.model, maximum.engine
    assert maximum.penalty is not None
    penalty = maximum.penalty.with_priors(priors)
    gamma, moments = maximum.optimum.gamma, maximum.moments
    if maximum.vertex is not None:
        vertex, optimum = _turns(penalty, model, engine, gamma, moments, search)
        return replace(maximum, optimum=optimum, penalty=penalty, vertex=vertex)
    optimum = _under(penalty, model, engine, gamma, moments, search)
    return _judged(replace(maximum, optimum=optimum, penalty=penalty, recession=None))


def restarted(maximum: Maximum, gamma: Vector, search: Search) -> Maximum:
    """The maximum that a search from other coefficients leads to, however far it is."""
    model, engine, moments = maximum.model, maximum.engine, maximum.moments
    optimum = _under(maximum.penalty, model, engine, gamma, moments, search)
    return _judged(replace(maximum, optimum=optimum, recession=None, refined=None))


def continued_together(
    maximum: Maximum, search: Search, several: Sequence[Sequence[Assigned]], guide: Guide
) -> Iterator[Maximum]:
    """The maxima under priors with corners of several strengths, searched together.

    Args:
        maximum: at a strength just above them.
        search: when to stop.
        several: the priors at each strength, the strongest first.
        guide: information that the last strengths left behind.
    """
    assert maximum.penalty is not None
    penalties = [maximum.penalty.with_priors(priors) for priors in several]
    optima = sparse_modes(
        penalties,
        maximum.model,
        maximum.engine,
        maximum.optimum.gamma,
        maximum.optimum.totals.score,
        guide,
        search.tol,
    )
    for priors, penalty, optimum in zip(several, penalties, optima, strict=True):
        if optimum is None:
            maximum = continued(maximum, search, priors)
        else:
            maximum = replace(maximum, optimum=optimum, penalty=penalty, recession=None)
        yield maximum


def _modes(
    penalty: Penalty,
    model: Model,
    engine: LocalEngine,
    gamma: Vector,
    first: Optimum,
    moments: Moments,
    search: Search,
    *,
    watch: bool = False,
) -> Modes:
    """The modes that priors with heavy tails leave, the first of them being known."""

    def find(start: Vector) -> Optimum:
        return _under(penalty, model, engine, start, moments, search, watch=watch)

    wider = [replace(one, prior=one.prior.wide or one.prior) for one in penalty.assigned]
    wide = _under(penalty.with_priors(wider), model, engine, gamma, moments, search)
    return highest_mode(
        find,
        lambda optimum: -penalty.objective(optimum),
        first,
        wide,
        lambda mode: turns(
            mode, penalty.heavy_tailed, penalty.to_user, penalty.to_user @ wide.gamma
        ),
    )


def _penalty(priors: Sequence[Assigned], model: Model, engine: LocalEngine) -> Penalty:
    names = [parameter.name for parameter in model.family.parameters]
    needs_rows = any(isinstance(one.prior, InformationPrior) for one in priors)
    fisher = Fisher(model, engine) if needs_rows else None
    return Penalty(priors, names, engine.predictors, fisher)


def _turns(
    penalty: Penalty | None,
    model: Model,
    engine: LocalEngine,
    gamma: Vector,
    moments: Moments,
    search: Search,
) -> tuple[Vertex, Optimum]:
    """A location by linear programme, the rest by Newton's method."""
    rest = np.arange(engine.predictors[0].size, len(gamma))
    return with_vertex(
        model,
        engine,
        gamma,
        penalty,
        lambda at: _newton(model, engine, at, moments, search, free=rest, penalty=penalty),
        tol=search.tol,
        log=search.log,
    )


def _objective(penalty: Penalty | None, optimum: Optimum) -> float:
    return optimum.totals.nll if penalty is None else penalty.objective(optimum)


def _under(
    penalty: Penalty | None,
    model: Model,
    engine: LocalEngine,
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
        return _newton(
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


def _judged(maximum: Maximum) -> Maximum:
    """The maximum, after asking whether one exists and sharpening what is ill conditioned."""
    model, engine, optimum = maximum.model, maximum.engine, maximum.optimum
    if optimum.status is Status.LEAVING:
        return maximum
    steps = optimum.steps + maximum.ahead
    if steps >= _SUSPICIOUS_STEPS or optimum.status is not Status.CONVERGED:
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
    return newton(
        _guided(evaluator(model, engine, penalty)),
        gamma,
        tol=search.tol,
        max_iter=search.max_iter,
        begin="expected" if guided else "observed",
        fallback=fallback,
        free=free,
        bend=exact_scale(model, engine, held),
        first=first if guided or near or model.is_fused else None,
        collapsed=collapse(model, engine, moments),
        leaving=leaving(model, engine, held) if watch else stays,
        log=search.log,
    )


def _guided(
    evaluate: Callable[[Vector, Kind], Totals],
) -> Callable[[Vector, SearchKind], Totals]:
    """The sums as a search sees them: what it takes for expected is the family's guide."""
    return lambda gamma, kind: evaluate(gamma, "guide" if kind == "expected" else kind)


def _no_start(model: Model) -> UntrustworthyError:
    parameter, link = model.family.parameters[0], model.links[0]
    return UntrustworthyError(
        f"no start was found with every {parameter.name} {parameter.domain.words} "
        f"under the {link.name} link",
        tries=[f"--link {parameter.link}"],
    )
