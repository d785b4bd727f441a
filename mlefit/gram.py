"""Products of weighted columns, X diag(w) Y', in memory that is used again.

The weighted copy of a block's columns is the largest array of a pass. Taken anew for every
block it costs more than the product: an array of that size is handed back to the system when
it is freed, and every page of the next one is a page fault.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from mlefit._types import Matrix, Rows

# Numbers of a weighted copy, and its rows where it is wide: smaller products are slower.
_CELLS = 1 << 19
_FEWEST_ROWS = 4096


class _Own(threading.local):
    """The memory of a thread."""

    cells = np.empty(0)


_OWN = _Own()


def scratch(columns: int, rows: int) -> Matrix:
    """A matrix of any numbers, which the next one in this thread overwrites."""
    if _OWN.cells.size < columns * rows:
        _OWN.cells = np.empty(columns * rows)
    return _OWN.cells[: columns * rows].reshape(columns, rows)


def weighted_product(X: Matrix, weight: Rows, Y: Matrix) -> Matrix:
    """X diag(w) Y'; np.dot releases the interpreter lock where matmul does not."""
    if X is Y and len(X):
        if weight.strides == (0,):  # the same one in all rows
            return weight[0] * np.dot(X, X.T)
        if len(X) > 1 and weight.min() >= 0:
            # a symmetric product of half-weighted columns is exact in its symmetry, and faster
            return sum(np.dot(half, half.T) for half in _half_weighted(X, np.sqrt(weight)))
    if len(X) > len(Y):
        return weighted_product(Y, weight, X).T
    if len(X) == 1:
        return np.dot(Y, X[0] * weight)[None]
    return np.dot(np.multiply(X, weight, out=scratch(*X.shape)), Y.T)


def factored_product(designs: Sequence[Matrix], factors: Sequence[Rows]) -> Matrix:
    """Z Z' of the columns of all designs times their factors, Z for some rows at a time."""
    edges = np.cumsum([0, *(len(X) for X in designs)])
    total, m = np.zeros((edges[-1], edges[-1])), len(factors[0])
    for part in _parts(int(edges[-1]), m):
        Z = scratch(edges[-1], len(factors[0][part]))
        for X, factor, (lo, hi) in zip(designs, factors, pairwise(edges), strict=True):
            np.multiply(X[:, part], factor[part], out=Z[lo:hi])
        total += np.dot(Z, Z.T)
    return total


def _parts(columns: int, m: int) -> Iterator[slice]:
    """Rows whose copies fit the memory that is used again."""
    rows = max(_CELLS // columns, _FEWEST_ROWS)
    return (slice(first, first + rows) for first in range(0, m, rows))


def _half_weighted(X: Matrix, root: Rows) -> Iterator[Matrix]:
    """X diag(root), some rows at a time, each in the memory of those before."""
    for part in _parts(len(X), len(root)):
        yield np.multiply(X[:, part], root[part], out=scratch(len(X), len(root[part])))
