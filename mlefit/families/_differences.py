"""Derivatives of log-probabilities by differences, where the tails have no closed ones.

Central differences of eighth order, of a positive parameter in its logarithm. Their step is
a share of the length on which the log-density at an interval's end bends: the error is about
1e-12 of a score and 1e-10 of an information, more where the interval is many standard
deviations away. No step may reach across a corner of the density.

Source: B. Fornberg (1988), Mathematics of Computation 51, 699-706.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Probability
from mlefit.support import Domain

_FIRST = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
_SECOND = np.array([8 / 5, -1 / 5, 8 / 315, -1 / 560])
_CENTRE = -205 / 72
# of the length on which the log-density bends
_SHARE = 0.06
# the longest step of a shape or of the way to an end, and of the logarithm of a positive one
_MOST, _MOST_LOG = 0.015, 0.05

LogProbability: TypeAlias = Callable[[Sequence[Any]], Rows]
"""Parameters -> rows."""

Derivatives: TypeAlias = tuple[list[Rows], dict[tuple[int, int], Rows]]
"""First derivatives, and second ones by the pair (j, k), j <= k, of parameters."""


def differences(
    function: LogProbability,
    theta: Sequence[Any],
    steps: Sequence[Rows],
    domains: Sequence[Domain],
) -> Derivatives:
    """First and second derivatives of a function of the parameters, row by row.

    Args:
        function: of all parameters.
        theta: where, each (n,).
        steps: lengths of a step of each parameter, or of the logarithm of a positive one,
            each (n,).
        domains: of each parameter.
    """
    here = function(theta)

    def along(direction: Mapping[int, float]) -> tuple[Rows, Rows]:
        """First and second derivative in units of the steps."""
        first, second = np.zeros_like(here), _CENTRE * here
        for k, (one, two) in enumerate(zip(_FIRST, _SECOND, strict=True), start=1):
            up, down = (
                function(
                    _moved(
                        theta, domains, {j: sign * k * s * steps[j] for j, s in direction.items()}
                    )
                )
                for sign in (1, -1)
            )
            first += one * (up - down)
            second += two * (up + down)
        return first, second

    slopes: list[Rows] = []
    curves: dict[tuple[int, int], Rows] = {}
    # a step of log theta is one of theta, times theta
    units = [
        step * (value if domain == Domain.POSITIVE else 1.0)
        for step, value, domain in zip(steps, theta, domains, strict=True)
    ]
    for j, (unit, step) in enumerate(zip(units, steps, strict=True)):
        first, second = along({j: 1.0})
        if domains[j] == Domain.POSITIVE:
            second = second - step * first
        slopes.append(first / unit)
        curves[j, j] = second / unit**2
    for j, k in combinations(range(len(steps)), 2):
        together, apart = along({j: 1.0, k: 1.0})[1], along({j: 1.0, k: -1.0})[1]
        curves[j, k] = (together - apart) / (4 * units[j] * units[k])
    return slopes, curves


def _moved(theta: Sequence[Any], domains: Sequence[Domain], by: Mapping[int, Rows]) -> list[Any]:
    moved = list(theta)
    for j, step in by.items():
        value = moved[j]
        if isinstance(value, Probability):
            moved[j] = Probability(value.p + step, value.q - step)
        else:
            moved[j] = value * np.exp(step) if domains[j] == Domain.POSITIVE else value + step
    return moved


def step(domain: Domain, value: Any, bend: Rows, *, is_shape: bool = True) -> Rows:
    """A step of the parameter, or of the logarithm of a positive one, that stays well inside.

    Args:
        domain: of the parameter.
        value: of the parameter.
        bend: second derivative of the log-density in it, and the square of the first.
        is_shape: whether it is a number near one; else it may have the unit of the target.
    """
    length = _SHARE / np.sqrt(bend)
    if isinstance(value, Probability):
        return np.minimum(length, _MOST * np.minimum(value.p, value.q))
    if domain.is_bounded:
        return np.minimum(length, _MOST * np.minimum(value - domain.lower, domain.upper - value))
    if domain == Domain.POSITIVE:
        return np.minimum(length / value, _MOST_LOG)
    return np.minimum(length, _MOST) if is_shape else length
