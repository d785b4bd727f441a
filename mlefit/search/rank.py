"""Which columns are redundant, and what they are made of.

A QR decomposition by blocks of rows (TSQR; J. Demmel et al. 2012, SIAM J. Sci.
Comput. 34, A206-A239) gives the triangle R of a centred design without squaring
its condition number. In column order, |R_jj| is the length of what column j adds
to those before it; where that is no more than rounding, the column is redundant
and the entries above tell its dependency.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.frozen import frozen
from mlefit.triangular import solve_upper

# A column is redundant if what it adds is below so many roundings of its values ...
_ROUNDINGS = 64
# ... or below this share of its own spread, where the decomposition's own rounding lies.
_SHARE = 1e-13
_PANEL = 64
# What is left of a column after so much of it has gone is not orthogonal to full precision.
_CANCELLED = 0.1
# Above this condition number of the scaled information, its inverse has too few digits left.
ILL_CONDITIONED = 1e6


@frozen
class Redundant:
    """A column that the columns before it already contain.

    Attributes:
        index: its position.
        parts: position and factor of the columns it is made of.
        constant: what is left, a multiple of the intercept.
    """

    index: int
    parts: tuple[tuple[int, float], ...]
    constant: float


@frozen
class Triangle:
    """R of the QR decomposition of some rows. Adding two gives that of the rows of both.

    Attributes:
        R: shape (p, p), or (n, p) for fewer than p rows.
    """

    R: Matrix

    @classmethod
    def of(cls, X: Matrix) -> Triangle:
        """That of columns by rows, shape (p, m)."""
        return cls(np.asarray(np.linalg.qr(X.T, mode="r")))

    def __add__(self, other: Triangle) -> Triangle:
        return Triangle.of(np.vstack([self.R, other.R]).T)


def redundant_columns(R: Matrix, sizes: Vector, centre: Vector) -> list[Redundant]:
    """The columns that rank does not need, in column order.

    Args:
        R: triangle of the centred columns, shape (r, p), r <= p.
        sizes: root of the sum of squares of each column before centring, shape (p,).
        centre: what was subtracted from each column, shape (p,).
    """
    lengths = np.linalg.norm(R, axis=0)
    most = min(R.shape)
    Q = np.zeros((len(R), most))  # an orthonormal basis of the kept columns
    inner = np.zeros((most, most))  # the kept columns in it, a triangle
    kept: list[int] = []
    dependent: dict[int, Vector] = {}
    for lo in range(0, R.shape[1], _PANEL):
        # Whole panels are cleared of the columns before them, which a matrix product does at
        # the speed of the processor rather than of the memory. Twice is enough: the second
        # pass removes what rounding left of the first.
        before = Q[:, : len(kept)].copy()
        panel = R[:, lo : lo + _PANEL]
        seen_before = before.T @ panel
        panel = panel - before @ seen_before
        panel -= before @ (before.T @ panel)
        for j, column in enumerate(panel.T, start=lo):
            k = len(kept)
            new = Q[:, before.shape[1] : k]
            seen = np.concatenate([seen_before[:, j - lo], new.T @ column])
            rest = column - new @ seen[before.shape[1] :]
            rest = rest - new @ (new.T @ rest)
            rounding = _ROUNDINGS * np.finfo(float).eps * sizes[j]
            least = max(rounding, _SHARE * lengths[j])
            added = float(np.linalg.norm(rest))
            if least < added < _CANCELLED * np.linalg.norm(column):
                rest = rest - Q[:, :k] @ (Q[:, :k].T @ rest)
                added = float(np.linalg.norm(rest))
            if added > least and k < most:
                inner[:k, k], inner[k, k] = seen, added
                Q[:, k] = rest / added
                kept.append(j)
            else:
                dependent[j] = np.zeros(most) if lengths[j] <= rounding else _padded(seen, most)
    return _dependencies(inner[: len(kept), : len(kept)], dependent, np.array(kept, int), centre)


def _padded(seen: Vector, size: int) -> Vector:
    return np.concatenate([seen, np.zeros(size - len(seen))])


def _dependencies(
    inner: Matrix, dependent: Mapping[int, Vector], kept: NDArray[np.intp], centre: Vector
) -> list[Redundant]:
    """Solve for the dependent columns, all seen in the orthonormal basis of the kept ones."""
    if not dependent:
        return []
    lengths = np.linalg.norm(inner, axis=0)
    columns = np.column_stack(list(dependent.values()))[: len(kept)]
    # a column has no part of those after it: the triangle's rows below are zero, and stay so
    factors = solve_upper(inner / lengths, columns) / lengths[:, None]
    found = []
    for j, column, factor in zip(dependent, columns.T, factors.T, strict=True):
        parts = np.flatnonzero(np.abs(factor) * lengths > 1e-9 * np.linalg.norm(column))
        constant = float(centre[j] - factor[parts] @ centre[kept[parts]])
        named = tuple((int(k), float(f)) for k, f in zip(kept[parts], factor[parts], strict=True))
        found.append(Redundant(j, named, constant))
    return found
