"""Rows as cache-sized blocks: no design matrix ever exists as a whole.

A `Reader` fills one reused buffer with the next block of `Columns`: for each parameter a
matrix of its columns by rows, shifted and, for an ill-conditioned design, turned by a `Basis`.
Where a factor has many levels its columns are codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.coded import Coded, Design, Layout
from mlefit.design.coding import INTERCEPT, Column, Indicator, Part
from mlefit.design.columns import POSITION, PRECISION, TARGET, WEIGHT, Columns, Span
from mlefit.errors import MOST_SQUARE, TooWideError
from mlefit.triangular import solve_lower

# Cells and rows of a block. Smaller blocks stay in the L2 cache, but threads then spend more on
# handing over the interpreter lock, which they do at every call, than they gain from it; larger
# ones leave the L3 cache. A product of wide columns is slow with fewer rows than the last.
_CELLS = 16384 * 50
_MOST_ROWS = 32768
_FEWEST_ROWS = 4096
# Of codes so many: the sums of the cells of two factors are added up once a block.
_CODED_ROWS = 1 << 17
_CODED_CELLS = 16 * _CODED_ROWS


@dataclass(frozen=True)
class Basis:
    """The coordinates a parameter's columns are seen in: (x - centre) R^-1.

    Coefficients gamma in these coordinates and beta of the user's columns obey
    beta = R^-1 gamma, and an intercept takes up what the centre removed. Shifting
    costs nothing and removes the cancellation that a large mean causes; R, the
    triangle of a QR decomposition, is there only where the columns are nearly
    dependent, and makes their product matrix nearly the identity.

    Attributes:
        centre: shape (p,); zero for the intercept, and all zero where none takes it up.
        triangle: R, shape (p, p), or None for the identity.
    """

    centre: Vector
    triangle: Matrix | None = None

    def turned(self, gamma: Vector) -> Vector:
        """R^-1 gamma: coefficients of the centred columns."""
        return gamma if self.triangle is None else np.linalg.solve(self.triangle, gamma)


@dataclass(frozen=True)
class Predictor:
    """The linear predictor of one parameter: eta = X beta + offset.

    Attributes:
        columns: free columns; the intercept, if any, is the first.
        held: columns whose coefficient is fixed, with its value: part of the offset.
        labels: of all columns as the formula orders them, held and redundant ones too.
        offsets: keys of series added to eta, each with its factor.
        basis: coordinates of the free columns.
        taken_from: positions of the predictors that this one enters the density as a
            difference from, if it has no intercept because of theirs.
    """

    columns: tuple[Column, ...]
    held: tuple[tuple[Column, float], ...] = ()
    labels: tuple[str, ...] = ()
    offsets: tuple[tuple[str, float], ...] = ()
    basis: Basis = field(default_factory=lambda: Basis(np.zeros(0)))
    taken_from: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Number of free coefficients."""
        return len(self.columns)

    @cached_property
    def layout(self) -> Layout:
        """Which of its columns a block holds as codes: of indicators that stand as they are."""
        shifted = np.full(self.size, self.basis.triangle is not None)
        shifted[np.flatnonzero(self.basis.centre)] = True
        return Layout.of(self.columns, shifted)

    @property
    def is_constant(self) -> bool:
        """Whether it is the same number for every row, whatever the coefficients are."""
        held = (column for column, _ in self.held)
        return not self.offsets and all(c.is_intercept for c in (*self.columns, *held))

    @property
    def has_intercept(self) -> bool:
        """Whether a free intercept is there to take up a shift."""
        return bool(self.columns) and self.columns[0].is_intercept

    def sees_what(self, other: Predictor) -> bool:
        """Whether its free columns are those of another, in the same coordinates."""
        mine, its = self.basis, other.basis
        turned = [basis.triangle for basis in (mine, its) if basis.triangle is not None]
        return (
            self.columns == other.columns
            and np.array_equal(mine.centre, its.centre)
            and (not turned or (len(turned) == 2 and np.array_equal(turned[0], turned[1])))
        )

    def without_basis(self) -> Predictor:
        """The same predictor in the user's own coordinates."""
        return replace(self, basis=Basis(np.zeros(self.size)))

    def only(self, keep: Sequence[int]) -> Predictor:
        """The same predictor with some of its columns, in coordinates that no basis has turned."""
        return replace(
            self,
            columns=tuple(self.columns[j] for j in keep),
            basis=Basis(self.basis.centre[list(keep)]),
        )

    def without(self, redundant: Sequence[int]) -> Predictor:
        """The same predictor with some columns left out."""
        return self.only([j for j in range(self.size) if j not in redundant])

    def holding(self, keep: NDArray[np.intp], gamma: Vector) -> Predictor:
        """The same linear predictor with all columns but some held at their coefficients.

        Args:
            keep: positions of the columns that stay free.
            gamma: coefficients in the coordinates of the basis; columns of a basis that
                is turned stay free together.
        """
        if len(keep) == self.size:
            return self
        assert self.basis.triangle is None
        gone = np.setdiff1d(np.flatnonzero(gamma), keep)
        held = [(self.columns[j], float(gamma[j])) for j in gone]
        if len(gone):
            # a held column is added as it is, a free one less its centre
            held.append((Column(INTERCEPT, ()), -float(self.basis.centre[gone] @ gamma[gone])))
        return replace(self.only(keep.tolist()), held=(*self.held, *held))


