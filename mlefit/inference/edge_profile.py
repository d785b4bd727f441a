"""How far from its edge a parameter can be, where the likelihood is highest at the edge.

The maximum there is the simpler family's, and the profile falls on one side only: the interval
has one end, where a value inside the family has fallen by as much as an end anywhere else.

Source: S. G. Self and K.-Y. Liang (1987), J. American Statistical Association 82, 605-610.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlefit.inference.constrained import Single
from mlefit.inference.intervals import Ends
from mlefit.inference.profile import Curve, HigherError
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum, evaluator
from mlefit.search.optimise import Optimum, Status

AT_EDGE = "the likelihood is highest at that edge"
# On the scale of the link: the way from the edge is walked in steps that begin with this.
_STRIDE = 1.0


def edge_ends(maximum: Maximum, search: Search, quantile: float) -> dict[str, Ends]:
    """The interval of a parameter at its edge, by name; empty where there is none to give.

    Args:
        maximum: at an edge of one parameter without covariates.
        search: how to find the rest.
        quantile: of the signed root at the end.
    """
    if len(maximum.edges) != 1 or maximum.penalty is not None:
        return {}
    (edge,) = maximum.edges
    plain = edge.predictor.is_constant and edge.predictor.size == 1 and not edge.predictor.held
    if edge.rows is not None or not plain:
        return {}
    k, link = edge.position, edge.model.links[edge.position]
    predictors = list(maximum.engine.predictors)
    predictors.insert(k, edge.predictor.without_basis())
    at = sum(predictor.size for predictor in predictors[:k])
    engine = maximum.engine.with_predictors(predictors)
    near, inside = (
        float(link.forward(np.array([value]))[0])
        for value in (edge.limit.value, edge.model.family.start(maximum.moments)[k])
    )
    gamma = np.insert(maximum.optimum.gamma, at, near)
    totals = evaluator(edge.model, engine)(gamma, "observed")
    top = Optimum(
        gamma=gamma,
        totals=replace(totals, nll=maximum.optimum.totals.nll),
        status=Status.CONVERGED,
        steps=0,
        decrement=0.0,
        positive_definite=True,
    )
    whole = replace(maximum, model=edge.model, engine=engine, optimum=top, edges=(), refined=None)
    side = 1.0 if inside > near else -1.0
    curve = Curve(whole, search, Single(at), error=_STRIDE)
    try:
        end, why = curve.end(side * quantile)
    except HigherError:
        return {}
    value = None if end is None else float(link.inverse(np.array([end]))[0])
    if edge.limit.end == "upper":
        return {edge.limit.parameter: Ends(value, None, why, AT_EDGE)}
    return {edge.limit.parameter: Ends(None, value, AT_EDGE, why)}
