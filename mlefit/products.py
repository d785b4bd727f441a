"""Sums of products of columns of which some are codes: counted, not multiplied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.arrow import Arrow, Bordered, Positions, Symmetric, block_of, diagonal_of
from mlefit.design.coded import Coded, Design, Group
from mlefit.frozen import frozen
from mlefit.symmetric import factorised, scaled

# From so many levels on a diagonal block is worth a form of its own: the triangle of a
# matrix of so many columns takes longer than the sums of a hundred thousand rows.
_LARGE = 256


@frozen(eq=False)
class _Part:
    """Columns that are written out, or those of a factor, among the coefficients of all.

    Attributes:
        at: their positions.
        columns: shape (q, m), or codes.
        with_intercept: whether the first column is all ones.
    """

    at: Positions
    columns: Matrix | Group
    with_intercept: bool = False


class _Weighed:
    """Products of parts in which every row has a value.

    Args:
        values: shape (m,).
    """

    def __init__(self, values: Rows) -> None:
        self._values = values
        self._rows: dict[_Part, Matrix] = {}
        self._squares: dict[_Part, Vector] = {}

    def _times(self, part: _Part) -> Matrix:
        """Columns that are written out, times the values."""
        if part not in self._rows:
            assert not isinstance(part.columns, Group)
            self._rows[part] = part.columns * self._values
        return self._rows[part]

    def product(self, one: _Part, other: _Part) -> Matrix:
        """The sums over rows of each column of a part times each of another times values."""
        if isinstance(other.columns, Group):
            if isinstance(one.columns, Group):
                return one.columns.products(other.columns, self._values)
            # the indicators of a factor are their own squares
            known = one.with_intercept and other.columns.multiplier is None
            rows = self._times(one)[1 if known else 0 :]
            sums = [self.squares(other)] if known else []
            sums += [other.columns.sums(row) for row in rows]
            return np.reshape(sums, (len(one.at), len(other.at)))
        if isinstance(one.columns, Group):
            return self.product(other, one).T
        return np.dot(self._times(one), other.columns.T)

    def squares(self, part: _Part) -> Vector:
        """The diagonal of the product of a factor with itself."""
        if part not in self._squares:
            assert isinstance(part.columns, Group)
            self._squares[part] = part.columns.squares(self._values)
        return self._squares[part]


def information(designs: Sequence[Design], pairs: Mapping[tuple[int, int], Rows]) -> Symmetric:
    """The sums over rows of x_j x_k' times the values of pair (j, k), of all parameters.

    Args:
        designs: the columns of each parameter, some of them codes.
        pairs: values (m,) for pairs of parameters; an absent one is zero.
    """
    firsts = list(accumulate(map(len, designs), initial=0))
    parts = [list(_parts(X, first)) for X, first in zip(designs, firsts, strict=False)]
    sums = _Sums(firsts[-1], _largest([part for own in parts for part in own]))
    for (j, k), values in pairs.items():
        weighed = _Weighed(values)
        for i, one in enumerate(parts[j]):
            for other in parts[k][i if j == k else 0 :]:
                if one is other and isinstance(one.columns, Group):
                    sums.add_diagonal(one, weighed.squares(one))
                else:
                    sums.add(one, other, weighed.product(one, other))
    return sums.matrix


class _Sums:
    """Where the products of parts go.

    Args:
        p: coefficients.
        large: the part whose block is kept as a diagonal, if any.
    """

    def __init__(self, p: int, large: _Part | None) -> None:
        self._large = large
        self._at = np.zeros(0, dtype=np.intp) if large is None else large.at
        others = np.ones(p, dtype=bool)
        others[self._at] = False
        self._rest = np.flatnonzero(others)
        self._place = np.zeros(p, dtype=np.intp)
        self._place[self._rest] = np.arange(len(self._rest))
        s, d = len(self._rest), len(self._at)
        self._inner, self._arms, self._diagonal = np.zeros((s, s)), np.zeros((s, d)), np.zeros(d)

    def _among(self, part: _Part) -> Positions | slice:
        """Where a part is among the rest; mostly in one run, which is added to much faster."""
        places = self._place[part.at]
        first, count = (int(places[0]), len(places)) if len(places) else (0, 0)
        is_run = np.array_equal(places, np.arange(first, first + count))
        return slice(first, first + count) if is_run else places

    def add_diagonal(self, one: _Part, values: Vector) -> None:
        """The product of a factor with itself."""
        if one is self._large:
            self._diagonal += values
        else:
            at = self._place[one.at]
            self._inner[at, at] += values

    def add(self, one: _Part, other: _Part, product: Matrix) -> None:
        """The product of a part with another, or with itself if it is written out."""
        if other is self._large:
            self._arms[self._among(one)] += product
        elif one is self._large:
            self._arms[self._among(other)] += product.T
        else:
            rows, columns = self._place[one.at], self._place[other.at]
            self._inner[np.ix_(rows, columns)] += product
            if one is not other:
                self._inner[np.ix_(columns, rows)] += product.T

    @property
    def matrix(self) -> Symmetric:
        """What the sums came to."""
        if self._large is None:
            return self._inner
        return Arrow(self._at, self._rest, self._diagonal, self._inner, self._arms)


@frozen
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
            matrix = np.asarray(X)
            weighted = matrix if weight is None else matrix * weight
            return cls(weighted @ matrix.T, weighted @ y)
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


def lengths_at_most(X: Design, A: Matrix | Bordered) -> Rows:
    """What x' A x of every row x is at most, A positive: the triangle inequality of its parts."""
    if not isinstance(X, Coded):
        return forms(X, A)
    own = block_of(A, X.at, X.at)
    squares = np.einsum("ij,ij->j", X.written, np.dot(own, X.written))
    root = np.sqrt(np.maximum(squares, 0.0))
    sizes = np.sqrt(diagonal_of(A))
    for group in X.groups:
        root += np.abs(group.times(group.chosen(sizes[group.at])))
    return root**2


