"""Where the search begins: a look at the raw columns, and coefficients near a plain sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mlefit._types import Rows, Vector
from mlefit.design.blocks import Block
from mlefit.design.coded import squares, sums
from mlefit.design.columns import POSITION, TARGET, WEIGHT
from mlefit.design.predictors import Basis, Predictor, can_be_centred, split
from mlefit.engines.contract import Engine
from mlefit.families._records import Moments
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.products import NormalEquations
from mlefit.search.few import runs

# Enough values for the quantiles and means that a start value is made of.
SAMPLE = 4096
# Rows whose columns tell where to centre them.
_SURVEYED = 20_000


@frozen
class Survey:
    """Sums over the target and the raw columns, and the ends of the target; they add.

    Of many rows, the sums of columns and of offsets are estimates from a few.
    """

    weight: float
    rows: int
    y: float
    y_squared: float
    known: Vector
    columns: Vector
    squares: Vector
    offsets: Vector
    least: float
    most: float

    def __add__(self, other: Survey) -> Survey:
        sums = {
            name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__
        }
        sums["least"] = min(self.least, other.least)
        sums["most"] = max(self.most, other.most)
        return Survey(**sums)


def centred(engine: Engine) -> tuple[Engine, Moments, Survey]:
    """Shift columns by their means wherever an intercept takes up the shift.

    Columns that are codes stay what they are: shifted they would have no zeros.
    """
    raw = engine.with_predictors([p.without_basis() for p in engine.predictors])
    shift = float(engine.thinned(TARGET, engine.rows)[0])
    survey = _surveyed(raw, shift)
    if POSITION in engine:
        rows = engine.stands_for
        survey = replace(survey, rows=rows, weight=float(rows))
    predictors = []
    for k, predictor in enumerate(raw.predictors):
        means = centre(raw.predictors, k, survey)
        for factor in predictor.layout.factors:
            means[factor.at] = 0.0
        predictors.append(replace(predictor, basis=Basis(means)))
    centred_mean = survey.y / survey.weight
    sample, weight = _sampled(engine)
    moments = Moments(
        rows=survey.weight,
        mean=shift + centred_mean,
        variance=max(survey.y_squared / survey.weight - centred_mean**2, 0.0),
        known=dict(zip(engine.known, survey.known / survey.weight, strict=True)),
        least=survey.least,
        most=survey.most,
        sample=sample,
        weight=weight,
    )
    return raw.with_predictors(predictors), moments, survey


def _surveyed(raw: Engine, shift: float) -> Survey:
    """All rows of the target, and all or some of the columns.

    Any point amid a column serves to centre it: where it is a few hundredths of a standard
    deviation off, no digit is lost, and the columns of many rows are walked once less.
    """
    few = runs(raw, _SURVEYED)
    if few is None:
        return raw.total(lambda block: _survey(block, shift), "survey")
    bare = raw.with_predictors([Predictor(columns=()) for _ in raw.predictors])
    whole = bare.total(lambda block: _survey(block, shift), "survey")
    raw.passes = bare.passes
    some = few.total(lambda block: _survey(block, shift), "survey")
    counted = POSITION in raw
    times = whole.weight / some.weight if counted else whole.rows / some.rows
    return replace(
        whole,
        columns=times * some.columns,
        squares=times * some.squares,
        offsets=times * some.offsets,
    )


def centre(predictors: Sequence[Predictor], k: int, survey: Survey) -> Vector:
    """The means of the columns of parameter k, or zeros where no intercept takes them up."""
    predictor = predictors[k]
    if not can_be_centred(predictors, k):
        return np.zeros(predictor.size)
    means: Vector = split(survey.columns / survey.rows, predictors)[k].copy()
    if predictor.has_intercept:
        means[0] = 0.0
    return means


def _survey(block: Block, shift: float) -> Survey:
    m = len(block.y)
    y = block.y - shift
    return Survey(
        weight=float(m if block.weight is None else block.weight.sum()),
        rows=m,
        y=block.total(y),
        y_squared=block.total(y * y),
        known=np.array([block.total(values) for values in block.known.values()]),
        columns=np.concatenate([sums(X, block.counts) for X in block.designs]),
        squares=np.concatenate([squares(X, block.counts) for X in block.designs]),
        offsets=np.array(
            [block.counted(np.broadcast_to(offset, m)).sum() for offset in block.offsets]
        ),
        least=float(block.y.min()),
        most=float(block.y.max()),
    )


def _sampled(engine: Engine) -> tuple[Rows, Rows]:
    """Values of the target from rows evenly spaced over all of them, and their weights."""
    step = max(1, engine.rows // SAMPLE)
    y = engine.thinned(TARGET, step).astype(float)
    weight = engine.thinned(WEIGHT, step).astype(float) if WEIGHT in engine else np.ones(len(y))
    return y, weight


def start_coefficients(
    model: Model, engine: Engine, theta: Sequence[float], survey: Survey
) -> Vector:
    """Coefficients that bring every linear predictor near the start of a plain sample."""
    gammas: list[Vector] = []
    for k, (link, predictor, value) in enumerate(
        zip(model.links, engine.predictors, theta, strict=True)
    ):
        eta = float(link.forward(np.array([value]))[0])
        if predictor.has_intercept:
            gamma = np.zeros(predictor.size)
            gamma[0] = eta - survey.offsets[k] / survey.rows
            triangle = predictor.basis.triangle
            gammas.append(gamma if triangle is None else triangle @ gamma)
        else:
            at_zero = not predictor.size or (predictor.taken_from and not predictor.offsets)
            gammas.append(np.zeros(predictor.size) if at_zero else _projected(engine, k, eta))
    return np.concatenate(gammas)


def _projected(engine: Engine, k: int, eta: float) -> Vector:
    """Least-squares coefficients of a constant linear predictor, for want of an intercept."""

    def equations(block: Block) -> NormalEquations:
        constant = np.broadcast_to(eta - block.offsets[k], len(block.y))
        return NormalEquations.of(block.designs[k], constant, None)

    return engine.total(equations, "start").solution()
