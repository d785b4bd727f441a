"""Symmetric matrices of which a large block is diagonal, as a factor's information is.

In the order of the diagonal block D and the rest,

    M = | D   C' |        M = L L',  L = | D^1/2        0 |      S = R - C D^-1 C'
        | C   R  |                       | C D^-1/2   L_S |

with S, of the size of the rest alone, the Schur complement. So systems of thousands of
coefficients cost what the few others do, and with K = C D^-1 the inverse is

    M^-1 = | D^-1 + K' S^-1 K   -K' S^-1 |
           | -S^-1 K             S^-1    |

Source: G. H. Golub and C. F. Van Loan (2013), Matrix Computations, 4th ed., section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Self, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.errors import MOST_SQUARE, TooWideError
from mlefit.frozen import frozen
from mlefit.triangular import solve_lower, solve_upper

Positions: TypeAlias = NDArray[np.intp]

_PANEL = 256


@frozen(eq=False)
class Bordered:
    """What an arrow and its inverse have in common: they can be used as the matrix they are.

    Attributes:
        at: positions of the large block, shape (d,).
        rest: positions of the others, shape (s,).
        large: the large block, of an inverse the diagonal part of it, shape (d,).
        inner: the block of the rest, shape (s, s).
        arms: the rest against the large block, shape (s, d).
    """

    __array_ufunc__ = None  # numpy leaves the operators below to this class

    at: Positions
    rest: Positions
    large: Vector
    inner: Matrix
    arms: Matrix

    def block(self, rows: Positions, columns: Positions) -> Matrix:
        """The entries of some rows and columns."""
        is_large, place = self._place
        i, j = (np.flatnonzero(~is_large[one]) for one in (rows, columns))
        k, m = (np.flatnonzero(is_large[one]) for one in (rows, columns))
        found = np.empty((len(rows), len(columns)))
        found[np.ix_(i, j)] = self.inner[np.ix_(place[rows[i]], place[columns[j]])]
        found[np.ix_(i, m)] = self.arms[np.ix_(place[rows[i]], place[columns[m]])]
        found[np.ix_(k, j)] = self.arms[np.ix_(place[columns[j]], place[rows[k]])].T
        found[np.ix_(k, m)] = self._large_block(place[rows[k]], place[columns[m]])
        return found

    def _large_block(self, rows: Positions, columns: Positions) -> Matrix:
        """Entries of the large block, by their places in it."""
        return np.where(rows[:, None] == columns, self.large[rows][:, None], 0.0)

    @cached_property
    def diagonal(self) -> Vector:
        """Shape (p,)."""
        found = np.empty(len(self))
        found[self.at], found[self.rest] = self._large_diagonal(), np.diag(self.inner)
        return found

    def _large_diagonal(self) -> Vector:
        """The diagonal of the large block."""
        return self.large

    def scaled(self, scale: Vector) -> Self:
        """Every row and every column times its scale."""
        own, others = scale[self.at], scale[self.rest]
        return replace(
            self,
            large=self.large * own**2,
            inner=self.inner * np.outer(others, others),
            arms=self.arms * others[:, None] * own,
        )

    def __mul__(self, factor: float) -> Self:
        return replace(
            self, large=factor * self.large, inner=factor * self.inner, arms=factor * self.arms
        )

    def __rmul__(self, factor: float) -> Self:
        return self * factor

    def __len__(self) -> int:
        return len(self.at) + len(self.rest)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), len(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if len(self) > MOST_SQUARE:
            raise TooWideError(len(self))
        everything = np.arange(len(self))
        return np.asarray(self.block(everything, everything), dtype=dtype)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple) and len(key) == 2 and key[0] is key[1]:
            j = key[0]
            if isinstance(j, (int, np.integer)):
                return self.diagonal[j]
        return np.asarray(self)[key]

    def __add__(self, other: Any) -> Any:
        return np.asarray(self) + np.asarray(other)

    __radd__ = __add__

    def __matmul__(self, other: Any) -> Matrix:
        return np.asarray(np.asarray(self) @ np.asarray(other))

    def __rmatmul__(self, other: Any) -> Matrix:
        return np.asarray(np.asarray(other) @ np.asarray(self))

    def panels(self) -> Iterator[Matrix]:
        """A few rows at a time, so that never all of them exist."""
        everything = np.arange(len(self))
        for lo in range(0, len(self), _PANEL):
            yield self.block(everything[lo : lo + _PANEL], everything)

    @cached_property
    def _place(self) -> tuple[NDArray[np.bool_], Positions]:
        """Whether each position is of the large block, and its place in its own block."""
        is_large = np.zeros(len(self), dtype=bool)
        is_large[self.at] = True
        place = np.empty(len(self), dtype=np.intp)
        place[self.at], place[self.rest] = np.arange(len(self.at)), np.arange(len(self.rest))
        return is_large, place


class Arrow(Bordered):
    """A matrix with a large diagonal block. Two of the same shape add to a third."""

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Arrow) or not np.array_equal(self.at, other.at):
            return super().__add__(other)
        return replace(
            self,
            large=self.large + other.large,
            inner=self.inner + other.inner,
            arms=self.arms + other.arms,
        )

    def __matmul__(self, other: Any) -> Matrix:
        if np.ndim(other) != 1:
            return super().__matmul__(other)
        found = np.empty(len(self))
        found[self.at] = self.large * other[self.at] + other[self.rest] @ self.arms
        found[self.rest] = self.inner @ other[self.rest] + self.arms @ other[self.at]
        return found

    def among(self, kept: Positions) -> Arrow:
        """The rows and columns at some positions, in ascending order."""
        is_kept = np.zeros(len(self), dtype=bool)
        is_kept[kept] = True
        large, others = is_kept[self.at], is_kept[self.rest]
        return Arrow(
            np.searchsorted(kept, self.at[large]),
            np.searchsorted(kept, self.rest[others]),
            self.large[large],
            self.inner[np.ix_(others, others)],
            self.arms[np.ix_(others, large)],
        )

    def bent(self, curvature: Vector, T: Matrix) -> Arrow:
        """With a diagonal added that the rest sees in other coordinates: T'CT in its block."""
        inner = self.inner + (T.T * curvature[self.rest]) @ T
        return replace(self, large=self.large + curvature[self.at], inner=inner)

    def damped(self, size: float) -> Arrow:
        """With so much more on the diagonal."""
        inner = self.inner + size * np.eye(len(self.rest))
        return replace(self, large=self.large + size, inner=inner)

    def factor(self) -> ArrowFactor | None:
        """The triangle; None if the matrix is not positive definite."""
        if not (self.large > 0).all() or not np.isfinite(self.large).all():
            return None
        root = np.sqrt(self.large)
        half = self.arms / root
        try:
            triangle = np.linalg.cholesky(self.inner - np.dot(half, half.T))
        except np.linalg.LinAlgError:
            return None
        finite = np.isfinite(triangle).all()
        return ArrowFactor(self.at, self.rest, root, half, triangle) if finite else None


