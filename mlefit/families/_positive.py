"""Starts that families of positive values share: location and spread of the logarithm."""

from __future__ import annotations

import math

import numpy as np

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
