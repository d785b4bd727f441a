"""One pass over the rows at the fitted parameters: losses, deviance, spread, zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlefit._types import Vector
from mlefit.design.blocks import Block, split
from mlefit.families._base import Family
from mlefit.losses import LossSums, loss_sums
from mlefit.maximise import Maximum
from mlefit.sparse import without_zeros


@dataclass(frozen=True)
class FitSums:
    """Sums over the rows of a fit; they add.

    Attributes:
        losses: one entry for each loss of the family.
        plain: deviance, Pearson's statistic, zeros seen, zeros expected.
    """

    losses: tuple[LossSums, ...]
    plain: Vector

    def __add__(self, other: FitSums) -> FitSums:
        pairs = zip(self.losses, other.losses, strict=True)
        return FitSums(tuple(one + two for one, two in pairs), self.plain + other.plain)

    @property
    def deviance(self) -> float | None:
        """None if the family has none."""
        return _number(self.plain[0])


def fit_sums(maximum: Maximum, gamma: Vector | None = None) -> FitSums:
    """Sums at the maximum, or at other coefficients of the same predictors."""
    model = maximum.model
    engine, gamma = without_zeros(maximum.engine, maximum.optimum.gamma if gamma is None else gamma)
    gammas = split(gamma, engine.predictors)

    def term(block: Block) -> FitSums:
        theta = model.theta(model.etas(block, gammas))
        losses = tuple(loss_sums(model, block, loss, theta) for loss in model.family.losses)
        return FitSums(losses, _plain_sums(model.family, block, theta))

    sums = engine.total(term)
    maximum.engine.passes += 1
    return sums


def _plain_sums(family: Family, block: Block, theta: tuple[Any, ...]) -> Vector:
    y, known = block.y, block.known

    def total(values: Any) -> float:
        return float("nan") if values is None else float(block.weighted(values).sum())

    mean, variance = family.mean(*theta, **known), family.variance(*theta, **known)
    pearson = None if mean is None or variance is None else (y - mean) ** 2 / variance
    zeros = zeros_expected = None
    if family.support.discrete and not family.support.binary:
        zeros = (y == 0).astype(float)
        zeros_expected = np.exp(family.log_density(np.zeros_like(y), *theta, **known))
    unit_deviance = family.unit_deviance(y, *theta, **known)
    if unit_deviance is not None and block.precision is not None:
        unit_deviance = unit_deviance * block.precision
    return np.array([total(v) for v in (unit_deviance, pearson, zeros, zeros_expected)])


def diagnostics(maximum: Maximum, sums: FitSums, df_residual: float) -> dict[str, float]:
    """What the data say about the family's assumptions, where they can say anything."""
    family = maximum.model.family
    _, pearson, zeros, zeros_expected = sums.plain
    facts: dict[str, float] = {}
    if family.support.discrete and not family.support.binary and df_residual > 0:
        if not family.has_free_scale:
            facts["dispersion"] = float(pearson / df_residual)
        facts["zeros_observed"] = float(zeros)
        facts["zeros_expected"] = float(zeros_expected)
    return facts


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
