"""Maxima at an edge of a family: named, not fitted.

Where counts spread no more than Poisson's, the likelihood of a negative binomial rises as
its size k goes to infinity, ever less, so that any search seems to converge at some large k
that means nothing. Families declare such edges (`Limit`) and what they become there. A
parameter is doubted when the search did not converge or its distance from an edge is less
than a standard error; on the scale of a log link that error is then over 1. The simpler
family is fitted and decides:

- it is lower than the search ended: there is a maximum inside;
- it is as high: the maximum is the edge, and what is reported is the simpler family's fit;
- it is higher: the slope at the edge tells whether the likelihood falls from there, so that
  the edge is a maximum, or rises, so that a second search starts from it.

A parameter with covariates can be at its edge in some rows only. Nothing simpler has this
likelihood, so the rows are counted and no error is given.

Source: S. G. Self and K.-Y. Liang (1987), J. American Statistical Association 82, 605-610.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mlefit import families
from mlefit._types import Vector
from mlefit.design.blocks import Block
from mlefit.design.predictors import Predictor, user_matrix
from mlefit.engines.contract import Engine
from mlefit.inference.covariance import inverse_information
from mlefit.likelihood import Model
from mlefit.search.climb import Search
from mlefit.search.maximise import judged, maximise, restarted
from mlefit.search.maximum import Edge, Maximum
from mlefit.search.optimise import Status
from mlefit.search.penalty import Assigned

# On the link scale: a standard error over this is a distance to the edge below one of them.
_DOUBTFUL_ERROR = 1.0
# Where no simpler family can tell, the share of the way to the limit's value that is an edge.
_FAR = 0.6
# Heights that a search run to its tolerance cannot tell apart.
_SLACK = 1e-9
_ROUNDING = 1e-13


def highest(
    model: Model, engine: Engine, search: Search, priors: Sequence[Assigned] = ()
) -> Maximum:
    """The maximum inside the family or at one of its edges.

    Args:
        model: family and links.
        engine: rows and predictors.
        search: when to stop.
        priors: for some of the coefficients.

    Raises:
        UntrustworthyError: no start was found that keeps every parameter in its domain.
    """
    maximum = maximise(model, engine, search, priors, watch=True)
    doubted = list(_doubted(maximum, priors))
    if not doubted or maximum.optimum.status in (Status.NO_MAXIMUM, Status.PERFECT_FIT):
        return maximum
    simpler = [fit for edge in doubted for fit in _simpler(maximum, edge, search, priors)]
    if simpler:
        best = min(simpler, key=lambda fit: float(fit.optimum.totals.nll))
        maximum = _higher(maximum, best, search)
    if not maximum.edges and maximum.optimum.status is Status.LEAVING:
        nameless = [edge for edge in doubted if edge.limit.family is None]
        if any(_rows_at(maximum, edge) for edge in nameless):
            left = replace(maximum.optimum, status=Status.STEP_LIMIT)
            maximum = judged(replace(maximum, optimum=left))
        else:
            maximum = restarted(maximum, maximum.optimum.gamma, search)
    if maximum.edges or maximum.recession is not None:
        return maximum
    # a simpler family decides of a whole parameter, not of some of its rows
    decided = [fit.edges[0].limit for fit in simpler if _is_plain(fit.edges[0].predictor)]
    return _with_rows_at_edges(maximum, [edge for edge in doubted if edge.limit not in decided])


def is_near_an_edge(maximum: Maximum) -> bool:
    """Whether the search may have run to an edge of the family."""
    return any(True for _ in _doubted(maximum, ()))


def _doubted(maximum: Maximum, priors: Sequence[Assigned]) -> Iterator[Edge]:
    """Edges that the search may have run to."""
    model = maximum.model
    held = {label.partition(":")[0] for prior in priors for label in prior.labels}
    names = [parameter.name for parameter in model.family.parameters]
    for limit in model.family.limits:
        k = names.index(limit.parameter)
        if limit.parameter in held or not maximum.engine.predictors[k].size:
            continue
        edge = Edge(model, k, limit, maximum.asked[k])
        if maximum.optimum.status is not Status.CONVERGED or _is_near(maximum, edge):
            yield edge


def _is_near(maximum: Maximum, edge: Edge) -> bool:
    """Whether less than a standard error separates the parameter from an edge."""
    if not _is_plain(edge.predictor):
        return _rows_at(maximum, edge) > 0
    covariance = inverse_information(maximum, "observed")
    if covariance is None:
        return True
    at = sum(predictor.size for predictor in maximum.engine.predictors[: edge.position])
    return not covariance[at, at] < _DOUBTFUL_ERROR**2


def _is_plain(predictor: Predictor) -> bool:
    return predictor.has_intercept and predictor.size == 1 and not predictor.held


def _simpler(
    maximum: Maximum, edge: Edge, search: Search, priors: Sequence[Assigned]
) -> Iterator[Maximum]:
    """The fit of what the family becomes at an edge, if these rows are possible there."""
    if edge.limit.family is None:
        return
    family = maximum.model.family.alike(families.load(edge.limit.family))
    if maximum.moments.least < family.support.lower:
        return
    links, asked = list(maximum.model.links), list(maximum.asked)
    del links[edge.position], asked[edge.position]
    engine = maximum.engine.with_predictors(asked)
    search.log(f"{edge.limit.parameter} may be at its {edge.limit.end} end: fitting {family.name}")
    fit = highest(Model(family, links), engine, search, priors)
    if fit.status in (Status.CONVERGED, Status.BOUNDARY):
        yield replace(fit, edges=(edge, *fit.edges))


def _higher(maximum: Maximum, simpler: Maximum, search: Search) -> Maximum:
    """The fit inside the family or the one at its edge, whichever is a maximum and higher."""
    inside, at_edge = float(maximum.optimum.totals.nll), float(simpler.optimum.totals.nll)
    if at_edge > inside + _slack(at_edge):
        return maximum
    if at_edge >= inside - _slack(at_edge) and maximum.optimum.status is Status.CONVERGED:
        return simpler
    gamma = _at_the_edge(maximum, simpler)
    if gamma is None:
        return maximum  # nothing tells which way the likelihood rises there
    if not _rises_inward(maximum, simpler, gamma):
        return simpler
    edge = simpler.edges[0]
    at = sum(predictor.size for predictor in maximum.engine.predictors[: edge.position])
    gamma[at] = _eta(edge, maximum.model.family.start(maximum.moments)[edge.position])
    again = restarted(maximum, gamma, search)
    return again if float(again.optimum.totals.nll) < at_edge else simpler


def _slack(nll: float) -> float:
    return _SLACK + _ROUNDING * abs(nll)


def _at_the_edge(maximum: Maximum, simpler: Maximum) -> Vector | None:
    """The simpler fit in the coordinates of the family's search; None if columns differ."""
    parts = []
    fitted = {parameter.name: k for k, parameter in enumerate(simpler.model.family.parameters)}
    edges = {edge.limit.parameter: edge for edge in simpler.edges}
    for parameter, predictor in zip(
        maximum.model.family.parameters, maximum.engine.predictors, strict=True
    ):
        if parameter.name in edges:
            edge = edges[parameter.name]
            if not _is_plain(predictor):
                return None
            parts.append(np.array([_eta(edge, edge.limit.value)]))
            continue
        k = fitted[parameter.name]
        if simpler.engine.predictors[k].columns != predictor.columns:
            return None
        parts.append(simpler.betas[k])
    beta = np.concatenate(parts)
    return np.linalg.solve(user_matrix(maximum.engine.predictors), beta)


