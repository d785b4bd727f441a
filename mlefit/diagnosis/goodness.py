"""One pass over the rows at the fitted parameters: losses, deviance, fit, and single rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlefit._types import Rows, Vector
from mlefit.design.blocks import Block
from mlefit.design.predictors import split
from mlefit.diagnosis.influence import Influential, Watch
from mlefit.diagnosis.losses import LossSums, is_checked, loss_sums
from mlefit.diagnosis.residuals import Piece, power_sums
from mlefit.engines.contract import Engine
from mlefit.families._base import Family, part
from mlefit.frozen import frozen
from mlefit.likelihood import Beside, Model, RowTerms, Totals
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


@frozen
class FitSums:
    """Sums over the rows of a fit; they add.

    Attributes:
        losses: one entry for each loss of the family.
        plain: rows, deviance, Pearson's statistic, and the sum of squares by which that varies.
        counts: rows seen with each of the first values, and rows expected; shape (2, m).
        spaced: an evenly spaced share of the rows, for their residuals.
    """

    losses: tuple[LossSums, ...]
    plain: Vector
    counts: Vector
    spaced: tuple[Piece, ...]

    def __add__(self, other: FitSums) -> FitSums:
        pairs = zip(self.losses, other.losses, strict=True)
        return FitSums(
            tuple(one + two for one, two in pairs),
            self.plain + other.plain,
            self.counts + other.counts,
            self.spaced + other.spaced,
        )

    @property
    def deviance(self) -> float | None:
        """None if the family has none."""
        return _number(self.plain[1])

    def dispersion(self, df_residual: float) -> float:
        """Pearson's statistic for each degree of freedom; NaN where there is none."""
        return float(self.plain[2] / df_residual) if df_residual > 0 else float("nan")


@frozen
class Look:
    """What one pass at the maximum tells; it adds.

    Attributes:
        sums: over the rows.
        influential: rows that alone move the estimates.
    """

    sums: FitSums
    influential: Influential

    def __add__(self, other: Look) -> Look:
        return Look(self.sums + other.sums, self.influential + other.influential)


@frozen
class Glance:
    """What the last look of a search tells beside; it adds.

    Attributes:
        sums: over the rows.
        suspected: whether a row may alone move the estimates, so that another look is needed.
    """

    sums: FitSums
    suspected: bool

    def __add__(self, other: Glance) -> Glance:
        return Glance(self.sums + other.sums, self.suspected or other.suspected)


def glance(model: Model, engine: Engine, near: Totals) -> Beside | None:
    """What the last look of a search is to tell beside; None where that needs a look of its own.

    Args:
        model: family and links.
        engine: the rows.
        near: sums at a place near the maximum.
    """
    watch = Watch.at(model, engine, near.information)
    if watch is None or not watch.is_bounded:
        return None
    rows, step = engine.rows, residual_step(engine.stands_for)

    def beside(block: Block, etas: Sequence[Rows], terms: RowTerms) -> Glance:
        sums = _sums(model, block, model.theta(etas), terms.log_density, rows, step)
        return Glance(sums, watch.suspects(block, model.with_leverage(block, etas, terms)))

    return beside


def look(maximum: Maximum) -> Look:
    """All that a report says of the rows at the maximum, from one pass over them at most."""
    watch, totals = Watch.over(maximum), maximum.optimum.totals
    if watch is None:
        return Look(fit_sums(maximum), Influential(()))
    glimpsed = totals.beside if isinstance(totals, Totals) else None
    if isinstance(glimpsed, Glance) and not glimpsed.suspected:
        return Look(glimpsed.sums, Influential(()))
    model, gammas = maximum.model, maximum.gammas
    engine = maximum.engine.written_out() if watch.takes_steps else maximum.engine
    rows, step = engine.rows, residual_step(engine.stands_for)

    def term(block: Block) -> Look:
        etas = model.etas(block, gammas)
        terms = model.terms(block, etas, model.leverage_kind)
        sums = _sums(model, block, model.theta(etas), terms.log_density, rows, step)
        return Look(sums, watch.influential(block, terms))

    seen = engine.total(term, "goodness of fit")
    maximum.engine.passes = engine.passes
    return seen


