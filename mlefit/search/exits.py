"""A search on its way to an edge of the family, told early.

Near an edge the likelihood rises like exp(-|eta|), so that Newton's steps in eta are one for
ever, a little is gained at each, and the rest of the coefficients stands still. Such an edge
is told by its steps where a simpler family can be asked about it. Where there is none the way
is followed to the value that stands for the edge, and further while much is gained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import numpy as np

from mlefit._types import Vector
from mlefit.engines.contract import Engine
from mlefit.families._records import Limit
from mlefit.likelihood import Model
from mlefit.search.course import Sums
from mlefit.support import Domain

_STEP = 0.5
_SETTLED = 0.01  # nats left to gain
_FLAT = 1.0  # information in eta: the edge is a standard error away, or less
# share of the way to the value that stands for the edge, where nobody looks any further
_TOO_FAR = 1.5

Leaving = Callable[[Vector, Vector, Sums, float], bool]


def stays(gamma: Vector, direction: Vector, now: Sums, decrement: float) -> bool:
    """No edge is watched."""
    return False


def leaving(model: Model, engine: Engine, held: Collection[int]) -> Leaving:
    """Tells from a place, a direction, the sums and the decrement a way that leads to an edge.

    Only for parameters without covariates.

    Args:
        model: family and links.
        engine: rows and predictors.
        held: positions of coefficients with a prior, which keeps them from an edge.
    """
    edges = _edges(model, engine, held)

    def is_leaving(gamma: Vector, direction: Vector, now: Sums, decrement: float) -> bool:
        settled = decrement < _SETTLED
        for at, eta, limit in edges:
            step, share = math.copysign(1.0, eta) * direction[at], gamma[at] / eta
            if limit.family is None:
                leaves = step > 0 and share > (1.0 if settled else _TOO_FAR)
            else:
                leaves = settled and step > _STEP and now.information[at, at] < _FLAT
            if leaves:
                return True
        return False

    return is_leaving


def _edges(model: Model, engine: Engine, held: Collection[int]) -> list[tuple[int, float, Limit]]:
    """Positions of the coefficients to watch, and the eta that stands for their edge."""
    names = [parameter.name for parameter in model.family.parameters]
    edges = []
    for limit in model.family.limits:
        k = names.index(limit.parameter)
        at = sum(predictor.size for predictor in engine.predictors[:k])
        predictor, ends = engine.predictors[k], model.links[k].ends
        is_plain = predictor.size == 1 and predictor.has_intercept
        domain = model.family.parameters[k].domain
        at_infinity = limit.end in ends or (domain == Domain.REAL and limit.family is None)
        if is_plain and at_infinity and at not in held:
            eta = float(model.links[k].forward(np.array([limit.value]))[0])
            edges.append((at, eta, limit))
    return edges
