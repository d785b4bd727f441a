"""(exp(v) - 1 - v)/v^2 and its derivatives, which families need near v = 0.

    g(v)   = (exp(v) - 1 - v)/v^2                              = 1/2 + v/6 + v^2/24 + ...
    g'(v)  = ((v - 2) exp(v) + v + 2)/v^3                      = 1/6 + v/12 + ...
    g''(v) = ((v^2 - 4 v + 6) exp(v) - 2 v - 6)/v^4            = 1/12 + v/20 + ...

and (exp(v) - 1)/v = 1 + v g(v). For |v| < 1.5 the series, with an error below 1e-17;
beyond it the closed forms, which lose less than two digits of sixteen there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlefit._types import Rows

_NEAR = 1.5
_TERMS = 22


class SecondOrder(NamedTuple):
    """g, g' and g'' of every row."""

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


def second_order(v: Rows) -> SecondOrder:
    """g(v), g'(v) and g''(v); infinite where exp(v) is."""
    near = np.abs(v) < _NEAR
    parts = _series(np.where(near, v, 0.0)), _directly(np.where(near, _NEAR, v))
    return SecondOrder(*(np.where(near, one, other) for one, other in zip(*parts, strict=True)))


def _series(v: Rows) -> SecondOrder:
    """sum_n v^n/(n + 2)! and its derivatives, by Horner's rule with factors near one."""
    value, slope, curvature = (np.zeros_like(v) for _ in range(3))
    for n in range(_TERMS, 0, -1):
        value = (1 + value) * v / (n + 2)
        slope = (1 + slope) * v * (n + 1) / (n * (n + 3))
        curvature = (1 + curvature) * v * (n + 2) / (n * (n + 4))
    return SecondOrder((1 + value) / 2, (1 + slope) / 6, (1 + curvature) / 12)


def _directly(v: Rows) -> SecondOrder:
    e = np.exp(v)
    return SecondOrder(
        (np.expm1(v) - v) / v**2,
        ((v - 2) * e + v + 2) / v**3,
        ((v * (v - 4) + 6) * e - 2 * v - 6) / v**4,
    )
