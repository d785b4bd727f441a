"""What the standard errors, tests and intervals of a fit come from."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlefit.arrow import Spread
from mlefit.design.table import Table
from mlefit.diagnosis.criteria import nobs_of
from mlefit.inference.covariance import Reference, covariance
from mlefit.inference.debiased import KIND, debiased
from mlefit.inference.estimates import Uncertainty
from mlefit.inference.intervals import BOOTSTRAP, PROFILE, Intervals
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.telling import Tell


def intervals(
    request: Request,
    maximum: Maximum,
    clusters: NDArray[np.intp] | None,
    search: Search,
    tell: Tell,
) -> Intervals:
    """The intervals asked for, where the fit can have them.

    Args:
        request: what was asked for.
        maximum: the fit.
        clusters: code of each row's cluster, if clusters were named.
        search: how to search on.
        tell: takes what the work is at, the steps done and all of them.
    """
    penalty = maximum.penalty
    by_default = penalty is not None and penalty.of_information and request.ci is None
    # a profile is measured from the top
    top = maximum.optimum.status is Status.CONVERGED and not maximum.runs_to_edge
    if top and (request.ci == PROFILE or by_default):
        from mlefit.inference.profiled import profiled

        return profiled(request, maximum, search, tell)
    if BOOTSTRAP not in (request.ci, request.se):
        return Intervals(maximum)
    if maximum.status is not Status.CONVERGED:
        return Intervals(maximum, notes=("nothing was drawn: no draw starts from such a fit",))
    from mlefit.inference.resampled import resampled

    return resampled(request, maximum, clusters, tell)


def se_kind(request: Request, maximum: Maximum) -> str:
    """The kind of standard error: the one that was asked for, or what suits the fit."""
    if request.se == BOOTSTRAP:
        return request.se
    if maximum.model.family.vertex is not None:
        return "expected"
    if maximum.penalty is not None and maximum.penalty.of_information:
        return "expected"
    # a sampled row stands for several, so its likelihood's own curvature overstates what is known
    default = "HC0" if request.sampling_weights else "observed"
    if request.cluster is not None:
        default = "cluster"
    return request.se or default


def uncertainty_of(
    request: Request,
    table: Table,
    maximum: Maximum,
    intervals: Intervals,
    *,
    kind: str,
    dispersion: float,
    df_residual: float,
) -> Uncertainty:
    """Covariance, reference distribution and ends of intervals.

    Args:
        request: what was asked for.
        table: says which rows belong together.
        maximum: the fit.
        intervals: those that do not come from standard errors.
        kind: of standard error.
        dispersion: for kind 'quasi', what multiplies the family's own variance.
        df_residual: rows less coefficients of the first parameter.
    """
    if kind == KIND and maximum.is_trusted:
        stepped, normal = debiased(maximum), Reference()
        z = normal.quantile(request.conf_level)
        return Uncertainty(stepped.covariance, normal, z, 1.0, False, centres=stepped.beta)
    matrix: Spread | None
    if kind == BOOTSTRAP:
        matrix = intervals.covariance
    elif maximum.is_trusted and not (maximum.penalty and maximum.penalty.has_corners):
        matrix = covariance(
            maximum,
            kind,
            dispersion=dispersion,
            squared_weights=request.sampling_weights is not None,
            clusters=table.clusters,
        )
    else:
        matrix = None
    reference, factor = Reference(), 1.0
    if kind == "quasi":
        # the dispersion is estimated, so as in R's quasi families the statistics are t
        reference = Reference(df_residual)
        matrix = matrix if df_residual > 0 else None
    if request.small_sample:
        reference = Reference(df_residual)
        factor = math.sqrt(nobs_of(request, maximum) / df_residual) if df_residual > 0 else math.nan
        # a sandwich holds the residuals themselves, so no sigma that could be corrected
        spread = factor if kind in ("observed", "expected") else 1.0
        matrix = matrix * spread**2 if matrix is not None and df_residual > 0 else None
    made = Uncertainty(
        matrix,
        reference,
        reference.quantile(request.conf_level),
        factor,
        is_posterior=maximum.penalty is not None,
    )
    if not intervals.ends or matrix is None:
        return made
    return replace(
        made,
        ends=intervals.ends,
        at_edges=intervals.at_edges,
        ends_of=intervals.ends_of,
        ends_from=intervals.method,
    )
