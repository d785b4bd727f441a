"""The loss-equivalence record: the fit's negative log-likelihood, read as a loss.

Each loss is computed from its own definition on the rows of the fit, then turned
into the NLL by its scale and constant. What remains between the two is the
identity's error; the slopes of both in the location are compared row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.design.blocks import Block
from mlefit.families._base import Loss
from mlefit.likelihood import Model
from mlefit.maximise import Maximum
from mlefit.optimise import Status
from mlefit.results import LossRecord


@dataclass(frozen=True)
class LossSums:
    """Sums over rows of one loss; they add, except the extremes, which compare."""

    rows: float
    value: float
    nll: float
    rebuilt: float
    constant: float
    scale_low: float
    scale_high: float
    gradient_error: float

    def __add__(self, other: LossSums) -> LossSums:
        return LossSums(
            self.rows + other.rows,
            self.value + other.value,
            self.nll + other.nll,
            self.rebuilt + other.rebuilt,
            self.constant + other.constant,
            min(self.scale_low, other.scale_low),
            max(self.scale_high, other.scale_high),
            max(self.gradient_error, other.gradient_error),
        )


def loss_sums(model: Model, block: Block, loss: Loss, theta: Sequence[Any]) -> LossSums:
    """One block's share of a loss and of the NLL it should equal.

    Args:
        model: family and links.
        block: rows.
        loss: a loss of the family, in its first parameter.
        theta: fitted parameters of the rows.
    """
    y, known = block.y, block.known
    mu, *rest = theta
    given = loss.made_with(model.family.parameters, theta)
    value = loss.value(y, mu, **known, **given)
    scale = np.broadcast_to(loss.scale(*rest), y.shape)
    constant = np.broadcast_to(loss.constant(y, *rest, **known), y.shape)
    nll = -model.family.log_density(y, *theta, **known)
    slope = scale * loss.slope(y, mu, **known, **given)
    nll_slope = -model.family.score(y, *theta, **known)[0]
    return LossSums(
        rows=_sum(block, np.ones_like(y)),
        value=_sum(block, value),
        nll=_sum(block, nll),
        rebuilt=_sum(block, scale * value + constant),
        constant=_sum(block, constant),
        scale_low=float(scale.min()),
        scale_high=float(scale.max()),
        gradient_error=_largest_distance(slope, nll_slope),
    )


def loss_records(maximum: Maximum, sums: Sequence[LossSums], *, free: bool) -> list[LossRecord]:
    """The records of a fit, from the sums over all rows.

    Args:
        maximum: the fit.
        sums: one entry for each loss of the family.
        free: whether the coefficients are those of an unweighted, unrestricted fit, so
            that plain settings elsewhere give the same ones.
    """
    model = maximum.model
    link = model.links[0].name
    others = [parameter.name for parameter in model.family.parameters[1:]]
    determined = _is_determined(maximum)
    records = []
    for loss, total in zip(model.family.losses, sums, strict=True):
        constant_scale = total.scale_high - total.scale_low <= 1e-12 * total.scale_high
        records.append(
            LossRecord(
                name=loss.name,
                parameter=loss.parameter,
                formula=loss.formula,
                value=total.value / total.rows,
                scale_to_nll=total.scale_high if constant_scale else None,
                constant_to_nll=total.constant / total.rows if constant_scale else None,
                identity_error=abs(total.rebuilt - total.nll) / max(abs(total.nll), 1e-300),
                gradient_error=total.gradient_error,
                holds_fixed=others,
                apis=loss.apis.get(link, {}) if free and constant_scale and determined else {},
                same_loss=loss.same_loss.get(link, {}) if free and constant_scale else {},
            )
        )
    return records


def _is_determined(maximum: Maximum) -> bool:
    """Whether these are the only coefficients of least loss, an intercept among them."""
    return (
        maximum.optimum.status is Status.CONVERGED
        and maximum.engine.predictors[0].has_intercept
        and not any(maximum.redundant)
        and (maximum.vertex is None or maximum.vertex.unique)
    )


def _sum(block: Block, values: Rows) -> float:
    return float(block.weighted(np.broadcast_to(values, block.y.shape)).sum())


def _largest_distance(one: Rows, other: Rows) -> float:
    size = np.maximum(np.abs(one), np.abs(other))
    distance = np.divide(np.abs(one - other), size, where=size > 0, out=np.zeros_like(size))
    return float(distance.max(initial=0.0))
