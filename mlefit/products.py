"""Sums of products of columns of which some are codes: counted, not multiplied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.arrow import Arrow, Bordered, Positions, Symmetric, block_of, diagonal_of
from mlefit.design.coded import Coded, Design, Group
from mlefit.symmetric import factorised, scaled

# From so many levels on a diagonal block is worth a form of its own: the triangle of a
# matrix of so many columns takes longer than the sums of a hundred thousand rows.
_LARGE = 256


@dataclass(frozen=True)
class _Part:
    """Columns that are written out, or those of a factor, among the coefficients of all."""

    at: Positions
    columns: Matrix | Group

    def product(self, other: _Part, values: Rows) -> Matrix:
        """The sums over rows of each column times each of another part times values."""
        mine, its = self.columns, other.columns
        if isinstance(mine, Group):
            if isinstance(its, Group):
                return mine.products(its, values)
            return np.array([mine.sums(row * values) for row in its]).reshape(-1, mine.size).T
        if isinstance(its, Group):
            return np.array([its.sums(row * values) for row in mine]).reshape(-1, its.size)
        return np.dot(mine * values, its.T)


def information(designs: Sequence[Design], pairs: Mapping[tuple[int, int], Rows]) -> Symmetric:
    """The sums over rows of x_j x_k' times the values of pair (j, k), of all parameters.

    Args:
        designs: the columns of each parameter, some of them codes.
        pairs: values (m,) for pairs of parameters; an absent one is zero.
    """
    firsts = list(accumulate(map(len, designs), initial=0))
    parts = [list(_parts(X, first)) for X, first in zip(designs, firsts, strict=False)]
    large = _largest([part for own in parts for part in own])
    p = firsts[-1]
    at = large.at if large is not None else np.zeros(0, dtype=np.intp)
    rest = np.setdiff1d(np.arange(p), at)
    place = np.zeros(p, dtype=np.intp)
    place[rest] = np.arange(len(rest))
    inner, arms = np.zeros((len(rest), len(rest))), np.zeros((len(rest), len(at)))
    diagonal = np.zeros(len(at))
    for (j, k), values in pairs.items():
        for a, one in enumerate(parts[j]):
            for other in parts[k][a if j == k else 0 :]:
                if one is other and isinstance(one.columns, Group):
                    squares = one.columns.squares(values)
                    if one is large:
                        diagonal += squares
                    else:
                        inner[place[one.at], place[one.at]] += squares
                    continue
                product = one.product(other, values)
                if other is large:
                    arms[place[one.at]] += product
                elif one is large:
                    arms[place[other.at]] += product.T
                else:
                    inner[np.ix_(place[one.at], place[other.at])] += product
                    if one is not other:
                        inner[np.ix_(place[other.at], place[one.at])] += product.T
    return inner if large is None else Arrow(at, rest, diagonal, inner, arms)


@dataclass(frozen=True)
class NormalEquations:
    """X W X' and X W y, summed over the rows; they add.

    Attributes:
        gram: shape (p, p).
        right: shape (p,).
    """

    gram: Symmetric
    right: Vector

    @classmethod
    def of(cls, X: Design, y: Rows, weight: Rows | None) -> NormalEquations:
        """Those of a block."""
        if not isinstance(X, Coded):
            weighted = X if weight is None else X * weight
            return cls(weighted @ X.T, weighted @ y)
        w = np.ones(len(y)) if weight is None else weight
        return cls(information([X], {(0, 0): w}), X @ (w * y))

    def __add__(self, other: NormalEquations) -> NormalEquations:
        return NormalEquations(self.gram + other.gram, self.right + other.right)

    def solution(self) -> Vector:
        """The coefficients; of many the shortest where columns depend on each other."""
        scale = 1 / np.sqrt(np.maximum(diagonal_of(self.gram), np.finfo(float).tiny))
        unit, right = scaled(self.gram, scale), self.right * scale
        factor = factorised(unit) if isinstance(unit, Arrow) else None
        if factor is not None:
            return scale * factor.backward(factor.forward(right))
        return scale * np.linalg.lstsq(np.asarray(unit), right, rcond=None)[0]


def forms(X: Design, A: Matrix | Bordered) -> Rows:
    """x' A x of every row x of a design, A (p, p) symmetric."""
    if not isinstance(X, Coded):
        # np.dot leaves the interpreter lock to other threads, which matmul may not
        return np.einsum("ij,ij->j", X, np.dot(A, X))
    written = X.written
    found = np.einsum("ij,ij->j", written, np.dot(block_of(A, X.at, X.at), written))
    diagonal = diagonal_of(A)
    for i, group in enumerate(X.groups):
        found += group.times(group.chosen(diagonal[group.at]))
        for row, values in zip(written, block_of(A, X.at, group.at), strict=True):
            found += 2 * row * group.chosen(values)
        for other in X.groups[i + 1 :]:
            found += 2 * group.chosen_pairs(other, block_of(A, group.at, other.at))
    return np.asarray(found)


def _parts(X: Design, first: int) -> Iterator[_Part]:
    if not isinstance(X, Coded):
        yield _Part(first + np.arange(len(X)), X)
        return
    yield _Part(first + X.at, X.written)
    for group in X.groups:
        yield _Part(first + group.at, group)


def _largest(parts: Sequence[_Part]) -> _Part | None:
    """The factor with the most columns, if it has enough."""
    factors = [part for part in parts if isinstance(part.columns, Group)]
    largest = max(factors, key=lambda part: len(part.at), default=None)
    return largest if largest is not None and len(largest.at) >= _LARGE else None
