"""Columns where they lie: a wide design of which no number is copied.

To fill a block with columns takes longer than to walk each of them once, which is all that a sum
of the columns times one value for each row needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector


class Views:
    """A block of a design, columns by rows (p, m), each column a view of its series.

    It can be used as the matrix that it stands for: what needs every number writes it out.

    Args:
        series: of each column, shape (m,).
        centre: what is taken from each, shape (p,).
        m: rows.
    """

    __array_ufunc__ = None  # numpy leaves the operators below to this class

    def __init__(self, series: Sequence[Rows], centre: Vector, m: int) -> None:
        self._series = series
        self._centre = centre
        self.shape = len(series), m

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        X = np.empty(self.shape, dtype=dtype or float)
        for row, column in zip(X, self._columns(range(len(self))), strict=True):
            row[:] = column
        return X

    @cached_property
    def matrix(self) -> Matrix:
        """Every number."""
        return np.asarray(self)

    def __getitem__(self, key: Any) -> Any:
        return self.matrix[key]

    def __matmul__(self, values: Rows) -> Vector | Matrix:
        """Sums over the rows of every column times values of shape (m,) or (m, k)."""
        weights = np.ascontiguousarray(values.T)
        sums = [np.dot(weights, x) for x in self._columns(range(len(self)))]
        return np.array(sums).reshape(len(self), *values.shape[1:])

    def __rmatmul__(self, points: Vector | Matrix) -> Rows | Matrix:
        """Linear predictors of coefficients of shape (p,) or (k, p), of which most may be zero."""
        used = np.flatnonzero(np.atleast_2d(points).any(axis=0))
        columns = np.empty((len(used), self.shape[1]))
        for row, column in zip(columns, self._columns(used), strict=True):
            row[:] = column
        return np.asarray(np.dot(points[..., used], columns))

    def squares(self, values: Rows) -> Vector:
        """Sums over the rows of every column's square times values, shape (p,)."""
        return np.array([np.dot(x * x, values) for x in self._columns(range(len(self)))])

    def _columns(self, which: Iterable[int]) -> Iterator[Rows]:
        for j in which:
            shift = self._centre[j]
            yield self._series[j] - shift if shift else self._series[j]
