"""Columns that are redundant, or nearly so: found before the search, which they would spoil."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import pairwise

import numpy as np

from mlefit._types import Matrix
from mlefit.design.blocks import Predictor
from mlefit.engines.local import LocalEngine
from mlefit.likelihood import Model
from mlefit.rank import ILL_CONDITIONED, Redundant, redundant_columns, triangle
from mlefit.start import Survey
from mlefit.symmetric import condition_number


def well_conditioned(
    model: Model,
    engine: LocalEngine,
    information: Matrix,
    survey: Survey,
    held: Collection[str],
    log: Callable[[str], None],
) -> tuple[LocalEngine, tuple[tuple[Redundant, ...], ...]]:
    """Leave out redundant columns and turn the coordinates of nearly dependent ones.

    A dependency that a prior resolves is none: its columns stay as they are.
    """
    edges = np.cumsum([0, *(predictor.size for predictor in engine.predictors)])
    predictors: list[Predictor] = []
    redundant: list[tuple[Redundant, ...]] = []
    for k, (lo, hi) in enumerate(pairwise(edges)):
        predictor = engine.predictors[k]
        left_out: list[Redundant] = []
        wide = predictor.size >= survey.rows
        if wide or condition_number(information[lo:hi, lo:hi]) > ILL_CONDITIONED:
            log(f"nearly dependent columns: a QR pass decides the rank of parameter {k + 1}")
            R = triangle((block.designs[k] for block in engine.blocks()), predictor.size)
            name = model.family.parameters[k].name
            known = np.array([f"{name}:{column.label}" in held for column in predictor.columns])
            # a prior is as good as a row in which its column stands alone
            alone = np.diag(np.linalg.norm(R, axis=0))[known]
            R = np.vstack([R, alone])
            sizes = np.sqrt(survey.squares[lo:hi])
            left_out = redundant_columns(R, sizes, predictor.basis.centre)
            positions = [column.index for column in left_out]
            predictor = predictor.without(positions)
            if not known.any():
                turned = np.asarray(np.linalg.qr(np.delete(R, positions, axis=1), mode="r"))
                basis = replace(predictor.basis, triangle=turned / math.sqrt(survey.rows))
                predictor = replace(predictor, basis=basis)
        predictors.append(predictor)
        redundant.append(tuple(left_out))
    return engine.with_predictors(predictors), tuple(redundant)
