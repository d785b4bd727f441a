"""From columns to the maximum: coordinates, a start, the search.

The search runs in centred coordinates, or in turned ones where columns nearly depend on each
other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mlefit._types import Vector
from mlefit.engines.contract import Engine
from mlefit.families._records import Moments
from mlefit.likelihood import Model
from mlefit.priors._base import InformationPrior
from mlefit.search.begin import begin_on_few, begin_there, first_look, possible
from mlefit.search.climb import (
    SUSPICIOUS_STEPS,
    Search,
    climb,
    climb_in_turns,
    climb_under,
    objective,
)
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Optimum, Status
from mlefit.search.penalty import Assigned, Penalty
from mlefit.search.refine import refined_coefficients
from mlefit.search.scale import (
    collapses_somewhere,
    refuse_collapsed_start,
)
from mlefit.search.several import further_starts, highest
from mlefit.search.start import centred

if TYPE_CHECKING:
    from mlefit.search.modes import Modes
    from mlefit.search.together import Guide


def maximise(
    model: Model,
    engine: Engine,
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
    begin = partial(begin_on_few, model, moments, search) if alone else begin_there
    engine, redundant, start, first = first_look(
        model, engine, theta, survey, held, begin, search.log
    )
    gamma = start.gamma
    penalty = _penalty(priors, model, engine) if priors else None
    if model.family.vertex is not None:
        vertex, optimum = climb_in_turns(penalty, model, engine, gamma, moments, search)
        return Maximum(model, engine, optimum, redundant, asked, vertex, moments, penalty)
    if penalty is not None:
        first = None  # it knows nothing of the priors
        if penalty.has_corners:
            from mlefit.search.sparse import nearer

            gamma = nearer(penalty, model, engine, gamma, search.log)
    search_from = partial(
        climb_under, penalty, model, engine, moments=moments, search=search, watch=watch
    )
    optima = [search_from(gamma, first=first, near=start.near)]
    begun = [(start, optima[0])]
    for other in further_starts(model, engine, others, moments, survey):
        there = begin(engine, other)
        # from the same maximum of a few rows the same search would follow
        same = [found for earlier, found in begun if earlier.meets(there)]
        further = None if same else possible(model, engine, there, other)
        if further is not None:
            same = [search_from(further.gamma, near=further.near)]
            begun.append((further, same[0]))
        optima += same[:1]
    optimum, trials = highest(optima, partial(objective, penalty))
    modes = None
    if penalty is not None and penalty.heavy_tailed:
        modes = _modes(penalty, model, engine, gamma, optimum, moments, search, watch=watch)
        optimum = modes.best
    maximum = Maximum(model, engine, optimum, redundant, asked, None, moments, penalty)
    return judged(replace(maximum, trials=trials, modes=modes, ahead=start.ahead))


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
        vertex, optimum = climb_in_turns(
            penalty, model, engine, gamma, moments, search, near=maximum.vertex
        )
        return replace(maximum, optimum=optimum, penalty=penalty, vertex=vertex)
    optimum = climb_under(penalty, model, engine, gamma, moments, search)
    return judged(replace(maximum, optimum=optimum, penalty=penalty, recession=None))


def restarted(maximum: Maximum, gamma: Vector, search: Search) -> Maximum:
    """The maximum that a search from other coefficients leads to, however far it is."""
    model, engine, moments = maximum.model, maximum.engine, maximum.moments
    optimum = climb_under(maximum.penalty, model, engine, gamma, moments, search)
    return judged(replace(maximum, optimum=optimum, recession=None, refined=None))


def nearby(maximum: Maximum, engine: Engine, search: Search) -> Optimum | None:
    """The optimum of rows with other weights or targets, searched from this one.

    Args:
        maximum: of the same model, without priors.
        engine: the rows, through the predictors of `maximum`.
        search: when to stop.

    Returns:
        None where it has to be looked into.
    """
    start = maximum.optimum.gamma
    hasty = replace(search, max_iter=SUSPICIOUS_STEPS - 1)
    found = climb(maximum.model, engine, start, maximum.moments, hasty)
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
    from mlefit.search.sparse import sparse_modes

    assert maximum.penalty is not None
    penalties = [maximum.penalty.with_priors(priors) for priors in several]
    optima = sparse_modes(
        penalties,
        maximum.model,
        maximum.engine,
        maximum.optimum,
        maximum.penalty,
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
    engine: Engine,
    gamma: Vector,
    first: Optimum,
    moments: Moments,
    search: Search,
    *,
    watch: bool = False,
) -> Modes:
    """The modes that priors with heavy tails leave, the first of them being known."""
    from mlefit.search.modes import highest_mode, turns

    def find(start: Vector) -> Optimum:
        return climb_under(penalty, model, engine, start, moments, search, watch=watch)

    wider = [replace(one, prior=one.prior.wide or one.prior) for one in penalty.assigned]
    wide = climb_under(penalty.with_priors(wider), model, engine, gamma, moments, search)
    return highest_mode(
        find,
        lambda optimum: -penalty.objective(optimum),
        first,
        wide,
        lambda mode: turns(
            mode, penalty.heavy_tailed, penalty.to_user, penalty.to_user @ wide.gamma
        ),
    )


def _penalty(priors: Sequence[Assigned], model: Model, engine: Engine) -> Penalty:
    names = [parameter.name for parameter in model.family.parameters]
    needs_rows = any(isinstance(one.prior, InformationPrior) for one in priors)
    if not needs_rows:
        return Penalty(priors, names, engine.predictors)
    from mlefit.search.fisher import Fisher

    return Penalty(priors, names, engine.predictors, Fisher(model, engine))


def judged(maximum: Maximum) -> Maximum:
    """The maximum, after asking whether one exists and sharpening what is ill conditioned.

    A search that was left on its way to an edge is not judged: what is found there decides.
    """
    model, engine, optimum = maximum.model, maximum.engine, maximum.optimum
    if optimum.status is Status.LEAVING:
        return maximum
    steps = optimum.steps + maximum.ahead
    if steps >= SUSPICIOUS_STEPS or optimum.status is not Status.CONVERGED:
        from mlefit.search.existence import recession  # loaded where a fit shows signs

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