@dataclass
class Block:
    """A run of rows. The arrays are views of buffers that the next block overwrites.

    Attributes:
        start: position of the first row.
        y: target, shape (m,).
        known: further known quantities, each (m,).
        weight: row weights (m,), or None for ones.
        precision: precision weights (m,), or None for ones; they are part of the offsets
            already and stand here for what is reported of a row.
        designs: one matrix (p_k, m) for each parameter, or what stands for it where columns are
            codes; the same one for the same columns.
        offsets: one array (m,) or number for each parameter.
        constant: for each parameter, whether all rows of its design and offset are alike.
        positions: of like rows, which the weights count, that of the first one among all
            rows (m,); None where each row is its own.
    """

    start: int
    y: Rows
    known: Mapping[str, Rows]
    weight: Rows | None
    precision: Rows | None
    designs: tuple[Design, ...]
    offsets: tuple[Any, ...]
    constant: tuple[bool, ...]
    positions: NDArray[np.integer[Any]] | None = None

    @property
    def counts(self) -> Rows | None:
        """How many like rows each stands for (m,), which are then its weight; None for one."""
        return None if self.positions is None else self.weight

    @property
    def own_weight(self) -> Rows | None:
        """The weight of a single row, which may be one of several like it."""
        return self.weight if self.positions is None else None

    def counted(self, values: Any) -> Any:
        """Values of each row, shape (..., m), times its count."""
        return values if self.counts is None else values * self.counts

    def number_of(self, rows: NDArray[Any]) -> float:
        """How many rows of the data these of the block are, given by a mask or positions.

        Whole only in the sum over all blocks: of two values that stand for rows each has a part.
        """
        return float(self.counted(np.ones(len(self.y)))[rows].sum())

    def position(self, row: int) -> int:
        """Where a row of the block, or the first one like it, is among all rows of the data."""
        return self.start + row if self.positions is None else int(self.positions[row])

    def every(self, step: int) -> tuple[NDArray[np.intp], NDArray[np.integer[Any]]]:
        """Which rows are number 0, step, 2 step, ... of all rows of the data, and their numbers."""
        if self.positions is None:
            at = np.arange(-self.start % step, len(self.y), step)
            return at, self.start + at
        at = np.flatnonzero(self.positions % step == 0)
        return at, self.positions[at]

    def part(self, rows: NDArray[np.intp]) -> Block:
        """Copies of some of its rows, under the same start."""
        return replace(
            self,
            y=self.y[rows],
            known={key: values[rows] for key, values in self.known.items()},
            weight=None if self.weight is None else self.weight[rows],
            precision=None if self.precision is None else self.precision[rows],
            designs=tuple(X[:, rows] for X in self.designs),
            offsets=tuple(offset[rows] if np.ndim(offset) else offset for offset in self.offsets),
            positions=None if self.positions is None else self.positions[rows],
        )

    def weighted(self, values: Rows) -> Rows:
        """Values times weights."""
        return values if self.weight is None else values * self.weight


