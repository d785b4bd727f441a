"""The maximum as a function of the strength: where to begin, which strengths, and the way down.

With a corner no coefficient leaves the centre until the strength falls below

    max_j |g_j| / (corner weight per unit of strength)

where g is the slope of the NLL with all of them at the centre (R. Tibshirani et al. 2012,
J. R. Stat. Soc. B 74, 245-266). A smooth prior has no such place: its strengths run from
a hundred times the largest information of a coefficient, where the rows move nothing, to
a small part of the least.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from mlefit._types import Vector
from mlefit.engines.contract import Engine
from mlefit.likelihood import Model
from mlefit.search.climb import Search
from mlefit.search.maximise import continued, continued_together, maximise
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.search.penalty import Assigned
from mlefit.search.sparse import slopes_at
from mlefit.search.together import Guide
from mlefit.strength.varying import Varying

DEFAULT_STEPS = 50

_STRONGEST = 1e12
_STRONGER = 1e6
_TRIALS = 20
_NEAR_CENTRE = 1e-3  # in standard errors
_STEPS_FROM_NEARBY = 20  # a warm start needs a few; more mean that there is no maximum
_SMALLEST_SHARE = 1e-3
_AT_ONCE = 20
# of more columns than these, only as many at once as pay: a search over their signs costs more
# the further away it begins, and a pass over few rows costs little
_FEW_COLUMNS = 200
_LEAST_AT_ONCE = 2
_ROWS_PER_COLUMN = 8
# the slope at the centre is known to rounding, so the exact place would release one by chance
_JUST_ABOVE = 1 + 1e-9


def at_the_centre(model: Model, engine: Engine, search: Search, varying: Varying) -> Maximum:
    """The maximum under a prior so strong that its coefficients are at its centre."""
    strength = _STRONGEST
    maximum = maximise(model, engine, search, varying.at(strength))
    for _ in range(_TRIALS):
        shift = np.abs(varying.away(maximum))
        allowed = 0.0 if varying.corner_share else _NEAR_CENTRE
        if not shift.any():
            break
        if (shift * np.sqrt(information_of_rows(maximum, varying)) <= allowed).all():
            break
        strength *= _STRONGER
        maximum = continued(maximum, search, varying.at(strength))
    return maximum


def information_of_rows(maximum: Maximum, varying: Varying) -> Vector:
    """What the rows alone say about each coefficient of the varying prior, shape (k,)."""
    points = maximum.optimum.gamma[None]
    slopes = slopes_at(maximum.model, maximum.engine, points, "expected")
    return np.maximum(slopes.diagonal[0][varying.places(maximum)], 0.0)


def strengths(centre: Maximum, varying: Varying, count: int) -> Vector:
    """Strengths to try, evenly spaced on the log scale, the strongest first.

    Args:
        centre: the maximum with all coefficients at the prior's centre.
        varying: the priors.
        count: how many.
    """
    if varying.corner_share >= _SMALLEST_SHARE:
        highest = release(centre, varying)
        wide = centre.engine.stands_for <= sum(p.size for p in centre.engine.predictors)
        # with more coefficients than rows the weak end only interpolates: not so far
        lowest = highest * (1e-3 if wide else 1e-4)
        return np.geomspace(highest, lowest, count)
    information = information_of_rows(centre, varying)
    known = information[information > 0]
    if not len(known):
        known = np.ones(1)
    return np.geomspace(1e2 * known.max(), 1e-4 * known.min(), count)


def release(centre: Maximum, varying: Varying) -> float:
    """The least strength that holds every coefficient at the centre."""
    slopes = np.abs(centre.optimum.totals.score[varying.places(centre)])
    steepest = float(slopes.max(initial=0.0))
    return _JUST_ABOVE * (steepest or 1.0) / varying.corner_share


def follow(
    start: Maximum, search: Search, varying: Varying, strengths: Iterable[float]
) -> Iterator[Maximum]:
    """The maxima at the strengths, each searched from the one before.

    The last is the first that is none: under weaker priors still less has a maximum.
    """
    brief = replace(search, max_iter=min(search.max_iter, _STEPS_FROM_NEARBY))
    for maximum in _followed(start, brief, [varying.at(float(s)) for s in strengths]):
        yield maximum
        if maximum.optimum.status is not Status.CONVERGED:
            return


def _followed(
    maximum: Maximum, search: Search, several: Sequence[Sequence[Assigned]]
) -> Iterator[Maximum]:
    corners = maximum.penalty is not None and maximum.penalty.has_corners
    if not corners or maximum.vertex is not None:
        for priors in several:
            maximum = continued(maximum, search, priors)
            yield maximum
        return
    guide = Guide()
    rows, columns = maximum.engine.rows, len(maximum.optimum.gamma)
    paying = max(rows // (_ROWS_PER_COLUMN * columns), _LEAST_AT_ONCE)
    at_once = _AT_ONCE if columns <= _FEW_COLUMNS else min(paying, _AT_ONCE)
    done = 0
    while done < len(several):
        # where the information hardly changes any more, a pass may serve more strengths
        size = 2 * at_once if guide.near else at_once
        for found in continued_together(maximum, search, several[done : done + size], guide):
            maximum = found
            yield found
        done += size
