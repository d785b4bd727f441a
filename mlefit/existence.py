"""Does a maximum exist? Decided by geometry, not by how large an estimate became.

Along a direction d of the coefficients every linear predictor moves by x_i'd. If no
row's likelihood falls however far one goes, and some row's rises, the likelihood
has no maximum: it only grows towards infinity. Such directions form the recession
cone

    C = { d :  x_i'd >= 0 where only growing eta does no harm,
               x_i'd <= 0 where only falling eta does no harm,
               x_i'd  = 0 where both do }

which, for columns of full rank, is {0} if and only if the maximum exists (A. Albert
and J. A. Anderson 1984, Biometrika 71, 1-10; for counts J. M. C. Santos Silva and
S. Tenreyro 2010, Economics Letters 107, 310-312). With c the sum of the x_i turned to
their harmless side, every d in C other than 0 has c'd > 0, so one linear programme,
max c'd over C in a box, decides. It is solved on few rows first; rows that its answer
violates join until none does or nothing but 0 is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Block
from mlefit.engines.local import LocalEngine
from mlefit.likelihood import Model
from mlefit.rank import triangle

_FIRST_ROWS = 2000
_MORE_ROWS = 500
_ROUNDS = 100
_MOST_NAMED = 12
# Margins are those of rows and directions of length one.
_ON_THE_PLANE = 1e-6
_VIOLATED = -1e-9
_NOTHING = 1e-7
_SINGULAR = 1e-9


@dataclass(frozen=True)
class Recession:
    """A direction in which the likelihood only grows.

    Attributes:
        direction: change of the first parameter's coefficients, for the user's columns,
            the largest entry times its column's size scaled to one.
        moving: positions of the coefficients that run away.
        falling: rows whose linear predictor falls without bound.
        growing: rows whose linear predictor grows without bound.
    """

    direction: Vector
    moving: tuple[int, ...]
    falling: int
    growing: int

    @property
    def rows(self) -> int:
        """Rows that are fitted ever better."""
        return self.falling + self.growing


@dataclass(frozen=True)
class _Sides:
    """Rows of a block by what may happen to eta, as columns of length one.

    Attributes:
        held: rows that must not move, shape (p, a).
        turned: rows that may move one way, turned to it, shape (p, b).
        growing: which of those may grow, shape (b,).
    """

    held: Matrix
    turned: Matrix
    growing: NDArray[np.bool_]


def recession(model: Model, engine: LocalEngine, held: Sequence[int] = ()) -> Recession | None:
    """A recession direction of the first parameter's coefficients; None if there is none.

    Coefficients at the positions `held` cannot run away: these likelihoods are bounded, and
    the density of a proper prior goes to zero. The other parameters are taken as given: a
    direction for one value of a scale is one for every value.
    """
    predictor = engine.predictors[0]
    if model.family.escape is None or not predictor.size or not any(model.links[0].ends):
        return None
    sizes = _column_sizes(engine)
    free = _free_directions(model, engine, sizes, held)
    if not free.shape[1]:
        return None
    found = _cutting_planes(model, engine, sizes, free)
    if found is None:
        return None
    direction, (falling, growing) = found
    beta, moving = _scaled(engine, predictor.basis.to_user() @ (direction / sizes))
    return Recession(beta, moving, falling, growing)


def plainest(
    model: Model, engine: LocalEngine, found: Recession, held: Sequence[int] = ()
) -> Recession:
    """The same in as few columns as tell it: later ones are held where that costs no rows.

    The first direction found moves all that can move; a reader wants the one column that is
    the reason. A direction is an edge of its cone, which leaves some rows on its plane, no
    more than it moves columns; so many do not count.
    """
    if len(found.moving) > _MOST_NAMED:
        return found
    columns = engine.predictors[0].columns
    for j in reversed(found.moving):
        fewer = None if columns[j].is_intercept else recession(model, engine, (*held, j))
        if fewer is not None and fewer.rows + len(fewer.moving) > found.rows:
            found, held = fewer, (*held, j)
    return found


def _sides(model: Model, block: Block, sizes: Vector) -> _Sides:
    escape = model.family.escape
    assert escape is not None
    lower, upper = escape(block.y, **block.known)
    none = np.zeros(len(block.y), dtype=bool)
    reached = {"lower": lower, "upper": upper, None: none}
    falling, growing = (reached[end] for end in model.links[0].ends)
    X = block.designs[0] / sizes[:, None]
    lengths = np.linalg.norm(X, axis=0)
    X = X / np.where(lengths > 0, lengths, 1.0)
    one_way = falling != growing
    return _Sides(
        held=X[:, ~falling & ~growing],
        turned=np.where(growing, X, -X)[:, one_way],
        growing=growing[one_way],
    )


def _column_sizes(engine: LocalEngine) -> Vector:
    squares = engine.total(lambda block: np.einsum("ij,ij->i", block.designs[0], block.designs[0]))
    sizes = np.sqrt(squares / engine.columns.rows)
    return np.where(sizes > 0, sizes, 1.0)


def _free_directions(
    model: Model, engine: LocalEngine, sizes: Vector, held: Sequence[int]
) -> Matrix:
    """An orthonormal basis of the directions that move no held row and no held coefficient."""
    predictor = engine.predictors[0]
    p = predictor.size
    R = triangle((_sides(model, block, sizes).held for block in engine.blocks()), p)
    still = predictor.basis.to_user()[[j for j in held if j < p]] / sizes
    lengths = np.linalg.norm(still, axis=1, keepdims=True)
    return _null_space(np.vstack([R, still / lengths]))


def _null_space(rows: Matrix) -> Matrix:
    """Orthonormal columns that all given rows, of length one or less, are orthogonal to."""
    _, values, directions = np.linalg.svd(rows)
    rank = int((values > _SINGULAR * max(1.0, float(values.max(initial=0.0)))).sum())
    return directions[rank:].T


def _cutting_planes(
    model: Model, engine: LocalEngine, sizes: Vector, free: Matrix
) -> tuple[Vector, tuple[int, int]] | None:
    c, chosen = _gather(model, engine, sizes, free)
    for _ in range(_ROUNDS):
        z = _programme(c, chosen)
        if z is None:
            return None
        z = _on_its_face(z, chosen)
        worst, rows = _violations(model, engine, sizes, free, z)
        if not worst.shape[1]:
            # nothing but rounding moved: the cone is the origin
            return (free @ z, rows) if any(rows) else None
        chosen = np.column_stack([chosen, worst])
    return None


def _gather(
    model: Model, engine: LocalEngine, sizes: Vector, free: Matrix
) -> tuple[Vector, Matrix]:
    """The sum of all turned rows, and every k-th of them to begin with."""
    c = np.zeros(free.shape[1])
    step = max(1, engine.columns.rows // _FIRST_ROWS)
    chosen = []
    for block in engine.blocks():
        turned = free.T @ _sides(model, block, sizes).turned
        c += turned.sum(axis=1)
        chosen.append(turned[:, ::step])
    return c, np.concatenate(chosen, axis=1)


def _programme(c: Vector, rows: Matrix) -> Vector | None:
    """max c'z over rows' z >= 0 in a box; None if only z = 0 is left."""
    from scipy.optimize import linprog  # loaded only where a fit shows signs

    size = float(np.abs(c).max(initial=0.0)) or 1.0
    answer = linprog(
        -c / size,
        A_ub=-rows.T,
        b_ub=np.zeros(rows.shape[1]),
        bounds=(-1, 1),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if answer.x is None or np.abs(answer.x).max() < _NOTHING:
        return None
    return np.asarray(answer.x)


def _on_its_face(z: Vector, rows: Matrix) -> Vector:
    """Clear a solution of the solver's tolerance: exactly zero on the rows it leaves alone."""
    z = z / np.linalg.norm(z)
    still = rows[:, np.abs(z @ rows) <= _ON_THE_PLANE]
    if not still.shape[1]:
        return z
    face = _null_space(still.T)
    return face @ (face.T @ z)


