"""One pass over the rows at the fitted parameters: losses, deviance, and whether they fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlefit._types import Rows, Vector
from mlefit.design.blocks import Block, split
from mlefit.diagnosis.losses import LossSums, loss_sums
from mlefit.diagnosis.residuals import PowerSums, quantile_residuals
from mlefit.families._base import Family, part
from mlefit.search.maximum import Maximum
from mlefit.search.sparse import without_zeros

# Enough rows for the moments of the residuals; more would only cost time.
_RESIDUALS = 4096
# Fewer residuals tell nothing of a shape.
_FEWEST = 20
# Counts 0, 1, ... are compared one by one, the rest together.
_COUNTS = 5
# Where less than this share of the rows is expected there, they say little.
_COVERED = 0.2


@dataclass(frozen=True)
class FitSums:
    """Sums over the rows of a fit; they add.

    Attributes:
        losses: one entry for each loss of the family.
        plain: rows, deviance, Pearson's statistic, and the sum of squares by which that varies.
        counts: rows seen with each of the first values, and rows expected; shape (2, m).
        residuals: powers of the quantile residuals; of an evenly spaced share of the rows.
    """

    losses: tuple[LossSums, ...]
    plain: Vector
    counts: Vector
    residuals: PowerSums

    def __add__(self, other: FitSums) -> FitSums:
        pairs = zip(self.losses, other.losses, strict=True)
        return FitSums(
            tuple(one + two for one, two in pairs),
            self.plain + other.plain,
            self.counts + other.counts,
            self.residuals + other.residuals,
        )

    @property
    def deviance(self) -> float | None:
        """None if the family has none."""
        return _number(self.plain[1])

    def dispersion(self, df_residual: float) -> float:
        """Pearson's statistic for each degree of freedom; NaN where there is none."""
        return float(self.plain[2] / df_residual) if df_residual > 0 else float("nan")


def fit_sums(maximum: Maximum) -> FitSums:
    """Sums at the maximum."""
    model = maximum.model
    engine, gamma = without_zeros(maximum.engine, maximum.optimum.gamma)
    gammas = split(gamma, engine.predictors)
    step = -(-engine.columns.rows // _RESIDUALS)

    def term(block: Block) -> FitSums:
        theta = model.theta(model.etas(block, gammas))
        losses = tuple(loss_sums(model, block, loss, theta) for loss in model.family.losses)
        return FitSums(
            losses,
            _plain_sums(model.family, block, theta),
            _count_sums(model.family, block, theta),
            _residual_sums(model.family, block, theta, step),
        )

    sums = engine.total(term)
    maximum.engine.passes += 1
    return sums


def deviance(maximum: Maximum, gamma: Vector) -> float | None:
    """The deviance at any coefficients of a fit's predictors; None if the family has none."""
    model, engine = maximum.model, maximum.engine
    gammas = split(gamma, engine.predictors)

    def term(block: Block) -> Vector:
        return _plain_sums(model.family, block, model.theta(model.etas(block, gammas)))

    return _number(engine.total(term)[1])


def _plain_sums(family: Family, block: Block, theta: Sequence[Any]) -> Vector:
    y, known = block.y, block.known
    mean, variance = family.mean(*theta, **known), family.variance(*theta, **known)
    pearson = None if mean is None or variance is None else (y - mean) ** 2 / variance
    unit_deviance = family.unit_deviance(y, *theta, **known)
    if unit_deviance is not None and block.precision is not None:
        unit_deviance = unit_deviance * block.precision
    spread = None if pearson is None else (pearson - 1) ** 2
    values = (np.ones_like(y), unit_deviance, pearson, spread)
    return np.array([_total(block, value) for value in values])


def _count_sums(family: Family, block: Block, theta: Sequence[Any]) -> Vector:
    if not _is_count(family):
        return np.zeros((2, 0))
    values = [family.support.lower + k for k in range(_COUNTS)]
    seen = [_total(block, (block.y == k).astype(float)) for k in values]
    expected = [
        _total(block, np.exp(family.log_density(np.full_like(block.y, k), *theta, **block.known)))
        for k in values
    ]
    return np.array([seen, expected])


def _residual_sums(family: Family, block: Block, theta: Sequence[Any], step: int) -> PowerSums:
    rows = slice(-block.start % step, None, step)
    y = block.y[rows]
    residuals = None
    if len(y) and not family.support.binary:
        residuals = quantile_residuals(
            family,
            y,
            part(theta, rows),
            {key: values[rows] for key, values in block.known.items()},
            block.start + (-block.start % step) + step * np.arange(len(y)),
        )
    if residuals is None:
        return PowerSums.of(np.zeros(0), np.zeros(0))
    weight = np.ones(len(y)) if block.weight is None else block.weight[rows]
    return PowerSums.of(residuals, weight)


def diagnostics(maximum: Maximum, sums: FitSums, df_residual: float) -> dict[str, Any]:
    """What the data say about the family's assumptions, where they can say anything."""
    family = maximum.model.family
    rows, spread = sums.plain[0], sums.plain[3]
    facts: dict[str, Any] = {}
    if _is_count(family) and df_residual > 0:
        dispersion = sums.dispersion(df_residual)
        if not family.has_free_scale and math.isfinite(dispersion):
            facts["dispersion"] = dispersion
            facts["dispersion_std_error"] = math.sqrt(spread) / df_residual
        if family.support.lower == 0:
            facts["zeros_observed"], facts["zeros_expected"] = map(float, sums.counts[:, 0])
        if sums.counts[1].sum() > _COVERED * rows:
            facts["counts"] = _count_records(family, sums.counts, rows)
    used = sums.residuals.sums[0]
    enough = used >= _FEWEST and sums.residuals.vary
    if df_residual > 0 and enough and maximum.engine.columns.rows >= _FEWEST:
        facts["quantile_residuals"] = sums.residuals.moments()
        if sums.residuals.without:
            facts["rows_without_residual"] = sums.residuals.without
    return facts


def _count_records(family: Family, counts: Vector, rows: float) -> list[dict[str, Any]]:
    """Rows seen with each value and rows expected; the last stands for all larger values."""
    first = int(family.support.lower)
    records = [
        {"value": str(first + k), "observed": float(seen), "expected": float(expected)}
        for k, (seen, expected) in enumerate(counts.T)
    ]
    seen, expected = counts.sum(axis=1)
    rest = {"observed": float(rows - seen), "expected": float(rows - expected)}
    return [*records, {"value": f"{first + _COUNTS} or more", **rest}]


def _is_count(family: Family) -> bool:
    return family.support.counts and not family.is_censored


def _total(block: Block, values: Rows | None) -> float:
    return math.nan if values is None else float(block.weighted(values).sum())


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
