"""Small special functions that a fit of counts needs without SciPy.

SciPy costs more to import than a small fit takes. What stands here is exact to a
few units in the last place and held against SciPy and mpmath by tests.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows

# ln k! for k below this comes from a table; above it Stirling's series with two
# terms has a relative error below 1e-17.
_TABLE_SIZE = 1024


def log_factorial(k: Rows) -> Rows:
    """ln k! for counts k = 0, 1, 2, ..., shape kept."""
    if np.max(k, initial=0) < _TABLE_SIZE:
        return _table()[np.asarray(k, dtype=np.intp)]
    return np.where(
        k < _TABLE_SIZE, _table()[np.minimum(k, _TABLE_SIZE - 1).astype(np.intp)], _stirling(k)
    )


def times_log(a: Rows, b: Rows) -> Rows:
    """a ln b with 0 ln 0 = 0, the limit that a likelihood needs."""
    return np.multiply(a, np.log(b, where=a != 0, out=_zeros_like(a, b)))


def ratio(a: Rows, b: Rows) -> Rows:
    """a / b with 0 / 0 = 0: a category that was not seen contributes nothing."""
    return np.divide(a, b, where=a != 0, out=_zeros_like(a, b))


def log_probability(p: Rows, q: Rows) -> Rows:
    """ln p, from p and its complement q = 1 - p: whichever of them is small has the digits."""
    return np.where(p < 0.5, np.log(p), np.log1p(-q))


def _zeros_like(a: Rows, b: Rows) -> Rows:
    """Zeros of the shape and the precision that arithmetic with a and b has."""
    return np.zeros(np.broadcast(a, b).shape, dtype=np.result_type(a, b))


def _stirling(k: Rows) -> Rows:
    """ln k! = k ln k - k + ln(2 pi k)/2 + 1/(12 k) - 1/(360 k^3) + ..., for large k."""
    k = np.maximum(k, _TABLE_SIZE)
    series = (1 / 12 - (1 / 360) / k**2) / k
    return k * np.log(k) - k + 0.5 * np.log(2 * np.pi * k) + series


_log_factorials: list[Rows] = []


def _table() -> Rows:
    if not _log_factorials:
        _log_factorials.append(np.array([math.lgamma(k + 1) for k in range(_TABLE_SIZE)]))
    return _log_factorials[0]
