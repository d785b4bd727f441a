"""Where the search begins: one pass over the raw columns, and coefficients near a plain sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Basis, Block, can_be_centred, split
from mlefit.design.columns import TARGET, WEIGHT, Columns
from mlefit.engines.local import LocalEngine
from mlefit.families._records import Moments
from mlefit.likelihood import Model

# Enough values for the quantiles and means that a start value is made of.
SAMPLE = 4096


@dataclass(frozen=True)
class Survey:
    """Sums of one pass over the raw columns, and the ends of the target; they add."""

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


def centred(engine: LocalEngine) -> tuple[LocalEngine, Moments, Survey]:
    """Shift columns by their means wherever an intercept takes up the shift."""
    raw = engine.with_predictors([p.without_basis() for p in engine.predictors])
    shift = float(next(raw.blocks()).y[0])
    survey = raw.total(lambda block: _survey(block, shift))
    means = split(survey.columns / survey.rows, engine.predictors)
    predictors = []
    for k, (predictor, mean) in enumerate(zip(engine.predictors, means, strict=True)):
        centre = mean if can_be_centred(engine.predictors, k) else np.zeros(predictor.size)
        if predictor.has_intercept:
            centre[0] = 0.0
        predictors.append(replace(predictor, basis=Basis(centre)))
    centred_mean = survey.y / survey.weight
    sample, weight = _sampled(engine.columns)
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


def _survey(block: Block, shift: float) -> Survey:
    m = len(block.y)
    y = block.y - shift
    return Survey(
        weight=float(m if block.weight is None else block.weight.sum()),
        rows=m,
        y=float(block.weighted(y).sum()),
        y_squared=float(block.weighted(y * y).sum()),
        known=np.array([block.weighted(values).sum() for values in block.known.values()]),
        columns=np.concatenate([X.sum(axis=1) for X in block.designs]),
        squares=np.concatenate([np.einsum("ij,ij->i", X, X) for X in block.designs]),
        offsets=np.array([np.broadcast_to(offset, m).sum() for offset in block.offsets]),
        least=float(block.y.min()),
        most=float(block.y.max()),
    )


def _sampled(columns: Columns) -> tuple[Rows, Rows]:
    """Values of the target from rows evenly spaced over all of them, and their weights."""
    step = max(1, columns.rows // SAMPLE)
    y = columns.thinned(TARGET, step).astype(float)
    weight = columns.thinned(WEIGHT, step).astype(float) if WEIGHT in columns else np.ones(len(y))
    return y, weight


def start_coefficients(
    model: Model, engine: LocalEngine, theta: Sequence[float], survey: Survey
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


def _projected(engine: LocalEngine, k: int, eta: float) -> Vector:
    """Least-squares coefficients of a constant linear predictor, for want of an intercept."""

    def products(block: Block) -> Matrix:
        X = block.designs[k]
        return np.column_stack([X @ X.T, X @ np.broadcast_to(eta - block.offsets[k], X.shape[1])])

    sums = engine.total(products)
    scale = 1 / np.sqrt(np.maximum(np.diag(sums), np.finfo(float).tiny))
    scaled = sums[:, :-1] * np.outer(scale, scale)
    return scale * np.linalg.lstsq(scaled, sums[:, -1] * scale, rcond=None)[0]
