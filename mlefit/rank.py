"""Which columns are redundant, and what they are made of.

A QR decomposition by blocks of rows (TSQR; J. Demmel et al. 2012, SIAM J. Sci.
Comput. 34, A206-A239) gives the triangle R of a centred design without squaring
its condition number. In column order, |R_jj| is the length of what column j adds
to those before it; where that is no more than rounding, the column is redundant
and the entries above tell its dependency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mlefit._types import Matrix, Vector

# A column is redundant if what it adds is below so many roundings of its values ...
_ROUNDINGS = 64
# ... or below this share of its own spread, where the decomposition's own rounding lies.
_SHARE = 1e-13
# Above this condition number of the scaled information, its inverse has too few digits left.
ILL_CONDITIONED = 1e6


@dataclass(frozen=True)
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


def triangle(blocks: Iterable[Matrix], p: int) -> Matrix:
    """R of the QR decomposition of all rows, from blocks of shape (p, m).

    Returns:
        Shape (p, p), or (n, p) for fewer than p rows.
    """
    R = np.zeros((0, p))
    for X in blocks:
        R = np.asarray(np.linalg.qr(np.vstack([R, X.T]), mode="r"))
    return R


def redundant_columns(R: Matrix, sizes: Vector, centre: Vector) -> list[Redundant]:
    """The columns that rank does not need, in column order.

    Args:
        R: triangle of the centred columns, shape (r, p), r <= p.
        sizes: root of the sum of squares of each column before centring, shape (p,).
        centre: what was subtracted from each column, shape (p,).
    """
    lengths = np.linalg.norm(R, axis=0)
    kept: list[int] = []
    found: list[Redundant] = []
    Q = np.zeros((len(R), 0))
    inner = np.zeros((0, 0))  # the kept columns in the basis Q, a triangle
    for j, column in enumerate(R.T):
        # twice is enough: the second pass removes what rounding left of the first
        seen = Q.T @ column
        rest = column - Q @ seen
        rest = rest - Q @ (Q.T @ rest)
        added = float(np.linalg.norm(rest))
        rounding = _ROUNDINGS * np.finfo(float).eps * sizes[j]
        if added > max(rounding, _SHARE * lengths[j]):
            below = np.zeros((1, len(kept)))
            inner = np.block([[inner, seen[:, None]], [below, np.array([[added]])]])
            kept.append(j)
            Q = np.column_stack([Q, rest / added])
        elif lengths[j] <= rounding:
            found.append(Redundant(j, (), float(centre[j])))
        else:
            found.append(_dependency(inner, seen, j, kept, centre))
    return found


def _dependency(
    inner: Matrix, column: Vector, j: int, kept: Sequence[int], centre: Vector
) -> Redundant:
    """Solve for column j, both sides seen in the orthonormal basis of the kept columns."""
    lengths = np.linalg.norm(inner, axis=0)
    factors = np.linalg.solve(inner / lengths, column) / lengths
    whole = float(np.linalg.norm(column))
    parts = tuple(
        (k, float(factor))
        for k, factor, length in zip(kept, factors, lengths, strict=True)
        if abs(factor) * length > 1e-9 * whole
    )
    constant = float(centre[j]) - sum(factor * float(centre[k]) for k, factor in parts)
    return Redundant(j, parts, constant)
