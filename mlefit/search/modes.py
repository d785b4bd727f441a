"""Several modes: under a prior with heavy tails a search ends in one of them.

Where the log-density of a prior is not concave a coefficient may have a mode near the
prior's centre and another where the rows want it. The search begins with the coefficients
at their start, and again from the mode under a normal prior as wide as the tails; then each
coefficient in turn is taken to the other of the two places. The highest mode found is the
answer. That there is no higher one is not proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.frozen import frozen
from mlefit.search.optimise import Optimum, Status

# Beyond so many coefficients they are no longer taken to the other place one by one.
_MOST_TURNS = 50
_SAME_HEIGHT = 1e-6  # nats
_SAME_PLACE = 1e-3  # standard errors


@frozen
class Modes:
    """The highest mode found, and how far below it the others are.

    Attributes:
        best: the mode.
        searches: how many were made.
        below: depth of each other mode, in nats, the highest first.
    """

    best: Optimum
    searches: int
    below: tuple[float, ...]


def highest_mode(
    find: Callable[[Vector], Optimum],
    height: Callable[[Optimum], float],
    first: Optimum,
    wide: Optimum,
    turned: Callable[[Optimum], Iterator[Vector]],
) -> Modes:
    """Search from several places.

    Args:
        find: a search from a place.
        height: minus the objective, corners included.
        first: where the search from the usual start ended.
        wide: the mode under priors as wide as the tails.
        turned: places with one coefficient moved, from a mode.
    """
    found = [first, find(wide.gamma)]
    best = max(found, key=_usable_first(height))
    for place in turned(best):
        mode = find(place)
        found.append(mode)
        if mode.status is Status.CONVERGED and height(mode) > height(best) + _SAME_HEIGHT:
            best = mode
    return Modes(best, len(found), tuple(_others(found, best, height)))


def turns(
    mode: Optimum, bent: Sequence[tuple[int, float]], to_user: Matrix, wide: Vector
) -> Iterator[Vector]:
    """For each coefficient with a prior, the mode with it at its centre or where the rows want it.

    Args:
        mode: a mode.
        bent: position and centre of each coefficient whose prior is not log-concave.
        to_user: the matrix T of beta = T gamma.
        wide: coefficients under priors as wide as the tails.
    """
    beta = to_user @ mode.gamma
    for j, centre in bent[:_MOST_TURNS]:
        other = beta.copy()
        near_centre = abs(beta[j] - centre) < abs(beta[j] - wide[j])
        other[j] = wide[j] if near_centre else centre
        yield np.linalg.solve(to_user, other)


def _usable_first(height: Callable[[Optimum], float]) -> Callable[[Optimum], tuple[bool, float]]:
    return lambda mode: (mode.status is Status.CONVERGED, height(mode))


def _others(
    found: Sequence[Optimum], best: Optimum, height: Callable[[Optimum], float]
) -> Iterator[float]:
    """Depths of the modes that are somewhere else than the best one and each other."""
    errors = 1 / np.sqrt(np.maximum(best.curvatures, np.finfo(float).tiny))
    seen = [best]
    for mode in sorted(found, key=height, reverse=True):
        known = any((np.abs(mode.gamma - m.gamma) <= _SAME_PLACE * errors).all() for m in seen)
        if mode.status is Status.CONVERGED and not known:
            seen.append(mode)
            yield height(best) - height(mode)