def _violations(
    model: Model, engine: LocalEngine, sizes: Vector, free: Matrix, z: Vector
) -> tuple[Matrix, tuple[int, int]]:
    """The rows that a direction violates most, and how many it improves: falling, growing."""
    worst: Matrix = np.empty((len(z), 0))
    margins: Rows = np.zeros(0)
    falling = growing = 0
    for block in engine.blocks():
        sides = _sides(model, block, sizes)
        turned = free.T @ sides.turned
        margin = z @ turned
        improved = margin > _ON_THE_PLANE
        growing += int((improved & sides.growing).sum())
        falling += int((improved & ~sides.growing).sum())
        bad = margin < _VIOLATED
        margins = np.concatenate([margins, margin[bad]])
        keep = np.argsort(margins)[:_MORE_ROWS]
        worst = np.column_stack([worst, turned[:, bad]])[:, keep]
        margins = margins[keep]
    return worst, (falling, growing)


def _scaled(engine: LocalEngine, beta: Vector) -> tuple[Vector, tuple[int, ...]]:
    """A direction with its largest reach one, and the coefficients that really move."""
    sizes = _column_sizes(engine.with_predictors([p.without_basis() for p in engine.predictors]))
    beta = beta / np.abs(beta * sizes).max()
    moving = tuple(j for j, r in enumerate(np.abs(beta * sizes)) if r > _ON_THE_PLANE)
    return beta, moving
