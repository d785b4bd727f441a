"""Quantiles of every family that has a distribution function, by inverting its logarithm.

The quantile of level p is the smallest y with P(Y <= y) >= p. With r(y) the difference of
ln P(Y <= y) and ln p, or where p > 1/2 of ln(1 - p) and ln P(Y > y), it is where r reaches
zero: the smaller tail has all digits, and its logarithm is nearly straight far out.

The bracket is an interval of doubles, halved by their order and not by their distance: all
doubles are 64 halvings, wherever the quantile lies. Newton's method, r' = f/F, cuts that short
while each step halves r. For counts r is a staircase, of which only halving finds the edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.families._base import Family, part

_MOST_STEPS = 200
# A level that a staircase reaches but for rounding is reached: as in R's discrete quantiles.
_ROUNDING = 64 * float(np.finfo(float).eps)
_NEAR = 1e-3
_LARGEST = 1e307
_BEYOND = 0.9 * _LARGEST
_SIGN = np.int64(0x7FFFFFFFFFFFFFFF)


def quantiles(
    family: Family,
    below: Rows,
    above: Rows,
    theta: Sequence[Any],
    known: Mapping[str, Rows] | None = None,
    near: Rows | None = None,
) -> Rows:
    """The smallest value of every row that at least this share of its distribution is up to.

    Args:
        family: one that has `log_cdf`.
        below: levels strictly between 0 and 1, shape (n,).
        above: 1 less the levels, each with its own digits, shape (n,).
        theta: parameters, each (n,) or (1,).
        known: known quantities, each (n,).
        near: where to begin, shape (n,); the quantiles are the same, but found sooner.
    """
    found = np.empty(len(below))
    known = known or {}
    for lower, rows in ((True, below <= above), (False, below > above)):
        if rows.any():
            picked = {name: values[rows] for name, values in known.items()}
            tail = _Tail(family, part(theta, rows), picked, lower=lower)
            start = None if near is None else near[rows]
            found[rows] = tail.reached(np.log((below if lower else above)[rows]), start)
    return found


class _Tail:
    """One tail of the distributions of some rows."""

    def __init__(
        self, family: Family, theta: Sequence[Any], known: Mapping[str, Rows], *, lower: bool
    ) -> None:
        self._family, self._theta, self._known, self._lower = family, theta, known, lower

    def reached(self, level: Rows, near: Rows | None = None) -> Rows:
        """The smallest y at which the tail has this logarithm, or has passed it."""
        support = self._family.support
        has_steps = support.discrete or bool(support.atoms)
        slack = (_ROUNDING if has_steps else 0.0) * np.maximum(1.0, np.abs(level))
        low = np.full(len(level), max(float(support.lower), -_LARGEST))
        if has_steps:
            low = np.nextafter(low, -np.inf)
        high = np.full(len(level), min(float(support.upper), _LARGEST))
        found = np.full(len(level), np.nan)
        at = _middle(low, high)
        if near is not None:
            at = np.where((near > low) & (near < high), near, at)
            if support.discrete:
                self._gallop(at, low, high, level, slack)
                at = _middle(low, high)
        last = np.full(len(level), np.inf)
        for _ in range(_MOST_STEPS):
            rows = np.flatnonzero(np.isnan(found))
            if not len(rows):
                break
            y = at[rows]
            r, slope = self._residual(y, rows, level[rows])
            passed = r >= -slack[rows]
            short, enough = y, y
            if support.discrete:  # the whole step that y stands on
                short, enough = np.nextafter(np.floor(y) + 1, -np.inf), np.floor(y)
            high[rows] = np.where(passed, enough, high[rows])
            low[rows] = np.where(passed, low[rows], short)
            ahead = _middle(low[rows], high[rows])
            done = (ahead == low[rows]) | (ahead == high[rows])
            found[rows[done]] = high[rows[done]]
            if not support.discrete:
                newton = y - r / slope
                usable = (newton > low[rows]) & (newton < high[rows]) & np.isfinite(slope)
                tiny = (np.abs(newton - y) <= 2 * np.spacing(np.abs(y))) & np.isfinite(slope)
                there = (r == 0) | (tiny & (np.abs(r) <= _NEAR))
                found[rows] = np.where(there, np.where(usable, newton, y), found[rows])
                quick = usable & (np.abs(r) <= 0.5 * last[rows])
                ahead = np.where(quick, newton, ahead)
                last[rows] = np.abs(r)
            at[rows] = ahead
        found = np.where(np.isnan(found), high, found)
        return np.where(np.abs(found) < _BEYOND, found, np.copysign(np.inf, found))

    def _gallop(self, at: Rows, low: Rows, high: Rows, level: Rows, slack: Rows) -> None:
        """Close the brackets of counts about places that are near, by steps that grow."""
        rows, step, up = np.arange(len(at)), 0.0, np.zeros(len(at), dtype=bool)
        while len(rows):
            to = np.floor(at[rows]) + np.where(up[rows], step, -step)
            to = np.clip(to, low[rows], high[rows])
            passed = self._residual(to, rows, level[rows])[0] >= -slack[rows]
            high[rows] = np.where(passed, np.floor(to), high[rows])
            low[rows] = np.where(passed, low[rows], np.nextafter(np.floor(to) + 1, -np.inf))
            if not step:
                up = ~passed
            else:  # a row goes on while it has not crossed the level
                rows = rows[passed != up[rows]]
            step = 4 * step or 1.0
            rows = rows[np.nextafter(high[rows], -np.inf) > low[rows]]

    def _residual(self, y: Rows, rows: NDArray[np.intp], level: Rows) -> tuple[Rows, Rows]:
        """r and r' of some rows."""
        theta = part(self._theta, rows)
        known = {name: values[rows] for name, values in self._known.items()}
        function = self._family.log_cdf if self._lower else self._family.log_sf
        tail = np.broadcast_to(np.asarray(function(y, *theta, **known)), y.shape)
        r = tail - level if self._lower else level - tail
        if self._family.support.discrete:
            return r, r
        return r, np.exp(self._family.log_density(y, *theta, **known) - tail)


def _middle(low: Rows, high: Rows) -> Rows:
    """The double with as many doubles between it and one end as between it and the other."""
    a, b = _order(low), _order(high)
    middle = (a >> 1) + (b >> 1) + (a & b & 1)
    bits = np.where(middle >= 0, middle, -middle | ~_SIGN)
    return np.ascontiguousarray(bits).view(float)


def _order(y: Rows) -> NDArray[np.int64]:
    """A whole number for each double, one more for the next."""
    bits = np.ascontiguousarray(y).view(np.int64)
    return np.where(bits >= 0, bits, -(bits & _SIGN))
