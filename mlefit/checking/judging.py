"""What a check saw, and what its levels make of it: pass, warn, fail, error or skip."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlefit.checking._base import GroupedCheck, Planned, Sight, UnseenError
from mlefit.checking.day import Day, Log
from mlefit.errors import ExitCode, MlefitError
from mlefit.frozen import frozen
from mlefit.request import CheckRequest
from mlefit.results.check import Outcome

_MOST_NAMED = 3


@frozen
class Judged:
    """An outcome, and what went wrong if it is an error.

    Attributes:
        outcome: for the report.
        error: that kept the check from looking; None if it looked.
    """

    outcome: Outcome
    error: Exception | None = None


def judged_by(planned: Planned, day: Day, log: Log) -> Iterator[Judged]:
    """What a check saw, subject by subject, and what its levels make of it."""
    began = time.perf_counter()
    try:
        check = planned.check
        looks = check.observe
        if day.by is not None and isinstance(check, GroupedCheck):
            looks = check.observe_groups
        sights = list(looks(day, planned.given))
        seconds = time.perf_counter() - began
        if not sights:
            raise UnseenError("there is nothing to look at")
        found = [_outcome(planned, sight, seconds / len(sights)) for sight in sights]
    except UnseenError as unseen:
        yield Judged(_unjudged(planned, "skip", unseen.reason, began))
        return
    except MlefitError as error:
        outcome = _unjudged(planned, "error", error.problem, began)
        yield Judged(replace(outcome, evidence=error.evidence), error)
        return
    except Exception as error:  # one check's bug must not hide what the others see
        problem = f"a bug in mlefit: {type(error).__name__}: {error}"
        yield Judged(_unjudged(planned, "error", problem, began), error)
        return
    log(f"{planned.name}: {seconds:.3f} s")
    yield from map(Judged, found)


def _outcome(planned: Planned, sight: Sight, seconds: float) -> Outcome:
    outcome = replace(
        _unjudged(planned, "pass", sight.message, 0.0),
        subject=sight.subject,
        observed={
            name: list(value) if isinstance(value, tuple) else value
            for name, value in sight.values.items()
        },
        p_value=sight.p_value,
        alpha=None if sight.p_value is None else planned.alpha,
        evidence=sight.evidence,
        seconds=seconds,
    )
    # an effect that chance explains is none, however large it looks
    if sight.p_value is not None and not sight.p_value < planned.alpha:
        return outcome
    lacking: list[str] = []
    levels = {"fail": planned.levels.fail, "warn": planned.levels.warn}
    conditions = {status: one for status, one in levels.items() if one is not None}
    for status, condition in conditions.items():
        try:
            if condition.holds(sight.values):
                return replace(outcome, status=status)
        except LookupError as error:
            lacking.append(str(error.args[0]))
    if len(lacking) < len(conditions):
        return outcome
    return replace(outcome, status="skip", message=f"{', '.join(lacking)} has no value here")


def _unjudged(planned: Planned, status: str, message: str, began: float) -> Outcome:
    levels = planned.levels
    return Outcome(
        name=planned.name,
        type=planned.check.name,
        subject="",
        status=status,
        message=message,
        observed={},
        warn=None if levels.warn is None else str(levels.warn),
        fail=None if levels.fail is None else str(levels.fail),
        p_value=None,
        alpha=None,
        line=planned.line,
        seconds=time.perf_counter() - began if began else 0.0,
    )


def status_of(request: CheckRequest, judged: Sequence[Judged]) -> tuple[str, ExitCode]:
    """The worst that was seen, and what the pipeline learns of it."""
    statuses = {one.outcome.status for one in judged}
    errors = [one.error for one in judged if one.error is not None]
    status = next((s for s in ("fail", "error", "warn", "pass") if s in statuses), "empty")
    if any(not isinstance(error, MlefitError) for error in errors):
        return status, ExitCode.BUG
    gates = {"fail": {"fail"}, "warn": {"fail", "warn"}, "never": set[str]()}[request.fail_on]
    if statuses & gates:
        return status, ExitCode.CHECK_FAILED
    for error in errors:
        if isinstance(error, MlefitError):
            return status, ExitCode(error.exit_code)
    if status == "empty" and not request.allow_empty:
        return status, ExitCode.NOTHING_CHECKED
    return status, ExitCode.OK


def verdict_of(status: str, outcomes: Sequence[Outcome], *, compared: bool, accepted: bool) -> str:
    """Why, in a sentence."""
    still = "today's data still fit: " if compared else ""
    if status == "empty":
        return "nothing was checked"
    checks = len({(one.name, one.line) for one in outcomes})
    if status == "pass":
        skipped = sum(one.status == "skip" for one in outcomes)
        more = f", {skipped} had nothing to look at" if skipped else ""
        return f"{still}{checks - skipped} checks passed{more}"
    found = named(outcomes, (status,))
    shown = ", ".join(found[:_MOST_NAMED])
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    words = {"fail": "failed", "error": "could not be evaluated", "warn": "warned"}
    end = ", and that was accepted" if accepted and status != "error" else ""
    return f"{shown}{more} {words[status]}{end}"


def named(outcomes: Sequence[Outcome], statuses: Sequence[str]) -> list[str]:
    """Names and subjects of the outcomes that ended so, each once."""
    found = (f"{one.name} {one.subject}".strip() for one in outcomes if one.status in statuses)
    return list(dict.fromkeys(found))
