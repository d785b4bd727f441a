"""What families of positive values share: starts from the logarithm, and moving quantiles."""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift
from mlefit.families._records import Moments


def log_moments(moments: Moments) -> tuple[float, float]:
    """Mean and standard deviation of ln y for y > 0.

    The deviation comes from a sample; where that holds one value only, from the moments of
    all rows as if y were lognormal. It is 0 only if no two values differ.
    """
    mean = moments.mean_of(np.log)
    sd = math.sqrt(moments.mean_of(lambda y: (np.log(y) - mean) ** 2))
    if sd == 0:
        relative = math.sqrt(moments.variance) / moments.mean
        sd = math.sqrt(math.log1p(relative**2))
    return mean, sd


def scale_drift(y: Rows, scale: Rows) -> Drift:
    """How a quantile that is a multiple of the scale moves with it."""
    return Drift((y / scale,), {(0, 0): -y / scale**2})


def power_drift(y: Rows, scale: Rows, k: Rows) -> Drift:
    """How a quantile scale z^(1/k) moves with scale and k."""
    fall = y * np.log(y / scale) / k
    return Drift((y / scale, -fall), {(0, 0): -y / scale**2, (1, 1): fall / k})
