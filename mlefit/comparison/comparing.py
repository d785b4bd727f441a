"""Several models of the same rows: which say most of rows they have not seen, and by how much.

The rows are read once, complete in every column that any of the formulas uses. Masses,
densities and densities with atoms have different units and are never ranked together; a
density of log(y) is turned into one of y first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

import mlefit
from mlefit import families
from mlefit.comparison.candidates import (
    Candidate,
    Scored,
    Weights,
    measure_of,
    score,
)
from mlefit.comparison.pairs import Pairs, likelihood_ratio
from mlefit.comparison.plain_loss import loss_answers
from mlefit.comparison.ranking import ranked, records
from mlefit.comparison.recalled import adopted, columns_of, recall, unfitted
from mlefit.comparison.scale import on_one_scale
from mlefit.design.roles import Roles, choose_roles
from mlefit.design.suggest import word
from mlefit.design.target import profile_of_target
from mlefit.design.usable import Profile, likely_families, suits
from mlefit.design.values import contents
from mlefit.diagnosis.heldout import check_folds, fold_of_rows
from mlefit.errors import DataError, MlefitError, UsageError
from mlefit.expression import names, render
from mlefit.fitting import build, family_of, opened, site_of
from mlefit.prediction.predicting import model_of
from mlefit.prediction.saved import SavedModel
from mlefit.provenance import data_info
from mlefit.reading import read, told
from mlefit.request import ComparisonRequest, Request
from mlefit.results.compare import SCHEMA, ComparisonResult, PairTest
from mlefit.search.climb import Search
from mlefit.source import Rows, Source
from mlefit.telling import Tell, unheard

# Which columns a formula reads does not depend on the family.
_ANY = "normal"


def compare(
    data: Any,
    *formulas: str,
    families: str | Iterable[str] | None = None,
    models: Iterable[Any] = (),
    cv: int = 10,
    lrt: bool = False,
    **options: Any,
) -> ComparisonResult:
    """Compare models of the same rows.

    Args:
        data: a path, a polars frame or lazy frame.
        formulas: such as `y ~ a + b`; or name `target` and `features`.
        families: families, aliases or losses; None for those that suit the target, or for none
            where there are saved models.
        models: saved fits: paths of documents, or what `mlefit.fit` returned.
        cv: parts that the rows are held out in.
        lrt: whether each model is only tested against the next smaller one.
        options: further fields of `Request`, named like the flags.

    Returns:
        The record that `mlefit compare --format json` prints, the best model first.

    Raises:
        MlefitError: the request or the data make no comparison possible.
    """
    chosen = (families,) if isinstance(families, str) else families
    return run(
        ComparisonRequest(
            Request(data=data, **options),
            formulas,
            None if chosen is None else tuple(chosen),
            tuple(models),
            cv,
            lrt,
        )
    )


def run(
    request: ComparisonRequest,
    log: Callable[[str], None] = lambda line: None,
    progress: Tell = unheard,
) -> ComparisonResult:
    """Compare what a request names.

    Args:
        request: the words of the command.
        log: takes one line for each step of the work.
        progress: takes what long work is at, the steps done and all of them.

    Raises:
        MlefitError: the request or the data make no comparison possible.
    """
    if request.lrt and request.common.sampling_weights is not None:
        raise UsageError(
            "--lrt compares likelihoods, and sampling weights make pseudo-likelihoods, whose ratio "
            "has no chi-square distribution",
            tries=[
                "the same without --lrt",
                "--freq-weights COL for rows that stand for equal ones",
            ],
        )
    saved = _saved(request)
    request = replace(request, common=adopted(request.common, saved))
    source = opened(request.common, log, progress)
    readings = _readings(request, source, saved)
    used = {name for _, roles in readings for name in roles.columns}
    used |= {name for model in saved for name in columns_of(model, source)}
    site_of(request.common)  # an address where nobody answers is told before the rows are read
    columns = [name for name in source.schema if name in used]
    with told(source, columns, progress):
        rows = read(request.common, source, columns, log)
    candidates, notes = _candidates(request, source, readings, rows) if readings else ([], [])
    candidates += [recall(model, request.common, source, rows) for model in saved]
    candidates = on_one_scale(candidates)
    foreign = [one.name for one in candidates if one.is_foreign]
    if foreign and request.lrt:
        raise UsageError(
            f"--lrt compares fits of the same rows, and {foreign[0]!r} was fitted to others",
            tries=["the same without --lrt"],
        )
    notes += filter(None, [unfitted(foreign)])
    pairs = Pairs()
    in_order = pairs.in_order(candidates) if request.lrt else None
    table = candidates[0].prepared.table
    check_folds(request.folds, request.common.seed, table.columns.rows)
    weights = Weights.of(table.columns, request.common.sampling_weights is not None)
    folds = fold_of_rows(table.columns.rows, request.folds, request.common.seed)
    search = Search(request.common.tol, request.common.max_iter, log)
    total = len(candidates) * (request.folds + 1)
    scored = []
    with np.errstate(all="ignore"):  # infinities are told by name, not by numpy's warnings
        for number, candidate in enumerate(candidates):
            log(f"candidate {candidate.name}")
            # one that has no maximum is not fitted without each fold, and the count goes on
            before = number * (request.folds + 1)
            tell = partial(_tell, progress, itertools.count(before), total)
            scored.append(score(candidate, search, folds, weights, tell))
        progress("models fitted", total, total)
        return _result(request, source, scored, weights, notes, pairs, in_order)


def _tell(progress: Tell, done: Iterator[int], total: int) -> None:
    progress("models fitted", next(done), total)


def _saved(request: ComparisonRequest) -> list[SavedModel]:
    """The saved fits, each with a name of its own.

    Raises:
        UsageError: a document is no fit, or named twice.
        UntrustworthyError: a fit did not converge.
    """
    found = [model_of(one, f"fit {i}") for i, one in enumerate(request.models, 1)]
    named = [model.name for model in found]
    twice = [name for name in named if named.count(name) > 1]
    if twice:
        raise UsageError(f"--models names '{twice[0]}' twice")
    return found


def _readings(
    request: ComparisonRequest, source: Source, saved: Sequence[SavedModel]
) -> list[tuple[Request, Roles]]:
    """The request and the roles of every formula; where there are only saved fits, none.

    Families beside saved fits have their formulas, unless others are given.
    """
    common = request.common
    named = request.formulas or common.target is not None or common.lower is not None
    if saved and not request.formulas and common.target is None:
        if request.families is None:
            return []
        formulas = tuple(model.record.model.formula for model in saved)
        return _readings(replace(request, formulas=formulas), source, ())
    if not named and len(source.schema) > 1:
        raise UsageError(
            "nothing names the target of the models",
            tries=[f"mlefit compare {word(source.name)} -y {word(list(source.schema)[-1])}"],
        )
    asked = [replace(common, formula=formula) for formula in dict.fromkeys(request.formulas)]
    family = families.load(_ANY)
    readings = [(one, choose_roles(one, source, family)) for one in asked or [common]]
    responses = [roles.response for _, roles in readings]
    targets = list(dict.fromkeys(map(names, [*responses, *(m.roles.response for m in saved)])))
    if len(targets) > 1:
        shown = " and ".join(repr(", ".join(target)) for target in targets[:2])
        raise UsageError(f"the formulas explain different columns, {shown}: compare models of one")
    return readings


def _candidates(
    request: ComparisonRequest,
    source: Source,
    readings: Sequence[tuple[Request, Roles]],
    rows: Rows,
) -> tuple[list[Candidate], list[str]]:
    """Every formula with every family that suits its target, and notes on those that do not."""
    chosen, notes = _families(request, readings, rows)
    found: list[Candidate] = []
    refused: dict[str, MlefitError] = {}
    for number, (asked, roles) in enumerate(readings, 1):
        for name in chosen[number - 1]:
            label = name if len(readings) == 1 else f"{name} ({number})"
            wanted = replace(asked, family=name)
            try:
                prepared = build(wanted, source, family_of(wanted), roles, rows)
            except MlefitError as error:
                refused[label] = error
                continue
            formula = prepared.roles.main.text.strip()
            found.append(Candidate(label, formula, prepared, measure_of(prepared)))
    if refused and (not found or request.families is not None):
        raise _for_several(next(iter(refused.values())))
    notes += [f"{label} is left out: {error.problem}" for label, error in refused.items()]
    return found, notes


def _families(
    request: ComparisonRequest, readings: Sequence[tuple[Request, Roles]], rows: Rows
) -> tuple[list[list[str]], list[str]]:
    """The families to fit to each formula, and what to say of the choice."""
    common = request.common
    if request.families is None:
        if common.lower is not None:
            raise UsageError(
                "the ends of intervals do not tell which families suit the target",
                tries=["--families weibull,lognormal,gamma"],
            )
        known = ("trials",) if common.trials is not None else ()
        guessed = [
            _guessed(profile_of_target(roles, rows), roles, known, timed=common.event is not None)
            for _, roles in readings
        ]
        notes = list(dict.fromkeys(note for _, note in guessed if note))
        if notes and common.strict:
            tries = [f"--families {','.join(guessed[0][0])}"]
            raise UsageError(f"--strict allows no guess: {notes[0]}", tries=tries)
        return [found for found, _ in guessed], notes
    named = list(dict.fromkeys(families.resolve(name) for name in request.families))
    if len(readings) == 1:
        return [named], []
    facts = [profile_of_target(roles, rows) for _, roles in readings]
    able = {name: [suits(one, families.load(name).support) for one in facts] for name in named}
    # a family that suits no formula is kept, so that the user is told what does not suit it
    chosen = [
        [name for name in named if able[name][i] or not any(able[name])]
        for i in range(len(readings))
    ]
    labels = [render(roles.response) for _, roles in readings]
    skipped = {
        f"{name} is left out for {label}, which it cannot produce": None
        for name in named
        for label, is_able in zip(labels, able[name], strict=True)
        if not is_able and any(able[name])
    }
    return chosen, list(skipped)


def _guessed(
    facts: Profile, roles: Roles, known: Sequence[str], *, timed: bool
) -> tuple[list[str], str | None]:
    found, note = likely_families(facts, known, timed=timed)
    if found:
        return found, note
    label = roles.main.response_label
    if facts.values < 2:
        raise DataError(f"no family suits {label!r}: it has only one value")
    raise DataError(
        f"no family suits {label!r}, which holds {contents(facts.dtype)}",
        f"{facts.values:,} different values in {facts.rows:,} rows",
    )


def _result(
    request: ComparisonRequest,
    source: Source,
    scored: Sequence[Scored],
    weights: Weights,
    notes: Sequence[str],
    pairs: Pairs,
    in_order: Sequence[tuple[str, str]] | None,
) -> ComparisonResult:
    groups: dict[str, list[Scored]] = {}
    for one in scored:
        groups.setdefault(one.candidate.measure, []).append(one)
    places = {measure: ranked(group, weights) for measure, group in groups.items()}
    first = scored[0].candidate.prepared
    info = data_info(request.common, source, first.roles, first.table.rows, first.table)
    sides = [one.candidate.prepared.roles for one in scored]
    features = dict.fromkeys(name for roles in sides for name in roles.features)
    responses = {render(one.candidate.prepared.roles.response) for one in scored}
    return ComparisonResult(
        schema=SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.common.command,
        data=replace(info, features=tuple(features)),
        formulas=list(dict.fromkeys(one.candidate.formula for one in scored)),
        scale=responses.pop() if len(responses) == 1 else names(first.roles.response)[0],
        folds=request.folds,
        seed=request.common.seed,
        candidates=[
            record
            for measure, group in groups.items()
            for record in records(group, places[measure], weights)
        ],
        tests=list(_tests(pairs, in_order, groups, places, weights)),
        losses=[
            answer
            for measure, group in groups.items()
            for answer in loss_answers(group, places[measure], weights)
        ],
        warnings=_unique(w for one in scored for w in one.candidate.prepared.table.warnings),
        notes=(
            *notes,
            *_unique(note for one in scored for note in one.candidate.prepared.notes),
        ),
    )


def _tests(
    pairs: Pairs,
    in_order: Sequence[tuple[str, str]] | None,
    groups: Mapping[str, Sequence[Scored]],
    places: Mapping[str, Sequence[Scored]],
    weights: Weights,
) -> Iterator[PairTest]:
    """Of pairs of candidates of one measure; none of a pseudo-likelihood."""
    if weights.sampled:
        return
    if in_order is not None:
        named = {one.candidate.name: one for group in groups.values() for one in group}
        for larger, smaller in in_order:
            if named[smaller].is_converged:
                yield from likelihood_ratio(named[smaller], named[larger])
        return
    for measure, group in groups.items():
        yield from pairs.nested_tests(group)
        yield from pairs.tests_against(places[measure], weights)


def _for_several(error: MlefitError) -> MlefitError:
    """A refusal of one family with its way out in the words of this command."""
    flag = "--family "
    if not error.tries or not all(way.startswith(flag) for way in error.tries):
        return error
    instead = ",".join(way.removeprefix(flag) for way in error.tries)
    return type(error)(error.problem, *error.evidence, tries=[f"--families {instead}"])


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
