"""The last digits of an ill-conditioned fit: Newton steps with a sharper slope.

Rounding the slope to double precision costs about the design's condition number
in digits. So the slope is summed once more over the user's own columns, neither
centred nor turned, in the machine's extended precision, and the information that
is already there turns it into a correction: iterative refinement (Å. Björck
1967, BIT 7, 257-278). Where the machine has no extended precision the correction
is no better than what it corrects, and none is made.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from mlefit._types import Vector
from mlefit.design.blocks import Block
from mlefit.design.predictors import split, user_matrix
from mlefit.engines.contract import Engine
from mlefit.likelihood import Model
from mlefit.search.optimise import Optimum

_ROUNDS = 3
_HAS_EXTENDED = np.finfo(np.longdouble).eps < np.finfo(float).eps


def refined_coefficients(
    model: Model, engine: Engine, optimum: Optimum, betas: list[Vector]
) -> list[Vector] | None:
    """Coefficients of the user's columns with digits that double precision lost.

    Args:
        model: family and links.
        engine: rows, seen through the predictors that were fitted.
        optimum: where the search ended.
        betas: the coefficients there.

    Returns:
        None where nothing can be gained.
    """
    turned = [predictor.basis.triangle is not None for predictor in engine.predictors]
    elementary = model.family.elementary and all(link.is_elementary for link in model.links)
    if not (any(turned) and _HAS_EXTENDED and elementary):
        return None
    raw = engine.written_out().with_predictors([p.without_basis() for p in engine.predictors])
    # only the turned blocks lost digits; the others stand still, as a scale at its edge must
    moving = np.repeat(turned, [len(beta) for beta in betas])
    to_user = user_matrix(engine.predictors)[:, moving]
    information = optimum.totals.information[np.ix_(moving, moving)]
    sharp = np.concatenate(betas).astype(np.longdouble)
    for _ in range(_ROUNDS):
        slope = raw.total(
            partial(_score, model, betas=split(sharp, engine.predictors)), "last digits"
        )
        step = -np.linalg.solve(information, (to_user.T @ slope).astype(float))
        sharp = sharp + to_user @ step
    engine.passes = raw.passes
    return split(sharp.astype(float), engine.predictors)


def _score(model: Model, block: Block, betas: list[Vector]) -> Vector:
    """Gradient of the NLL over a block, in the precision of the coefficients."""
    wide = replace(
        block,
        y=block.y.astype(np.longdouble),
        designs=tuple(np.asarray(X, dtype=np.longdouble) for X in block.designs),
    )
    terms = model.row_terms(wide, betas, "expected")
    return np.concatenate(
        [-(X @ wide.weighted(s)) for X, s in zip(wide.designs, terms.score, strict=True)]
    )
