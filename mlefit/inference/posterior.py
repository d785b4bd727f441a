"""What the priors did: the penalty they are, what they are worth, where they disagree.

    log posterior = log likelihood + log prior + constant,  so  loss = NLL + penalty

The effective number of parameters is the trace of (H + P)^-1 H, with H the expected
information of the rows and P the priors' own curvature: for a normal mean the trace of
the hat matrix, and one for sigma (T. Hastie, R. Tibshirani and J. Friedman 2009,
The Elements of Statistical Learning, 2nd ed., section 7.6); under a corner it counts the
coefficients that left it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Vector
from mlefit.arrow import Arrow, ArrowInverse, Symmetric
from mlefit.design.predictors import user_matrix
from mlefit.search.maximum import Maximum, evaluator
from mlefit.search.penalty import Assigned, Penalty
from mlefit.search.sparse import partial_totals, slopes_at
from mlefit.symmetric import inverse, largest_inflation

_CONFLICT = 3.0
# How many times less than its own curvature a likelihood without a maximum has in a direction.
_FLAT = 1e10
# A mode so many nats lower has a thousandth of the density.
_OF_NO_WEIGHT = 7.0


def prior_records(maximum: Maximum) -> list[dict[str, Any]]:
    """One record for each prior: whom it is for, its penalty, what it is worth."""
    penalty = maximum.penalty
    if penalty is None:
        return []
    worth = _rows_worth(maximum, penalty)
    beta = _beta(maximum)
    return [
        {
            "prior": str(one.prior),
            "term": one.named,
            "coefficients": list(one.labels),
            "penalty": one.prior.penalty,
            "penalty_value": (
                float(one.prior.penalty_of(penalty.seen(one, beta[at])).sum())
                if one.resolves
                else -log_density
            ),
            "log_density": log_density,
            "strengths": one.prior.strengths,
            "worth_rows": worth[i],
            "scale": "natural" if one.link is not None else "link" if one.resolves else "rows",
        }
        for i, (one, at, log_density) in enumerate(
            zip(
                penalty.assigned,
                penalty.places,
                penalty.log_densities(maximum.optimum.gamma),
                strict=True,
            )
        )
    ]


def effective_parameters(maximum: Maximum) -> float | None:
    """How many parameters the rows, rather than the priors, decide; None if nothing decides one."""
    penalty, optimum = maximum.penalty, maximum.optimum
    p = len(optimum.gamma)
    if penalty is None:
        return float(p)
    from mlefit.search.corners import on_corner

    held = on_corner(optimum.gamma, penalty.corners, penalty.centres)
    free = np.flatnonzero(~held)
    curvature = penalty.curvature(optimum.gamma, "expected")
    if not curvature.any():
        return float(len(free))
    rows = partial_totals(maximum.model, maximum.engine, optimum.gamma, "expected", free)
    if isinstance(rows.information, Arrow) and not held.any():
        T = user_matrix(maximum.engine.predictors, rows.information.rest)
        spread = inverse(rows.information.bent(curvature, T))
        if not isinstance(spread, ArrowInverse):
            return None
        return float(p - spread.turned(T).diagonal @ curvature)
    own = penalty.information(optimum.gamma, "expected", free)
    whole = rows.information + own
    try:
        return float(len(free) - np.trace(np.linalg.solve(whole, own)))
    except np.linalg.LinAlgError:
        return None


def corner_residual(maximum: Maximum) -> float | None:
    """Largest violation of an optimality condition, over the root of its information."""
    penalty, optimum = maximum.penalty, maximum.optimum
    if penalty is None or not penalty.has_corners or maximum.vertex is not None:
        return None  # the proof of a vertex is one of all its conditions
    from mlefit.search.corners import optimality_residual

    residual = optimality_residual(
        optimum.totals.score, optimum.gamma, penalty.corners, penalty.centres
    )
    roots = np.sqrt(np.maximum(optimum.curvatures, np.finfo(float).tiny))
    return float((residual / roots).max(initial=0.0))


def remarks(maximum: Maximum, *, debiased: bool) -> Iterator[str]:
    """What a reader must know of a fit with priors.

    Args:
        maximum: the fit.
        debiased: whether its intervals are those of the debiased estimate.
    """
    penalty = maximum.penalty
    if penalty is None:
        return
    if debiased:
        yield (
            "intervals and p-values are about the debiased estimates, not about the ones that the "
            "prior pulled"
        )
    elif penalty.has_corners:
        able = maximum.vertex is None and all(one.prior.corner_weight for one in penalty.assigned)
        enough = len(maximum.optimum.gamma) < maximum.engine.stands_for
        yield (
            "no standard errors: under a prior with a corner the mode is no mean and its curvature "
            "no variance, so intervals and p-values from it would mislead"
            + ("; --se debiased gives those of an estimate without its pull" * (able and enough))
        )
    if maximum.modes is not None:
        near = [depth for depth in maximum.modes.below if depth < _OF_NO_WEIGHT]
        if near:
            yield (
                f"the posterior has more than one mode: {maximum.modes.searches} searches found "
                f"this one as the highest and {len(near)} less than {_OF_NO_WEIGHT:g} nats below "
                f"(the next {near[0]:.3g})"
                + ("; the credible intervals know of this one only" * (not penalty.has_corners))
            )
    for one, at in zip(penalty.assigned, penalty.places, strict=True):
        yield from _conflicts(maximum, penalty, one, at)


def _conflicts(
    maximum: Maximum, penalty: Penalty, one: Assigned, at: NDArray[np.intp]
) -> Iterator[str]:
    """Coefficients that the rows put far from where a normal prior expects them."""
    if set(one.prior.strengths) != {"l2"} or penalty.has_corners or one.auto:
        return  # a scale that the rows chose is no opinion they could disagree with
    covariance = _likelihood_covariance(maximum)
    if covariance is None:
        return
    beta = _beta(maximum)
    # one Newton step from the mode to where the likelihood alone would be
    alone = beta - covariance @ penalty.slope(maximum.optimum.gamma)
    for label, j in zip(one.labels, at, strict=True):
        spread = math.sqrt(covariance[j, j] + 1 / one.prior.strengths["l2"])
        z = (alone[j] - one.prior.mode) / spread
        if abs(z) > _CONFLICT:
            yield (
                f"the rows disagree with the prior {one.prior} of {label}: alone they would say "
                f"{alone[j]:.3g}, {abs(z):.1f} of its standard deviations away"
            )


def _information_of_rows(maximum: Maximum) -> Symmetric:
    """The expected one: far from the likelihood's own maximum the observed may be negative."""
    gamma = maximum.optimum.gamma
    return evaluator(maximum.model, maximum.engine)(gamma, "expected").information


