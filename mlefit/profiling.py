"""`mlefit profile`: quantities by name, their profiles, and Wald's parabolas beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

import mlefit
from mlefit.errors import UntrustworthyError
from mlefit.fitting import COUNTING, Prepared, prepare
from mlefit.inference.boundary import highest
from mlefit.inference.covariance import Reference
from mlefit.inference.intervals import Ends
from mlefit.inference.places import names
from mlefit.inference.profile import Place
from mlefit.inference.profiled import from_the_top
from mlefit.inference.subjects import Subject, resolved, subjects
from mlefit.provenance import data_info
from mlefit.request import ProfileRequest
from mlefit.results.profile import (
    SCHEMA,
    ProfileInterval,
    ProfilePoint,
    ProfileResult,
    ProfileTest,
)
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.search.verdict import no_maximum
from mlefit.telling import Tell, unheard

# The curve goes on beyond the widest interval, and to a root of this at least.
_BEYOND = 1.2
_LEAST_ROOT = 2.5
# Where there is no end it goes so many standard errors away.
_FAR = 6.0

Log = Callable[[str], None]


def run(
    request: ProfileRequest,
    log: Log = lambda line: None,
    progress: Tell = unheard,
) -> ProfileResult:
    """Profile what a request names.

    Args:
        request: the words of the command.
        log: takes one line for each step of the work.
        progress: takes what the work is at, the steps done and all of them.

    Raises:
        MlefitError: the request or the data make no profile possible.
    """
    prepared = prepare(request.common, log, progress, COUNTING)
    common = prepared.request
    quiet = Search(common.tol, common.max_iter)
    derived = [text.partition("=")[0].strip() for text in common.derive]
    resolved(request.params, [*names(prepared.family.parameters, prepared.predictors), *derived])
    with np.errstate(all="ignore"):
        found = highest(prepared.model, prepared.engine, replace(quiet, log=log), prepared.priors)
        _refuse(found, prepared)
        maximum, result, notes = from_the_top(
            found, quiet, lambda top: _profiled(request, prepared, top, quiet, progress)
        )
        if result is None:
            _refuse(maximum, prepared)
            raise UntrustworthyError(f"no profile: {Status.NOT_HIGHEST.value}")
    return replace(result, notes=(*prepared.notes, *notes, *result.notes))


def _refuse(maximum: Maximum, prepared: Prepared) -> None:
    """A profile is measured from a maximum."""
    if maximum.status is Status.CONVERGED:
        return
    verdict = no_maximum(maximum, prepared.roles, prepared.table)
    first, *more = (verdict or maximum.optimum.status.value).splitlines()
    raise UntrustworthyError(f"no profile: {first}", *(line.strip() for line in more))


def _profiled(
    request: ProfileRequest,
    prepared: Prepared,
    maximum: Maximum,
    search: Search,
    progress: Tell,
) -> ProfileResult:
    common, roles = request.common, prepared.roles
    every = {one.name: one for one in subjects(common.derive, maximum, search)}
    # a column that says nothing new was left out since the names were looked at
    asked = [every[name] for name in resolved(request.params, list(every))]
    quantiles = {level: Reference().quantile(level) for level in request.levels}
    intervals: list[ProfileInterval] = []
    points: list[ProfilePoint] = []
    tests: list[ProfileTest] = []
    for done, subject in enumerate(asked):
        progress("profiles", done, len(asked))
        intervals += [_interval(subject, level, q) for level, q in quantiles.items()]
        points += _points(subject, max(quantiles.values()), request.points)
        root = subject.curve.root(0.0) if subject.tested else None
        if root is not None:
            tests.append(ProfileTest(subject.name, root, Reference().p_value(root)))
    progress("profiles", len(asked), len(asked))
    family = maximum.wanted.family
    links = zip(family.parameters, maximum.wanted.links, strict=True)
    return ProfileResult(
        schema=SCHEMA,
        mlefit_version=mlefit.__version__,
        command=common.command,
        data=data_info(common, prepared.source, roles, prepared.rows, prepared.table),
        family=family.label,
        title=family.heading,
        formulas={name: formula.text for name, formula in roles.formulas.items()},
        links={parameter.name: link.name for parameter, link in links},
        objective="likelihood" if maximum.penalty is None else "penalised likelihood",
        log_likelihood=-maximum.nll,
        cuts={f"{level:g}": -(q**2) / 2 for level, q in quantiles.items()},
        intervals=intervals,
        tests=tests,
        curves=points,
        notes=tuple(_remarks(intervals)),
    )


def _interval(subject: Subject, level: float, quantile: float) -> ProfileInterval:
    ends, wald = subject.ends(quantile), subject.wald_ends(quantile)
    low_drop, high_drop = (_drop(subject.curve.near(subject.scale.to(end))) for end in wald)
    return ProfileInterval(
        name=subject.name,
        expression=subject.expression,
        level=level,
        estimate=subject.estimate,
        std_error=_finite(subject.std_error),
        conf_low=ends.low,
        conf_high=ends.high,
        low_reason=ends.why_low,
        high_reason=ends.why_high,
        wald_low=_finite(wald[0]),
        wald_high=_finite(wald[1]),
        wald_low_drop=low_drop,
        wald_high_drop=high_drop,
        wald_scale=subject.wald.name,
    )


def _points(subject: Subject, quantile: float, count: int) -> list[ProfilePoint]:
    """The curve from its lowest shown value up."""
    curve = subject.curve
    reach = max(_BEYOND * quantile, _LEAST_ROOT)
    ends = [curve.end(-reach)[0], curve.end(reach)[0]]
    low = curve.estimate - _FAR * curve.std_error if ends[0] is None else ends[0]
    high = curve.estimate + _FAR * curve.std_error if ends[1] is None else ends[1]
    # the path leads away from the estimate on either side
    half = (count - 1) // 2
    below = list(curve.along(np.linspace(curve.estimate, low, half + 1)[1:].tolist()))
    above = list(curve.along(np.linspace(curve.estimate, high, count - half)[1:].tolist()))
    places = [*below[::-1], curve.top, *above]
    found = [_point(subject, place) for place in places]
    return found[::-1] if subject.falls else found


def _point(subject: Subject, place: Place) -> ProfilePoint:
    value = subject.scale.back(place.at)
    root = place.root if math.isfinite(place.root) and place.converged else None
    return ProfilePoint(
        name=subject.name,
        value=value,
        drop=_drop(place),
        signed_root=None if root is None else 0.0 - root if subject.falls else root,
        wald_drop=_finite(subject.wald_drop(value)),
    )


def _drop(place: Place) -> float | None:
    """The log-likelihood at a place less the maximum."""
    return _finite(0.0 - place.root**2 / 2) if place.converged else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _remarks(intervals: list[ProfileInterval]) -> Iterator[str]:
    """What is said of ends that do not exist, at each level."""
    several = len({one.level for one in intervals}) > 1
    for one in intervals:
        ends = Ends(one.conf_low, one.conf_high, one.low_reason, one.high_reason)
        where = f" (level {one.level:g})" if several else ""
        yield from ends.remarks(one.name + where)
