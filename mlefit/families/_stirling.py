"""What lgamma leaves after its large part, which families with a gamma function subtract.

    remainder(k) = lgamma(k) - (k - 1/2) log k + k - log(2 pi)/2
                 = 1/(12 k) - 1/(360 k^3) + 1/(1260 k^5) - ...

The series serves k >= 16 with seven terms, the eighth being below 3e-20; smaller k take
lgamma and its derivatives, less the large part. There the value is within 1e-14, and the
derivatives lose at most two digits of sixteen.

Source: M. Abramowitz and I. A. Stegun (1964), Handbook of Mathematical Functions, 6.1.40-42.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.special import HALF_LOG_2PI, once_a_run

# B_2n/(2n (2n - 1)), n = 1, 2, ...: the factors of k^(1 - 2n)
TERMS = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
SERIES_FROM = 16.0


class Remainder(NamedTuple):
    """The remainder and its two derivatives."""

    value: Rows
    slope: Rows
    curvature: Rows


@once_a_run
def remainder(k: Rows) -> Remainder:
    """The remainder of lgamma at k > 0; shape kept."""
    large = k >= SERIES_FROM
    if large.all():
        return _series(k)
    small = _directly(np.where(large, 1.0, k))
    if not large.any():
        return small
    parts = zip(_series(np.where(large, k, SERIES_FROM)), small, strict=True)
    return Remainder(*(np.where(large, far, near) for far, near in parts))


def _series(k: Rows) -> Remainder:
    x = k**-2.0
    value, slope, curvature = (np.zeros_like(k) for _ in range(3))
    for n in range(len(TERMS), 0, -1):
        value = value * x + TERMS[n - 1]
        slope = slope * x - (2 * n - 1) * TERMS[n - 1]
        curvature = curvature * x + (2 * n - 1) * 2 * n * TERMS[n - 1]
    return Remainder(value / k, slope * x, curvature * x / k)


def _directly(k: Rows) -> Remainder:
    from scipy.special import gammaln, psi, zeta

    log_k = np.log(k)
    return Remainder(
        gammaln(k) - (k - 0.5) * log_k + k - HALF_LOG_2PI,
        psi(k) - log_k + 0.5 / k,
        zeta(2.0, k) - 1 / k - 0.5 / k**2,
    )
