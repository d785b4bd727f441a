"""log(1 + u)/u and its derivatives, which families with a tail index need near index 0.

    phi(u)   = log(1 + u)/u                        = 1 - u/2 + u^2/3 - u^3/4 + ...
    phi'(u)  = (1/(1 + u) - phi(u))/u              = -1/2 + 2 u/3 - 3 u^2/4 + ...
    phi''(u) = (-1/(1 + u)^2 - 2 phi'(u))/u        = 2/3 - 6 u/4 + 12 u^2/5 - ...

For |u| < 0.2 the series, with an error below 1e-19; beyond it the closed forms, which
lose at most two digits of sixteen there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlefit._types import Rows

_NEAR = 0.2
_TERMS = 32


class Log1pRatio(NamedTuple):
    """phi, phi' and phi'' of every row."""

    value: Rows
    slope: Rows
    curvature: Rows


def log1p_ratio(u: Rows) -> Log1pRatio:
    """log(1 + u)/u for u > -1 and its two derivatives; NaN or infinite elsewhere."""
    near = np.abs(u) < _NEAR
    small = np.where(near, u, 0.0)
    value, slope, curvature = (np.zeros_like(u) for _ in range(3))
    for k in range(_TERMS, -1, -1):
        sign = -1.0 if k % 2 else 1.0
        value = value * small + sign / (k + 1)
        slope = slope * small - sign * (k + 1) / (k + 2)
        curvature = curvature * small + sign * (k + 1) * (k + 2) / (k + 3)
    far = np.where(near, 1.0, u)
    far_value = np.log1p(far) / far
    far_slope = (1 / (1 + far) - far_value) / far
    far_curvature = (-1 / (1 + far) ** 2 - 2 * far_slope) / far
    return Log1pRatio(
        np.where(near, value, far_value),
        np.where(near, slope, far_slope),
        np.where(near, curvature, far_curvature),
    )
