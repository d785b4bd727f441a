"""What lgamma leaves after its large part, which families with a gamma function subtract.

    remainder(k) = lgamma(k) - (k - 1/2) log k + k - log(2 pi)/2
                 = 1/(12 k) - 1/(360 k^3) + 1/(1260 k^5) - ...

The series serves k >= 10 with nine terms, the tenth being below 1e-19. A smaller k is shifted
beyond it: with K = k + 10 and sums over j = 0, ..., 9,

    remainder(k)   = remainder(K) + (k - 1/2) log(1 + 10/k) - 10 - log product (k + j)/K
    remainder'(k)  = remainder'(K) + log(1 + 10/k) - sum 1/(k + j) + 1/(2 k) - 1/(2 K)
    remainder''(k) = remainder''(K) + sum 1/(k + j)^2 - (1/k - 1/K) (1 + 1/(2 k) + 1/(2 K))

which is several times faster than lgamma and its derivatives and, as they would, loses at most
three digits of sixteen near k = 10, where the remainder is small.

Source: M. Abramowitz and I. A. Stegun (1964), Handbook of Mathematical Functions, 6.1.15, 6.1.40.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.special import HALF_LOG_2PI, once_a_run, recalled

# B_2n/(2n (2n - 1)), n = 1, 2, ...: the factors of k^(1 - 2n)
TERMS = (
    1 / 12,
    -1 / 360,
    1 / 1260,
    -1 / 1680,
    1 / 1188,
    -691 / 360360,
    1 / 156,
    -3617 / 122400,
    43867 / 244188,
)
SERIES_FROM = 10.0
_SHIFT = 10.0
# (k + j)(k + 9 - j) = k (k + 9) + j (9 - j): half as many factors
_PAIRS = tuple(j * (_SHIFT - 1 - j) for j in range(5))


class Remainder(NamedTuple):
    """The remainder and its two derivatives."""

    value: Rows
    slope: Rows
    curvature: Rows


@recalled
@once_a_run
def remainder(k: Rows) -> Remainder:
    """The remainder of lgamma at k > 0; shape kept."""
    small = k < SERIES_FROM
    if not small.any():
        return _series(k)
    if small.all():
        return _shifted(k)
    parts = _series(np.where(small, SERIES_FROM, k))
    for part, near in zip(parts, _shifted(k[small]), strict=True):
        part[small] = near
    return parts


def log_gamma(k: Rows) -> Rows:
    """lgamma(k) for k > 0, within a few 1e-16 of what it is the sum of."""
    return (k - 0.5) * np.log(k) - k + HALF_LOG_2PI + remainder(k).value


def _series(k: Rows) -> Remainder:
    inverse = 1 / k
    x = inverse * inverse
    value, slope, curvature = (np.zeros_like(inverse) for _ in range(3))
    for n in range(len(TERMS), 0, -1):
        for sum_, factor in ((value, 1), (slope, 1 - 2 * n), (curvature, (2 * n - 1) * 2 * n)):
            sum_ *= x
            sum_ += factor * TERMS[n - 1]
    value *= inverse
    slope *= x
    curvature *= x
    curvature *= inverse
    return Remainder(value, slope, curvature)


def _shifted(k: Rows) -> Remainder:
    beyond = k + _SHIFT
    s, far, rise = k * (k + (_SHIFT - 1)), _series(beyond), np.log1p(_SHIFT / k)
    edge, own = 1 / beyond, 1 / k
    scale = edge * edge
    product, sum_, squares = np.ones_like(s), np.zeros_like(s), np.zeros_like(s)
    for c in _PAIRS:
        q = s + c
        product *= q * scale
        inverse = 1 / q
        sum_ += inverse
        squares += (s + (0.5 * (_SHIFT - 1) ** 2 - c)) * (inverse * inverse)
    return Remainder(
        far.value + ((k - 0.5) * rise - _SHIFT - np.log(product)),
        far.slope + (rise - (2 * k + (_SHIFT - 1)) * sum_ + 0.5 * (own - edge)),
        far.curvature + (2 * squares - (own - edge) * (1 + 0.5 * (own + edge))),
    )
