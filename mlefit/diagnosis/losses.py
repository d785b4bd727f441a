"""The loss-equivalence record: the fit's negative log-likelihood, read as a loss.

Each loss is computed from its own definition on the rows of the fit. Its scale and
constant turn it into the NLL; what remains between the two is the identity's error,
and the slopes of both in the location are compared row by row. Of many rows both are
looked at on some, in blocks spread evenly over all, and the record says on how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlefit._types import Rows, Vector
from mlefit.design.blocks import Block
from mlefit.families._records import Loss
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.results.fit import LossRecord
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status

# Rows on which a loss is held against the NLL: evenly spaced blocks of about so many.
_CHECKED = 65_536


@frozen
class LossSums:
    """Sums over rows of one loss; they add, except the extremes, which compare.

    Attributes:
        rows: sum of the weights.
        value: of the loss.
        constant: what its scale does not account for in the NLL.
        checked: rows on which the loss is held against the NLL.
        nll: negative log-likelihood of these.
        rebuilt: the same from the loss, its scale and its constant.
        low: smallest scale and smallest parameters that the loss is made with.
        high: the largest ones.
        gradient_error: largest relative distance of a slope of the loss from that of the NLL.
    """

    rows: float
    value: float
    constant: float
    checked: int
    nll: float
    rebuilt: float
    low: Vector
    high: Vector
    gradient_error: float

    def __add__(self, other: LossSums) -> LossSums:
        return LossSums(
            self.rows + other.rows,
            self.value + other.value,
            self.constant + other.constant,
            self.checked + other.checked,
            self.nll + other.nll,
            self.rebuilt + other.rebuilt,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            max(self.gradient_error, other.gradient_error),
        )


def is_checked(block: Block, rows: int) -> bool:
    """Whether a block of so many rows is one of those that a loss is held against the NLL on."""
    m = len(block.y)
    apart = max(rows * m // _CHECKED, 1)
    return -block.start % apart < m


def loss_sums(
    model: Model,
    block: Block,
    loss: Loss,
    theta: Sequence[Any],
    log_density: Rows,
    *,
    check: bool,
) -> LossSums:
    """One block's share of a loss and of the NLL it should equal.

    Args:
        model: family and links.
        block: rows.
        loss: a loss of the family.
        theta: fitted parameters of the rows.
        log_density: of the rows.
        check: whether to hold the loss against the NLL row by row.
    """
    y, known = block.y, block.known
    moving, rest = loss.parts(theta)
    given = loss.made_with(model.family.parameters, theta)
    value = loss.value(y, *moving, **known, **given)
    scale = np.asarray(loss.scale(*rest), dtype=float)
    constant = np.asarray(loss.constant(y, *rest, **known), dtype=float)
    nll, rebuilt, gradient_error = 0.0, 0.0, 0.0
    if check:
        slopes = [scale * slope for slope in loss.slopes(y, moving, **known, **given)]
        scores = model.family.score(y, *theta, **known)[: len(slopes)]
        nll, rebuilt = -block.total(log_density), block.total(scale * value + constant)
        gradient_error = max(_largest_distance(s, -t) for s, t in zip(slopes, scores, strict=True))
    return LossSums(
        rows=block.total(1.0),
        value=block.total(value),
        constant=block.total(constant),
        checked=len(y) if check else 0,
        nll=nll,
        rebuilt=rebuilt,
        low=np.array([one.min() for one in (scale, *given.values())]),
        high=np.array([one.max() for one in (scale, *given.values())]),
        gradient_error=gradient_error,
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
        # one factor for all rows, of one loss: a threshold of k sigma differs with sigma
        same_for_all = bool((total.high - total.low <= 1e-12 * np.abs(total.high)).all())
        records.append(
            LossRecord(
                name=loss.name,
                parameter=loss.parameter,
                formula=loss.formula,
                value=total.value / total.rows,
                scale_to_nll=float(total.high[0]) if same_for_all else None,
                constant_to_nll=total.constant / total.rows if same_for_all else None,
                identity_error=abs(total.rebuilt - total.nll) / max(abs(total.nll), 1e-300),
                gradient_error=total.gradient_error,
                holds_fixed=[] if loss.joint else others,
                apis=loss.apis.get(link, {}) if free and same_for_all and determined else {},
                same_loss=loss.same_loss.get(link, {}) if free and same_for_all else {},
                rows_checked=total.checked if total.checked < maximum.engine.rows else None,
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


def _largest_distance(one: Rows, other: Rows) -> float:
    size = np.maximum(np.abs(one), np.abs(other))
    distance = np.divide(np.abs(one - other), size, where=size > 0, out=np.zeros_like(size))
    return float(distance.max(initial=0.0))
