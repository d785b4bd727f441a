"""Several starts for a likelihood with several maxima.

A family whose likelihood can have more than one maximum names further starts in
`Family.starts`. A regression adds two that know its rows: least squares and least
absolute deviations, each with the other parameters started from its residuals. The
search runs from all of them, and the highest maximum is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from mlefit._types import Rows, Vector
from mlefit.design.blocks import Block
from mlefit.design.coded import predictor_of
from mlefit.engines.contract import Engine
from mlefit.families._records import Moments
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.products import NormalEquations
from mlefit.search.optimise import Optimum, Status
from mlefit.search.start import SAMPLE, Survey, start_coefficients

# Heights that differ by less, in nats, are the same maximum found twice.
SAME_HEIGHT = 1e-6


@frozen
class Trials:
    """What the searches from several starts came to.

    Attributes:
        starts: how many there were.
        lower: how many of them ended at a maximum that is not the highest.
    """

    starts: int = 1
    lower: int = 0


def highest(
    optima: Sequence[Optimum], objective: Callable[[Optimum], float]
) -> tuple[Optimum, Trials]:
    """The search that came highest, a converged one among equals, and what became of all.

    Args:
        optima: where the searches ended.
        objective: what they minimised, the corners of a prior included.
    """
    least = min(map(objective, optima)) + SAME_HEIGHT
    equals = [optimum for optimum in optima if not objective(optimum) > least]
    lower = [
        optimum
        for optimum in optima
        if objective(optimum) > least and optimum.status is Status.CONVERGED
    ]
    best = min(equals, key=lambda optimum: optimum.status is not Status.CONVERGED)
    return best, Trials(len(optima), len(lower))


def further_starts(
    model: Model,
    engine: Engine,
    thetas: Sequence[Sequence[float]],
    moments: Moments,
    survey: Survey,
) -> Iterator[Vector]:
    """Coefficients to search from, beside those of the family's first start.

    Args:
        model: family and links.
        engine: rows, in the coordinates of the search.
        thetas: what `Family.starts` gave, the first left out.
        moments: of the target.
        survey: of the raw columns.
    """
    for theta in thetas:
        yield start_coefficients(model, engine, theta, survey)
    location = engine.predictors[0]
    if thetas and model.links[0].name == "identity" and location.size > location.has_intercept:
        for fitted in (_least_squares, _least_absolute_deviations):
            beta = fitted(engine)
            if np.isfinite(beta).all():
                yield _about(beta, model, engine, moments, survey)


def _least_squares(engine: Engine) -> Vector:
    def equations(block: Block) -> NormalEquations:
        return NormalEquations.of(block.designs[0], block.y - block.offsets[0], block.weight)

    return engine.total(equations, "start").solution()


def _least_absolute_deviations(engine: Engine) -> Vector:
    from mlefit.pinball import Run, minimise_pinball  # few families have several starts
    from mlefit.search.location import run_of

    def walk(function: Callable[[Run], Any]) -> list[Any]:
        return engine.written_out().each(
            lambda block: function(run_of(block, block.weight)), "start"
        )

    return minimise_pinball(walk, engine.predictors[0].size, engine.rows).beta


def _about(beta: Vector, model: Model, engine: Engine, moments: Moments, survey: Survey) -> Vector:
    """These coefficients of the location, with all else started from their residuals."""
    residuals, weight = _residuals(beta, engine)
    mean = float(np.average(residuals, weights=weight))
    about = Moments(
        rows=moments.rows,
        mean=mean,
        variance=float(np.average((residuals - mean) ** 2, weights=weight)),
        known=moments.known,
        least=float(residuals.min()),
        most=float(residuals.max()),
        sample=residuals,
        weight=weight,
    )
    gamma = start_coefficients(model, engine, model.family.start(about), survey)
    gamma[: len(beta)] = beta
    return gamma


def _residuals(beta: Vector, engine: Engine) -> tuple[Rows, Rows]:
    """Residuals of rows evenly spaced over all of them, and their weights."""
    step = max(1, engine.rows // SAMPLE)

    def sampled(block: Block) -> tuple[Rows, Rows]:
        chosen = slice(-block.start % step, None, step)
        fitted = predictor_of(beta, block.designs[0]) + block.offsets[0]
        return (block.y - fitted)[chosen], block.weighted(np.ones_like(block.y))[chosen]

    residuals, weights = zip(*engine.each(sampled, "start"), strict=True)
    return np.concatenate(residuals), np.concatenate(weights)
