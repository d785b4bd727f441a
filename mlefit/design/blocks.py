"""Rows as cache-sized blocks: no design matrix ever exists as a whole.

A `Reader` fills one reused buffer with the next block of `Columns`: for each parameter a
matrix of its columns by rows, shifted and, for an ill-conditioned design, turned by a `Basis`.
Where a factor has many levels its columns are codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.design.coded import Coded, Design
from mlefit.design.coding import Column, Indicator, Part
from mlefit.design.columns import POSITION, PRECISION, TARGET, WEIGHT, Columns, Span, Stretch
from mlefit.design.predictors import Predictor, is_coded
from mlefit.design.views import Views
from mlefit.triangular import solve_lower

# Cells and rows of a block. Smaller blocks stay in the L2 cache, but threads then spend more on
# handing over the interpreter lock, which they do at every call, than they gain from it; larger
# ones leave the L3 cache. A product of wide columns is slow with fewer rows than the last.
_CELLS = 1 << 21
_MOST_ROWS = 62_500
_FEWEST_ROWS = 4096
# Of codes so many: the sums of the cells of two factors are added up once a block.
_CODED_ROWS = 1 << 17
_CODED_CELLS = 16 * _CODED_ROWS
# Columns that stay where they are need no cache to be written into.
_VIEWED_ROWS = 25_000


class Form(Enum):
    """In which blocks hold the columns."""

    MIXED = "factors of many levels as codes, all else as numbers"
    NUMBERS = "every column as numbers"
    VIEWS = "every column where it lies"


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

    def total(self, values: Any) -> float:
        """The weighted sum of a value of each row, shape (m,), or of one that all rows have."""
        if self.weight is not None:
            return float((values * self.weight).sum())
        values = np.asarray(values)
        if values.size < len(self.y):
            return float(values.sum()) * len(self.y)
        count = values.dtype == bool  # of which numpy has a faster sum
        return float(np.count_nonzero(values) if count else values.sum())


class Reader:
    """Fills a block at a time. Each thread has its own.

    Args:
        columns: the series.
        predictors: one for each parameter.
        known: keys of the family's known quantities.
        most_rows: largest block it will be asked for.
        form: in which it holds the columns.
    """

    def __init__(
        self,
        columns: Columns,
        predictors: Sequence[Predictor],
        known: Sequence[str],
        most_rows: int,
        *,
        form: Form = Form.MIXED,
    ) -> None:
        self._form = form
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
        series = self._columns.of(span)
        y = self._y[: span.rows]
        y[:] = series[TARGET]
        weight = series[WEIGHT].astype(float) if WEIGHT in series else None
        designs: list[Design] = []
        for k, first in enumerate(self._first_like):
            designs.append(
                self._design(self._predictors[k], self._buffers[k], series, len(y))
                if first == k
                else designs[first]
            )
        return Block(
            start=span.start,
            y=y,
            known={key: series[key].astype(float) for key in self._known},
            weight=weight,
            precision=np.exp(series[PRECISION]) if PRECISION in series else None,
            designs=tuple(designs),
            offsets=tuple(_offset(predictor, series, len(y)) for predictor in self._predictors),
            constant=tuple(predictor.is_constant for predictor in self._predictors),
            positions=series.get(POSITION),
        )

    def _width(self, predictor: Predictor) -> int:
        """How many of its columns are written out."""
        if self._form == Form.VIEWS:
            return 0
        return predictor.size if self._form == Form.NUMBERS else len(predictor.layout.written)

    def _design(
        self,
        predictor: Predictor,
        buffer: Rows,
        series: Stretch,
        m: int,
    ) -> Design:
        columns, centre = predictor.columns, predictor.basis.centre
        if self._form == Form.VIEWS:
            return Views([_values(column, series, m) for column in columns], centre, m)
        factors = () if self._form == Form.NUMBERS else predictor.layout.factors
        if factors:
            at = predictor.layout.written
            columns, centre = tuple(columns[j] for j in at), centre[at]
        X = buffer[: len(columns) * m].reshape(len(columns), m)
        for row, column, shift in zip(X, columns, centre, strict=True):
            _fill(row, column, series, shift)
        if factors:
            groups = (factor.of(series) for factor in factors)
            return Coded((predictor.size, m), at, X, groups, with_intercept=predictor.has_intercept)
        if predictor.basis.triangle is not None:
            # row i of the design is x_i R^-1, so as columns by rows it is R^-T X
            X[:] = solve_lower(predictor.basis.triangle.T, X)
        return X


def block_rows(predictors: Sequence[Predictor], form: Form = Form.MIXED) -> int:
    """How many rows a block of these predictors should have in a form."""
    if form == Form.VIEWS:
        return _VIEWED_ROWS
    if form == Form.MIXED and is_coded(predictors):
        most = sum(len(predictor.layout.written) for predictor in predictors) + 1
        return int(np.clip(_CODED_CELLS // most, _FEWEST_ROWS, _CODED_ROWS))
    widest = sum(predictor.size for predictor in predictors) + 1
    return int(np.clip(_CELLS // widest, _FEWEST_ROWS, _MOST_ROWS))


def _fill(row: Rows, column: Column, series: Stretch, shift: float = 0.0) -> None:
    """Write a column less its shift."""
    if column.is_intercept:
        row[:] = 1.0 - shift
        return
    first, *others = column.parts
    if not others:  # one walk over the row, for it is most of the work of a wide design
        at = 0
        for values in series.parts(first.key):
            np.subtract(_of(first, values), shift, out=row[at : at + len(values)])
            at += len(values)
        return
    np.subtract(_values(column, series, len(row)), shift, out=row)


def _values(column: Column, series: Stretch, m: int) -> Rows:
    """A column: a view of its series if it is no more than that."""
    if column.is_intercept:
        return np.ones(m)
    first, *others = column.parts
    values = np.asarray(_of(first, series[first.key]), dtype=float)
    for part in others:
        values = values * _of(part, series[part.key])
    return values


def _of(part: Part, values: NDArray[Any]) -> NDArray[Any]:
    return values == part.code if isinstance(part, Indicator) else values


def _offset(predictor: Predictor, series: Stretch, m: int) -> Any:
    total: Any = 0.0
    for key, factor in predictor.offsets:
        total = total + factor * series[key]
    for column, value in predictor.held:
        if column.is_intercept:
            total = total + value
            continue
        row = np.empty(m)
        _fill(row, column, series)
        total = total + value * row
    return total
