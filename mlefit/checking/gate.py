"""`mlefit check`: look at today with every check, and say what the pipeline should do."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mlefit
from mlefit.checking import history
from mlefit.checking._base import Planned
from mlefit.checking.day import Day, Log
from mlefit.checking.file import checks_of
from mlefit.checking.judging import judged_by, named, status_of, verdict_of
from mlefit.checking.opening import opened
from mlefit.checking.plan import plan
from mlefit.errors import ExitCode, MlefitError
from mlefit.frozen import frozen
from mlefit.grouped.grouping import grouped
from mlefit.prediction.saved import SavedModel
from mlefit.request import CheckRequest, Request
from mlefit.results.check import (
    SCHEMA,
    BaselineInfo,
    CheckResult,
    Outcome,
    Sensitivity,
    TodayInfo,
)
from mlefit.results.fit import FitResult
from mlefit.results.groups import GroupsResult
from mlefit.telling import Tell, unheard


@frozen
class Gate:
    """A day that was checked.

    Attributes:
        result: the report.
        day: what it is about.
    """

    result: CheckResult
    day: Day

    @property
    def fit(self) -> FitResult | None:
        """Today's fit; None where there is none."""
        try:
            return self.day.result
        except MlefitError:  # a check has told of it
            return None

    def baseline(self) -> FitResult | GroupsResult | None:
        """What the next day can be checked against; None where today has no maximum."""
        fit = self.fit
        if fit is None or fit.certificate.status != "converged":
            return None
        return fit if self.day.by is None else grouped(self.day.prepared, fit)

    def remember(self, path: Path) -> None:
        """Add the day to a history.

        Raises:
            DataError: the file cannot take it.
        """
        history.append(path, history.line_of(self.result, self.fit, self.day.followed))


def check(data: Any, baseline: Any = None, **options: Any) -> CheckResult:
    """Check that today's data still fit yesterday's model.

    Args:
        data: a path, a polars frame or lazy frame; or the saved fit of today.
        baseline: what `mlefit.fit` returned, or the path of its document.
        options: the further fields of `CheckRequest`, named like the flags, and `where`.

    Returns:
        The record that `mlefit check --format json` prints; look at its `status`.

    Raises:
        MlefitError: the request makes no sense, or today's table cannot be opened.
    """
    common = Request(where=options.pop("where", None))
    return run(CheckRequest(data=data, baseline=baseline, common=common, **options))


def run(
    request: CheckRequest,
    log: Log = lambda line: None,
    progress: Tell = unheard,
) -> CheckResult:
    """Check a day.

    Args:
        request: the words of the command.
        log: takes one line for each step of the work.
        progress: takes what long work is at, the steps done and all of them.

    Raises:
        MlefitError: the request makes no sense, or today's table cannot be opened.
    """
    return checked(request, log, progress).result


def checked(request: CheckRequest, log: Log, progress: Tell) -> Gate:
    """The report of a day, with what can be kept of it."""
    file = checks_of(request)
    day = opened(request, file, log, progress)
    planned = plan(request, file, compares=day.baseline is not None, has_rows=day.saved is None)
    judged = [one for check in planned for one in judged_by(check, day, log)]
    outcomes = [one.outcome for one in judged]
    status, code = status_of(request, judged)
    accepted = named(outcomes, ("fail", "warn")) if request.accept else []
    if accepted and code == ExitCode.CHECK_FAILED:
        code = ExitCode.OK
    result = CheckResult(
        schema=SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.common.command,
        status=status,
        verdict=verdict_of(
            status, outcomes, compared=day.baseline is not None, accepted=bool(accepted)
        ),
        exit_code=int(code),
        baseline=None if day.baseline is None else baseline_info(day.baseline, day.exact),
        today=_today_info(day, request),
        outcomes=outcomes,
        counts=dict(Counter(one.status for one in outcomes)),
        sensitivity=tuple(_sensitivity(day, planned, outcomes)),
        checks_file=None if file is None else str(file.path),
        next_command=_next(request, day, status),
        accepted=accepted,
        notes=_notes(day),
    )
    return Gate(result, day)


def _notes(day: Day) -> tuple[str, ...]:
    """What a person should know about the reading of the table."""
    if day.saved is not None:
        return ()
    try:
        return day.prepared.notes
    except MlefitError:  # a check has told of it
        return () if day.source is None else day.source.notes


def _next(request: CheckRequest, day: Day, status: str) -> str | None:
    """How the change becomes the baseline, if it is meant; None where there is nothing to do."""
    paths = [request.data, day.baseline.name if day.baseline is not None else None]
    if status not in ("fail", "warn") or not all(isinstance(path, str | Path) for path in paths):
        return None
    if request.accept or day.saved is not None or str(request.data) == "-":
        return None
    data, model = (shlex.quote(str(path)) for path in paths)
    by = "" if day.by is None else f" --by {shlex.quote(day.by)}"
    return f"mlefit check {data} --baseline {model}{by} --write-baseline {model} --accept"


def baseline_info(model: SavedModel, exact: bool) -> BaselineInfo:
    """What a report says of a baseline."""
    record = model.record
    return BaselineInfo(
        source=model.name,
        data=record.data.source,
        rows=record.fit.nobs,
        title=record.model.title,
        formula=record.model.formula,
        exact=exact,
    )


def _today_info(day: Day, request: CheckRequest) -> TodayInfo | None:
    name = day.saved.data.source if day.saved is not None else str(request.data)
    if day.source is not None:
        name = day.source.name
    try:
        ledger = day.ledger
    except MlefitError:
        return None
    return TodayInfo(name, ledger.read, ledger.used, ledger.dropped, request.common.where)


def _sensitivity(
    day: Day, planned: Sequence[Planned], outcomes: Sequence[Outcome]
) -> Iterator[Sensitivity]:
    """What the checks that looked can see on such a day."""
    looked = {one.name for one in outcomes if one.observed}
    for one in planned:
        if one.name in looked:
            yield from one.check.sensitivity(one, day)
