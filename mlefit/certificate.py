"""The evidence that a search ended where it says."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from mlefit.arrow import Symmetric
from mlefit.design.table import Table
from mlefit.inference.posterior import corner_residual
from mlefit.results import fit as results
from mlefit.search.maximum import Maximum
from mlefit.search.verdict import edges_in_words
from mlefit.symmetric import condition_number


def certificate(maximum: Maximum, table: Table) -> results.Certificate:
    """The facts of the search and of the point where it ended."""
    optimum, columns, counted = maximum.optimum, table.columns, table.rows.is_counted
    information, intercepts = _user_information(maximum)
    corner = maximum.model.family.vertex is not None
    smooth = _smooth(maximum)
    roots = np.sqrt(np.abs(optimum.curvatures)[smooth])
    slopes = np.abs(optimum.totals.score)[smooth]
    scaled = np.divide(slopes, roots, where=roots > 0, out=np.zeros_like(slopes))
    residual = corner_residual(maximum)
    status = maximum.status
    message = edges_in_words(maximum) or status.value
    if maximum.vertex is not None and not maximum.vertex.unique:
        message += "; the location is not unique: another one has the same likelihood"
    return results.Certificate(
        status=status.name.lower().replace("_", "-"),
        message=message,
        iterations=optimum.steps,
        passes=maximum.engine.passes,
        newton_decrement=optimum.decrement if math.isfinite(optimum.decrement) else None,
        max_scaled_gradient=float(scaled.max(initial=0.0)) if residual is None else residual,
        condition_number=None if corner else _finite(condition_number(information, intercepts)),
        rank=sum(predictor.size for predictor in maximum.engine.predictors),
        optimality_residual=residual,
        starts=maximum.trials.starts,
        lower_maxima=maximum.trials.lower,
        engine="streamed" if columns.streamed else "memory",
        counted_rows=columns.rows if counted else None,
        condensed_values=columns.rows if columns.is_counted and not counted else None,
        information="positive definite" if optimum.positive_definite else "not positive definite",
    )


def _smooth(maximum: Maximum) -> slice:
    """Coefficients in which the log-density has a slope everywhere."""
    return slice(maximum.engine.predictors[0].size if maximum.vertex is not None else 0, None)


def _user_information(maximum: Maximum) -> tuple[Symmetric, list[int]]:
    """The information in centred columns, whatever basis the search turned them to.

    Under corners that of the coefficients which none holds. Columns that are codes are not
    centred: with them come the positions of the intercepts that can take up their means.
    """
    information = maximum.optimum.totals.information
    predictors, free = maximum.engine.predictors, maximum.optimum.free
    kept = np.arange(len(maximum.optimum.gamma)) if free is None else free
    edges = np.cumsum([0, *(predictor.size for predictor in predictors)])
    triangles = [predictor.basis.triangle for predictor in predictors]
    if any(triangle is not None for triangle in triangles):
        turn = np.eye(edges[-1])
        for (lo, hi), triangle in zip(pairwise(edges), triangles, strict=True):
            if triangle is not None:
                turn[lo:hi, lo:hi] = triangle
        turn = turn[np.ix_(kept, kept)]
        information = turn.T @ information @ turn
    shared = [
        lo
        for lo, one in zip(edges.tolist(), predictors, strict=False)
        if one.layout.factors and one.has_intercept and lo in kept
    ]
    return information, np.searchsorted(kept, shared).tolist()


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