def _rises_inward(maximum: Maximum, simpler: Maximum, gamma: Vector) -> bool:
    """Whether the likelihood rises from the edge into the family."""
    edge = simpler.edges[0]
    at = sum(predictor.size for predictor in maximum.engine.predictors[: edge.position])
    inside = _eta(edge, maximum.model.family.start(maximum.moments)[edge.position])
    slope = maximum.evaluate(gamma, "observed").score[at]
    return bool(slope * (inside - gamma[at]) < 0)


def _eta(edge: Edge, value: float) -> float:
    return float(edge.model.links[edge.position].forward(np.array([value]))[0])


def _with_rows_at_edges(maximum: Maximum, doubted: Sequence[Edge]) -> Maximum:
    """The maximum with the edges that some of its rows are at."""
    counted = [replace(edge, rows=_rows_at(maximum, edge)) for edge in doubted]
    return replace(maximum, edges=tuple(edge for edge in counted if edge.rows))


def _rows_at(maximum: Maximum, edge: Edge) -> int:
    """Rows whose predictor has gone most of the way to an edge."""
    k, model, gammas = edge.position, maximum.model, maximum.gammas
    limit = _eta(edge, edge.limit.value)
    far = math.copysign(_FAR * abs(limit), limit)

    def reached(block: Block) -> float:
        eta = np.broadcast_to(model.etas(block, gammas)[k], len(block.y))
        return block.number_of((eta - far) * math.copysign(1.0, limit) > 0)

    return round(maximum.engine.total(reached, "rows at an edge"))