def forms_between(X: Design, A: Matrix, Y: Design) -> Rows:
    """x' A y of every row of two designs of the same rows, A (p, q)."""
    if not isinstance(X, Coded) and not isinstance(Y, Coded):
        return np.einsum("ij,ij->j", X, A @ Y)
    found: Rows = np.zeros(X.shape[1])
    for one in _parts(X, 0):
        for other in _parts(Y, 0):
            found += _form(one.columns, A[np.ix_(one.at, other.at)], other.columns)
    return found


def _form(one: Matrix | Group, A: Matrix, other: Matrix | Group) -> Rows:
    if isinstance(one, Group):
        if isinstance(other, Group):
            return one.chosen_pairs(other, A)
        return _form(other, A.T, one)
    if isinstance(other, Group):
        products = (row * other.chosen(a) for row, a in zip(one, A, strict=True))
        return np.asarray(sum(products, start=np.zeros(one.shape[1])))
    return np.asarray(np.einsum("ij,ij->j", one, np.dot(A, other)))


def sums_within(
    codes: Positions, count: int, designs: Sequence[Design], values: Sequence[Rows]
) -> Matrix:
    """The sums of every column times values within groups of rows, shape (count, p).

    Args:
        codes: the group of every row, 0 to count - 1, shape (m,).
        count: how many groups there are.
        designs: the columns of each parameter.
        values: for each parameter, each (m,).
    """
    firsts = list(accumulate(map(len, designs), initial=0))
    sums = np.zeros((count, firsts[-1]))
    groups = Group(np.arange(count), codes.astype(np.intp) + 1, None)
    for X, first, own in zip(designs, firsts, values, strict=False):
        for part in _parts(X, first):
            if isinstance(part.columns, Group):
                sums[:, part.at] = groups.products(part.columns, own)
            else:
                for j, row in zip(part.at, part.columns, strict=True):
                    sums[:, j] = groups.sums(row * own)
    return sums


def _parts(X: Design, first: int) -> Iterator[_Part]:
    if not isinstance(X, Coded):
        yield _Part(first + np.arange(len(X)), np.asarray(X))
        return
    yield _Part(first + X.at, X.written, X.with_intercept)
    for group in X.groups:
        yield _Part(first + group.at, group)


def _largest(parts: Sequence[_Part]) -> _Part | None:
    """The factor with the most columns, if it has enough."""
    factors = [part for part in parts if isinstance(part.columns, Group)]
    largest = max(factors, key=lambda part: len(part.at), default=None)
    return largest if largest is not None and len(largest.at) >= _LARGE else None
