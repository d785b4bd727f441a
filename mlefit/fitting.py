"""The sentence itself.

Rows contribute log-densities; their sum is maximised; its curvature is the standard error.

The only module that sees every stage: source -> roles -> table -> model -> maximum ->
inference -> record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mlefit import engines, families, room
from mlefit.assemble import assemble
from mlefit.assign import assigned_priors
from mlefit.design.censoring import conditioned
from mlefit.design.counting import why_every_row
from mlefit.design.predictors import Predictor
from mlefit.design.roles import Roles, choose_roles, with_parameters
from mlefit.design.store import Store
from mlefit.design.table import Table, tabulate
from mlefit.design.usable import profile, suggested_families
from mlefit.diagnosis.goodness import glance, residual_step
from mlefit.engines.contract import Engine, Site
from mlefit.errors import MlefitError, UsageError
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.inference import debiased, intervals, uncertainty
from mlefit.inference.asked import check_errors
from mlefit.inference.boundary import highest
from mlefit.likelihood import Model
from mlefit.links import Link
from mlefit.reading import condense, count, hold, refuse_what_is_as_long, share, tell_of_rows, told
from mlefit.request import Request
from mlefit.results.fit import DryRun, FitResult
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.penalty import Assigned
from mlefit.source import Counting, Numbered, Reading, Source, open_source
from mlefit.specify import choose_links, predictors_of
from mlefit.telling import Tell, busy, counting_bytes, unheard

if TYPE_CHECKING:
    from mlefit.strength import Choice

COUNTING = Counting(residual_step)
"""Identical rows are counted, but for those whose residuals are looked at."""


@frozen
class Prepared:
    """Everything a fit needs before the first pass."""

    request: Request
    source: Source
    family: Family
    links: tuple[Link, ...]
    roles: Roles
    rows: Numbered
    table: Table
    site: Site
    predictors: tuple[Predictor, ...]
    priors: tuple[Assigned, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about the reading of the command."""
        return (*self.source.notes, *self.roles.notes, *self.table.notes)

    @property
    def model(self) -> Model:
        """Family and links."""
        return Model(self.family, self.links)

    @property
    def engine(self) -> Engine:
        """The rows, seen through the predictors; no pass over them is made yet."""
        return self._brought.afresh()

    @cached_property
    def _brought(self) -> Engine:
        return self.site.engine(self.table, self.predictors, self.family.known)


def fit(
    data: Any,
    formula: str | None = None,
    *,
    family: str,
    link: str | Iterable[str] = (),
    model: str | Iterable[str] = (),
    fix: str | Iterable[str] = (),
    prior: str | Iterable[str] = (),
    features: str | Iterable[str] | None = None,
    levels: str | Iterable[str] | None = None,
    derive: str | Iterable[str] = (),
    test: str | Iterable[str] = (),
    **options: Any,
) -> FitResult:
    """Estimate by maximum likelihood.

    Args:
        data: a path, a polars frame or lazy frame.
        formula: such as `y ~ a + log(b) + C(g)`; or name `target` and `features`.
        family: a family, an alias or a loss.
        link: links, as for `--link`.
        model: formulas of further parameters, as for `--model`.
        fix: held parameters and coefficients, as for `--fix`.
        prior: priors, as for `--prior`; makes the fit a MAP fit.
        features: columns, or "all".
        levels: the target's levels in order, as for `--levels`.
        derive: functions of the parameters, as for `--derive`.
        test: terms to test, as for `--test`.
        options: the further fields of `Request`, named like the flags.

    Returns:
        The record that `mlefit fit --format json` prints. Look at
        `certificate.status` before trusting it.

    Raises:
        MlefitError: the request or the data make no fit possible.
    """
    request = Request(
        data=data,
        formula=formula,
        family=family,
        links=_several(link),
        models=_several(model),
        fix=_several(fix),
        priors=_several(prior),
        features=None if features is None else _several(features),
        levels=None if levels is None else _several(levels),
        derive=_several(derive),
        tests=_several(test),
        **options,
    )
    return run(request)


def run(
    request: Request,
    log: Callable[[str], None] = lambda line: None,
    progress: Tell = unheard,
) -> FitResult:
    """Fit what a request asks for.

    Args:
        request: the words of the command.
        log: takes one line for each step of the work.
        progress: takes what long work is at, the steps done and all of them.

    Raises:
        MlefitError: the request or the data make no fit possible.
    """
    prepared = prepare(request, log, progress, COUNTING)
    return fitted(prepared, log, progress)[1]


