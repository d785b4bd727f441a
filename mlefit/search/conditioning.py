"""Which columns are redundant, and which coordinates the search had better see.

Only where the information at the start is ill conditioned does a QR pass decide the rank and
turn the columns, so that the Newton steps see nearly orthogonal ones. A column with a prior
depends on no other: the prior is as good as a row in which the column stands alone. So only
columns without one are examined, and those that do not vary at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix
from mlefit.design.blocks import Predictor
from mlefit.engines.local import LocalEngine
from mlefit.likelihood import Model
from mlefit.search.rank import ILL_CONDITIONED, Redundant, redundant_columns, triangle
from mlefit.search.start import Survey
from mlefit.symmetric import condition_number

# Sums of squares hardly tell a smaller variance than this share of the mean square from none.
_HARDLY_VARIES = 1e-8


def examined(
    model: Model, engine: LocalEngine, survey: Survey, held: Collection[str]
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


def are_dependent(engine: LocalEngine, at: NDArray[np.intp], survey: Survey) -> bool:
    """Whether some parameter has as many examined columns as there are rows.

    They are then known to depend on each other, and their information would be huge.
    """
    edges = np.cumsum([0, *(predictor.size for predictor in engine.predictors)])
    return any(
        np.count_nonzero((at >= lo) & (at < hi)) >= survey.rows for lo, hi in pairwise(edges)
    )


def well_conditioned(
    model: Model,
    engine: LocalEngine,
    at: NDArray[np.intp],
    information: Matrix | None,
    survey: Survey,
    held: Collection[str],
    log: Callable[[str], None],
) -> tuple[LocalEngine, tuple[tuple[Redundant, ...], ...]]:
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
    predictors: list[Predictor] = []
    redundant: list[tuple[Redundant, ...]] = []
    for k, (lo, hi) in enumerate(pairwise(edges)):
        predictor = engine.predictors[k]
        left_out: list[Redundant] = []
        own = np.flatnonzero((at >= lo) & (at < hi))
        places = at[own] - lo
        suspect = information is None or (
            condition_number(information[np.ix_(own, own)]) > ILL_CONDITIONED
        )
        # an intercept alone depends on nothing
        if suspect and any(not predictor.columns[j].is_intercept for j in places):
            log(f"nearly dependent columns: a QR pass decides the rank of parameter {k + 1}")
            R = _triangle(engine, k, places)
            known = _known(model, engine, held)[k]
            with_prior = np.flatnonzero(known[places])
            alone = np.zeros((len(with_prior), len(places)))
            alone[np.arange(len(with_prior)), with_prior] = np.linalg.norm(R[:, with_prior], axis=0)
            R = np.vstack([R, alone])
            sizes = np.sqrt(survey.squares[lo:hi])[places]
            left_out = [
                _placed(one, places)
                for one in redundant_columns(R, sizes, predictor.basis.centre[places])
            ]
            positions = [column.index for column in left_out]
            predictor = predictor.without(positions)
            if not known.any():
                turned = np.asarray(np.linalg.qr(np.delete(R, positions, axis=1), mode="r"))
                basis = replace(predictor.basis, triangle=turned / math.sqrt(survey.rows))
                predictor = replace(predictor, basis=basis)
        predictors.append(predictor)
        redundant.append(tuple(left_out))
    return engine.with_predictors(predictors), tuple(redundant)


def _known(model: Model, engine: LocalEngine, held: Collection[str]) -> list[NDArray[np.bool_]]:
    """For each parameter which of its columns have a prior."""
    return [
        np.array([f"{parameter.name}:{column.label}" in held for column in p.columns], dtype=bool)
        for parameter, p in zip(model.family.parameters, engine.predictors, strict=True)
    ]


def _triangle(engine: LocalEngine, k: int, places: NDArray[np.intp]) -> Matrix:
    """R of some columns of one parameter, without the others."""
    seen = engine.with_predictors(
        [
            predictor.only(places.tolist() if j == k else [])
            for j, predictor in enumerate(engine.predictors)
        ]
    )
    R = triangle((block.designs[k] for block in seen.blocks()), len(places))
    engine.passes = seen.passes
    return R


def _placed(one: Redundant, places: NDArray[np.intp]) -> Redundant:
    """A redundant column among all, not only among the examined."""
    parts = tuple((int(places[j]), factor) for j, factor in one.parts)
    return replace(one, index=int(places[one.index]), parts=parts)
