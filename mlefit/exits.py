"""A search on its way to an edge of the family, told early.

Near an edge the likelihood rises like exp(-|eta|), so that Newton's steps in eta are one for
ever, a little is gained at each, and the rest of the coefficients stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from mlefit._types import Vector
from mlefit.engines.local import LocalEngine
from mlefit.likelihood import Model
from mlefit.optimise import Sums

_STEP = 0.5
_SETTLED = 0.01  # nats left to gain
_FLAT = 1.0  # information in eta: the edge is a standard error away, or less

Leaving = Callable[[Vector, Sums, float], bool]


def stays(direction: Vector, now: Sums, decrement: float) -> bool:
    """No edge is watched."""
    return False


def leaving(model: Model, engine: LocalEngine, held: Collection[int]) -> Leaving:
    """Tells from a direction, the sums and the decrement a way that leads to an edge.

    Only for parameters without covariates whose edge is a simpler family: it can be asked.

    Args:
        model: family and links.
        engine: rows and predictors.
        held: positions of coefficients with a prior, which keeps them from an edge.
    """
    sides = _sides(model, engine, held)

    def is_leaving(direction: Vector, now: Sums, decrement: float) -> bool:
        return decrement < _SETTLED and any(
            side * direction[at] > _STEP and now.information[at, at] < _FLAT
            for at, side in sides.items()
        )

    return is_leaving


def _sides(model: Model, engine: LocalEngine, held: Collection[int]) -> dict[int, float]:
    """Positions of the coefficients to watch, and the sign of eta at their edge."""
    names = [parameter.name for parameter in model.family.parameters]
    sides: dict[int, float] = {}
    for limit in model.family.limits:
        k = names.index(limit.parameter)
        at = sum(predictor.size for predictor in engine.predictors[:k])
        predictor, ends = engine.predictors[k], model.links[k].ends
        is_plain = predictor.size == 1 and predictor.has_intercept
        if is_plain and limit.family is not None and limit.end in ends and at not in held:
            sides[at] = 1.0 if ends[1] == limit.end else -1.0
    return sides