class Reader:
    """Fills a block at a time. Each thread has its own.

    Args:
        columns: the series.
        predictors: one for each parameter.
        known: keys of the family's known quantities.
        most_rows: largest block it will be asked for.
        written: whether every column is to be written out.
    """

    def __init__(
        self,
        columns: Columns,
        predictors: Sequence[Predictor],
        known: Sequence[str],
        most_rows: int,
        *,
        written: bool = False,
    ) -> None:
        self._written = written
        self._columns = columns
        self._predictors = predictors
        self._known = known
        # classes mostly have the same columns, which are then filled and kept in cache once
        self._first_like = [
            next(j for j, other in enumerate(predictors) if other.sees_what(predictor))
            for predictor in predictors
        ]
        self._buffers = [
            np.empty(self._width(predictor) * most_rows if first == k else 0)
            for k, (first, predictor) in enumerate(zip(self._first_like, predictors, strict=True))
        ]
        self._y = np.empty(most_rows)

    def read(self, span: Span) -> Block:
        """The block of a span."""
        piece = self._columns.piece(span.piece)
        rows = slice(span.lo, span.hi)
        y = self._y[: span.hi - span.lo]
        y[:] = piece[TARGET][rows]
        weight = piece[WEIGHT][rows].astype(float) if WEIGHT in piece else None
        designs: list[Design] = []
        for k, first in enumerate(self._first_like):
            designs.append(
                self._design(self._predictors[k], self._buffers[k], piece, rows, len(y))
                if first == k
                else designs[first]
            )
        return Block(
            start=span.start,
            y=y,
            known={key: piece[key][rows].astype(float) for key in self._known},
            weight=weight,
            precision=np.exp(piece[PRECISION][rows]) if PRECISION in piece else None,
            designs=tuple(designs),
            offsets=tuple(_offset(predictor, piece, rows) for predictor in self._predictors),
            constant=tuple(predictor.is_constant for predictor in self._predictors),
            positions=piece[POSITION][rows] if POSITION in piece else None,
        )

    def _width(self, predictor: Predictor) -> int:
        """How many of its columns are written out."""
        return predictor.size if self._written else len(predictor.layout.written)

    def _design(
        self,
        predictor: Predictor,
        buffer: Rows,
        piece: Mapping[str, NDArray[Any]],
        rows: slice,
        m: int,
    ) -> Design:
        columns, centre = predictor.columns, predictor.basis.centre
        factors = () if self._written else predictor.layout.factors
        if factors:
            at = predictor.layout.written
            columns, centre = tuple(columns[j] for j in at), centre[at]
        X = buffer[: len(columns) * m].reshape(len(columns), m)
        for row, column, shift in zip(X, columns, centre, strict=True):
            _fill(row, column, piece, rows, shift)
        if factors:
            groups = (factor.of(piece, rows) for factor in factors)
            return Coded((predictor.size, m), at, X, groups, with_intercept=predictor.has_intercept)
        if predictor.basis.triangle is not None:
            # row i of the design is x_i R^-1, so as columns by rows it is R^-T X
            X[:] = solve_lower(predictor.basis.triangle.T, X)
        return X


def split(gamma: Vector | Matrix, predictors: Sequence[Predictor]) -> list[Vector]:
    """One vector of all coefficients, cut by parameter."""
    edges = np.cumsum([0, *(predictor.size for predictor in predictors)])
    return [gamma[lo:hi] for lo, hi in pairwise(edges)]