@frozen(eq=False)
class ArrowFactor:
    """The triangle L of an arrow L L', the large block first.

    Attributes:
        at: positions of the large block.
        rest: positions of the others.
        root: the roots of the diagonal block.
        half: C D^-1/2.
        triangle: of the Schur complement.
    """

    at: Positions
    rest: Positions
    root: Vector
    half: Matrix
    triangle: Matrix

    def forward(self, b: Vector) -> Vector:
        """L^-1 b, the large block first."""
        own = b[self.at] / self.root
        return np.concatenate([own, solve_lower(self.triangle, b[self.rest] - self.half @ own)])

    def backward(self, half: Vector) -> Vector:
        """L'^-1 of what `forward` gives."""
        d = len(self.at)
        found = np.empty(len(half))
        found[self.rest] = solve_upper(self.triangle.T, half[d:])
        found[self.at] = (half[:d] - found[self.rest] @ self.half) / self.root
        return found

    def inverse(self) -> ArrowInverse:
        """The inverse of the matrix."""
        half = solve_lower(self.triangle, np.eye(len(self.rest)))
        inner = np.dot(half.T, half)
        K = self.half / self.root
        return ArrowInverse(
            self.at, self.rest, 1 / self.root**2, inner, -np.dot(inner, K), np.dot(half, K)
        )


