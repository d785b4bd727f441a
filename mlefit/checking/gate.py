"""`mlefit check`: look at today with every check, and say what the pipeline should do."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlefit
from mlefit import documents, fitting
from mlefit.checking import history
from mlefit.checking._base import GroupedCheck, Planned, Sight, UnseenError
from mlefit.checking.day import Day, Log
from mlefit.checking.file import ChecksFile, read_checks
from mlefit.checking.gap import Gap
from mlefit.checking.plan import plan
from mlefit.errors import ExitCode, MlefitError, UntrustworthyError, UsageError
from mlefit.fitting import Prepared
from mlefit.grouped.grouping import grouped
from mlefit.prediction.predicting import model_of
from mlefit.prediction.saved import SavedModel
from mlefit.reading import hold_all, refuse_what_is_as_long
from mlefit.recoding import columns_of, prepared_again, request_of
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
from mlefit.source import Source, open_source
from mlefit.telling import Tell, unheard

_MOST_NAMED = 3


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Judged:
    """An outcome, and what went wrong if it is an error.

    Attributes:
        outcome: for the report.
        error: that kept the check from looking; None if it looked.
    """

    outcome: Outcome
    error: Exception | None = None


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
    file = None if request.checks is None else read_checks(Path(request.checks))
    day = _day(request, file, log, progress)
    planned = plan(request, file, compares=day.baseline is not None, has_rows=day.saved is None)
    judged = [one for check in planned for one in _judged(check, day, log)]
    outcomes = [one.outcome for one in judged]
    status, code = _status(request, judged)
    accepted = _named(outcomes, ("fail", "warn")) if request.accept else []
    if accepted and code == ExitCode.CHECK_FAILED:
        code = ExitCode.OK
    result = CheckResult(
        schema=SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.common.command,
        status=status,
        verdict=_verdict(status, outcomes, compared=day.baseline is not None),
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
    if day.saved is not None or str(request.data) == "-":
        return None
    data, model = (shlex.quote(str(path)) for path in paths)
    by = "" if day.by is None else f" --by {shlex.quote(day.by)}"
    return f"mlefit check {data} --baseline {model}{by} --write-baseline {model} --accept"


def _day(request: CheckRequest, file: ChecksFile | None, log: Log, progress: Tell) -> Day:
    named = request.baseline or (None if file is None else file.baseline)
    groups = groups_of(named)
    baseline = None if named is None else baseline_of(named, file, groups)
    if request.by is not None and baseline is None:
        raise UsageError("--by compares groups with a baseline", tries=["--baseline model.json"])
    exact = request.exact or (file is not None and file.exact)
    rest: dict[str, Any] = {
        "by": request.by,
        "groups_before": groups,
        "history": () if request.history is None else history.read(Path(request.history)),
        "seed": request.common.seed,
        "log": log,
        "progress": progress,
    }
    if _is_document(request.data):
        given = isinstance(request.data, FitResult)
        saved = request.data if given else documents.read_as(FitResult, request.data)
        name = "today's fit" if given else str(request.data)
        if baseline is not None:
            _refuse_another_model(baseline, saved, name)
        return Day(baseline, exact, saved=saved, **rest)
    common = request.common
    where = common.where or (None if file is None else file.where)
    if baseline is None:
        common = _model_of_the_file(replace(common, data=request.data, where=where), file)
        return Day(None, prepare=lambda: fitting.prepare(common, log, progress), **rest)
    source = open_source(request.data, input_format=common.input_format)

    asked = replace(
        request_of(baseline, clusters=True, by=request.by),
        data=request.data,
        where=where,
        threads=common.threads,
        engine=common.engine,
        scheduler=common.scheduler,
        max_memory=common.max_memory,
        tol=common.tol,
        max_iter=common.max_iter,
        seed=common.seed,
        command=common.command,
    )
    return Day(
        baseline, exact, source=source, prepare=lambda: _read(baseline, asked, source, log), **rest
    )


def _read(baseline: SavedModel, request: Request, source: Source, log: Log) -> Prepared:
    """Today's rows; missing values and infinities are what checks are about, so none is refused."""
    names = columns_of(baseline, clusters=True, by=request.by)
    held = hold_all(request, source, baseline.roles, names, log)
    prepared = prepared_again(
        baseline,
        request,
        source,
        held.rows,
        fitting.site_of(request),
        unseen="null",
        store=held.store,
    )
    if held.streams:
        refuse_what_is_as_long(request, prepared.family, prepared.table.columns.rows)
    return replace(prepared, table=replace(prepared.table, notes=held.notes))


def groups_of(named: Any) -> GroupsResult | None:
    """The groups of a baseline that was fitted by groups; None for any other."""
    if isinstance(named, GroupsResult):
        return named
    if not isinstance(named, str | Path):
        return None
    record = documents.read(str(named))
    return record if isinstance(record, GroupsResult) else None


