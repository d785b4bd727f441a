"""Rows held in memory: their units, their tie-breaking waves, and the merging of equal rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.frozen import frozen

Positions: TypeAlias = NDArray[np.int64]
"""Zero-based positions of rows in the data; -1 for a sum of rows."""

Index: TypeAlias = NDArray[np.intp]
"""Which rows of the arrays at hand."""

Pass: TypeAlias = Callable[[], Iterable[tuple[Matrix, Rows, Rows | None]]]
"""Each call walks all rows in blocks: X of shape (p, m), y (m,), weights (m,) or None."""

FAR = 30.0
"""A shift that no combination of waves, which lie in [-1, 1], is likely to reach."""


@frozen
class Units:
    """What makes the solution independent of the units of the columns and the target.

    Attributes:
        columns: power of two near the typical |x_j|, shape (p,); division by it is exact.
        target: power of two near the typical |y|.
        waves: two sets of frequencies for (x, y) in these units, shape (2, p + 1).
    """

    columns: Vector
    target: float
    waves: Matrix

    @classmethod
    def of(cls, mean_x: Vector, mean_y: float) -> Units:
        """Units from the geometric mean of |x_j| and of |y|, which no outlier moves."""
        means = np.append(mean_x, mean_y)
        means[~(means > 0)] = 1.0
        powers = np.exp2(np.round(np.log2(means)))
        # Roots of primes have no rational relation, so equal waves mean equal rows.
        frequencies = np.sqrt(_primes(2 * len(means))).reshape(2, -1)
        return cls(powers[:-1], float(powers[-1]), frequencies * (powers / means))


@frozen
class Sample:
    """Rows copied out of the blocks, in `Units`.

    Attributes:
        X: columns by rows, shape (p, m).
        y: target, shape (m,).
        w: weights > 0, shape (m,).
        e: infinitesimal shift of y that separates ties, shape (m,).
        at: positions in the data, shape (m,).
    """

    X: Matrix
    y: Rows
    w: Rows
    e: Rows
    at: Positions

    def take(self, index: Index) -> Sample:
        """The rows at `index`, in that order."""
        return Sample(
            np.ascontiguousarray(self.X[:, index]),
            self.y[index],
            self.w[index],
            self.e[index],
            self.at[index],
        )


def sample_of(X: Matrix, y: Rows, w: Rows, at: Positions, units: Units) -> Sample:
    """Copy rows given in the data's own units."""
    X = X / units.columns[:, None]
    y = y / units.target
    return Sample(X, y, w.copy(), np.cos(_wave(X, y, units.waves[0])), at)


def join(pieces: list[Sample]) -> Sample:
    """All rows of the pieces, one after the other."""
    return Sample(
        np.concatenate([piece.X for piece in pieces], axis=1),
        np.concatenate([piece.y for piece in pieces]),
        np.concatenate([piece.w for piece in pieces]),
        np.concatenate([piece.e for piece in pieces]),
        np.concatenate([piece.at for piece in pieces]),
    )


def merge(rows: Sample, units: Units) -> Sample:
    """Replace equal rows by one that carries their total weight, and the first position."""
    keys = [_wave(rows.X, rows.y, wave) for wave in units.waves]
    order = np.lexsort((rows.at, keys[1], keys[0]))
    sorted_rows = rows.take(order)
    new = np.ones(len(order), dtype=bool)
    new[1:] = sorted_rows.y[1:] != sorted_rows.y[:-1]
    for column in sorted_rows.X:
        new[1:] |= column[1:] != column[:-1]
    first = np.flatnonzero(new)
    if len(first) == len(order):
        return sorted_rows
    kept = sorted_rows.take(first)
    return Sample(kept.X, kept.y, np.add.reduceat(sorted_rows.w, first), kept.e, kept.at)


def walk(blocks: Pass) -> Iterator[tuple[slice, Index | None, Matrix, Rows, Rows]]:
    """Blocks without rows of weight 0, each with its slice of the data.

    Yields:
        The slice, which of its rows are kept (None: all), X, y and w.
    """
    start = 0
    ones = np.ones(0)
    for X, y, w in blocks():
        here = slice(start, start + len(y))
        start = here.stop
        if w is None:
            if len(ones) < len(y):
                ones = np.ones(len(y))
            yield here, None, X, y, ones[: len(y)]
        elif w.all():
            yield here, None, X, y, w
        else:
            kept = np.flatnonzero(w)
            yield here, kept, X[:, kept], y[kept], w[kept]


def positions(here: slice, kept: Index | None, index: Index) -> Positions:
    """Positions in the data of the rows `index` of a block."""
    return np.asarray(here.start + (index if kept is None else kept[index]), dtype=np.int64)


def _wave(X: Matrix, y: Rows, frequencies: Vector) -> Rows:
    """Phase of every row; summed column by column, so equal rows get equal bits."""
    phase: Rows = frequencies[-1] * y
    for frequency, column in zip(frequencies, X, strict=False):
        phase += frequency * column
    return phase


def _primes(count: int) -> NDArray[np.float64]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return np.array(found, dtype=np.float64)
