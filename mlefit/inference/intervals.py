"""Intervals that do not come from standard errors: of the profile likelihood, or resampled.

What they are made with is loaded when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from mlefit._types import Matrix
from mlefit.errors import UsageError
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.priors._base import InformationPrior
from mlefit.request import Request
from mlefit.results.fit import Bootstrap
from mlefit.search.maximum import Maximum
from mlefit.search.penalty import Assigned

if TYPE_CHECKING:
    from mlefit.inference.constrained import Smooth

PROFILE = "profile"
BOOTSTRAP = "bootstrap"

BCA = "bca"


class Ends(NamedTuple):
    """The ends of an interval.

    Attributes:
        low: None if there is no lower end.
        high: the same above.
        why_low: why there is none, or why it lies where it does; else empty.
        why_high: the same above.
        root: signed root of the likelihood ratio against zero, where that was asked.
    """

    low: float | None
    high: float | None
    why_low: str = ""
    why_high: str = ""
    root: float | None = None

    def remarks(self, name: str) -> Iterator[str]:
        """What is said of an end that does not exist, or is where the domain ends."""
        for side, end, why in (
            ("lower", self.low, self.why_low),
            ("upper", self.high, self.why_high),
        ):
            if why:
                yield (
                    f"{name} has no {side} end: {why}"
                    if end is None
                    else (f"the {side} end of {name} is where {why}")
                )

    @property
    def turned(self) -> Ends:
        """Those of what falls as this grows."""
        return Ends(self.high, self.low, self.why_high, self.why_low, self.root)


@frozen
class Intervals:
    """Intervals of the free coefficients, and the fit they are about.

    Attributes:
        maximum: the fit; a higher one than was given where profiling found it.
        method: what the ends come from, in a word; empty if there are none.
        ends: one for each free coefficient of the user's columns.
        ends_of: gives those of any smooth function; None where errors give them.
        at_edges: of parameters at an edge of the family, by name.
        covariance: of drawn estimates, shape (p, p); None without draws.
        bootstrap: what was drawn.
        notes: what a person should know.
        warnings: what a person must know.
    """

    maximum: Maximum
    method: str = ""
    ends: tuple[Ends, ...] = ()
    ends_of: Callable[[Smooth], Ends] | None = None
    at_edges: Mapping[str, Ends] = field(default_factory=dict)
    covariance: Matrix | None = None
    bootstrap: Bootstrap | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check(request: Request, family: Family, priors: Sequence[Assigned]) -> None:
    """Whether the intervals asked for have a meaning.

    Raises:
        UsageError: they have not.
    """
    if BOOTSTRAP in (request.ci, request.se):
        _check_draws(request, family, priors)
    elif request.bootstrap or request.bootstrap_interval:
        flag = "--bootstrap" if request.bootstrap else "--bootstrap-interval"
        raise UsageError(f"{flag} says how to draw, and nothing is drawn", tries=["--ci bootstrap"])
    if request.ci == PROFILE:
        _check_profile(request, priors)


def _check_draws(request: Request, family: Family, priors: Sequence[Assigned]) -> None:
    if priors:
        raise UsageError(
            "the bootstrap tells how an estimate scatters from sample to sample, and under a prior "
            "the interval is about the parameter, given this sample",
            tries=["the same without bootstrap"],
        )
    if request.small_sample:
        raise UsageError(
            "--small-sample corrects a formula for the error, and the bootstrap uses none",
            tries=["the same without --small-sample"],
        )
    if request.bootstrap == "parametric":
        from mlefit.diagnosis.gof import check_drawable

        flag = "--bootstrap parametric"
        check_drawable(flag, request, family, instead=["--bootstrap rows"])
        if request.cluster:
            raise UsageError(
                f"{flag} draws each row for itself, and --cluster says that they hang together",
                tries=["--bootstrap rows"],
            )


def _check_profile(request: Request, priors: Sequence[Assigned]) -> None:
    by_errors = ["mlefit fit --ci wald"]
    if request.sampling_weights:
        raise UsageError(
            "no profile: a ratio of likelihoods under sampling weights does not have the "
            "chi-square distribution, for a sampled row stands for rows that were not seen",
            tries=by_errors,
        )
    if request.small_sample:
        raise UsageError(
            "a profile follows the likelihood as it is, and --small-sample another divisor and "
            "Student's t",
            tries=["the same without --small-sample", *by_errors],
        )
    if request.se not in (None, "observed", "expected") or request.cluster:
        flag = f"--se {request.se}" if request.se else "--cluster"
        raise UsageError(
            f"a profile takes the likelihood at its word, and {flag} does not",
            tries=[f"the same without {flag}", *by_errors],
        )
    others = [one for one in priors if not isinstance(one.prior, InformationPrior)]
    if others:
        raise UsageError(
            f"no profile: the height of a posterior under {others[0].prior} is no likelihood "
            "ratio, and the interval of a fit with priors is a credible one already",
            tries=["--prior jeffreys", *by_errors],
        )
