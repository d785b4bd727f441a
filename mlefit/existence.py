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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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
# Margins are those of rows and directions of length one.
_ON_THE_PLANE = 1e-6
_VIOLATED = -1e-9
_NOTHING = 1e-7
_SINGULAR = 1e-9


@dataclass(frozen=True)
class Recession:
    """A direction in which the likelihood only grows.

    Attributes:
        parameter: position of the parameter whose coefficients run away.
        direction: change of these coefficients, for the user's columns, the largest entry
            times its column's size scaled to one.
        moving: positions of the coefficients that run away.
        falling: rows whose linear predictor falls without bound.
        growing: rows whose linear predictor grows without bound.
    """

    parameter: int
    direction: Vector
    moving: tuple[int, ...]
    falling: int
    growing: int


@dataclass(frozen=True)
class _Question:
    """Whose coefficients may run away, and which rows would not mind."""

    model: Model
    engine: LocalEngine
    parameter: int
    escape: Callable[..., tuple[Any, Any]]


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
    """A recession direction of one parameter's coefficients; None if there is none.

    Coefficients at the positions `held` cannot run away: these likelihoods are bounded, and
    the density of a proper prior goes to zero. The other parameters are taken as given: a
    direction for one value of a scale is one for every value. A parameter without covariates
    that nears an edge where the family is a simpler one is left to `boundary`.
    """
    family, first = model.family, 0
    for k, (parameter, predictor) in enumerate(
        zip(family.parameters, engine.predictors, strict=True)
    ):
        further = family.further_escapes.get(parameter.name)
        escape = family.escape if k == 0 else further and further.rows
        if escape is not None and predictor.size and any(model.links[k].ends):
            own = [at - first for at in held if first <= at < first + predictor.size]
            found = _recession(_Question(model, engine, k, escape), own)
            if found is not None and not _ends_in_a_family(model, engine, found):
                return found
        first += predictor.size
    return None


def _recession(asked: _Question, held: Sequence[int]) -> Recession | None:
    sizes = _column_sizes(asked.engine, asked.parameter)
    free = _free_directions(asked, sizes, held)
    if not free.shape[1]:
        return None
    found = _cutting_planes(asked, sizes, free)
    if found is None:
        return None
    direction, (falling, growing) = found
    to_user = asked.engine.predictors[asked.parameter].basis.to_user()
    beta, moving = _scaled(asked, to_user @ (direction / sizes))
    return Recession(asked.parameter, beta, moving, falling, growing)


def _ends_in_a_family(model: Model, engine: LocalEngine, found: Recession) -> bool:
    parameter, predictor = found.parameter, engine.predictors[found.parameter]
    end = model.links[parameter].ends[found.growing > 0]
    name = model.family.parameters[parameter].name
    return predictor.size == 1 and any(
        (limit.parameter, limit.end) == (name, end) for limit in model.family.limits
    )


def _sides(asked: _Question, block: Block, sizes: Vector) -> _Sides:
    lower, upper = asked.escape(block.y, **block.known)
    none = np.zeros(len(block.y), dtype=bool)
    reached = {"lower": lower, "upper": upper, None: none}
    falling, growing = (reached[end] for end in asked.model.links[asked.parameter].ends)
    X = block.designs[asked.parameter] / sizes[:, None]
    lengths = np.linalg.norm(X, axis=0)
    X = X / np.where(lengths > 0, lengths, 1.0)
    one_way = falling != growing
    return _Sides(
        held=X[:, ~falling & ~growing],
        turned=np.where(growing, X, -X)[:, one_way],
        growing=growing[one_way],
    )


def _column_sizes(engine: LocalEngine, k: int) -> Vector:
    squares = engine.total(lambda block: np.einsum("ij,ij->i", block.designs[k], block.designs[k]))
    sizes = np.sqrt(squares / engine.columns.rows)
    return np.where(sizes > 0, sizes, 1.0)


def _free_directions(asked: _Question, sizes: Vector, held: Sequence[int]) -> Matrix:
    """An orthonormal basis of the directions that move no held row and no held coefficient."""
    predictor = asked.engine.predictors[asked.parameter]
    R = triangle(
        (_sides(asked, block, sizes).held for block in asked.engine.blocks()), predictor.size
    )
    still = predictor.basis.to_user()[list(held)] / sizes
    lengths = np.linalg.norm(still, axis=1, keepdims=True)
    return _null_space(np.vstack([R, still / lengths]))


def _null_space(rows: Matrix) -> Matrix:
    """Orthonormal columns that all given rows, of length one or less, are orthogonal to."""
    _, values, directions = np.linalg.svd(rows)
    rank = int((values > _SINGULAR * max(1.0, float(values.max(initial=0.0)))).sum())
    return directions[rank:].T


def _cutting_planes(
    asked: _Question, sizes: Vector, free: Matrix
) -> tuple[Vector, tuple[int, int]] | None:
    c, chosen = _gather(asked, sizes, free)
    for _ in range(_ROUNDS):
        z = _programme(c, chosen)
        if z is None:
            return None
        z = _on_its_face(z, chosen)
        worst, rows = _violations(asked, sizes, free, z)
        if not worst.shape[1]:
            # nothing but rounding moved: the cone is the origin
            return (free @ z, rows) if any(rows) else None
        chosen = np.column_stack([chosen, worst])
    return None


def _gather(asked: _Question, sizes: Vector, free: Matrix) -> tuple[Vector, Matrix]:
    """The sum of all turned rows, and every k-th of them to begin with."""
    c = np.zeros(free.shape[1])
    step = max(1, asked.engine.columns.rows // _FIRST_ROWS)
    chosen = []
    for block in asked.engine.blocks():
        turned = free.T @ _sides(asked, block, sizes).turned
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
    asked: _Question, sizes: Vector, free: Matrix, z: Vector
) -> tuple[Matrix, tuple[int, int]]:
    """The rows that a direction violates most, and how many it improves: falling, growing."""
    worst: Matrix = np.empty((len(z), 0))
    margins: Rows = np.zeros(0)
    falling = growing = 0
    for block in asked.engine.blocks():
        sides = _sides(asked, block, sizes)
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


def _scaled(asked: _Question, beta: Vector) -> tuple[Vector, tuple[int, ...]]:
    """A direction with its largest reach one, and the coefficients that really move."""
    raw = [predictor.without_basis() for predictor in asked.engine.predictors]
    sizes = _column_sizes(asked.engine.with_predictors(raw), asked.parameter)
    beta = beta / np.abs(beta * sizes).max()
    moving = tuple(j for j, r in enumerate(np.abs(beta * sizes)) if r > _ON_THE_PLANE)
    return beta, moving
