"""A day as a request names it: yesterday's model, and today's rows or their saved fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mlefit import documents, fitting
from mlefit.checking import history
from mlefit.checking.day import Day, Log
from mlefit.checking.file import ChecksFile
from mlefit.engines.contract import Site
from mlefit.errors import UntrustworthyError, UsageError
from mlefit.fitting import Prepared
from mlefit.prediction.predicting import model_of
from mlefit.prediction.saved import SavedModel
from mlefit.reading import hold_all, refuse_what_is_as_long
from mlefit.recoding import columns_of, prepared_again, request_of
from mlefit.request import CheckRequest, Request
from mlefit.results.fit import FitResult
from mlefit.results.groups import GroupsResult
from mlefit.source import Source, open_source
from mlefit.telling import Tell


def opened(request: CheckRequest, file: ChecksFile | None, log: Log, progress: Tell) -> Day:
    """The day of a request; its rows are read when they are first asked for.

    Raises:
        MlefitError: the request makes no sense, or today's table cannot be opened.
    """
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
    site = fitting.site_of(common)  # where there is none no check is to blame
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
        baseline,
        exact,
        source=source,
        prepare=lambda: _read(baseline, asked, source, site, log),
        **rest,
    )


def _read(baseline: SavedModel, request: Request, source: Source, site: Site, log: Log) -> Prepared:
    """Today's rows; missing values and infinities are what checks are about, so none is refused."""
    names = columns_of(baseline, clusters=True, by=request.by)
    held = hold_all(request, source, baseline.roles, names, log)
    prepared = prepared_again(
        baseline,
        request,
        source,
        held.rows,
        site,
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
