"""The profile intervals of a fit, and what a reader is told of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlefit.inference import Reference
from mlefit.intervals import PROFILE, Ends, Intervals, Progress
from mlefit.maximise import Search, restarted
from mlefit.maximum import Maximum
from mlefit.optimise import Status
from mlefit.places import places
from mlefit.profile import HigherError, Profile, profiles
from mlefit.request import Request

_MOST_RESTARTS = 5


def profiled(request: Request, maximum: Maximum, search: Search, tell: Progress) -> Intervals:
    """Profile intervals; where one leads higher than the fit, the fit goes on from there."""
    reference = Reference()
    if request.small_sample:
        reference = Reference(maximum.moments.rows - maximum.engine.predictors[0].size)
    quantile = reference.quantile(request.conf_level)
    notes: list[str] = []
    for _ in range(_MOST_RESTARTS):
        try:
            found = profiles(maximum, search, quantile, lambda i, n: tell("profiles", i, n))
        except HigherError as higher:
            maximum = restarted(maximum, higher.gamma, search)
            notes.append(
                f"profiling came to a place {higher.rise:.3g} nats above the maximum that the "
                "search had ended at, so the search went on from there"
            )
            if maximum.optimum.status is not Status.CONVERGED:
                return Intervals(maximum, notes=tuple(notes))
            continue
        ends = tuple(Ends(one.low.value, one.high.value, one.root) for one in found)
        return Intervals(maximum, PROFILE, ends, notes=(*notes, *_missing(maximum, found)))
    lower = replace(maximum, optimum=replace(maximum.optimum, status=Status.NOT_HIGHEST))
    return Intervals(lower, notes=tuple(notes))


def _missing(maximum: Maximum, found: Sequence[Profile]) -> Iterator[str]:
    """What is said of each end that is not where the profile has fallen far enough."""
    for place, profile in zip(places(maximum), found, strict=True):
        ends = (profile.high, profile.low) if place.falls else (profile.low, profile.high)
        for side, end in zip(("lower", "upper"), ends, strict=True):
            if end.reason and end.value is None:
                yield f"{place.name} has no {side} end: {end.reason}"
            elif end.reason:
                yield f"the {side} end of {place.name} is where {end.reason}"
