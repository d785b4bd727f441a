"""The linear predictor of each parameter, and the coordinates that its columns are seen in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.design.coded import Layout
from mlefit.design.coding import INTERCEPT, Column
from mlefit.errors import MOST_SQUARE, TooWideError
from mlefit.frozen import frozen


@frozen
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


@frozen
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
