"""log(1 + u)/u and its derivatives, which families with a tail index need near index 0.

    phi(u) = log(1 + u)/u = 1 - u/2 + u^2/3 - u^3/4 + ...

With r = u/(2 + u), log(1 + u) = 2 atanh(r) = 2 r + 2 r^3 S, S = 1/3 + r^2/5 + r^4/7 + ..., so
that nothing cancels in

    phi'(u)  = (1/(1 + u) - phi(u))/u             = -1/((1 + u) (2 + u)) - 2 r S/(2 + u)^2
    phi''(u) = (-1/(1 + u)^2 - 2 phi'(u))/u       = 1/((1 + u)^2 (2 + u)) + 4 S/(2 + u)^3

The series of S serves |u| < 0.2 with an error below 1e-18; beyond it S comes from the logarithm
and loses at most two digits of sixteen there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.special import recalled

_NEAR = 0.2
_SERIES = tuple(1 / (2 * n + 3) for n in range(9))


class Log1pRatio(NamedTuple):
    """phi, phi' and phi'' of every row."""

    value: Rows
    slope: Rows
    curvature: Rows


@recalled
def log1p_ratio(u: Rows) -> Log1pRatio:
    """log(1 + u)/u for u > -1 and its two derivatives; NaN or infinite elsewhere."""
    near = np.abs(u) < _NEAR
    log = np.log1p(u)
    share = 1 / (2 + u)
    r = u * share
    square = np.where(near, r * r, 0.0)
    S = np.full_like(r, _SERIES[-1])
    for coefficient in _SERIES[-2::-1]:
        S *= square
        S += coefficient
    if not near.all():
        S = np.where(near, S, (0.5 * log - r) / np.where(near, 1.0, r) ** 3)
    beyond = 1 / (1 + u)
    own = beyond * share
    pull = 2 * S * share * share
    return Log1pRatio(
        np.where(u == 0, 1.0, log / np.where(u == 0, 1.0, u)),
        -(own + pull * r),
        own * beyond + 2 * pull * share,
    )
