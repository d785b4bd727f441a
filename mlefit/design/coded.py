"""Columns of indicators as codes: which of them a row has, and no row of zeros and ones.

The indicators of a factor are zero in a row but for one of them at most. So its n columns are
kept as one number a row, and sums over rows become counts:

    X' v        sums of v within each level
    X b         the coefficient of the row's level
    X W X'      of one factor a diagonal, of two the sums of w in each of their cells

A column that is an indicator times numbers, as in g:x, is the same with a factor for each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.coding import Column, Indicator, Numeric
from mlefit.design.views import Views
from mlefit.errors import MOST_SQUARE, TooWideError
from mlefit.frozen import frozen

Positions: TypeAlias = NDArray[np.intp]

# A factor of fewer columns is cheaper as rows of numbers: a product of so few of them costs no
# more than counting does. Beside a factor with many levels even few are better counted, for
# then each row of numbers is one more walk over that factor's codes.
_FEWEST, _FEWEST_OF_ALL = 3, 32
# Operations on all rows that take some ten seconds.
_MOST_WORK = 2e11


@frozen
class Factor:
    """Columns that are indicators of the same factors times the same numbers.

    Attributes:
        at: their positions in the design, shape (n,).
        keys: of the series of codes.
        numbers: keys of the series that multiply.
        table: for every combination of codes 1 + the place of its column among these, or 0
            for none; a code beyond the last counts as the last, which has none.
    """

    at: Positions
    keys: tuple[str, ...]
    numbers: tuple[str, ...]
    table: NDArray[np.intp]

    def of(self, series: Mapping[str, NDArray[Any]]) -> Group:
        """These columns in some rows."""
        cell: Any = None
        for key, levels in zip(self.keys, self.table.shape, strict=True):
            place = _within(series[key], levels)
            cell = place if cell is None else cell * levels + place
        multiplier = None
        for key in self.numbers:
            values = series[key].astype(float)
            multiplier = values if multiplier is None else multiplier * values
        return Group(self.at, self.table.ravel().take(cell, mode="clip"), multiplier)


def _within(codes: NDArray[Any], levels: int) -> NDArray[np.intp]:
    if codes.dtype.kind == "f":  # with rows of no known level among them
        codes = np.where(np.isnan(codes), levels - 1, codes)
    places = codes.astype(np.intp)
    return np.minimum(places, levels - 1, out=places)


@frozen
class Layout:
    """Which columns of a design are written out and which are codes.

    Attributes:
        written: positions of the columns that are written out.
        factors: the others.
    """

    written: Positions
    factors: tuple[Factor, ...]

    @classmethod
    def of(cls, columns: Sequence[Column], shifted: NDArray[np.bool_]) -> Layout:
        """The layout that costs least.

        Args:
            columns: of the design.
            shifted: which of them are not taken as they are, so that they have no zeros.
        """
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[tuple[int, ...], int]] = {}
        for j, column in enumerate(columns):
            marks = [part for part in column.parts if isinstance(part, Indicator)]
            if marks and not shifted[j]:
                keys = tuple(part.key for part in marks)
                numbers = tuple(part.key for part in column.parts if isinstance(part, Numeric))
                cells = alike.setdefault((keys, numbers), {})
                cells.setdefault(tuple(part.code for part in marks), j)
        if sum(map(len, alike.values())) < _FEWEST_OF_ALL:
            alike = {}
        factors = tuple(
            _factor(keys, numbers, cells)
            for (keys, numbers), cells in alike.items()
            if len(cells) >= _FEWEST
        )
        coded = np.zeros(len(columns), dtype=bool)
        for factor in factors:
            coded[factor.at] = True
        return cls(np.flatnonzero(~coded), factors)


def _factor(
    keys: tuple[str, ...], numbers: tuple[str, ...], cells: Mapping[tuple[int, ...], int]
) -> Factor:
    table = np.zeros([max(codes) + 2 for codes in zip(*cells, strict=True)], dtype=np.intp)
    for place, codes in enumerate(cells, start=1):
        table[codes] = place
    return Factor(np.array(list(cells.values()), dtype=np.intp), keys, numbers, table)


@frozen
class Group:
    """The columns of a factor in some rows.

    Attributes:
        at: their positions in the design, shape (n,).
        slots: for each row 1 + the place of its column among these, or 0, shape (m,).
        multiplier: what stands in that column; None for ones.
    """

    at: Positions
    slots: NDArray[np.intp]
    multiplier: Rows | None

    @property
    def size(self) -> int:
        """Columns."""
        return len(self.at)

    def part(self, rows: NDArray[Any] | slice) -> Group:
        """These columns in some of the rows."""
        multiplier = None if self.multiplier is None else self.multiplier[rows]
        return Group(self.at, self.slots[rows], multiplier)

    def times(self, values: Rows) -> Rows:
        """Values times what stands in each row's column."""
        return values if self.multiplier is None else values * self.multiplier

    def sums(self, values: Rows) -> Vector:
        """The sum over rows of each column times values, shape (n,)."""
        found = np.bincount(self.slots, self.times(values), self.size + 1)
        return np.asarray(found[1:], dtype=float)

    def squares(self, values: Rows) -> Vector:
        """The sum over rows of each column's square times values, shape (n,)."""
        return self.sums(self.times(values))

    def chosen(self, values: Vector) -> Rows:
        """Of one value for each column that of each row's own, times what stands there."""
        return self.times(np.concatenate([[0.0], values]).take(self.slots, mode="clip"))

    def cells(self, other: Group) -> NDArray[np.intp]:
        """A number for each pair of columns that a row can have here and in another factor."""
        return self.slots * (other.size + 1) + other.slots

    def products(self, other: Group, values: Rows) -> Matrix:
        """The sums over rows of each column times each of another factor times values."""
        shape = (self.size + 1, other.size + 1)
        weights = other.times(self.times(values))
        found = np.bincount(self.cells(other), weights, shape[0] * shape[1])
        return np.asarray(found.reshape(shape)[1:, 1:], dtype=float)

    def chosen_pairs(self, other: Group, values: Matrix) -> Rows:
        """Of one value for each pair of columns that of each row's own, times what stands there."""
        table = np.zeros((self.size + 1, other.size + 1))
        table[1:, 1:] = values
        return other.times(self.times(table.ravel().take(self.cells(other), mode="clip")))


