"""From columns to the maximum: coordinates, a start, the search.

The search runs in centred coordinates, or in turned ones where columns nearly depend on each
other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Vector
from mlefit.engines.local import LocalEngine
from mlefit.errors import UntrustworthyError
from mlefit.families._records import Moments
from mlefit.likelihood import Kind, Model, Totals
from mlefit.pinball import Vertex
from mlefit.priors._base import InformationPrior
from mlefit.search.conditioning import are_dependent, examined, well_conditioned
from mlefit.search.existence import recession
from mlefit.search.exits import leaving, stays
from mlefit.search.fisher import Fisher
from mlefit.search.location import with_vertex
from mlefit.search.maximum import Maximum, evaluator
from mlefit.search.modes import Modes, highest_mode, turns
from mlefit.search.optimise import Kind as SearchKind
from mlefit.search.optimise import Optimum, Record, Status, forget, newton
from mlefit.search.penalty import Assigned, Penalty
from mlefit.search.refine import refined_coefficients
from mlefit.search.scale import (
    collapse,
    collapses_somewhere,
    exact_scale,
    refuse_collapsed_start,
)
from mlefit.search.several import further_starts, highest
from mlefit.search.sparse import nearer, partial_totals, slopes_at, sparse_mode, sparse_modes
from mlefit.search.start import centred, start_coefficients
from mlefit.search.together import Guide

Log = Callable[[str], None]

# Where there is no maximum each step gains a constant factor only, so it takes over twenty of
# them to look converged; a search this long is checked.
_SUSPICIOUS_STEPS = 10


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        tol: Newton decrement, in nats, at which to stop.
        max_iter: most Newton steps.
        log: takes a line for each step.
        record: takes every place on the way.
    """

    tol: float = 1e-10
    max_iter: int = 100
    log: Log = lambda line: None
    record: Record = forget


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
    at = examined(model, engine, survey, held)
    first: Totals | None = None
    if not are_dependent(engine, at, survey):
        gamma = start_coefficients(model, engine, theta, survey)
        first = partial_totals(model, engine, gamma, "guide", at)
    engine, redundant = well_conditioned(
        model, engine, at, None if first is None else first.information, survey, held, search.log
    )
    turned = any(p.basis.triangle is not None for p in engine.predictors)
    if first is None or turned or any(redundant):
        gamma = start_coefficients(model, engine, theta, survey)
        first = None
    nll = slopes_at(model, engine, gamma[None], None).nll[0] if first is None else first.nll
    if not math.isfinite(nll):
        raise _no_start(model)
    penalty = _penalty(priors, model, engine) if priors else None
    if model.family.vertex is not None:
        vertex, optimum = _turns(penalty, model, engine, gamma, moments, search)
        return Maximum(model, engine, optimum, redundant, asked, vertex, moments, penalty)
    if penalty is not None:
        first = None  # it knows nothing of the priors
        if penalty.has_corners:
            gamma = nearer(penalty, model, engine, gamma, search.log)
    optima = [_under(penalty, model, engine, gamma, moments, search, first=first, watch=watch)]
    for start in further_starts(model, engine, others, moments, survey):
        if math.isfinite(evaluator(model, engine)(start, "guide").nll):
            optima.append(_under(penalty, model, engine, start, moments, search, watch=watch))
    optimum, trials = highest(optima, partial(_objective, penalty))
    modes = None
    if penalty is not None and penalty.heavy_tailed:
        modes = _modes(penalty, model, engine, gamma, optimum, moments, search, watch=watch)
        optimum = modes.best
    maximum = Maximum(model, engine, optimum, redundant, asked, None, moments, penalty)
    return judged(replace(maximum, trials=trials, modes=modes))


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
    return judged(replace(maximum, optimum=optimum, penalty=penalty, recession=None))


def restarted(maximum: Maximum, gamma: Vector, search: Search) -> Maximum:
    """The maximum that a search from other coefficients leads to, however far it is."""
    model, engine, moments = maximum.model, maximum.engine, maximum.moments
    optimum = _under(maximum.penalty, model, engine, gamma, moments, search)
    return judged(replace(maximum, optimum=optimum, recession=None, refined=None))


def nearby(maximum: Maximum, engine: LocalEngine, search: Search) -> Optimum | None:
    """The optimum of rows with other weights or targets, searched from this one.

    Args:
        maximum: of the same model, without priors.
        engine: the rows, through the predictors of `maximum`.
        search: when to stop.

    Returns:
        None where it has to be looked into.
    """
    hasty = replace(search, max_iter=_SUSPICIOUS_STEPS - 1)
    found = _newton(maximum.model, engine, maximum.optimum.gamma, maximum.moments, hasty)
    return found if found.status is Status.CONVERGED else None


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
    watch: bool = False,
) -> Optimum:
    """The search that suits the priors: with corners, or without."""
    if penalty is None or not penalty.has_corners:
        return _newton(
            model, engine, gamma, moments, search, first=first, penalty=penalty, watch=watch
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


def judged(maximum: Maximum) -> Maximum:
    """The maximum, after asking whether one exists and sharpening what is ill conditioned.

    A search that was left on its way to an edge is not judged: what is found there decides.
    """
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
        record=search.record,
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