def baseline_of(
    named: Any, file: ChecksFile | None, groups: GroupsResult | None = None
) -> SavedModel:
    """The model of a baseline.

    Raises:
        UsageError: it is none, holds no maximum, or is not the one that the checks file is about.
    """
    try:
        model = model_of(named) if groups is None else model_of(groups.pooled, str(named))
    except UntrustworthyError as error:
        raise UsageError(error.problem, *error.evidence, tries=error.tries) from error
    if file is not None:
        family, target = model.record.model.family, model.record.data.target
        for key, wanted, found in (
            ("family", file.family, family),
            ("target", file.target, target),
        ):
            if wanted is not None and wanted != found:
                raise UsageError(
                    f"'{file.path}' is about the {key} '{wanted}', and the baseline "
                    f"'{named}' has '{found}'"
                )
    return model


def _model_of_the_file(common: Any, file: ChecksFile | None) -> Any:
    """The model that today is fitted by where no baseline has one.

    Raises:
        UsageError: nothing says what it is.
    """
    if file is not None:
        common = replace(
            common,
            family=common.family or file.family,
            formula=common.formula or file.formula,
            target=common.target or (None if file.formula else file.target),
        )
    if common.family is None or (common.formula is None and common.target is None):
        raise UsageError(
            "a check needs a model: a baseline, or a family and a formula; it never guesses",
            tries=["--baseline model.json", "--family poisson -y COLUMN"],
        )
    return common


def _is_document(data: Any) -> bool:
    """Whether a path is that of a document of mlefit, by its first bytes."""
    if isinstance(data, FitResult):
        return True
    if not isinstance(data, str | Path) or Path(data).suffix != ".json":
        return False
    try:
        with Path(data).open("rb") as stream:
            return b'"schema": "mlefit/' in stream.read(64)
    except OSError:
        return False


def _refuse_another_model(baseline: SavedModel, today: FitResult, name: str) -> None:
    before, after = baseline.record.model, today.model
    for what in ("family", "formulas", "links"):
        if getattr(before, what) != getattr(after, what):
            raise UsageError(
                f"'{baseline.name}' and '{name}' are fits of different models: their {what} differ",
                f"{getattr(before, what)} and {getattr(after, what)}",
                tries=["mlefit compare DATA --models A.json,B.json"],
            )


def _judged(planned: Planned, day: Day, log: Log) -> Iterator[Judged]:
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


def _status(request: CheckRequest, judged: Sequence[Judged]) -> tuple[str, ExitCode]:
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


def _verdict(status: str, outcomes: Sequence[Outcome], *, compared: bool) -> str:
    """Why, in a sentence."""
    still = "today's data still fit: " if compared else ""
    if status == "empty":
        return "nothing was checked"
    checks = len({(one.name, one.line) for one in outcomes})
    if status == "pass":
        skipped = sum(one.status == "skip" for one in outcomes)
        more = f", {skipped} had nothing to look at" if skipped else ""
        return f"{still}{checks - skipped} checks passed{more}"
    named = _named(outcomes, (status,))
    shown = ", ".join(named[:_MOST_NAMED])
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    words = {"fail": "failed", "error": "could not be evaluated", "warn": "warned"}
    return f"{shown}{more} {words[status]}"


def _named(outcomes: Sequence[Outcome], statuses: Sequence[str]) -> list[str]:
    """Names and subjects of the outcomes that ended so, each once."""
    found = (f"{one.name} {one.subject}".strip() for one in outcomes if one.status in statuses)
    return list(dict.fromkeys(found))


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
    """What the conditions on the fit gap can see, where it was seen at all."""
    looked = {one.name for one in outcomes if one.type == "fit_gap" and one.observed}
    for one in planned:
        if one.check.name != "fit_gap" or one.name not in looked:
            continue
        for condition in (one.levels.fail, one.levels.warn):
            threshold = None if condition is None else condition.bound_above("gap")
            if threshold is None:
                continue
            gap, alpha, where = _typical(day, one.alpha)
            smallest = gap.smallest(threshold, alpha)
            shift = (2 * smallest) ** 0.5
            yield Sensitivity(smallest, shift, gap.rows, f"{one.name} {condition}{where}")


def _typical(day: Day, alpha: float) -> tuple[Gap, float, str]:
    """The gap that the gate looks at, with its alpha: of one of many groups a middling one."""
    if day.by is None:
        return day.gap, alpha, ""
    gaps = sorted(
        (one.gap for one in day.group_gaps if one.gap is not None), key=lambda gap: gap.rows
    )
    return gaps[len(gaps) // 2], alpha / len(gaps), f" in one of {len(gaps):,} groups"