def can_be_centred(predictors: Sequence[Predictor], k: int) -> bool:
    """Whether free intercepts are there to take up a shift of the columns of predictor k."""
    takers = predictors[k].taken_from
    return all(predictors[j].has_intercept for j in takers or (k,))


def betas(predictors: Sequence[Predictor], gamma: Vector | Matrix) -> list[Vector]:
    """Coefficients of the user's columns for each predictor; gamma may hold several, (p, m)."""
    parts = zip(predictors, split(gamma, predictors), strict=True)
    found = [predictor.basis.turned(part).copy() for predictor, part in parts]
    for k, predictor in enumerate(predictors):
        if np.any(predictor.basis.centre):
            shift = predictor.basis.centre @ found[k]
            if not predictor.taken_from:
                found[k][0] -= shift
            for j in predictor.taken_from:
                found[j][0] += shift
    return found


def user_matrix(predictors: Sequence[Predictor], among: NDArray[np.intp] | None = None) -> Matrix:
    """The matrix T of beta = T gamma over all predictors, shape (p, p).

    Args:
        predictors: one for each parameter.
        among: positions of the coefficients whose rows and columns are wanted; None for all.
    """
    p = sum(predictor.size for predictor in predictors)
    if among is None:
        if p > MOST_SQUARE:
            raise TooWideError(p)
        return np.concatenate(betas(predictors, np.eye(p)))
    ones = np.zeros((p, len(among)))
    ones[among, np.arange(len(among))] = 1.0
    return np.concatenate(betas(predictors, ones))[among]


def holding(
    predictors: Sequence[Predictor], at: NDArray[np.intp], gamma: Vector
) -> list[Predictor]:
    """The predictors with the coefficients at some positions free and the others held."""
    edges = np.cumsum([0, *(predictor.size for predictor in predictors)])
    return [
        predictor.holding(at[(at >= lo) & (at < hi)] - lo, gamma[lo:hi])
        for predictor, (lo, hi) in zip(predictors, pairwise(edges), strict=True)
    ]


def is_coded(predictors: Sequence[Predictor]) -> bool:
    """Whether a block holds some of their columns as codes."""
    return any(predictor.layout.factors for predictor in predictors)


def block_rows(predictors: Sequence[Predictor], *, written: bool = False) -> int:
    """How many rows a block of these predictors should have, all columns written out or not."""
    if not written and is_coded(predictors):
        most = sum(len(predictor.layout.written) for predictor in predictors) + 1
        return int(np.clip(_CODED_CELLS // most, _FEWEST_ROWS, _CODED_ROWS))
    widest = sum(predictor.size for predictor in predictors) + 1
    return int(np.clip(_CELLS // widest, _FEWEST_ROWS, _MOST_ROWS))


def _fill(
    row: Rows,
    column: Column,
    piece: Mapping[str, NDArray[Any]],
    rows: slice,
    shift: float = 0.0,
) -> None:
    """Write a column less its shift."""
    if column.is_intercept:
        row[:] = 1.0 - shift
        return
    first, *others = column.parts
    if not others:  # one walk over the row, for it is most of the work of a wide design
        np.subtract(_values(first, piece, rows), shift, out=row)
        return
    row[:] = _values(first, piece, rows)
    for part in others:
        row *= _values(part, piece, rows)
    row -= shift


def _values(part: Part, piece: Mapping[str, NDArray[Any]], rows: slice) -> NDArray[Any]:
    values = piece[part.key][rows]
    return values == part.code if isinstance(part, Indicator) else values


def _offset(predictor: Predictor, piece: Mapping[str, NDArray[Any]], rows: slice) -> Any:
    total: Any = 0.0
    for key, factor in predictor.offsets:
        total = total + factor * piece[key][rows]
    for column, value in predictor.held:
        if column.is_intercept:
            total = total + value
            continue
        row = np.empty(rows.stop - rows.start)
        _fill(row, column, piece, rows)
        total = total + value * row
    return total
