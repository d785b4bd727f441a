"""Which columns are redundant, and which coordinates the search had better see.

Only where the information at the start is ill conditioned does a QR pass decide the rank and
turn the columns, so that the Newton steps see nearly orthogonal ones. A column with a prior
depends on no other: the prior is as good as a row in which the column stands alone. So only
columns without one are examined, and those that do not vary at all.

Of columns in codes counts decide the rank. They stay codes unless what is left is ill conditioned
and has few enough rows to be written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.arrow import Arrow, Symmetric, among
from mlefit.design.coded import is_too_wide
from mlefit.design.predictors import Basis, Predictor
from mlefit.engines.contract import Engine
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.search.counted import redundant_counted
from mlefit.search.rank import ILL_CONDITIONED, Redundant, Triangle, redundant_columns
from mlefit.search.start import Survey, centre
from mlefit.symmetric import condition_number, largest_inflation

# Sums of squares hardly tell a smaller variance than this share of the mean square from none.
_HARDLY_VARIES = 1e-8


def examined(
    model: Model, engine: Engine, survey: Survey, held: Collection[str]
) -> NDArray[np.intp]:
    """Positions of the columns that may be redundant.

    Args:
        model: family and links.
        engine: the rows in centred columns.
        survey: of the raw columns.
        held: parameter:term of the coefficients with a prior.
    """
    known = np.concatenate(_known(model, engine, held))
    centres = np.concatenate([predictor.basis.centre for predictor in engine.predictors])
    spread = survey.squares - survey.rows * centres**2
    return np.flatnonzero(~known | (spread <= _HARDLY_VARIES * survey.squares))


def are_dependent(engine: Engine, at: NDArray[np.intp], survey: Survey) -> bool:
    """Whether some parameter has as many examined columns as there are rows.

    They are then known to depend on each other, and their information would be huge.
    """
    edges = np.cumsum([0, *(predictor.size for predictor in engine.predictors)])
    return any(
        np.count_nonzero((at >= lo) & (at < hi)) >= survey.rows for lo, hi in pairwise(edges)
    )


def well_conditioned(
    model: Model,
    engine: Engine,
    at: NDArray[np.intp],
    information: Symmetric | None,
    survey: Survey,
    held: Collection[str],
    log: Callable[[str], None],
) -> tuple[Engine, tuple[tuple[Redundant, ...], ...]]:
    """Leave out redundant columns and turn the coordinates of nearly dependent ones.

    Args:
        model: family and links.
        engine: the rows in centred columns.
        at: positions of the columns to examine.
        information: theirs at the start; without it every parameter's columns are suspect.
        survey: of the raw columns.
        held: parameter:term of the coefficients with a prior.
        log: takes a line for each QR pass.
    """
    edges = np.cumsum([0, *(predictor.size for predictor in engine.predictors)])
    known = _known(model, engine, held)
    predictors: list[Predictor] = []
    redundant: list[tuple[Redundant, ...]] = []
    for k, (lo, hi) in enumerate(pairwise(edges)):
        predictor = engine.predictors[k]
        left_out: list[Redundant] = []
        turned: Matrix | None = None
        own = np.flatnonzero((at >= lo) & (at < hi))
        places = at[own] - lo
        suspect = information is None or _is_ill(among(information, own), predictor, places)
        if suspect and predictor.layout.factors:
            log(f"nearly dependent columns: counts decide the rank of parameter {k + 1}")
            left_out = _counted(engine, k, places, known[k])
            places = np.setdiff1d(places, [column.index for column in left_out])
            own = np.flatnonzero(np.isin(at, lo + places))
            suspect = not is_too_wide(survey.rows, len(places)) and (
                information is None or _is_ill(among(information, own), predictor, places)
            )
            if suspect:  # only of shifted columns can the coordinates be turned
                predictor = replace(predictor, basis=Basis(centre(engine.predictors, k, survey)))
        # an intercept alone depends on nothing
        if suspect and any(not predictor.columns[j].is_intercept for j in places):
            log(f"nearly dependent columns: a QR pass decides the rank of parameter {k + 1}")
            found, R = _decomposed(engine, k, predictor, places, known[k])
            left_out += found
            if not known[k].any():
                turned = R / math.sqrt(survey.rows)
        left_out.sort(key=lambda one: one.index)
        predictor = predictor.without([column.index for column in left_out])
        if turned is not None:
            predictor = replace(predictor, basis=replace(predictor.basis, triangle=turned))
        predictors.append(predictor)
        redundant.append(tuple(left_out))
    return engine.with_predictors(predictors), tuple(redundant)


def _is_ill(information: Symmetric, predictor: Predictor, places: NDArray[np.intp]) -> bool:
    """Whether the inverse of an information would have too few digits left."""
    has_intercept = len(places) > 0 and predictor.columns[places[0]].is_intercept
    # without codes every column is centred already
    intercepts = [0] if has_intercept and predictor.layout.factors else []
    if isinstance(information, Arrow):
        return largest_inflation(information, intercepts) > ILL_CONDITIONED
    return condition_number(information, intercepts) > ILL_CONDITIONED


def _counted(
    engine: Engine, k: int, places: NDArray[np.intp], known: NDArray[np.bool_]
) -> list[Redundant]:
    """The redundant ones of some columns of a parameter, of which many are codes."""
    seen = _only(engine, k, places)
    found = redundant_counted(seen, k, known[places])
    engine.passes = seen.passes
    return [_placed(one, places) for one in found]


def _decomposed(
    engine: Engine,
    k: int,
    predictor: Predictor,
    places: NDArray[np.intp],
    known: NDArray[np.bool_],
) -> tuple[list[Redundant], Matrix]:
    """The redundant ones of some columns of a parameter, and R of the others."""
    R, sizes = _triangle(engine, k, predictor, places)
    with_prior = np.flatnonzero(known[places])
    alone = np.zeros((len(with_prior), len(places)))
    alone[np.arange(len(with_prior)), with_prior] = np.linalg.norm(R[:, with_prior], axis=0)
    R = np.vstack([R, alone])
    found = redundant_columns(R, sizes, predictor.basis.centre[places])
    kept = np.delete(R, [one.index for one in found], axis=1)
    return [_placed(one, places) for one in found], np.asarray(np.linalg.qr(kept, mode="r"))


def _known(model: Model, engine: Engine, held: Collection[str]) -> list[NDArray[np.bool_]]:
    """For each parameter which of its columns have a prior."""
    return [
        np.array([f"{parameter.name}:{column.label}" in held for column in p.columns], dtype=bool)
        for parameter, p in zip(model.family.parameters, engine.predictors, strict=True)
    ]


def _triangle(
    engine: Engine, k: int, predictor: Predictor, places: NDArray[np.intp]
) -> tuple[Matrix, Vector]:
    """R of some columns of one parameter, without the others, and their sizes before centring.

    They are seen through a predictor.
    """
    through = [predictor if j == k else one for j, one in enumerate(engine.predictors)]
    seen = _only(engine.with_predictors(through), k, places).written_out()
    centre = seen.predictors[k].basis.centre[:, None]
    found = seen.total(
        lambda block: _Seen.of(np.asarray(block.designs[k]), centre, block.counts), "rank"
    )
    engine.passes = seen.passes
    return found.triangle.R, np.sqrt(found.squares)


def _only(engine: Engine, k: int, places: NDArray[np.intp]) -> Engine:
    """The rows in some columns of one parameter."""
    return engine.with_predictors(
        [
            predictor.only(places.tolist() if j == k else [])
            for j, predictor in enumerate(engine.predictors)
        ]
    )


@frozen
class _Seen:
    """R of some columns, and their sums of squares before centring; they add."""

    triangle: Triangle
    squares: Vector

    @classmethod
    def of(cls, X: Matrix, centre: Matrix, counts: Rows | None) -> _Seen:
        """Those of columns by rows, identical rows counted."""
        whole = X + centre
        if counts is None:
            return cls(Triangle.of(X), (whole**2).sum(axis=1))
        root = np.sqrt(counts)
        return cls(Triangle.of(X * root), ((whole * root) ** 2).sum(axis=1))

    def __add__(self, other: _Seen) -> _Seen:
        return _Seen(self.triangle + other.triangle, self.squares + other.squares)


def _placed(one: Redundant, places: NDArray[np.intp]) -> Redundant:
    """A redundant column among all, not only among the examined."""
    parts = tuple((int(places[j]), factor) for j, factor in one.parts)
    return replace(one, index=int(places[one.index]), parts=parts)