@frozen(eq=False)
class ArrowInverse(Bordered):
    """The inverse of an arrow: its large block is a diagonal and a product of few columns.

    Attributes:
        low: B of the other part B'B of the large block, shape (s, d).
    """

    low: Matrix

    def _large_diagonal(self) -> Vector:
        return self.large + np.einsum("ij,ij->j", self.low, self.low)

    def _large_block(self, rows: Positions, columns: Positions) -> Matrix:
        plain = super()._large_block(rows, columns)
        if not plain.size:
            return plain
        return np.dot(self.low[:, rows].T, self.low[:, columns]) + plain

    def scaled(self, scale: Vector) -> Self:
        return replace(super().scaled(scale), low=self.low * scale[self.at])

    def __mul__(self, factor: float) -> Self:
        return replace(super().__mul__(factor), low=np.sqrt(factor) * self.low)

    def __matmul__(self, other: Any) -> Matrix:
        if np.ndim(other) != 1:
            return super().__matmul__(other)
        own, others = other[self.at], other[self.rest]
        found = np.empty(len(self))
        found[self.at] = self.large * own + (self.low @ own) @ self.low + others @ self.arms
        found[self.rest] = self.inner @ others + self.arms @ own
        return found

    def turned(self, T: Matrix) -> ArrowInverse:
        """In other coordinates of the rest, that of b given by T b."""
        return replace(self, inner=T @ self.inner @ T.T, arms=T @ self.arms)


Symmetric: TypeAlias = Matrix | Arrow
"""A symmetric matrix (p, p), written out or as an arrow."""

Spread: TypeAlias = Matrix | ArrowInverse
"""The inverse of one."""


def among(matrix: Symmetric, kept: Positions) -> Symmetric:
    """The rows and columns of a matrix at some positions, in ascending order."""
    if len(kept) == len(matrix):
        return matrix
    return matrix.among(kept) if isinstance(matrix, Arrow) else matrix[np.ix_(kept, kept)]


def diagonal_of(matrix: Matrix | Bordered) -> Vector:
    """The diagonal."""
    return matrix.diagonal if isinstance(matrix, Bordered) else np.diag(matrix)


def block_of(matrix: Matrix | Bordered, rows: Positions, columns: Positions) -> Matrix:
    """The entries of some rows and columns."""
    if isinstance(matrix, Bordered):
        return matrix.block(rows, columns)
    return matrix[np.ix_(rows, columns)]


def written(matrix: Spread) -> Sequence[Sequence[float]]:
    """Row by row as numbers; of thousands of rows each is made when it is asked for."""
    return _Written(matrix) if isinstance(matrix, Bordered) else matrix.tolist()


class _Written(Sequence[Sequence[float]]):
    """The rows of a matrix, none of which is kept."""

    def __init__(self, matrix: ArrowInverse) -> None:
        self._matrix = matrix

    def __len__(self) -> int:
        return len(self._matrix)

    @overload
    def __getitem__(self, i: int) -> Sequence[float]: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Sequence[float]]: ...
    def __getitem__(self, i: int | slice) -> Sequence[Any]:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        everything = np.arange(len(self))
        return list(self._matrix.block(everything[[i]], everything)[0].tolist())

    def __iter__(self) -> Iterator[Sequence[float]]:
        return (list(row.tolist()) for panel in self._matrix.panels() for row in panel)
