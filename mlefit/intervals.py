"""Intervals that do not come from standard errors: of the profile likelihood, or resampled.

What they are made with is loaded when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from mlefit._types import Matrix
from mlefit.errors import UsageError
from mlefit.families._base import Family
from mlefit.inference import Reference
from mlefit.maximise import Search, restarted
from mlefit.maximum import Maximum
from mlefit.optimise import Status
from mlefit.penalty import Assigned
from mlefit.priors._base import InformationPrior
from mlefit.request import Request

if TYPE_CHECKING:
    from mlefit.profile import Profile

PROFILE = "profile"

_MOST_RESTARTS = 5

Progress = Callable[[str, int, int], None]


class Ends(NamedTuple):
    """The ends of an interval, and the signed root of the likelihood ratio against zero.

    An end that does not exist is None.
    """

    low: float | None
    high: float | None
    root: float | None = None


@dataclass(frozen=True)
class Intervals:
    """Intervals of the free coefficients, and the fit they are about.

    Attributes:
        maximum: the fit; a higher one than was given where profiling found it.
        method: what the ends come from, in a word; empty if there are none.
        ends: one for each free coefficient of the user's columns.
        covariance: of resampled estimates, shape (p, p); None if none were drawn.
        notes: what a person should know.
        warnings: what a person must know.
    """

    maximum: Maximum
    method: str = ""
    ends: tuple[Ends, ...] = ()
    covariance: Matrix | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check(request: Request, family: Family, priors: Sequence[Assigned]) -> None:
    """Whether the intervals asked for have a meaning.

    Raises:
        UsageError: they have not.
    """
    if request.ci != PROFILE:
        return
    without = ["the same without --ci profile"]
    if request.sampling_weights:
        raise UsageError(
            "--ci profile: a ratio of likelihoods under sampling weights does not have the "
            "chi-square distribution, for a sampled row stands for rows that were not seen",
            tries=without,
        )
    if request.small_sample:
        raise UsageError(
            "--ci profile follows the likelihood as it is, and --small-sample another divisor "
            "and Student's t",
            tries=["--ci profile   or   --small-sample"],
        )
    if request.se not in (None, "observed", "expected") or request.cluster:
        kind = "cluster" if request.cluster else request.se
        raise UsageError(
            f"--ci profile takes the likelihood at its word, and --se {kind} does not",
            tries=["the same without --se", *without] if request.se else without,
        )
    others = [one for one in priors if not isinstance(one.prior, InformationPrior)]
    if others:
        raise UsageError(
            f"--ci profile: the height of a posterior under {others[0].prior} is no likelihood "
            "ratio, and its interval is a credible one already",
            tries=[*without, "--prior jeffreys"],
        )


def intervals(request: Request, maximum: Maximum, search: Search, tell: Progress) -> Intervals:
    """The intervals asked for, where the fit can have them.

    Args:
        request: what was asked for.
        maximum: the fit.
        search: how to search on.
        tell: takes what the work is at, the steps done and all of them.
    """
    penalty = maximum.penalty
    by_default = penalty is not None and penalty.of_information and request.ci is None
    # a profile is measured from the top
    top = maximum.optimum.status is Status.CONVERGED and not maximum.runs_to_edge
    if top and (request.ci == PROFILE or by_default):
        return _profiled(request, maximum, search, tell)
    return Intervals(maximum)


def _profiled(request: Request, maximum: Maximum, search: Search, tell: Progress) -> Intervals:
    """Profile intervals; where one leads higher than the fit, the fit goes on from there."""
    from mlefit.profile import HigherError, profiles

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
    at = 0
    parts = zip(
        maximum.model.family.parameters,
        maximum.model.links,
        maximum.engine.predictors,
        maximum.betas,
        strict=True,
    )
    for parameter, link, predictor, beta in parts:
        plain = predictor.is_constant and predictor.size == 1
        falls = plain and link.slope(beta[:1])[0] < 0
        for j, column in enumerate(predictor.columns):
            name = parameter.name if plain else f"{parameter.name}:{column.label}"
            profile = found[at + j]
            ends = (profile.high, profile.low) if falls else (profile.low, profile.high)
            for side, end in zip(("lower", "upper"), ends, strict=True):
                if end.reason and end.value is None:
                    yield f"{name} has no {side} end: {end.reason}"
                elif end.reason:
                    yield f"the {side} end of {name} is where {end.reason}"
        at += predictor.size
