"""The scale of a normal prior by evidence: the scale under which the rows were most probable.

    log p(y | s) ~ log p(y | b) + log p(b | s) + k/2 log(2 pi) - 1/2 log |H|

at the mode b, with H minus the second derivatives of the log-posterior in the k user's
coefficients: Laplace's approximation, exact where the log-posterior is quadratic.
Coefficients without a prior are integrated over a flat density of 1, the same at every
strength, on the scale of their linear predictor.

Source: D. J. C. MacKay (1992), Neural Computation 4, 415-447; L. Tierney and J. B. Kadane
(1986), J. Am. Stat. Assoc. 81, 82-86.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mlefit._types import Vector
from mlefit.design.predictors import user_matrix
from mlefit.frozen import frozen
from mlefit.search.climb import Search
from mlefit.search.maximise import continued
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.strength.path import information_of_rows
from mlefit.strength.varying import Varying

_PER_DECADE = 2
_MOST_STEPS = 80
_SAME_EVIDENCE = 1e-6  # nats
_GOLDEN = (math.sqrt(5) - 1) / 2
_RESOLUTION = 1e-4  # of the log of the strength


@frozen
class Curve:
    """The evidence at some strengths, the strongest first, and where it is largest.

    Attributes:
        strengths: shape (s,).
        maxima: at each strength.
        log_evidence: shape (s,).
        best: the strength of the largest evidence, one of `strengths`.
        edge: 'strong' or 'weak' if the evidence only rises towards that end, else None.
    """

    strengths: Vector
    maxima: tuple[Maximum, ...]
    log_evidence: Vector
    best: float
    edge: str | None


def log_evidence(maximum: Maximum) -> float:
    """Laplace's approximation at a mode; minus infinity where there is none."""
    if maximum.optimum.status is not Status.CONVERGED:
        return -math.inf
    to_user = user_matrix(maximum.engine.predictors)
    sign, volume = np.linalg.slogdet(maximum.optimum.totals.information)
    if sign <= 0:
        return -math.inf
    volume -= 2 * np.linalg.slogdet(to_user)[1]
    k = len(maximum.optimum.gamma)
    height = maximum.log_prior - maximum.nll
    return float(height + 0.5 * k * math.log(2 * math.pi) - 0.5 * volume)


def evidence_curve(centre: Maximum, search: Search, varying: Varying) -> Curve:
    """The evidence from a prior that decides everything to one that decides nothing."""
    strengths = _range(centre, varying)
    maxima = [centre]
    for strength in strengths:
        maxima.append(continued(maxima[-1], search, varying.at(float(strength))))
    heights = np.array([log_evidence(maximum) for maximum in maxima[1:]])
    curve = Curve(strengths, tuple(maxima[1:]), heights, math.nan, None)
    return _with_best(curve, search, varying)


def _with_best(curve: Curve, search: Search, varying: Varying) -> Curve:
    strengths, heights = curve.strengths, curve.log_evidence
    top = int(np.argmax(heights))
    level = heights[top] - _SAME_EVIDENCE
    if heights[0] >= level:
        return replace(curve, best=float(strengths[0]), edge="strong")
    if heights[-1] >= level:
        return replace(curve, best=float(strengths[-1]), edge="weak")

    def at(log_strength: float) -> Maximum:
        return continued(curve.maxima[top], search, varying.at(math.exp(log_strength)))

    peak = highest(
        lambda x: log_evidence(at(x)), math.log(strengths[top + 1]), math.log(strengths[top - 1])
    )
    after = int((strengths > math.exp(peak)).sum())
    return Curve(
        np.insert(strengths, after, math.exp(peak)),
        (*curve.maxima[:after], at(peak), *curve.maxima[after:]),
        np.insert(heights, after, log_evidence(at(peak))),
        math.exp(peak),
        None,
    )


def highest(f: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one peak between two places is largest: golden section."""
    inner, outer = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    left, right = f(inner), f(outer)
    while high - low > _RESOLUTION:
        if left >= right:
            high, outer, right = outer, inner, left
            inner = high - _GOLDEN * (high - low)
            left = f(inner)
        else:
            low, inner, left = inner, outer, right
            outer = low + _GOLDEN * (high - low)
            right = f(outer)
    return (low + high) / 2


def _range(centre: Maximum, varying: Varying) -> Vector:
    information = information_of_rows(centre, varying)
    known = information[information > 0]
    if not len(known):
        known = np.ones(1)
    high, low = 1e4 * known.max(), 1e-6 * known.min()
    steps = min(math.ceil(_PER_DECADE * math.log10(high / low)) + 1, _MOST_STEPS)
    return np.geomspace(high, low, steps)