def fit_sums(maximum: Maximum) -> FitSums:
    """Sums at the maximum."""
    model = maximum.model
    engine, gamma = without_zeros(maximum.engine, maximum.optimum.gamma)
    gammas = split(gamma, engine.predictors)
    rows, step = engine.rows, residual_step(engine.stands_for)

    def term(block: Block) -> FitSums:
        theta = model.theta(model.etas(block, gammas))
        log_density = model.family.log_density(block.y, *theta, **block.known)
        return _sums(model, block, theta, log_density, rows, step)

    sums = engine.total(term, "goodness of fit")
    maximum.engine.passes = engine.passes
    return sums


def residual_step(rows: int) -> int:
    """Every which of so many rows has its residual looked at."""
    return -(-rows // _RESIDUALS)


def _sums(
    model: Model, block: Block, theta: Sequence[Any], log_density: Rows, rows: int, step: int
) -> FitSums:
    check = is_checked(block, rows)
    return FitSums(
        tuple(
            loss_sums(model, block, loss, theta, log_density, check=check)
            for loss in model.family.losses
        ),
        _plain_sums(model.family, block, theta),
        _count_sums(model.family, block, theta),
        _piece(block, theta, step),
    )


def deviance(maximum: Maximum, gamma: Vector) -> float | None:
    """The deviance at any coefficients of a fit's predictors; None if the family has none."""
    model, engine = maximum.model, maximum.engine
    gammas = split(gamma, engine.predictors)

    def term(block: Block) -> float:
        theta = model.theta(model.etas(block, gammas))
        return _total(block, _unit_deviance(model.family, block, theta))

    return _number(engine.total(term, "null deviance"))


def _plain_sums(family: Family, block: Block, theta: Sequence[Any]) -> Vector:
    y, known = block.y, block.known
    mean, variance = family.mean(*theta, **known), family.variance(*theta, **known)
    pearson = None if mean is None or variance is None else (y - mean) ** 2 / variance
    spread = None if pearson is None else (pearson - 1) ** 2
    values = (1.0, _unit_deviance(family, block, theta), pearson, spread)
    return np.array([_total(block, value) for value in values])


def _unit_deviance(family: Family, block: Block, theta: Sequence[Any]) -> Rows | None:
    found = family.unit_deviance(block.y, *theta, **block.known)
    return found if found is None or block.precision is None else found * block.precision


def _count_sums(family: Family, block: Block, theta: Sequence[Any]) -> Vector:
    if not _is_count(family):
        return np.zeros((2, 0))
    values = [family.support.lower + k for k in range(_COUNTS)]
    seen = [block.total(block.y == k) for k in values]
    masses = family.first_masses(_COUNTS, *theta, **block.known)
    return np.array([seen, [block.total(mass) for mass in masses]])


def _piece(block: Block, theta: Sequence[Any], step: int) -> tuple[Piece, ...]:
    """The rows of a block whose residuals are looked at, if there are any."""
    rows, positions = block.every(step)
    if not len(rows):
        return ()
    # positions copy what they pick, so that no block is kept for its few rows
    return (
        Piece(
            block.y[rows],
            part(theta, rows),
            {key: values[rows] for key, values in block.known.items()},
            np.ones(len(rows)) if block.weight is None else block.weight[rows],
            positions,
        ),
    )


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
    residuals = power_sums(family, sums.spaced)
    enough = residuals.sums[0] >= _FEWEST and residuals.vary
    if df_residual > 0 and enough and maximum.engine.stands_for >= _FEWEST:
        facts["quantile_residuals"] = residuals.moments()
        if residuals.without:
            facts["rows_without_residual"] = residuals.without
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


def _total(block: Block, values: Any) -> float:
    return math.nan if values is None else block.total(values)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
