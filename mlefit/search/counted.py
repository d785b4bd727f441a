"""Which columns of a design in codes are redundant: from counts, without a row of zeros.

A dependency is a combination n of the columns that is zero in every row, so that G n = 0 with
G = X'X. Where a large block of G is diagonal only the Schur complement of the others has to be
searched for such n. Counts are exact, and sums of squares of numbers are not: a combination of
numbers is asked once more whether it is zero in the rows themselves. Of the combinations found
each takes the last of its columns, as a decomposition in column order would.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.arrow import Arrow, Symmetric, among, diagonal_of
from mlefit.design.blocks import Block
from mlefit.design.coding import Numeric
from mlefit.design.predictors import Predictor
from mlefit.engines.contract import Engine
from mlefit.products import information
from mlefit.search.rank import Redundant
from mlefit.symmetric import scaled

# Shares of the columns' own lengths: what may be a combination that is zero, and what is one.
_SUSPECT = 1e-5
_ZERO = 1e-11
# A coefficient of a combination that is none, the others being of the order of one.
_NO_PART = 1e-8


def redundant_counted(engine: Engine, k: int, known: NDArray[np.bool_]) -> list[Redundant]:
    """The columns that rank does not need, the last ones first considered so.

    Args:
        engine: rows; of its predictors only that of parameter k has columns.
        k: position of the parameter.
        known: which of its columns have a prior: they depend on no others.
    """
    predictor = engine.predictors[k]

    def gram(block: Block) -> Symmetric:
        return information([block.designs[k]], {(0, 0): block.counted(np.ones(len(block.y)))})

    G: Symmetric = engine.total(gram, "rank")
    sizes = np.sqrt(diagonal_of(G))
    live = np.flatnonzero((sizes > 0) & ~known)
    empty = np.flatnonzero((sizes == 0) & ~known)
    N = _combinations(among(G, live), sizes[live])
    numbers = [j for j in live if _is_number(predictor, int(j))]
    if N.shape[1] and numbers and np.abs(N[np.searchsorted(live, numbers)]).max() > _NO_PART:
        N = _zero_in_rows(engine, k, N, sizes, live)
    found = [Redundant(int(j), (), 0.0) for j in empty]
    for j, parts in _last_columns(N):
        factors = {int(live[i]): f * sizes[live[j]] / sizes[live[i]] for i, f in parts.items()}
        found.append(_named(predictor, int(live[j]), factors))
    return sorted(found, key=lambda one: one.index)


def _is_number(predictor: Predictor, j: int) -> bool:
    return any(isinstance(part, Numeric) for part in predictor.columns[j].parts)


def _combinations(G: Symmetric, sizes: Vector) -> Matrix:
    """Combinations of the columns, each of length one, that are zero, shape (p, r)."""
    unit = scaled(G, 1 / sizes)
    if not isinstance(unit, Arrow):
        values, vectors = np.linalg.eigh(unit)
        return np.asarray(vectors[:, values <= _SUSPECT**2])
    values, vectors = np.linalg.eigh(unit.inner - np.dot(unit.arms, unit.arms.T))
    chosen = vectors[:, values <= _SUSPECT**2]
    N = np.empty((len(unit), chosen.shape[1]))
    N[unit.rest], N[unit.at] = chosen, -unit.arms.T @ chosen
    return N


def _zero_in_rows(
    engine: Engine, k: int, N: Matrix, sizes: Vector, live: NDArray[np.intp]
) -> Matrix:
    """Of some combinations those that are zero in every row."""
    points = np.zeros((N.shape[1], len(sizes)))
    points[:, live] = (N / sizes[live, None]).T

    def products(block: Block) -> Matrix:
        left = points @ block.designs[k]
        return np.dot(block.counted(left), left.T)

    squares, turn = np.linalg.eigh(engine.total(products, "rank"))
    return np.asarray(N @ turn[:, squares <= _ZERO**2])


def _last_columns(N: Matrix) -> list[tuple[int, dict[int, float]]]:
    """Each combination solved for its last column, and freed of those of the others.

    Returns:
        The column, and the columns it is the sum of, each with its factor.
    """
    N = N.copy()
    left = list(range(N.shape[1]))
    solved: list[tuple[int, int]] = []
    for j in reversed(range(len(N))):
        if not left:
            break
        best = max(left, key=lambda c: abs(N[j, c]))
        if abs(N[j, best]) <= _NO_PART * math.sqrt(len(N)):
            continue
        left.remove(best)
        N[:, best] /= -N[j, best]
        factors = N[j].copy()
        factors[best] = 0.0
        N += np.outer(N[:, best], factors)
        solved.append((j, best))
    found = []
    for j, c in solved:
        parts = np.flatnonzero(np.abs(N[:, c]) > _NO_PART)
        found.append((j, {int(i): float(N[i, c]) for i in parts if i != j}))
    return found


def _named(predictor: Predictor, j: int, factors: dict[int, float]) -> Redundant:
    """In the user's columns: those were shifted by their centres, and the intercept is a number."""
    centre = predictor.basis.centre
    constant = float(centre[j])
    parts: list[tuple[int, float]] = []
    for i, factor in sorted(factors.items()):
        constant -= factor * float(centre[i])
        if predictor.columns[i].is_intercept:
            constant += factor
        else:
            parts.append((i, factor))
    return Redundant(j, tuple(parts), constant)
