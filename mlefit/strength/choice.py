"""Which strength a request means: what decides it, what is recorded of the search."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mlefit._types import Vector
from mlefit.diagnosis.heldout import check_folds, fold_of_rows
from mlefit.engines.contract import Engine
from mlefit.errors import UntrustworthyError, UsageError
from mlefit.frozen import frozen
from mlefit.inference.posterior import corner_residual
from mlefit.likelihood import Model
from mlefit.request import Request
from mlefit.results.fit import FitResult, StrengthSearch, StrengthStep
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.search.penalty import Assigned
from mlefit.strength.evidence import Curve, evidence_curve, log_evidence
from mlefit.strength.folds import Scores, cross_validate
from mlefit.strength.path import DEFAULT_STEPS, at_the_centre, follow, strengths
from mlefit.strength.varying import Varying, varying

_RULES = {
    "evidence": "largest evidence (Laplace-approximated marginal likelihood)",
    "cv": "strongest prior within one standard error of the least held-out NLL",
    "user": "as given",
}


@frozen
class Choice:
    """Priors with every number known, and how the last one became known.

    Attributes:
        priors: of the fit.
        search: the strengths that were tried.
        notes: what a person should know about the choice.
    """

    priors: tuple[Assigned, ...]
    search: StrengthSearch
    notes: tuple[str, ...]


def check(request: Request, priors: Sequence[Assigned], rows: int) -> None:
    """Whether a strength can be chosen, and a path followed, as the request asks.

    Raises:
        UsageError: nothing can vary, nothing decides it, or there are too few rows.
    """
    vary = varying(priors)
    is_auto = vary is not None and vary.one.auto
    if request.cv is not None:
        _check_folds(request, is_auto, rows)
    if request.path is not None:
        if request.path < 2:
            raise UsageError(f"--path needs at least 2 strengths, not {request.path}")
        if vary is None:
            several = any(one.prior.auto for one in priors)
            raise UsageError(
                "--path follows the strength of one normal, laplace or elasticnet prior, "
                f"and there {'are several' if several else 'is none'}",
                tries=[f"--prior 'laplace(0, auto)' --cv 10 --path {request.path}"],
            )
    if vary is not None and is_auto and request.cv is None:
        _check_evidence(request, vary)


def _check_folds(request: Request, is_auto: bool, rows: int) -> None:
    assert request.cv is not None
    if not is_auto:
        raise UsageError(
            "--cv chooses the strength of a prior, and none is left open",
            tries=[f"--prior 'laplace(0, auto)' --cv {request.cv}"],
        )
    check_folds(request.cv, request.seed, rows)


def _check_evidence(request: Request, vary: Varying) -> None:
    if not any(one.prior.corner_weight for one in vary.priors):
        return
    raise UsageError(
        f"the strength of {vary.text()} needs held-out rows: under a prior with a corner "
        "the evidence has no Laplace approximation",
        tries=["--cv 10"],
    )


def choose(
    request: Request,
    model: Model,
    engine: Engine,
    search: Search,
    priors: Sequence[Assigned],
) -> Choice | None:
    """Decide an open strength and follow the path; None if nothing was asked.

    Raises:
        UntrustworthyError: no strength gives the held-out rows a finite NLL.
    """
    vary = varying(priors)
    if vary is None or not (vary.one.auto or request.path):
        return None
    centre = at_the_centre(model, engine, search, vary)
    grid = strengths(centre, vary, request.path or DEFAULT_STEPS)
    if request.cv is not None:
        rows = fold_of_rows(engine.rows, request.cv, request.seed)
        scores = cross_validate(model, engine, search, vary, grid, rows)
        return _by_folds(request, vary, list(follow(centre, search, vary, grid)), grid, scores)
    if vary.one.auto:
        curve = evidence_curve(centre, search, vary)
        path = list(follow(centre, search, vary, grid)) if request.path else None
        return _by_evidence(vary, curve, path, grid)
    path = list(follow(centre, search, vary, grid))
    strength = next(iter(vary.one.prior.strengths.values()))
    record = _record(vary, "user", strength, None, _steps(vary, grid, path, estimates=True), path)
    return Choice(tuple(priors), record, _ended(path, grid))


def recorded(result: FitResult, choice: Choice) -> FitResult:
    """The result with the choice: beside its prior, as a path, and in the notes."""
    priors = [
        {**prior, "chosen_by": choice.search.chosen_by} if one.auto else prior
        for one, prior in zip(choice.priors, result.model.prior, strict=True)
    ]
    return replace(
        result,
        model=replace(result.model, prior=priors),
        notes=(*result.notes, *choice.notes),
        path=choice.search,
    )


def _by_folds(
    request: Request, vary: Varying, path: Sequence[Maximum], grid: Vector, scores: Scores
) -> Choice:
    if not math.isfinite(scores.mean_nll[scores.best]):
        raise UntrustworthyError(
            "at every strength some fold has no fit, or rows that its fit holds for impossible"
        )
    strength, best = float(grid[scores.chosen]), float(grid[scores.best])
    steps = [
        replace(step, mean_nll=float(mean), std_error=float(error))
        for step, mean, error in zip(
            _steps(vary, grid, path, estimates=request.path is not None),
            scores.mean_nll,
            scores.std_error,
            strict=False,  # a path ends where no maximum is found
        )
    ]
    record = _record(vary, "cv", strength, best, steps, path)
    record = replace(record, folds=request.cv, seed=request.seed)
    why = (
        "the strongest prior within one standard error of the least held-out NLL, which is at "
        f"{vary.number_at(best):.4g} ({request.cv} folds, seed {request.seed})"
    )
    notes = [f"{_said(vary, strength)}: {why}"]
    if scores.best == len(grid) - 1:
        notes.append(
            "the held-out NLL is least under the weakest prior tried: "
            "the rows may not need one this strong"
        )
    return Choice(vary.at(strength), record, (*notes, *_ended(path, grid)))


def _by_evidence(
    vary: Varying, curve: Curve, path: Sequence[Maximum] | None, grid: Vector
) -> Choice:
    steps = (
        _steps(vary, curve.strengths, curve.maxima, estimates=False)
        if path is None
        else _steps(vary, grid, path, estimates=True)
    )
    best = curve.best
    record = _record(vary, "evidence", best, best, steps, path or curve.maxima)
    why = {
        None: "where the evidence (Laplace-approximated marginal likelihood) is largest",
        "strong": "the tightest tried, since the evidence only rises as the prior tightens: "
        "the rows ask for nothing but its centre",
        "weak": "the widest tried, since the evidence only rises as the prior widens: "
        "the rows ask for no prior",
    }[curve.edge]
    ended = () if path is None else _ended(path, grid)
    return Choice(vary.at(best), record, (f"{_said(vary, best)}: {why}", *ended))


def _said(vary: Varying, strength: float) -> str:
    prior = vary.one.prior
    assert prior.auto is not None
    number = vary.number_at(strength)
    return f"the {prior.auto[0]} of {vary.text()} on {vary.one.named} is {number:.4g}"


def _steps(
    vary: Varying, grid: Vector, maxima: Iterable[Maximum], *, estimates: bool
) -> list[StrengthStep]:
    has_corner = any(one.prior.corner_weight for one in vary.priors)
    return [
        StrengthStep(
            strength=float(strength),
            number=vary.number_at(float(strength)),
            nonzero=int((vary.away(maximum) != 0).sum()),
            status=maximum.optimum.status.name.lower().replace("_", "-"),
            log_evidence=None if has_corner else log_evidence(maximum),
            estimates=[float(b) for beta in maximum.betas for b in beta] if estimates else [],
        )
        for strength, maximum in zip(grid, maxima, strict=False)  # a path may end early
    ]


def _ended(path: Sequence[Maximum], grid: Vector) -> tuple[str, ...]:
    """A path that ends before its grid does says so."""
    last = path[-1].optimum
    if last.status is Status.CONVERGED:
        return ()
    strength = float(grid[len(path) - 1])
    return (f"the path ends at strength {strength:.4g} of {grid[-1]:.4g}: {last.status.value}",)


def _record(
    vary: Varying,
    chosen_by: str,
    strength: float,
    best: float | None,
    steps: Sequence[StrengthStep],
    maxima: Sequence[Maximum],
) -> StrengthSearch:
    found = [m for m in maxima if m.optimum.status is Status.CONVERGED]
    residuals = [residual for m in found if (residual := corner_residual(m)) is not None]
    first = maxima[0]
    return StrengthSearch(
        prior=vary.text(),
        term=vary.one.named,
        chosen_by=chosen_by,
        strength=strength,
        best=best,
        rule=_RULES[chosen_by],
        terms=[
            f"{parameter.name}:{column.label}"
            for parameter, predictor in zip(
                first.model.family.parameters, first.engine.predictors, strict=True
            )
            for column in predictor.columns
        ],
        steps=steps,
        optimality_residual=max(residuals, default=None),
    )
