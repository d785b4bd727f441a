"""Rows held in memory: their units, their tie-breaking waves, and the merging of equal rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.frozen import frozen

Positions: TypeAlias = NDArray[np.int64]
"""Zero-based positions of rows in the data; -1 for a sum of rows."""

Index: TypeAlias = NDArray[np.intp]
"""Which rows of the arrays at hand."""

T = TypeVar("T")

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


@frozen
class Run:
    """Rows that lie together, without those of weight 0; of use until the next one is made.

    Attributes:
        here: their slice of the data.
        kept: which of that they are; None for all.
        X: columns by rows, shape (p, m).
        y: target, shape (m,).
        w: weights > 0, shape (m,).
        sampled: whether every sample has all of them.
    """

    here: slice
    kept: Index | None
    X: Matrix
    y: Rows
    w: Rows
    sampled: bool = False

    @classmethod
    def of(
        cls, start: int, X: Matrix, y: Rows, w: Rows | None = None, *, sampled: bool = False
    ) -> Run:
        """Rows from a position on, with weights >= 0 or all of one."""
        here = slice(start, start + len(y))
        if w is None or w.all():
            return cls(here, None, X, y, np.ones(len(y)) if w is None else w, sampled)
        kept = np.flatnonzero(w)
        return cls(here, kept, X[:, kept], y[kept], w[kept], sampled)

    def positions(self, index: Index) -> Positions:
        """Positions in the data of some of the rows."""
        at = index if self.kept is None else self.kept[index]
        return np.asarray(self.here.start + at, dtype=np.int64)

    def copied(self, index: Index) -> tuple[Matrix, Rows, Rows, Positions]:
        """X, y, w and the positions of some of the rows."""
        return self.X[:, index], self.y[index], self.w[index], self.positions(index)

    def of_each(self, values: NDArray[Any]) -> NDArray[Any]:
        """What belongs to the rows, of values for all rows of the data."""
        part = values[self.here]
        return part if self.kept is None else part[self.kept]


class Pass(Protocol):
    """Calls a function with every run of rows; it may do so elsewhere, and in any order."""

    def __call__(self, function: Callable[[Run], T]) -> list[T]:
        """What the function returns, in row order."""
        ...


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
