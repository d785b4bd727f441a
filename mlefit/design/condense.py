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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows
from mlefit.design.columns import POSITION, TARGET, WEIGHT, Columns

_BINS = 2048  # between the quartiles
_REACH = 16  # distances of the quartiles beyond them; rows further out stay as they are
_MOST_OUTSIDE = 0.05
# Rows in a bin, of those that even bins between the quartiles would have if all were there. A
# normal distribution has 0.5 at its peak; more is a spike, narrower than what bins are made for.
_DENSEST = 3.0
_QUARTILE_ROWS = 8192
_RUN = 32_768
_ALIKE = 1e-12  # variance of a bin, in squares of its width, that is only rounding

_SCALES: Mapping[str, tuple[Callable[[Rows], Rows], Callable[[Rows], Rows]]] = {
    "y": (np.asarray, np.asarray),
    "log y": (np.log, np.exp),
}


@dataclass(frozen=True)
class _Bins:
    """Equal bins of t from `low`."""

    scale: str
    low: float
    width: float
    count: int

    def places(self, y: Rows) -> Rows:
        """Where values lie, in widths from the beginning of the first bin."""
        return (_SCALES[self.scale][0](y) - self.low) / self.width

    def values(self, places: Rows) -> Rows:
        """The values at such places."""
        return _SCALES[self.scale][1](self.low + self.width * places)


def condensed(columns: Columns, scale: str, ends: tuple[float, float], step: int) -> Columns | None:
    """The values of a plain sample, with weights; None where they would not be few.

    Args:
        columns: the target and nothing else.
        scale: "y" or "log y", in which the log-density is smooth.
        ends: the least and the largest value, each of which a row keeps.
        step: every so many rows one stays apart, for its residual.
    """
    bins = _bins(columns, scale, ends)
    if bins is None:
        return None
    sums = np.zeros((4, bins.count + 1))
    firsts = np.zeros(bins.count + 1, dtype=np.int64)
    apart: list[NDArray[np.int64]] = []
    lone: list[Rows] = []
    extremes = [_first(columns, end) for end in ends]
    outside = 0
    # backwards, so that the first row of a bin is the last to be noted
    for start, y in _runs(columns, backwards=True):
        u = bins.places(y)
        out = (u < 0) | (u >= bins.count)
        outside += int(np.count_nonzero(out))
        if outside > _MOST_OUTSIDE * columns.rows:
            return None
        out[-start % step :: step] = True
        out[[at - start for at in extremes if start <= at < start + len(y)]] = True
        at = np.flatnonzero(out)
        apart.append(start + at)
        lone.append(y[at])
        u[at] = bins.count
        place = u.astype(np.intp)
        u -= place + 0.5
        sums += _powers(place, u, bins.count + 1)
        firsts[place[::-1]] = np.arange(start + len(y) - 1, start - 1, -1)
    values, weights, at = _nodes(sums[:, :-1])
    pairs = np.bincount(at) > 1
    if (sums[0, : len(pairs)][pairs] > _DENSEST * columns.rows / _BINS).any():
        return None
    return Columns(
        {
            TARGET: [np.concatenate([bins.values(values), *lone])],
            WEIGHT: [np.concatenate([weights, np.ones(sum(map(len, lone)))])],
            POSITION: [np.concatenate([firsts[at], *apart])],
        }
    )


def _bins(columns: Columns, scale: str, ends: tuple[float, float]) -> _Bins | None:
    forward = _SCALES[scale][0]
    some = columns.thinned(TARGET, max(1, columns.rows // _QUARTILE_ROWS)).astype(float)
    lower, upper = np.quantile(forward(some), [0.25, 0.75])
    distance = float(upper - lower)
    if not distance > 0:
        return None
    least, most = forward(np.array(ends))
    low = max(float(least), lower - _REACH * distance)
    high = min(float(most), upper + _REACH * distance)
    width = distance / _BINS
    return _Bins(scale, float(low), width, int((high - low) / width) + 1)


def _runs(columns: Columns, *, backwards: bool = False) -> Iterator[tuple[int, Rows]]:
    spans = list(columns.spans(_RUN))
    for span in reversed(spans) if backwards else spans:
        yield span.start, columns.piece(span.piece)[TARGET][span.lo : span.hi].astype(float)


def _first(columns: Columns, value: float) -> int:
    """Position of the first row with a value."""
    return next(
        start + int(found.argmax()) for start, y in _runs(columns) if (found := y == value).any()
    )


def _powers(place: NDArray[np.intp], u: Rows, count: int) -> Matrix:
    """Sums of u^0 to u^3 in each bin, shape (4, count)."""
    square = u * u
    powers = (None, u, square, square * u)
    return np.array([np.bincount(place, power, minlength=count) for power in powers])


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
