"""(exp(v) - 1 - v)/v^2 and its derivatives, which families need near v = 0.

    g(v)   = (exp(v) - 1 - v)/v^2                              = 1/2 + v/6 + v^2/24 + ...
    g'(v)  = ((v - 2) exp(v) + v + 2)/v^3                      = 1/6 + v/12 + ...
    g''(v) = ((v^2 - 4 v + 6) exp(v) - 2 v - 6)/v^4            = 1/12 + v/20 + ...

and (exp(v) - 1)/v = 1 + v g(v). For |v| < 1.5 the series, with an error below 1e-17;
beyond it the closed forms, which lose less than two digits of sixteen there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlefit._types import Rows

_NEAR = 1.5
_TERMS = 20
# coefficients of v^n in g, g' and g'', n = 0, 1, ...
_SERIES = (
    [1 / math.factorial(n + 2) for n in range(_TERMS)],
    [(n + 1) / math.factorial(n + 3) for n in range(_TERMS)],
    [(n + 1) * (n + 2) / math.factorial(n + 4) for n in range(_TERMS)],
)


class SecondOrder(NamedTuple):
    """g, g' and g'' of every row; zeros for those that were not asked for."""

    value: Rows
    slope: Rows
    curvature: Rows

    def first_order(self, v: Rows) -> SecondOrder:
        """f(v) = (exp(v) - 1)/v = 1 + v g(v) with f' and f''."""
        return SecondOrder(
            1 + v * self.value,
            self.value + v * self.slope,
            2 * self.slope + v * self.curvature,
        )


def second_order(v: Rows, derivatives: int = 2) -> SecondOrder:
    """g(v) and so many of its derivatives; infinite where exp(v) is."""
    near = np.abs(v) < _NEAR
    found = [np.zeros_like(v) for _ in _SERIES]
    small = np.where(near, v, 0.0)
    for k in range(derivatives + 1):
        found[k] = _polynomial(small, _SERIES[k])
    if not near.all():
        far = v[~near]
        for k in range(derivatives + 1):
            found[k][~near] = _closed(far, k)
    return SecondOrder(*found)


def _polynomial(v: Rows, coefficients: Sequence[float]) -> Rows:
    total = np.full_like(v, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= v
        total += coefficient
    return total


def _closed(v: Rows, derivative: int) -> Rows:
    square = v * v
    if derivative == 0:
        return (np.expm1(v) - v) / square
    e = np.exp(v)
    if derivative == 1:
        return ((v - 2) * e + v + 2) / (square * v)
    return ((v * (v - 4) + 6) * e - 2 * v - 6) / (square * square)
