"""Cutting planes: a direction that moves every row to its harmless side, if there is one.

The linear programme of `existence` is solved on few rows first; rows that its answer violates
join until none does or nothing but 0 is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Block
from mlefit.engines.contract import Engine
from mlefit.frozen import frozen
from mlefit.search.cone import ON_THE_PLANE, on_its_face, programme

_FIRST_ROWS = 2000
_MORE_ROWS = 500
_ROUNDS = 100
# Margins are those of rows and directions of length one.
_VIOLATED = -1e-9


@frozen
class Sides:
    """Rows of a block by what may happen to eta, as columns of length one.

    Attributes:
        held: rows that must not move, shape (p, a).
        turned: rows that may move one way, turned to it, shape (p, b).
        growing: which of those may grow, shape (b,).
        row: the row of the block that each of those is, shape (b,).
        names: what they tell apart, one for each, if that has a name.
    """

    held: Matrix
    turned: Matrix
    growing: NDArray[np.bool_]
    row: NDArray[np.intp]
    names: Sequence[tuple[str, str]]


@frozen
class Improved:
    """How many rows of the data a direction improves, and what it tells apart in them; they add."""

    falling: float
    growing: float
    sides: dict[tuple[str, str], None]

    @classmethod
    def of(cls, block: Block, sides: Sides, improved: NDArray[np.bool_]) -> Improved:
        """Of the rows of a block."""
        return cls(
            block.number_of(np.unique(sides.row[improved & ~sides.growing])),
            block.number_of(np.unique(sides.row[improved & sides.growing])),
            dict.fromkeys(sides.names[i] for i in np.flatnonzero(improved).tolist())
            if sides.names
            else {},
        )

    def __add__(self, other: Improved) -> Improved:
        return Improved(
            self.falling + other.falling, self.growing + other.growing, self.sides | other.sides
        )


def cutting_planes(
    engine: Engine, sides: Callable[[Block], Sides], free: Matrix
) -> tuple[Vector, Improved] | None:
    """The direction that improves rows most and violates none; None if there is none.

    Args:
        engine: the rows.
        sides: what may happen to those of a block.
        free: an orthonormal basis of the directions to choose from.
    """
    c, chosen = _gather(engine, sides, free)
    for _ in range(_ROUNDS):
        z = programme(c, chosen)
        if z is None:
            return None
        z = on_its_face(z, chosen)
        worst, improved = _violations(engine, sides, free, z)
        if not worst.shape[1]:
            # nothing but rounding moved: the cone is the origin
            return (free @ z, improved) if improved.falling + improved.growing else None
        chosen = np.column_stack([chosen, worst])
    return None


def _gather(engine: Engine, sides: Callable[[Block], Sides], free: Matrix) -> tuple[Vector, Matrix]:
    """The sum of all turned rows, and every k-th of them to begin with."""
    step = max(1, engine.rows // _FIRST_ROWS)

    def gathered(block: Block) -> tuple[Vector, Matrix]:
        seen = sides(block)
        turned = free.T @ seen.turned
        counts = block.counted(np.ones(len(block.y)))[seen.row]
        return turned @ counts, np.ascontiguousarray(turned[:, ::step])

    sums, chosen = zip(*engine.each(gathered, "existence"), strict=True)
    return np.sum(sums, axis=0), np.concatenate(chosen, axis=1)


@frozen
class _Violations:
    """The rows that a direction violates most, and those that it improves; they add.

    Attributes:
        rows: turned, of those that it violates most, shape (p, m).
        margins: theirs, shape (m,).
        improved: the others that moved.
    """

    rows: Matrix
    margins: Rows
    improved: Improved

    def __add__(self, other: _Violations) -> _Violations:
        margins = np.concatenate([self.margins, other.margins])
        keep = np.argsort(margins)[:_MORE_ROWS]
        rows = np.column_stack([self.rows, other.rows])[:, keep]
        return _Violations(rows, margins[keep], self.improved + other.improved)


def _violations(
    engine: Engine, sides: Callable[[Block], Sides], free: Matrix, z: Vector
) -> tuple[Matrix, Improved]:
    """The rows that a direction violates most, and those that it improves."""

    def judged(block: Block) -> _Violations:
        seen = sides(block)
        turned = free.T @ seen.turned
        margin = z @ turned
        bad = margin < _VIOLATED
        improved = Improved.of(block, seen, margin > ON_THE_PLANE)
        return _Violations(turned[:, bad], margin[bad], improved)

    found = engine.total(judged, "existence")
    return found.rows, found.improved