def fitted(
    prepared: Prepared,
    log: Callable[[str], None] = lambda line: None,
    progress: Tell = unheard,
) -> tuple[Maximum, FitResult]:
    """The maximum of what is prepared, and its record.

    Raises:
        MlefitError: the data make no fit possible.
    """
    with np.errstate(all="ignore"):  # infinities are told by name, not by numpy's warnings
        return _fitted(prepared, log, progress)


def _fitted(
    prepared: Prepared, log: Callable[[str], None], progress: Tell
) -> tuple[Maximum, FitResult]:
    request = prepared.request
    model, engine = prepared.model, prepared.engine
    search, recorder = Search(request.tol, request.max_iter, log, beside=glance), None
    if request.explain:
        from mlefit.search.steps import Recorder, search_path  # only who asks for it loads it

        recorder = Recorder()
        search = replace(search, record=recorder)
    suite = None
    if request.tests or request.anova:
        from mlefit.testing.suite import Suite  # tells of a wrong word before the search starts

        suite = Suite(request, prepared.roles, prepared.table, model, engine, search, progress)
    watched = engine.telling(progress)
    choice = _choice(prepared, watched, search)
    maximum = highest(model, watched, search, choice.priors if choice else prepared.priors)
    optimum = maximum.optimum
    log(f"search ended after {optimum.steps} steps: {optimum.status.value}")
    # what comes now tells of itself
    maximum = replace(maximum, engine=maximum.engine.telling(engine.tell))
    maximum = maximum if suite is None else suite.settled(maximum)
    made = uncertainty.intervals(request, maximum, prepared.table.clusters, search, progress)
    maximum = made.maximum
    heard = replace(maximum, engine=maximum.engine.telling(progress))
    way = None if recorder is None else search_path(recorder, maximum, search)
    result = assemble(
        request,
        prepared.source,
        prepared.roles,
        prepared.rows,
        prepared.table,
        heard,
        made,
        notes=prepared.notes,
    )
    result = result if suite is None else suite.recorded(result, maximum)
    result = result if way is None else replace(result, search=way)
    if request.gof:
        result = _with_goodness_of_fit(request, result, maximum, progress)
    if choice is not None:
        from mlefit import strength

        result = strength.recorded(result, choice)
    return maximum, result


def _with_goodness_of_fit(
    request: Request,
    result: FitResult,
    maximum: Maximum,
    progress: Tell,
) -> FitResult:
    from mlefit.diagnosis import gof

    gof.check(request, maximum)
    if result.certificate.status != "converged":
        return result
    tested = gof.goodness_of_fit(
        maximum,
        Search(request.tol, request.max_iter),
        replications=request.replications or gof.REPLICATIONS,
        seed=request.seed,
        tell=partial(progress, "goodness of fit, draws"),
    )
    return replace(result, diagnostics={**result.diagnostics, "goodness_of_fit": tested})


def plan(request: Request) -> DryRun:
    """Read a command and its data without fitting.

    Raises:
        MlefitError: as `run` would.
    """
    prepared = prepare(request, counting=COUNTING)
    names = [parameter.name for parameter in prepared.family.parameters]
    roles, ledger = prepared.roles, prepared.rows.ledger
    return DryRun(
        source=prepared.source.name,
        format=prepared.source.format,
        rows_read=ledger.read,
        rows_used=ledger.used,
        rows_dropped=ledger.dropped,
        target=roles.main.response_label,
        target_source=roles.target_source,
        features=roles.features,
        features_source=roles.features_source,
        family=prepared.family.label,
        links={n: link.name for n, link in zip(names, prepared.links, strict=True)},
        formulas={name: formula.text for name, formula in roles.formulas.items()},
        columns=[
            f"{name}:{column.label}"
            for name, predictor in zip(names, prepared.predictors, strict=True)
            for column in predictor.columns
        ],
        notes=prepared.notes,
    )


