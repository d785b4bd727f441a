"""The probability of an interval of a family's values, and its derivatives.

With P = F(u) - F(l) and the velocities v_j of the quantiles (`Drift`), so that
dF/dtheta_j = -f v_j,

    d ln P/d theta_j             = [-f v_j]/P                        [.]: at u less at l
    d2 ln P/(d theta_j d theta_k) = [-f (s_k v_j + v_jk)]/P less the product of the slopes

where s is the score and v_jk the change of v_j in theta_k. The ratios f/P are taken of
logarithms, so that they keep their digits in the tails. A family that has no velocities in
closed form leaves it to differences.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, part
from mlefit.families._differences import Derivatives, differences, step
from mlefit.support import Domain


def log_between(
    base: Family, lower: Rows, upper: Rows, theta: Sequence[Any], known: Mapping[str, Any]
) -> Rows:
    """ln P(lower <= Y <= upper), from whichever tails are small."""
    support = base.support
    # the lowest value of all may have a probability of its own
    everything = lower <= support.lower
    lower = np.maximum(lower, support.lower) - (1.0 if support.discrete else 0.0)
    upper = np.minimum(upper, support.upper)

    def tail(function: Any, at: Rows) -> Rows:
        return np.asarray(function(at, *theta, **known))

    if everything.all():
        return tail(base.log_cdf, upper)
    beyond = np.where(everything, 0.0, tail(base.log_sf, lower))
    if np.isposinf(upper).all():
        return beyond
    under = np.where(everything, -np.inf, tail(base.log_cdf, lower))
    up_to, over = tail(base.log_cdf, upper), tail(base.log_sf, upper)
    return np.where(
        beyond < up_to,
        beyond + _log1mexp(over - beyond),
        up_to + _log1mexp(under - up_to),
    )


def derivatives(
    base: Family, lower: Rows, upper: Rows, theta: Sequence[Any], known: Mapping[str, Any]
) -> Derivatives:
    """First and second derivatives of `log_between` in the parameters."""
    exact = _by_drift(base, lower, upper, theta, known)
    if exact is not None:
        return exact
    return differences(
        lambda moved: log_between(base, lower, upper, moved, known),
        theta,
        _lengths(base, lower, upper, theta, known),
        _domains(base),
    )


def _by_drift(
    base: Family, lower: Rows, upper: Rows, theta: Sequence[Any], known: Mapping[str, Any]
) -> Derivatives | None:
    """The derivatives from the density at the ends; None if the family has no `drift`."""
    whole: Rows | None = None
    slopes: list[Rows] = [np.zeros(len(lower)) for _ in theta]
    pairs = list(combinations_with_replacement(range(len(theta)), 2))
    curves: dict[tuple[int, int], Rows] = {pair: np.zeros(len(lower)) for pair in pairs}
    for ends, sign in ((lower, 1.0), (upper, -1.0)):
        rows = np.flatnonzero((ends > base.support.lower) & (ends < base.support.upper))
        y, own = ends[rows], part(theta, rows)
        picked = {key: values[rows] for key, values in known.items()}
        moving = base.drift(y, *own, **picked)
        if moving is None:
            return None
        if whole is None:
            whole = log_between(base, lower, upper, theta, known)
        ratio = sign * np.exp(base.log_density(y, *own, **picked) - whole[rows])
        score = base.score(y, *own, **picked)

        def weighed(values: Rows, ratio: Rows = ratio) -> Rows:
            # where the density is 0, nothing moves
            return np.where(ratio == 0, 0.0, ratio * values)

        for slope, velocity in zip(slopes, moving.velocity, strict=True):
            slope[rows] += weighed(velocity)
        for j, k in pairs:
            change = score[k] * moving.velocity[j] + moving.change.get((j, k), 0.0)
            curves[j, k][rows] += weighed(change)
    for j, k in pairs:
        curves[j, k] -= slopes[j] * slopes[k]
    return slopes, curves


def _lengths(
    base: Family, lower: Rows, upper: Rows, theta: Sequence[Any], known: Mapping[str, Any]
) -> list[Rows]:
    """For each parameter a step on which the log-probability of an interval hardly bends."""
    bends = [np.zeros(len(lower)) for _ in theta]
    for end, finite in ((lower, np.isfinite(lower)), (upper, np.isfinite(upper))):
        at = np.clip(np.where(finite, end, 0.0), base.support.lower, None)
        score = base.score(at, *theta, **known)
        observed = base.observed(at, *theta, **known)
        for j, bend in enumerate(bends):
            here = np.abs(observed.get((j, j), 0.0)) + np.square(score[j])
            np.maximum(bend, np.where(finite & np.isfinite(here), here, 0.0), out=bend)
    return [
        step(domain, value, bend, is_shape=j > 0)
        for j, (domain, value, bend) in enumerate(zip(_domains(base), theta, bends, strict=True))
    ]


def _domains(base: Family) -> list[Domain]:
    return [parameter.domain for parameter in base.parameters]


def _log1mexp(x: Rows) -> Rows:
    """ln(1 - e^x) for x <= 0 (M. Maechler 2012, Accurately computing log(1 - exp(-|a|)))."""
    return np.where(x > -math.log(2), np.log(-np.expm1(x)), np.log1p(-np.exp(x)))
