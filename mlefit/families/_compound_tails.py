"""Both tails of a Poisson number of gamma amounts.

With N Poisson(lambda) and amounts of shape b in units of their scale,

    P(X <= x) = exp(-lambda) + sum_{j >= 1} P(N = j) P(gamma(j b) <= x)
    P(X > x)  =                sum_{j >= 1} P(N = j) P(gamma(j b) > x)

Every term is positive, so a small tail keeps its digits. What counts lies between the
numbers of amounts that are likely, near lambda, and those that make x likely, and some ten
standard deviations around. Above 100 the terms are smooth, and every h-th is added, h times,
with h = sqrt(j/(b + 1))/1.5, to 1e-16 of the sum as in the density.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._compound import excess
from mlefit.families._gamma_tails import log_gamma_tails
from mlefit.families._stirling import remainder

_FEW = 100.0
_CELLS = 65536
_REACH = 10.5


def log_tails(x: Rows, likely: Rows, lam: Rows, b: Rows) -> tuple[Rows, Rows]:
    """log P(X <= x) and log P(X > x); NaN at the edges, where the numbers of amounts are infinite.

    Args:
        x: in units of the scale of an amount, shape (m,).
        likely: the number of amounts that makes x most likely, shape (m,).
        lam: expected number of amounts, shape (m,).
        b: shape of an amount, shape (m,).
    """
    low, high = np.minimum(lam, likely), np.maximum(lam, likely)
    step = np.where(low > _FEW, np.maximum(np.sqrt(low / (b + 1)) / 1.5, 1.0), 1.0)
    first = np.maximum(np.floor(low - _REACH * np.sqrt(low)), 1.0)
    last = high + _REACH * np.sqrt(high) + 25
    usable = np.isfinite(last) & (b > 0)
    count = np.ceil(np.where(usable, (last - first) / step, 0.0)).astype(int) + 1
    below, above = np.full_like(x, np.nan), np.full_like(x, np.nan)
    order = np.argsort(count)
    order = order[usable[order]]
    at = 0
    while at < len(order):
        rows = order[at : at + max(1, _CELLS // int(count[order[at]]))]
        j = first[rows, None] + step[rows, None] * np.arange(count[rows].max())
        lower, upper = _terms(x[rows, None], j, lam[rows, None], b[rows, None])
        weight = np.log(step[rows])
        below[rows] = np.logaddexp(_log_sum(lower) + weight, -lam[rows])
        above[rows] = _log_sum(upper) + weight
        at += len(rows)
    return below, above


def _terms(x: Rows, j: Rows, lam: Rows, b: Rows) -> tuple[Rows, Rows]:
    """Logarithms of P(N = j) times both tails of a gamma number of shape j b."""
    log_count = -j * excess((lam - j) / j, lam / j)
    log_count -= 0.5 * np.log(2 * math.pi * j) + remainder(j).value
    root = np.sqrt(j * b)
    lower, upper = log_gamma_tails(root * np.log(x / (j * b)), 1 / root)
    return log_count + lower, log_count + upper


def _log_sum(terms: Rows) -> Rows:
    top = np.maximum(terms.max(axis=1), -1e300)
    return top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