class Coded:
    """A block of a design, columns by rows (p, m), part of it in codes.

    It can be used as the matrix that it stands for: what needs every number writes it out.

    Args:
        shape: columns and rows.
        at: positions of the columns that are written out.
        written: these columns, shape (q, m).
        groups: the others.
        with_intercept: whether the first column that is written out is all ones.
    """

    __array_ufunc__ = None  # numpy leaves the operators below to this class

    def __init__(
        self,
        shape: tuple[int, int],
        at: Positions,
        written: Matrix,
        groups: Iterable[Group],
        *,
        with_intercept: bool,
    ) -> None:
        self.shape = shape
        self.at = at
        self.written = written
        self.groups = tuple(groups)
        self.with_intercept = with_intercept

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if len(self) > MOST_SQUARE:
            raise TooWideError(len(self))
        X = np.zeros(self.shape, dtype=dtype or float)
        X[self.at] = self.written
        everywhere = np.arange(self.shape[1])
        for group in self.groups:
            rows = everywhere[group.slots > 0]
            ones = np.ones(len(rows)) if group.multiplier is None else group.multiplier[rows]
            X[group.at[group.slots[rows] - 1], rows] = ones
        return X

    @cached_property
    def matrix(self) -> Matrix:
        """Every number."""
        return np.asarray(self)

    def __getitem__(self, key: Any) -> Any:
        """Some rows of all columns in codes again, anything else as numbers."""
        of_all = isinstance(key, tuple) and isinstance(key[0], slice) and key[0] == slice(None)
        if not of_all or isinstance(key[1], int):
            return self.matrix[key]
        written = self.written[:, key[1]]
        groups = (group.part(key[1]) for group in self.groups)
        shape = self.shape[0], written.shape[1]
        return Coded(shape, self.at, written, groups, with_intercept=self.with_intercept)

    def __mul__(self, values: ArrayLike) -> Matrix:
        return self.matrix * np.asarray(values)

    def __matmul__(self, values: Rows) -> Vector:
        """Sums over the rows of every column times values of shape (m,) or (m, k)."""
        if values.ndim == 2:
            return np.column_stack([self @ column for column in values.T])
        found = np.empty(self.shape[0])
        found[self.at] = self.written @ values
        for group in self.groups:
            found[group.at] = group.sums(values)
        return found

    def __rmatmul__(self, points: Vector | Matrix) -> Rows:
        """Linear predictors of coefficients of shape (p,) or (k, p)."""
        if points.ndim == 2:
            return np.array([point @ self for point in points])
        eta = np.dot(points[self.at], self.written)
        for group in self.groups:
            eta += group.chosen(points[group.at])
        return np.asarray(eta)

    def squares(self, values: Rows) -> Vector:
        """Sums over the rows of every column's square times values, shape (p,)."""
        found = np.empty(self.shape[0])
        found[self.at] = np.einsum("ij,ij,j->i", self.written, self.written, values)
        for group in self.groups:
            found[group.at] = group.squares(values)
        return found


Design: TypeAlias = Matrix | Coded | Views
"""A parameter's columns in a block of rows, (p, m): a matrix, or what multiplies in its place."""


def is_too_wide(rows: int, columns: int) -> bool:
    """Whether codes are too many columns to be written out and multiplied in all rows."""
    return rows * columns**2 > _MOST_WORK


def predictor_of(gamma: Vector, X: Design) -> Rows:
    """gamma' X, by np.dot, which leaves the interpreter lock to other threads."""
    return np.dot(gamma, X) if isinstance(X, np.ndarray) else gamma @ X


def sum_of(X: Design, values: Rows) -> Vector:
    """X values, by np.dot for the same reason."""
    return np.dot(X, values) if isinstance(X, np.ndarray) else X @ values


def against(values: Matrix, X: Design) -> Matrix:
    """values X' for values of shape (k, m)."""
    return values @ X.T if isinstance(X, np.ndarray) else (X @ values.T).T


def squares_against(values: Matrix, X: Design) -> Matrix:
    """The same with every column squared."""
    if isinstance(X, np.ndarray):
        return values @ (X * X).T
    return np.array([X.squares(v) for v in values])


def sums(X: Design, counts: Rows | None = None) -> Vector:
    """Sums over the rows of every column, each row as often as it counts."""
    if isinstance(X, np.ndarray):
        return np.asarray(X.sum(axis=1) if counts is None else X @ counts)
    return X @ (np.ones(X.shape[1]) if counts is None else counts)


def squares(X: Design, counts: Rows | None = None) -> Vector:
    """Sums over the rows of every column's square, each row as often as it counts."""
    if isinstance(X, np.ndarray):
        return np.asarray(np.einsum("ij,ij->i", X if counts is None else X * counts, X))
    return X.squares(np.ones(X.shape[1]) if counts is None else counts)
