"""Levels whose rows would all be fitted ever better, by counting.

Where every row of a level may fall without harm, as the counts of a level that are all zero
may, its own coefficient runs away and moves no other row. So do the rows of the base level,
which the intercept and all other levels move together. That needs no geometry: the rows of
each level are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Block
from mlefit.design.coded import Coded, Group
from mlefit.engines.contract import Engine
from mlefit.frozen import frozen

Sides = Callable[[Block], tuple[NDArray[np.bool_], NDArray[np.bool_]]]
"""Which rows of a block may fall without harm, and which may grow."""


@frozen
class _Counts:
    """Rows of each factor and level, the first one being all that have none of its columns.

    Attributes:
        counts: of all rows, of those that may fall, that may grow, and that may do only one
            of them; for each factor shape (4, n + 1).
    """

    counts: tuple[Matrix, ...]

    def __add__(self, other: _Counts) -> _Counts:
        return _Counts(tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)))


@frozen
class OneSided:
    """What some levels have in common: their rows only grow likelier along it.

    Attributes:
        direction: of the parameter's coefficients.
        falling: rows whose linear predictor falls.
        growing: rows whose linear predictor grows.
    """

    direction: Vector
    falling: int
    growing: int


def one_sided(engine: Engine, k: int, sides: Sides, held: Collection[int]) -> OneSided | None:
    """A direction in which only rows of such levels move; None if there are none.

    Args:
        engine: the rows.
        k: position of the parameter whose coefficients move.
        sides: tells what rows do not mind.
        held: its coefficients that cannot run away.
    """
    predictor = engine.predictors[k]
    factors = [factor for factor in predictor.layout.factors if not factor.numbers]
    if not factors:
        return None

    def term(block: Block) -> _Counts:
        X = block.designs[k]
        assert isinstance(X, Coded)
        falling, growing = sides(block)
        rows = (np.ones(len(falling), dtype=bool), falling, growing, falling != growing)
        counts = block.counted(np.ones(len(falling)))
        plain = [group for group in X.groups if group.multiplier is None]
        return _Counts(tuple(_counted(group, rows, counts) for group in plain))

    direction = np.zeros(predictor.size)
    improved = {1.0: 0, -1.0: 0}
    for factor, (rows, falling, growing, one_way) in zip(
        factors, engine.total(term, "existence").counts, strict=True
    ):
        for side, harmless in ((-1.0, falling), (1.0, growing)):
            runs = (harmless == rows) & (one_way > 0)
            for slot in np.flatnonzero(runs[1:]):
                if factor.at[slot] not in held and not direction[factor.at[slot]]:
                    direction[factor.at[slot]] = 2 * side
                    improved[side] += int(one_way[slot + 1])
            moved = {0, *factor.at.tolist()}
            if runs[0] and predictor.has_intercept and moved.isdisjoint(held):
                direction[0] += side
                direction[factor.at] -= side
                improved[side] += int(one_way[0])
    if not direction.any():
        return None
    return OneSided(direction, improved[-1.0], improved[1.0])


def _counted(group: Group, rows: tuple[NDArray[np.bool_], ...], counts: Rows) -> Matrix:
    size = group.size + 1
    return np.array([np.bincount(group.slots[one], counts[one], size) for one in rows])
