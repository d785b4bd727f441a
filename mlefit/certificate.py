"""The evidence that a search ended where it says."""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Matrix
from mlefit.design.table import Table
from mlefit.inference.posterior import corner_residual
from mlefit.results import fit as results
from mlefit.search.maximum import Maximum
from mlefit.search.verdict import edges_in_words
from mlefit.symmetric import condition_number


def certificate(maximum: Maximum, table: Table) -> results.Certificate:
    """The facts of the search and of the point where it ended."""
    optimum, columns, counted = maximum.optimum, table.columns, table.rows.is_counted
    information = _user_information(maximum)
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
        condition_number=None if corner else _finite(condition_number(information)),
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


def _user_information(maximum: Maximum) -> Matrix:
    """The information in centred columns, whatever basis the search turned them to.

    Under corners that of the coefficients which none holds.
    """
    turn = np.eye(len(maximum.optimum.gamma))
    at = 0
    for predictor in maximum.engine.predictors:
        triangle = predictor.basis.triangle
        if triangle is not None:
            turn[at : at + predictor.size, at : at + predictor.size] = triangle
        at += predictor.size
    if maximum.optimum.free is not None:
        turn = turn[np.ix_(maximum.optimum.free, maximum.optimum.free)]
    return turn.T @ maximum.optimum.totals.information @ turn


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