def prepare(
    request: Request,
    log: Callable[[str], None] = lambda line: None,
    progress: Tell = unheard,
    counting: Counting | None = None,
) -> Prepared:
    """Open, read and check the data, and give the request its meaning.

    Args:
        request: the words of the command.
        log: takes one line for each step of the work.
        progress: takes what long work is at, how much is done and how much there is.
        counting: when identical rows are counted; None where each is asked about.

    Raises:
        MlefitError: a word of the request or a value of the data does not fit.
    """
    source = opened(request, log, progress)
    if request.family is None:
        raise _no_family(request, source)
    family = family_of(request)
    check_errors(request, family)
    if not family.open:
        choose_links(request, family)  # a wrong word is told before the rows are read
    roles = choose_roles(request, source, family)
    if counting is not None and (reason := why_every_row(request, family)) is not None:
        log(f"identical rows are not counted: {reason}")
        counting = None
    rows = None
    if counting is not None:
        with told(source, roles.columns, progress):
            rows = count(request, source, roles, counting, log)
    if rows is not None:
        try:
            return build(request, source, family, roles, rows)
        except MlefitError:
            log("what is wrong is told of single rows")
    shared = site_of(request).reads(source.place)
    with told(source, roles.columns, progress):
        held = (share if shared else hold)(request, source, roles, log)
    making = busy(progress, "making the columns of the model")
    with told(source, roles.columns, progress) if held.streams else making:
        prepared = build(request, source, family, roles, held.rows, held.store)
    if held.streams:
        tell_of_rows(prepared.rows.ledger, log)
        refuse_what_is_as_long(request, family, prepared.table.columns.rows)
    table = replace(prepared.table, notes=(*held.notes, *prepared.table.notes))
    if counting is not None:
        table = condense(prepared.family, table, counting, log)
    return replace(prepared, table=table)


def opened(request: Request, log: Callable[[str], None], progress: Tell = unheard) -> Source:
    """The data, of which nothing is read yet but the names and types of the columns.

    Raises:
        DataError: they cannot be read.
    """
    most_bytes = room.of_a_pipe(request.max_memory)
    piped = isinstance(request.data, str) and request.data == "-"
    read = counting_bytes(progress, "reading standard input", 0)
    with read if piped else busy(progress, "opening the data"):
        source = open_source(request.data, input_format=request.input_format, most_bytes=most_bytes)
    log(f"{source.name}: {source.format}, {len(source.schema)} columns")
    return source


def family_of(request: Request) -> Family:
    """The family that a request names, given what of its values can be seen.

    Raises:
        UsageError: no family has this name, or it cannot be censored or truncated.
    """
    assert request.family is not None
    return conditioned(request, families.load(families.resolve(request.family)))


def build(
    request: Request,
    source: Source,
    family: Family,
    roles: Roles,
    rows: Reading,
    store: Store | None = None,
) -> Prepared:
    """What a request makes of the rows of its table, whose series a store keeps.

    Raises:
        MlefitError: a word of the request or a value of the data does not fit.
    """
    table = tabulate(request, roles, rows, family, store)
    family = family.bound(table.facts)
    roles = with_parameters(roles, family)
    links = choose_links(request, family)
    predictors = predictors_of(request, family, links, roles.rights, table.levels, table.columns)
    assigned = assigned_priors(request, family, links, predictors)
    intervals.check(request, family, assigned)
    if _has_strength(request, assigned):
        from mlefit import strength

        strength.check(request, assigned, table.columns.stands_for)
    coefficients = sum(predictor.size for predictor in predictors)
    debiased.check(request, assigned, coefficients, table.columns.stands_for)
    if request.derive:
        from mlefit.inference.quantities import Names, understood

        understood(request.derive, Names.of(family, [one.labels for one in predictors]))
    return Prepared(
        request,
        source,
        family,
        links,
        roles,
        table.rows,
        table,
        site_of(request),
        predictors,
        assigned,
    )


def site_of(request: Request) -> Site:
    """Where the passes run.

    Raises:
        MlefitError: they cannot run there.
    """
    return engines.site(request.engine, request.scheduler, request.threads)


def _has_strength(request: Request, priors: Sequence[Assigned]) -> bool:
    """Whether there is a strength of a prior to choose or to follow, or one was asked for."""
    return bool(priors) or request.cv is not None or request.path is not None


def _choice(prepared: Prepared, engine: Engine, search: Search) -> Choice | None:
    """The strength of a prior that the request leaves open."""
    if not _has_strength(prepared.request, prepared.priors):
        return None
    from mlefit import strength

    return strength.choose(prepared.request, prepared.model, engine, search, prepared.priors)


def _no_family(request: Request, source: Source) -> UsageError:
    """Without a family nothing is fitted; say which ones suit the target."""
    target = request.target
    if target is None and request.formula is not None:
        target = request.formula.partition("~")[0].strip().strip("`")
    if target is None or target not in source.schema:
        return UsageError(
            "no family: which distribution, or which loss?", tries=["mlefit list families"]
        )
    suitable = suggested_families(profile(source, [target])[target])
    return UsageError(
        f"no family: which distribution does {target!r} have, or which loss?",
        tries=[f"--family {name}" for name in suitable] or ["mlefit list families"],
    )


def _several(words: str | Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
