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
_TINY = float(np.finfo(float).tiny)


def log_factorial(k: Rows) -> Rows:
    """ln k! for counts k = 0, 1, 2, ..., shape kept."""
    return np.where(
        k < _TABLE_SIZE, _table()[np.minimum(k, _TABLE_SIZE - 1).astype(np.intp)], _stirling(k)
    )


def times_log(a: Rows, b: Rows) -> Rows:
    """a ln b with 0 ln 0 = 0, the limit that a likelihood needs."""
    return np.multiply(a, np.log(b, where=a != 0, out=np.zeros(np.broadcast(a, b).shape)))


def ratio(a: Rows, b: Rows) -> Rows:
    """a / b with 0 / 0 = 0: a category that was not seen contributes nothing."""
    return np.divide(a, b, where=a != 0, out=np.zeros(np.broadcast(a, b).shape))


def reciprocal(a: Rows) -> Rows:
    """1 / a for a >= 0, finite at 0, so that its product with something smaller is 0."""
    return 1 / np.maximum(a, _TINY)


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
