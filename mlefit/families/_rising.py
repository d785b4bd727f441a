"""Rising factorials against powers, the part of a compound count that holds its spread.

    rise(y, k) = sum over j < y of log(1 + j/k) = lgamma(y + k) - lgamma(k) - y log(k)

    -d/dk     slope = sum j/(k (k + j))                = y/k - psi(y + k) + psi(k)
    d2/dk2    bend  = sum j (2 k + j)/(k^2 (k + j)^2)  = psi'(y + k) - psi'(k) + y/k^2

for counts y and k > 0. As k grows each goes to zero like 1/k, 1/k^2 and 1/k^3, while the
functions they are differences of do not, so nothing is subtracted here that is not small
itself. From k = 16 on Stirling's series gives them, with v = y/k:

    rise  = k ((1 + v) log(1 + v) - v) - log(1 + v)/2 + ...
    slope = v - log(1 + v) - y/(2 k (k + y)) + ...
    bend  = y^2/(k^2 (k + y)) - y (2 k + y)/(2 k^2 (k + y)^2) + ...

Below, sixteen terms of the sums come first, and the rest is the same at k + 16. The error
stays under 1e-13 of the value for k from 1e-100 to 1e12 and y to 1e9.

Source: NIST Digital Library of Mathematical Functions, 5.11.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.special import recalled

_STEPS = 16
# of ln Gamma(x) x, in powers of 1/x^2: B_2n / (2n (2n - 1)), n = 1, 2, ...
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
# of -psi(x) x^2 and of psi'(x) x^3: its derivatives
_SLOPE = tuple((2 * n + 1) * c for n, c in enumerate(_STIRLING))
_BEND = tuple((2 * n + 2) * c for n, c in enumerate(_SLOPE))
_SERIES_BELOW = 0.1
_SERIES = tuple(1 / n for n in range(17, 1, -1))


class Rising(NamedTuple):
    """The function of every row, minus its derivative in k, and its second derivative."""

    value: Rows
    slope: Rows
    bend: Rows


def rise(y: Rows, k: Rows) -> Rows:
    """Sum over j < y of log(1 + j/k)."""
    return _by_count(y, k).value


def rise_slope(y: Rows, k: Rows) -> Rows:
    """Minus its derivative with respect to k: sum over j < y of j/(k (k + j))."""
    return _by_count(y, k).slope


def rise_bend(y: Rows, k: Rows) -> Rows:
    """Its second derivative: sum over j < y of j (2 k + j)/(k (k + j))^2."""
    return _by_count(y, k).bend


def log1p_lag(x: Rows) -> Rows:
    """x - log(1 + x) for x >= 0: below 0.1 by its series, whose next term is under 1e-17 of it."""
    if not (x < _SERIES_BELOW).any():
        return x - np.log1p(x)
    small = np.minimum(x, _SERIES_BELOW)
    series = np.zeros_like(small)
    for coefficient in _SERIES:
        series = coefficient - small * series
    return np.where(x < _SERIES_BELOW, small**2 * series, x - np.log1p(x))


@recalled
def _by_count(y: Rows, k: Rows) -> Rising:
    """With one k for all rows each count is worked out once, whatever the number of rows."""
    top = y.max(initial=0)
    if top < len(y) and (k == k[0]).all():
        # tables of few lengths, which blocks with about the same counts share
        counts = np.arange(2.0 ** int(top).bit_length())
        at = y.astype(np.intp)
        return Rising(*(part[at] for part in _rising(counts, np.full(len(counts), k[0]))))
    y, k = np.broadcast_arrays(y, k)
    return _rising(y.astype(float), k.astype(float))


@recalled
def _rising(y: Rows, k: Rows) -> Rising:
    few = np.where(k < _STEPS, np.minimum(y, _STEPS), 0)
    found = _term_by_term(few.astype(np.uint8), k)
    rows = np.flatnonzero(y > few)
    if len(rows):
        for part, rest in zip(found, _from(few[rows], y[rows], k[rows]), strict=True):
            part[rows] += rest
    return found


def _term_by_term(few: NDArray[np.uint8], k: Rows) -> Rising:
    """The sums over j < few: rows with many terms first, so that each term has a run of rows."""
    order = np.argsort(_STEPS - few, kind="stable")
    reached = np.cumsum(np.bincount(few, minlength=_STEPS + 1)[::-1])[::-1]
    at = k[order]
    # below one the powers of k are left to their logarithm, in which they cannot overflow
    unit = np.minimum(at, 1.0)
    share = unit / at
    product, slope, bend = np.ones_like(at), np.zeros_like(at), np.zeros_like(at)
    for j in range(1, _STEPS):
        n = reached[j + 1]
        if not n:
            break
        product[:n] *= unit[:n] + j * share[:n]
        inverse = 1 / (at[:n] * (at[:n] + j))
        slope[:n] += j * inverse
        bend[:n] += j * (2 * at[:n] + j) * (inverse * inverse)
    value = np.log(product) - np.maximum(few[order] - 1.0, 0) * np.log(unit)
    found = Rising(*(np.empty_like(at) for _ in Rising._fields))
    for part, sums in zip(found, (value, slope, bend), strict=True):
        part[order] = sums
    return found


def _from(few: Rows, y: Rows, k: Rows) -> Rising:
    """The rest of the sums, where there is one, by Stirling's series."""
    y = y - few
    lifted = np.where(few > 0, k + _STEPS, k)
    far, v = lifted + y, y / lifted
    log, lag = np.log1p(v), log1p_lag(v)
    # (1 + v) log(1 + v) - v: where v is small, half of v^2 is left of v^2 and no more is lost
    near = v**2 - (1 + v) * lag
    value = lifted * np.where(v < 1, near, (1 + v) * log - v) - log / 2
    value += _series(_STIRLING, far, 1) - _series(_STIRLING, lifted, 1)
    slope = lag - y / (2 * lifted * far)
    slope += _series(_SLOPE, far, 2) - _series(_SLOPE, lifted, 2)
    bend = v**2 / far - y * (lifted + far) / (2 * (lifted * far) ** 2)
    bend += _series(_BEND, far, 3) - _series(_BEND, lifted, 3)
    return Rising(
        value + y * np.log(lifted / k),
        slope + y * ((lifted - k) / (k * lifted)),
        bend + y * ((lifted - k) * (lifted + k) / (k * lifted) ** 2),
    )


def _series(coefficients: Sequence[float], x: Rows, power: int) -> Rows:
    """Sum over n of coefficient n times x^(-power - 2 n)."""
    inverse = 1 / x
    square = inverse * inverse
    total = np.full_like(square, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = coefficient + square * total
    for _ in range(power):
        total = total * inverse
    return total
