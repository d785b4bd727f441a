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
S. Tenreyro 2010, Economics Letters 107, 310-312). A family of several classes has
such a condition for differences of its predictors, so there x_i stands for the row of
a difference in the coefficients of all parameters at once, and a row of the data gives
several. With c the sum of the x_i turned to their harmless side, every d in C other
than 0 has c'd > 0, so one linear programme, max c'd over C in a box, decides. It is
solved by `planes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.design.blocks import Block
from mlefit.design.coded import is_too_wide, squares
from mlefit.design.predictors import is_coded, user_matrix
from mlefit.engines.contract import Engine
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.search.cone import ON_THE_PLANE, null_space
from mlefit.search.onesided import one_sided
from mlefit.search.planes import Sides, cutting_planes
from mlefit.search.rank import Triangle

_MOST_NAMED = 12


_Escape = Callable[..., tuple[Any, Any]]


@frozen
class Recession:
    """A direction in which the likelihood only grows.

    Attributes:
        parameter: position of the parameter whose coefficients run away; None if those of
            all parameters do so together.
        first: position of the first of these coefficients among all.
        direction: their change, for the user's columns, the largest entry times its column's
            size scaled to one.
        moving: which of them run away, counted from `first`.
        falling: rows whose linear predictor falls without bound.
        growing: rows whose linear predictor, or a difference of two, grows without bound.
        sides: of a family of levels, each level of such rows and the one it is told from.
    """

    parameter: int | None
    first: int
    direction: Vector
    moving: tuple[int, ...]
    falling: int
    growing: int
    sides: tuple[tuple[str, str], ...] = ()

    @property
    def rows(self) -> int:
        """Rows that are fitted ever better."""
        return self.falling + self.growing


@frozen
class _Question:
    """Whose coefficients may run away, and which rows would not mind.

    Attributes:
        parameter: position of the parameter; None for all of them together.
        escape: its rows that can, as `Family.escape`; None for the family's contrasts.
    """

    model: Model
    engine: Engine
    parameter: int | None
    escape: _Escape | None

    @property
    def span(self) -> slice:
        """The parameters asked about."""
        k = self.parameter
        return slice(None) if k is None else slice(k, k + 1)

    @property
    def first(self) -> int:
        """Position of their first coefficient."""
        return sum(p.size for p in self.engine.predictors[: self.parameter or 0])

    @property
    def is_too_wide(self) -> bool:
        """Whether columns in codes are too many to be written out for all rows.

        Their levels are counted, and only what several of them do together goes unseen.
        """
        own = self.engine.predictors[self.span]
        p = sum(predictor.size for predictor in own)
        return is_coded(own) and is_too_wide(self.engine.rows, p)

    def turn(self) -> Matrix:
        """From the search's coordinates of their coefficients to the user's."""
        p = sum(predictor.size for predictor in self.engine.predictors[self.span])
        own = slice(self.first, self.first + p)
        return user_matrix(self.engine.predictors)[own, own]


def recession(model: Model, engine: Engine, held: Sequence[int] = ()) -> Recession | None:
    """A recession direction of the coefficients; None if there is none.

    Coefficients at the positions `held` cannot run away: these likelihoods are bounded, and
    the density of a proper prior goes to zero. Where the coefficients of one parameter can,
    the other parameters are taken as given: a direction for one value of a scale is one for
    every value. A parameter without covariates that nears an edge where the family is a
    simpler one is left to `boundary`.
    """
    for asked in _questions(model, engine):
        found = _recession(asked, held)
        if found is not None and not _ends_in_a_family(model, engine, found):
            return found
    return None


def _questions(model: Model, engine: Engine) -> Iterator[_Question]:
    family = model.family
    if type(family).contrasts is not Family.contrasts:
        if any(predictor.size for predictor in engine.predictors):
            yield _Question(model, engine, None, None)
        return
    for k, (parameter, predictor) in enumerate(
        zip(family.parameters, engine.predictors, strict=True)
    ):
        further = family.further_escapes.get(parameter.name)
        escape = family.escape if k == 0 else further and further.rows
        if escape is not None and predictor.size and any(model.ends_of(k)):
            yield _Question(model, engine, k, escape)


def _recession(question: _Question, held: Sequence[int]) -> Recession | None:
    levels = _of_levels(question, held)
    if levels is not None or question.is_too_wide:
        return levels
    asked = replace(question, engine=question.engine.written_out())
    sizes = _column_sizes(asked, asked.engine)
    sides = partial(_sides, asked, sizes)
    free = _free_directions(asked, sides, sizes, held)
    if not free.shape[1]:
        return None
    found = cutting_planes(asked.engine, sides, free)
    if found is None:
        return None
    direction, improved = found
    beta, moving = _scaled(asked, asked.turn() @ (direction / sizes))
    return Recession(
        asked.parameter,
        asked.first,
        beta,
        moving,
        round(improved.falling),
        round(improved.growing),
        tuple(improved.sides),
    )


def _of_levels(asked: _Question, held: Sequence[int]) -> Recession | None:
    """The direction of the levels of which no row minds it, if there are any."""
    k, escape, first = asked.parameter, asked.escape, asked.first
    if k is None or escape is None:
        return None
    found = one_sided(
        asked.engine, k, partial(_harmless, asked.model, k, escape), {j - first for j in held}
    )
    if found is None:
        return None
    beta, moving = _scaled(asked, found.direction)
    return Recession(k, first, beta, moving, found.falling, found.growing)


def _harmless(
    model: Model, k: int, escape: _Escape, block: Block
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows may fall without harm, and which may grow."""
    lower, upper = escape(block.y, **block.known)
    reached = {"lower": lower, "upper": upper, None: np.zeros(len(block.y), dtype=bool)}
    falling, growing = (reached[end] for end in model.ends_of(k))
    return falling, growing


def _ends_in_a_family(model: Model, engine: Engine, found: Recession) -> bool:
    k = found.parameter
    if k is None or engine.predictors[k].size > 1:
        return False
    end = model.ends_of(k)[found.growing > 0]
    name = model.family.parameters[k].name
    return any((limit.parameter, limit.end) == (name, end) for limit in model.family.limits)


def plainest(model: Model, engine: Engine, found: Recession, held: Sequence[int] = ()) -> Recession:
    """The same in as few columns as tell it: later ones are held where that costs no rows.

    The first direction found moves all that can move; a reader wants the one column that is
    the reason. A direction is an edge of its cone, which leaves some rows on its plane, no
    more than it moves columns; so many do not count.
    """
    if found.parameter is None or len(found.moving) > _MOST_NAMED:
        return found  # of classes it is told which ones the columns part
    columns = [column for predictor in engine.predictors for column in predictor.columns]
    for j in reversed([found.first + i for i in found.moving]):
        fewer = None if columns[j].is_intercept else recession(model, engine, (*held, j))
        if fewer is None or fewer.parameter != found.parameter:
            continue
        if fewer.rows + len(fewer.moving) > found.rows:
            found, held = fewer, (*held, j)
    return found


def _sides(asked: _Question, sizes: Vector, block: Block) -> Sides:
    if asked.escape is None or asked.parameter is None:
        return _contrasts(asked.model, block, sizes)
    falling, growing = _harmless(asked.model, asked.parameter, asked.escape, block)
    X = _of_length_one(np.asarray(block.designs[asked.parameter]) / sizes[:, None])
    one_way = falling != growing
    return Sides(
        held=X[:, ~falling & ~growing],
        turned=np.where(growing, X, -X)[:, one_way],
        growing=growing[one_way],
        row=np.flatnonzero(one_way),
        names=[],
    )


def _contrasts(model: Model, block: Block, sizes: Vector) -> Sides:
    """The differences that may grow, each a row in the coefficients of all parameters."""
    edges = np.cumsum([0, *(len(X) for X in block.designs)])
    parts: list[Matrix] = [np.empty((len(sizes), 0))]
    rows: list[NDArray[np.intp]] = [np.empty(0, dtype=np.intp)]
    names: list[tuple[str, str]] = []
    for contrast in model.family.contrasts(block.y):
        chosen = np.flatnonzero(contrast.rows)
        part = np.zeros((len(sizes), len(chosen)))
        for k, sign in ((contrast.plus, 1.0), (contrast.minus, -1.0)):
            if k is not None:
                part[edges[k] : edges[k + 1]] += sign * block.designs[k][:, chosen]
        parts.append(part)
        rows.append(chosen)
        names += [contrast.sides] * len(chosen)
    turned = _of_length_one(np.concatenate(parts, axis=1) / sizes[:, None])
    growing = np.ones(turned.shape[1], dtype=bool)
    return Sides(turned[:, :0], turned, growing, np.concatenate(rows), names)


def _of_length_one(X: Matrix) -> Matrix:
    lengths = np.linalg.norm(X, axis=0)
    return X / np.where(lengths > 0, lengths, 1.0)


def _column_sizes(asked: _Question, engine: Engine) -> Vector:
    """Root mean squares of the columns asked about, in the coordinates of an engine."""
    lengths = engine.total(
        lambda block: np.concatenate([squares(X, block.counts) for X in block.designs[asked.span]]),
        "existence",
    )
    sizes = np.sqrt(lengths / engine.stands_for)
    return np.where(sizes > 0, sizes, 1.0)


def _free_directions(
    asked: _Question, sides: Callable[[Block], Sides], sizes: Vector, held: Sequence[int]
) -> Matrix:
    """An orthonormal basis of the directions that move no held row and no held coefficient."""
    p, first = len(sizes), asked.first
    R = asked.engine.total(lambda block: Triangle.of(sides(block).held), "existence").R
    still = asked.turn()[[j - first for j in held if first <= j < first + p]] / sizes
    lengths = np.linalg.norm(still, axis=1, keepdims=True)
    return null_space(np.vstack([R, still / lengths]))


def _scaled(asked: _Question, beta: Vector) -> tuple[Vector, tuple[int, ...]]:
    """A direction with its largest reach one, and the coefficients that really move."""
    raw = [predictor.without_basis() for predictor in asked.engine.predictors]
    sizes = _column_sizes(asked, asked.engine.with_predictors(raw))
    beta = beta / np.abs(beta * sizes).max()
    moving = tuple(j for j, r in enumerate(np.abs(beta * sizes)) if r > ON_THE_PLANE)
    return beta, moving