def _likelihood_covariance(maximum: Maximum) -> Any:
    rows = _information_of_rows(maximum)
    predictors = maximum.engine.predictors
    if isinstance(rows, Arrow):
        spread = inverse(rows)
        if not isinstance(spread, ArrowInverse) or largest_inflation(rows, []) > _FLAT:
            return None
        return spread.turned(user_matrix(predictors, rows.rest))
    to_user = user_matrix(predictors)
    scale = 1 / np.sqrt(np.maximum(np.diag(rows), np.finfo(float).tiny))
    scaled = rows * np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < 1 / _FLAT:
        return None  # the likelihood alone has no maximum to disagree with
    half = to_user * scale
    return half @ np.linalg.inv(scaled) @ half.T


def _rows_worth(maximum: Maximum, penalty: Penalty) -> list[float | None]:
    """Rows that tell as much about a typical coefficient as its prior does."""
    gamma = maximum.optimum.gamma
    own = penalty.curvature(gamma)
    if not own.any():
        return [None] * len(penalty.places)
    slopes = slopes_at(maximum.model, maximum.engine, gamma[None], "expected")
    per_row = _less_means(maximum, slopes.diagonal[0]) / maximum.moments.rows
    worths: list[float | None] = []
    for at in penalty.places:
        known = per_row[at] > 0
        share = own[at][known] / per_row[at][known]
        worth = float(np.median(share)) if known.any() else 0.0
        worths.append(worth if worth > 0 else None)
    return worths


def _less_means(maximum: Maximum, diagonal: Vector) -> Vector:
    """The diagonal of an information as if columns in codes were centred, as all others are."""
    left = diagonal.copy()
    first = 0
    for predictor in maximum.engine.predictors:
        for factor in predictor.layout.factors:
            if predictor.has_intercept and not factor.numbers:
                own = diagonal[first + factor.at]
                left[first + factor.at] = own - own**2 / diagonal[first]
        first += predictor.size
    return left


def _beta(maximum: Maximum) -> Vector:
    return np.concatenate(maximum.betas)
