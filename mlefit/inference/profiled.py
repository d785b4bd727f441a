"""The profile intervals of a fit, and what a reader is told of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from mlefit._types import Vector
from mlefit.inference.constrained import Smooth
from mlefit.inference.covariance import Reference
from mlefit.inference.edge_profile import edge_ends
from mlefit.inference.intervals import PROFILE, Ends, Intervals
from mlefit.inference.places import places
from mlefit.inference.profile import HIGHER, HigherError, of_function, profiles
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.search.maximise import restarted
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.telling import Tell

Made = TypeVar("Made")

_MOST_RESTARTS = 5
_LOOKED_AT = 17
_CORNER = "the profile of a location with a corner is that of one coefficient, not of a function"


def from_the_top(
    maximum: Maximum, search: Search, work: Callable[[Maximum], Made]
) -> tuple[Maximum, Made | None, list[str]]:
    """Do work that profiles a fit; where it leads higher, go on from there and do it again.

    Returns:
        The fit at last, what the work made of it, and what happened on the way. Nothing is
        made where the search from the higher place comes to no maximum.
    """
    notes: list[str] = []
    for _ in range(_MOST_RESTARTS):
        try:
            return maximum, work(maximum), notes
        except HigherError as higher:
            maximum = restarted(maximum, higher.gamma, search)
            notes.append(
                f"profiling came to a place {higher.rise:.3g} nats above the maximum that the "
                "search had ended at, so the search went on from there"
            )
            if maximum.optimum.status is not Status.CONVERGED:
                return maximum, None, notes
    lower = replace(maximum, optimum=replace(maximum.optimum, status=Status.NOT_HIGHEST))
    return lower, None, notes


def profiled(request: Request, maximum: Maximum, search: Search, tell: Tell) -> Intervals:
    """The profile intervals of a fit, or of the higher one that they lead to."""
    reference = Reference()
    if request.small_sample:
        reference = Reference(maximum.moments.rows - maximum.engine.predictors[0].size)
    quantile = reference.quantile(request.conf_level)
    maximum, found, notes = from_the_top(
        maximum,
        search,
        lambda top: profiles(top, search, quantile, lambda i, n: tell("profiles", i, n)),
    )
    if found is None:
        return Intervals(maximum, notes=tuple(notes))
    remarks = [
        line
        for place, one in zip(places(maximum), found, strict=True)
        for line in (one.turned if place.falls else one).remarks(place.name)
    ]
    at_edges = edge_ends(maximum, search, quantile) if maximum.edges else {}
    remarks += [line for name, one in at_edges.items() for line in one.remarks(name)]
    of = partial(_of, maximum, search, found, quantile)
    return Intervals(maximum, PROFILE, found, of, at_edges, notes=(*notes, *remarks))


def _of(
    maximum: Maximum, search: Search, single: Sequence[Ends], quantile: float, function: Smooth
) -> Ends:
    """The ends of a function of the coefficients, whose own are known."""
    if maximum.vertex is not None:
        return _mapped(function, np.concatenate(maximum.betas), single)
    try:
        return of_function(maximum, search, function).ends(quantile)
    except HigherError:
        return Ends(None, None, HIGHER, HIGHER)


def _mapped(function: Smooth, beta: Vector, single: Sequence[Ends]) -> Ends:
    """The ends of a function of one coefficient that rises or falls with it all the way."""
    if len(function.positions) != 1:
        return Ends(None, None, _CORNER, _CORNER)
    (position,) = function.positions
    ends = single[position]
    if ends.low is None or ends.high is None:
        return Ends(None, None, ends.why_low or ends.why_high, ends.why_low or ends.why_high)
    along = np.repeat(beta[None], _LOOKED_AT, axis=0)
    along[:, position] = np.linspace(ends.low, ends.high, _LOOKED_AT)
    slopes = np.array([function.gradient(at)[position] for at in along])
    if not (slopes > 0).all() and not (slopes < 0).all():
        return Ends(None, None, _CORNER, _CORNER)
    low, high = sorted((function.value(along[0]), function.value(along[-1])))
    return Ends(low, high)
