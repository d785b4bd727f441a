"""A plain sample as few weighted values that have the sums of all.

The values are cut into narrow bins of t, which is y or log y. Of the rows in a bin the sums of
t^0, t, t^2 and t^3 are kept, and two values stand for them whose weights give the same four
sums: the two nodes of the Gauss rule for these rows (G. H. Golub and J. H. Welsch 1969, Math.
Comp. 23, 221-230). A bin of one or two different values is left as it is.

For any f of t with four derivatives, such as a log-density, its slopes and their products, the
sums over n rows and over these values differ by at most

    n h^4 max|f''''| / 192

as both are exact for cubics. With bins of width h = q/2048, where q is the distance of the
quartiles, and f'''' about 1/q^4, that is below the rounding of the sum itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows
from mlefit.design.columns import POSITION, TARGET, WEIGHT, Columns
from mlefit.frozen import frozen

_BINS = 2048  # between the quartiles
_REACH = 16  # distances of the quartiles beyond them; rows further out stay as they are
_MOST_OUTSIDE = 0.05
# Rows in a bin, of those that even bins between the quartiles would have if all were there. A
# normal distribution has 0.5 at its peak; more is a spike, narrower than what bins are made for.
_DENSEST = 3.0
_QUARTILE_ROWS = 8192
_RUN = 32_768
_ALIKE = 1e-12  # variance of a bin, in squares of its width, that is only rounding


@frozen
class _Bins:
    """Equal bins of t from `low`, which hold all values or most of them."""

    scale: str
    low: float
    width: float
    count: int
    hold_all: bool

    def places(self, y: Rows) -> Rows:
        """Where values lie, in widths from the beginning of the first bin; y is overwritten."""
        t = np.log(y, out=y) if self.scale == "log y" else y
        t -= self.low
        t *= 1 / self.width
        return t

    def values(self, places: Rows) -> Rows:
        """The values at such places."""
        t = self.low + self.width * places
        return np.exp(t) if self.scale == "log y" else t


def condensed(columns: Columns, scale: str, ends: tuple[float, float], step: int) -> Columns | None:
    """The values of a plain sample, with weights; None where they would not be few.

    Args:
        columns: the target and nothing else.
        scale: "y" or "log y", in which the log-density is smooth.
        ends: the least and the largest value, each of which a row keeps.
        step: every so many rows one stays apart, for its residual.
    """
    with np.errstate(divide="ignore"):  # a value of 0 has no logarithm, and stays as it is
        return _condensed(columns, scale, ends, step)


def _condensed(
    columns: Columns, scale: str, ends: tuple[float, float], step: int
) -> Columns | None:
    bins = _bins(columns, scale, ends)
    if bins is None:
        return None
    sums = np.zeros((4, bins.count + 1))
    firsts = np.zeros(bins.count + 1, dtype=np.int64)
    apart: list[NDArray[np.int64]] = []
    extremes = [_first(columns, end) for end in ends]
    outside = 0
    # backwards, so that the first row of a bin is the last to be noted
    for start, y in _runs(columns, backwards=True):
        rows = len(y)
        u = bins.places(y)
        at = [np.arange(-start % step, rows, step)]
        at.append(np.array([i - start for i in extremes if start <= i < start + rows], dtype=int))
        if not bins.hold_all:
            at.append(np.flatnonzero((u < 0) | (u >= bins.count)))
            outside += len(at[-1])
            if outside > _MOST_OUTSIDE * columns.rows:
                return None
        alone = np.unique(np.concatenate(at))
        apart.append(start + alone)
        u[alone] = bins.count
        place = u.astype(np.intp)
        u -= place
        u -= 0.5
        _add_powers(sums, place, u)
        firsts[place[::-1]] = np.arange(start + rows - 1, start - 1, -1)
    values, weights, at_bin = _nodes(sums[:, :-1])
    pairs = np.bincount(at_bin) > 1
    if (sums[0, : len(pairs)][pairs] > _DENSEST * columns.rows / _BINS).any():
        return None
    lone = np.concatenate(apart)
    return Columns(
        {
            TARGET: [np.concatenate([bins.values(values), columns.at(TARGET, lone)])],
            WEIGHT: [np.concatenate([weights, np.ones(len(lone))])],
            POSITION: [np.concatenate([firsts[at_bin], lone])],
        }
    )


def _bins(columns: Columns, scale: str, ends: tuple[float, float]) -> _Bins | None:
    some = columns.thinned(TARGET, max(1, columns.rows // _QUARTILE_ROWS))
    lower, upper = np.quantile(some, [0.25, 0.75])
    t = np.array([*ends, lower, upper], dtype=float)
    least, most, lower, upper = np.log(t) if scale == "log y" else t
    distance = float(upper - lower)
    if not 0 < distance < math.inf:
        return None
    low, high = max(least, lower - _REACH * distance), min(most, upper + _REACH * distance)
    width = distance / _BINS
    count = int((high - low) / width) + 1
    return _Bins(scale, float(low), width, count, bool(low <= least and most <= high))


def _runs(columns: Columns, *, backwards: bool = False) -> Iterator[tuple[int, Rows]]:
    spans = list(columns.spans(_RUN))
    for span in reversed(spans) if backwards else spans:
        yield span.start, columns.of(span)[TARGET].astype(float)


def _first(columns: Columns, value: float) -> int:
    """Position of the first row with a value."""
    return next(
        start + int(found.argmax()) for start, y in _runs(columns) if (found := y == value).any()
    )


def _add_powers(sums: Matrix, place: NDArray[np.intp], u: Rows) -> None:
    """Add u^0 to u^3 of each row to the sums of its bin, shape (4, bins)."""
    bins = sums.shape[1]
    sums[0] += np.bincount(place, minlength=bins)
    sums[1] += np.bincount(place, u, minlength=bins)
    power = u * u
    sums[2] += np.bincount(place, power, minlength=bins)
    power *= u
    sums[3] += np.bincount(place, power, minlength=bins)


def _nodes(sums: Matrix) -> tuple[Rows, Rows, NDArray[np.intp]]:
    """Nodes in widths, their weights, and the bin of each: one or two a bin.

    About the mean of a bin, with variance v and third central moment s, the nodes are the
    roots of x^2 - (s/v) x - v.
    """
    at = np.flatnonzero(sums[0])
    count = sums[0, at]
    mean, second, third = sums[1:, at] / count
    variance = second - mean**2
    skewed = third - 3 * mean * second + 2 * mean**3
    middle = at + 0.5 + mean
    two = variance > _ALIKE
    half = np.divide(skewed, 2 * variance, where=two, out=np.zeros_like(mean))
    reach = np.sqrt(half**2 + np.maximum(variance, 0.0))
    left, right = (half - reach)[two], (half + reach)[two]
    share = right / (right - left)
    nodes = (middle[~two], middle[two] + left, middle[two] + right)
    weights = (count[~two], count[two] * share, count[two] * (1 - share))
    return (
        np.concatenate(nodes),
        np.concatenate(weights),
        np.concatenate([at[~two], at[two], at[two]]),
    )
