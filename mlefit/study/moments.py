"""Means over samples, with their errors; None where there is nothing to average."""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Vector


def finite(value: float) -> float | None:
    """The value, if it is a number."""
    return float(value) if math.isfinite(value) else None


def error_of_mean(values: Vector) -> float:
    """Standard error of the mean of independent values."""
    return float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan


def over(a: float, b: float) -> float:
    """a / b; NaN where b is 0, as where all estimates are one number."""
    return a / b if b else math.nan


def skewness(values: Vector) -> float:
    """Third moment about the mean, in standard deviations."""
    centred = values - values.mean()
    return over(float((centred**3).mean()), float((centred**2).mean()) ** 1.5)


def ratio_of_means(above: Vector, below: Vector) -> tuple[float, float]:
    """mean(above) / mean(below) of paired values, and its standard error by the delta method."""
    ratio = over(float(above.mean()), float(below.mean()))
    return ratio, over(error_of_mean(above - ratio * below), abs(float(below.mean())))


def squares(values: Vector) -> Vector:
    """Squared distances from the mean, whose own mean is the variance."""
    factor = len(values) / max(len(values) - 1, 1)
    return np.asarray(factor * (values - values.mean()) ** 2)
