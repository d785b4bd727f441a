"""Small special functions that a fit of counts or of normal errors needs without SciPy.

SciPy costs more to import than a small fit takes. What stands here is exact to a
few units in the last place and held against SciPy and mpmath by tests.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from functools import wraps
from statistics import NormalDist
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows

# ln k! for k below this comes from a table; above it Stirling's series with two
# terms has a relative error below 1e-17.
_TABLE_SIZE = 1024
_TINY = float(np.finfo(float).tiny)
_HUGE = 1e300

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)

# Rows a run must have on average for looking for runs to pay.
_WORTHWHILE_RUN = 8

# Results kept of a function: it is asked for few arrays of a block, such as both shapes of a beta.
_KEPT = 3

_Asked = ParamSpec("_Asked")
_Found = TypeVar("_Found")
_Parts = TypeVar("_Parts", bound=tuple[Any, ...])


def once_a_run(function: Callable[[Rows], _Parts]) -> Callable[[Rows], _Parts]:
    """A costly function of a parameter, computed once for each run of rows that share it.

    Args:
        function: gives a named tuple of arrays of the shape of its argument.
    """

    @wraps(function)
    def by_runs(values: Rows) -> _Parts:
        if values.ndim != 1 or len(values) <= 1:
            return function(values)
        changes = values[1:] != values[:-1]
        if len(values) < _WORTHWHILE_RUN * (np.count_nonzero(changes) + 1):
            return function(values)
        heads = np.concatenate([[0], np.flatnonzero(changes) + 1])
        parts = function(values[heads])
        lengths = np.diff(heads, append=len(values))
        return type(parts)(*(np.repeat(part, lengths) for part in parts))

    return by_runs


def recalled(function: Callable[_Asked, _Found]) -> Callable[_Asked, _Found]:
    """A costly function of rows that log-density, score and information ask for in turn.

    Its last few results are kept with what they were asked for, and given again for arrays of
    the same numbers: to compare them costs less than a nanosecond a row. So what they share of
    a block is computed once, and what depends on a parameter alone once for all blocks. Each
    thread has its own.

    Args:
        function: of arrays, tuples of them and objects that stay as they are; gives an array or a
            tuple of arrays that nobody may write to.
    """
    own = threading.local()

    @wraps(function)
    def once(*args: _Asked.args, **options: _Asked.kwargs) -> _Found:
        kept = own.__dict__.setdefault("kept", deque(maxlen=_KEPT))
        for before, settings, found in kept:
            if settings == options and _same(args, before):
                return found
        found = function(*args, **options)
        for part in found if isinstance(found, tuple) else (found,):
            part.flags.writeable = False
        kept.append((_copied(args), options, found))
        return found

    return once


def _copied(rows: Any) -> Any:
    if isinstance(rows, tuple):
        return tuple(map(_copied, rows))
    return rows.copy() if isinstance(rows, np.ndarray) else rows


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, tuple):
        return len(one) == len(two) and all(map(_same, one, two))
    if not isinstance(one, np.ndarray):
        return one is two
    if one.shape != two.shape or one.dtype != two.dtype:
        return False
    # mostly the first number tells
    return one.size == 0 or (one.item(0) == two.item(0) and bool((one == two).all()))


def log_factorial(k: Rows) -> Rows:
    """ln k! for counts k = 0, 1, 2, ..., shape kept."""
    if np.max(k, initial=0) < _TABLE_SIZE:
        return _table()[np.asarray(k, dtype=np.intp)]
    return np.where(
        k < _TABLE_SIZE, _table()[np.minimum(k, _TABLE_SIZE - 1).astype(np.intp)], _stirling(k)
    )


def times_log(a: Rows, b: Rows) -> Rows:
    """a ln b with 0 ln 0 = 0, the limit that a likelihood needs."""
    if np.min(b, initial=1) >= _TINY and np.max(b, initial=1) < np.inf:
        return a * np.log(b)
    plain = (b < np.inf) & ((b >= _TINY) | (a == 0))
    if plain.all():  # a logarithm of all rows is faster than one of some
        return a * np.log(np.maximum(b, _TINY))
    return np.multiply(a, np.log(b, where=a != 0, out=_zeros_like(a, b)))


def times_log_ratio(a: Rows, b: Rows) -> Rows:
    """a ln(a / b) with 0 ln 0 = 0, for counts a: what a deviance needs."""
    if np.min(b, initial=1) > 0 and np.max(b, initial=1) < _HUGE:
        return a * np.log(np.maximum(a / b, _TINY))  # below that only where a is 0
    return times_log(a, ratio(a, b))


def ratio(a: Rows, b: Rows) -> Rows:
    """a / b with 0 / 0 = 0: a category that was not seen contributes nothing."""
    if np.all(b > 0):
        return a / b
    return np.divide(a, b, where=a != 0, out=_zeros_like(a, b))


def log_ratio(a: Rows, b: Rows) -> Rows:
    """ln(a / b) with all its digits near a = b, where the rounding of a / b would take them.

    The excess (a - b)/b is exact to rounding, and with it ln(1 + excess) unless that is small.
    """
    excess = (a - b) / b
    return np.where(excess > -0.5, np.log1p(excess), np.log(a / b))


def log_complement(log_p: Rows) -> Rows:
    """ln(1 - p) from ln p (M. Maechler 2012, Accurately computing log(1 - exp(-|a|)))."""
    return np.where(log_p > -math.log(2), np.log(-np.expm1(log_p)), np.log1p(-np.exp(log_p)))


def log_probability(p: Rows, q: Rows) -> Rows:
    """ln p, from p and its complement q = 1 - p: whichever of them is small has the digits."""
    return np.where(p < 0.5, np.log(p), np.log1p(-q))


def log_logistic_density(z: Rows) -> Rows:
    """ln of p (1 - p), with p = 1/(1 + exp(-z))."""
    return -np.abs(z) - 2 * np.log1p(np.exp(-np.abs(z)))


def log_logistic_cdf(z: Rows) -> Rows:
    """ln of 1/(1 + exp(-z)), exact in both tails."""
    return -np.logaddexp(0.0, -z)


def log_normal_cdf(z: Rows) -> Rows:
    """ln Phi(z), exact in both tails.

    Few values are done by the standard library, below -30 by the asymptotic series, whose
    next term is 2e-12 of a term that is 1e-3 itself; many values are worth SciPy's import.
    """
    if z.size > FEW:
        from scipy.special import log_ndtr

        return log_ndtr(z)
    share = 0.5 * np.asarray(_erfc(-z / math.sqrt(2)), dtype=float)
    near = np.where(
        z < 0, np.log(share), np.log1p(-0.5 * np.asarray(_erfc(z / math.sqrt(2)), float))
    )
    far = np.minimum(z, -1.0) ** -2.0
    series = -far * (1 - far * (3 - far * (15 - 105 * far)))
    tail = -0.5 * z**2 - np.log(np.abs(z)) - HALF_LOG_2PI + np.log1p(series)
    return np.where(z < _FAR, tail, near)


def normal_quantile(below: Rows, above: Rows) -> Rows:
    """The z with Phi(z) = below = 1 - above, from the smaller of the two."""
    small = np.clip(np.minimum(below, above), np.finfo(float).tiny, 0.5)
    z = np.asarray(_normal_quantile(small), dtype=float)
    return np.where(below <= above, z, -z)


def chi2_above(statistic: float, df: int) -> float:
    """Probability that a chi-square number of so many degrees of freedom is larger."""
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))


@recalled
def poisson_tails(k: Rows, mu: Rows) -> tuple[Rows, Rows]:
    """P(Y <= k) and P(Y > k) for whole k >= -1, the smaller one to rounding."""
    if max(k.max(initial=0.0), mu.max(initial=0.0)) > SMALL_COUNT:
        from scipy.special import gammainc, gammaincc

        return gammaincc(k + 1, mu), gammainc(k + 1, mu)
    at = np.maximum(k, 0)
    log_mass = times_log(at, mu) - mu - log_factorial(at)
    return count_tails(k, log_mass, lambda j: mu / j, at + 1 > mu)


def count_tails(
    k: Rows, log_mass: Rows, growth: Callable[[Rows], Rows], upper: NDArray[np.bool_]
) -> tuple[Rows, Rows]:
    """P(Y <= k) and P(Y > k) for whole k >= -1, by adding masses without SciPy.

    Args:
        k: counts, few and small, for so many masses are added.
        log_mass: of k, or of 0 where k is -1.
        growth: of j >= 1 the mass of j over that of j - 1.
        upper: where masses fall beyond k, so that P(Y > k) is added up; elsewhere the other.
    """
    nothing, k = k < 0, np.maximum(k, 0)
    # P(Y > k) = f(k) (g(k + 1) + g(k + 1) g(k + 2) + ...), P(Y <= k) = f(k) (1 + 1/g(k) + ...)
    term, total = np.ones_like(log_mass), np.where(upper, 0.0, 1.0)
    for j in range(1, _MOST_TERMS):
        rises = growth(np.where(upper, k + j, np.maximum(k + 1 - j, 1)))
        term = term * np.where(upper, rises, (j <= k) / rises)
        total = total + term
        if (np.abs(term) <= 1e-17 * total).all():
            break
    tail = np.where(nothing, 0.0, np.exp(log_mass) * total)
    upper = upper & ~nothing
    return np.where(upper, 1 - tail, tail), np.where(upper, tail, 1 - tail)


# rows for which sums in numpy are done before SciPy is imported
FEW = 8192
_FAR = -30.0
SMALL_COUNT = 200.0
_MOST_TERMS = 1000
_erfc = np.frompyfunc(math.erfc, 1, 1)
_normal_quantile = np.frompyfunc(NormalDist().inv_cdf, 1, 1)


def _zeros_like(a: Rows, b: Rows) -> Rows:
    """Zeros of the shape and the precision that arithmetic with a and b has."""
    return np.zeros(np.broadcast(a, b).shape, dtype=np.result_type(a, b))


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
