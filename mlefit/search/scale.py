"""What is special about a scale: its maximum is known, and it can shrink to nothing.

Where the location fits every row, the likelihood grows without bound as the spread
goes to 0. That is told apart from a small spread by the rounding of the target.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from mlefit._types import Rows, Vector
from mlefit.design.blocks import Block
from mlefit.design.predictors import split
from mlefit.engines.contract import Engine
from mlefit.errors import UntrustworthyError
from mlefit.families._records import Moments, Narrowing, Parameter
from mlefit.likelihood import Model

_LEAST_SCORE = -1 + np.finfo(float).eps
# A spread below so many roundings of the target's own size is rounding.
_PERFECT = 1e3 * np.finfo(float).eps


def exact_scale(
    model: Model, engine: Engine, held: Sequence[int]
) -> Callable[[Vector, Any], Vector] | None:
    """A direction that solves for a constant scale instead of creeping towards it.

    `held` are the positions of coefficients with a prior: such a scale is left to the search.
    With eta = log scale, the mean score is mean(|z|^q) - 1, so the scale that is best
    for the present location lies log(1 + mean score)/q away, however far that is.
    """
    position = solved(model, engine, held)
    if position is None:
        return None
    at, norm = position

    def bend(direction: Vector, now: Any) -> Vector:
        mean_score = -float(now.score[at]) / now.rows
        bent = direction.copy()
        # residuals of nothing but rounding leave a mean score of -1 and no logarithm
        bent[at] = math.log1p(max(mean_score, _LEAST_SCORE)) / norm
        return bent

    return bend


def solved(model: Model, engine: Engine, held: Sequence[int]) -> tuple[int, float] | None:
    """Position and q of the scale that `exact_scale` solves for, if there is one."""
    position = _constant(model, engine, lambda parameter: parameter.norm is not None)
    if position is None or position[1] in held:
        return None  # a prior moves the maximum away from where the rows alone put it
    norm = model.family.parameters[position[0]].norm
    assert norm is not None
    return position[1], norm


def _constant(
    model: Model, engine: Engine, is_wanted: Callable[[Parameter], bool]
) -> tuple[int, int] | None:
    """Parameter and position of the first that is wanted: one coefficient and a log link."""
    at = 0
    for k, (parameter, link, predictor) in enumerate(
        zip(model.family.parameters, model.links, engine.predictors, strict=True)
    ):
        if is_wanted(parameter) and link.name == "log" and predictor.size == 1:
            return (k, at) if predictor.has_intercept else None
        at += predictor.size
    return None


def collapse(model: Model, engine: Engine, moments: Moments) -> Callable[[Vector], bool]:
    """Tells a perfect fit: a spread that has shrunk to the rounding of the target."""
    position = _constant(model, engine, lambda parameter: parameter.narrowing is not None)
    if position is None:
        return lambda gamma: False
    k, at = position
    narrowing = model.family.parameters[k].narrowing
    assert narrowing is not None

    def collapsed(gamma: Vector) -> bool:
        return not _is_spread(np.exp(gamma[at : at + 1]), narrowing, moments)

    return collapsed


def _is_spread(values: Rows, narrowing: Narrowing, moments: Moments) -> bool:
    """Whether these values of a parameter leave every row a spread above rounding."""
    size = math.hypot(moments.mean, math.sqrt(moments.variance))
    with np.errstate(divide="ignore"):  # a shape that a search took to 0 spreads without end
        relative = (values / size**narrowing.unit) ** narrowing.power
    return bool((relative > _PERFECT).all())


def collapses_somewhere(model: Model, engine: Engine, gamma: Vector, moments: Moments) -> bool:
    """Whether a scale with covariates has shrunk to rounding in some rows."""
    gammas = split(gamma, engine.predictors)
    for k, parameter in enumerate(model.family.parameters):
        if parameter.narrowing is None or not engine.predictors[k].size:
            continue
        if engine.total(partial(_narrow, model, gammas, k, moments), "spread of the scale"):
            return True
    return False


def _narrow(model: Model, gammas: Sequence[Vector], k: int, moments: Moments, block: Block) -> int:
    """1 where some row of a block has no spread left in parameter k."""
    narrowing = model.family.parameters[k].narrowing
    assert narrowing is not None
    return int(not _is_spread(model.theta(model.etas(block, gammas))[k], narrowing, moments))


def refuse_collapsed_start(
    model: Model, engine: Engine, theta: Sequence[float], moments: Moments
) -> None:
    """A target without any spread leaves a scale nowhere to start."""
    for parameter, predictor, value in zip(
        model.family.parameters, engine.predictors, theta, strict=True
    ):
        if predictor.size and not parameter.domain.contains(np.array([value])):
            end = "0" if value == 0 else "infinity"
            raise UntrustworthyError(
                f"no maximum exists: every value of the target is {moments.mean:.6g}, so the "
                f"likelihood grows without bound as {parameter.name} goes to {end}",
                tries=[f"--fix {parameter.name}=1"] if predictor.size == 1 else [],
            )
