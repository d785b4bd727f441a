"""From a maximum to the record of a fit: every number that a report shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

import mlefit
from mlefit.assign import SLOPES
from mlefit.cautions import cautions, conditions, redundancies
from mlefit.certificate import certificate
from mlefit.design.blocks import Basis
from mlefit.design.coding import INTERCEPT, Column
from mlefit.design.roles import Roles
from mlefit.design.table import Table
from mlefit.diagnosis.criteria import criteria, nobs_of
from mlefit.diagnosis.goodness import FitSums, deviance, diagnostics, fit_sums
from mlefit.diagnosis.losses import loss_records
from mlefit.errors import UsageError
from mlefit.inference.debiased import KIND
from mlefit.inference.derived import derived_rows
from mlefit.inference.estimates import Uncertainty, coefficient_rows, parameter_rows
from mlefit.inference.intervals import Intervals
from mlefit.inference.jacobian import Modes, modes
from mlefit.inference.posterior import effective_parameters, prior_records, remarks
from mlefit.inference.readings import readings
from mlefit.inference.reparameterised import reparameterisations
from mlefit.inference.uncertainty import se_kind, uncertainty_of
from mlefit.provenance import data_info
from mlefit.request import Request
from mlefit.results import fit as results
from mlefit.search.climb import Search
from mlefit.search.maximise import maximise
from mlefit.search.maximum import Maximum
from mlefit.search.verdict import no_maximum
from mlefit.source import Numbered, Source
from mlefit.translations import settings_for


def assemble(
    request: Request,
    source: Source,
    roles: Roles,
    rows: Numbered,
    table: Table,
    maximum: Maximum,
    intervals: Intervals,
    *,
    notes: Sequence[str],
) -> results.FitResult:
    """The record of a fit."""
    kind = se_kind(request, maximum)
    sums = fit_sums(maximum)
    df_residual = nobs_of(request, maximum) - maximum.engine.predictors[0].size
    facts = diagnostics(maximum, sums, df_residual)
    dispersion = sums.dispersion(df_residual)
    if kind == "quasi" and df_residual > 0:
        facts = {"dispersion": dispersion} | facts
    uncertainty = uncertainty_of(
        request,
        table,
        maximum,
        intervals,
        kind=kind,
        dispersion=dispersion,
        df_residual=df_residual,
    )
    redundant = list(redundancies(maximum))
    if redundant and request.strict:
        raise UsageError(f"--strict allows no redundant column: {redundant[0]}")
    both = list(modes(maximum, Search(tol=request.tol)))
    verdict = no_maximum(maximum, roles, table)
    derived, without_value = derived_rows(request.derive, maximum, uncertainty)
    return results.FitResult(
        schema=results.SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.command,
        data=data_info(request, source, roles, rows, table),
        model=_model_info(request, roles, table, maximum, kind, uncertainty, both),
        coefficients=list(coefficient_rows(roles, maximum, uncertainty)),
        parameters=list(parameter_rows(roles, maximum, uncertainty)),
        derived=[*readings(maximum, uncertainty), *derived],
        fit=_summary(request, maximum, sums, df_residual),
        certificate=certificate(maximum, table),
        losses=loss_records(maximum, sums.losses, free=_is_plain(request)),
        translations=_translations(maximum),
        diagnostics=facts,
        covariance=_covariance_record(maximum, uncertainty),
        warnings=(
            *([] if verdict is None else [verdict]),
            *table.warnings,
            *cautions(maximum, rows, kind, facts),
            *intervals.warnings,
        ),
        notes=(
            *notes,
            *intervals.notes,
            *conditions(maximum),
            *remarks(maximum, debiased=kind == KIND),
            *filter(None, (one.sentence() for one in both)),
            *without_value,
        ),
        debiased=_debiased_record(maximum, uncertainty),
        elsewhere=list(reparameterisations(maximum, uncertainty)),
        bootstrap=intervals.bootstrap,
    )


def _objective(request: Request, maximum: Maximum) -> str:
    if maximum.penalty is not None:
        return "posterior"
    return "pseudo-likelihood" if request.sampling_weights else "likelihood"


def _translations(maximum: Maximum) -> list[dict[str, Any]]:
    """The settings elsewhere that are the same penalty, for one prior on all slopes."""
    penalty = maximum.penalty
    plain = penalty is not None and [one.named for one in penalty.assigned] == [SLOPES]
    if penalty is None or not plain or not maximum.model.family.losses:
        return []
    model, moments = maximum.model, maximum.moments
    rows = moments.rows * moments.known.get("trials", 1.0)
    return [
        asdict(translation)
        for translation in settings_for(
            penalty.assigned[0].prior,
            model.family.name,
            model.links[0].name,
            rows=rows,
            phi=_dispersion(maximum),
            sd_y=math.sqrt(moments.variance),
        )
    ]


def _dispersion(maximum: Maximum) -> float:
    """The variance that a constant scale gives every row; 1 without one, NaN if it varies."""
    family = maximum.model.family
    if not family.has_free_scale:
        return 1.0
    rest = list(zip(maximum.model.links, maximum.gammas, strict=True))[1:]
    if any(len(gamma) != 1 for _, gamma in rest):
        return math.nan
    return float(np.ravel(family.dispersion(*(link.inverse(gamma) for link, gamma in rest)))[0])


def _is_plain(request: Request) -> bool:
    """Whether nothing but rows and columns entered the fit."""
    return not any(
        (
            request.precision_weights,
            request.sampling_weights,
            request.freq_weights,
            request.offset,
            request.exposure,
            request.fix,
            request.models,
            request.priors,
            request.l1,
            request.l2,
        )
    )


def _model_info(
    request: Request,
    roles: Roles,
    table: Table,
    maximum: Maximum,
    kind: str,
    uncertainty: Uncertainty,
    both: Sequence[Modes],
) -> results.ModelInfo:
    family = maximum.wanted.family
    classes = {roles.main.response_label: table.facts.levels} if family.support.levels else {}
    return results.ModelInfo(
        family=family.label,
        title=family.heading,
        formula=roles.main.text,
        formulas={name: formula.text for name, formula in roles.formulas.items()},
        links={
            parameter.name: link.name
            for parameter, link in zip(family.parameters, maximum.wanted.links, strict=True)
        },
        levels={**classes, **_levels_of(roles, table)},
        event=table.event,
        prior=[record | _both(record, both) for record in prior_records(maximum)],
        fixed=dict(_fixed(maximum)),
        objective=_objective(request, maximum),
        se_kind=kind,
        small_sample=request.small_sample,
        interval=results.Interval(
            uncertainty.method,
            request.conf_level,
            uncertainty.reference.name,
        ),
        base=table.facts.levels[0] if classes and not family.support.ordered else None,
        distribution=family.distribution([link.name for link in maximum.model.links]),
        other_event=table.other_event,
    )


def _levels_of(roles: Roles, table: Table) -> dict[str, Sequence[str]]:
    """The levels of the factors of the model; a test may have read further ones."""
    terms = [term for right in roles.rights.values() for term in right.terms]
    used = {factor.label for term in terms for factor in term.factors}
    return {label: levels for label, levels in table.levels.items() if label in used}


def _both(record: dict[str, Any], both: Sequence[Modes]) -> dict[str, Any]:
    """The modes on both scales, for a prior of a parameter that its link bends."""
    found = [one for one in both if one.parameter == record["term"]]
    return {"modes": found[0].record()} if found else {}


def _fixed(maximum: Maximum) -> Iterator[tuple[str, float]]:
    for parameter, predictor in zip(maximum.model.family.parameters, maximum.asked, strict=True):
        for column, value in predictor.held:
            yield f"{parameter.name}:{column.label}", value


def _summary(
    request: Request, maximum: Maximum, sums: FitSums, df_residual: float
) -> results.FitSummary:
    height = criteria(request, maximum)
    mean = height.nll / height.nobs
    return results.FitSummary(
        log_likelihood=-height.nll if height.finite else None,
        log_prior=maximum.log_prior,
        n_params=height.parameters,
        aic=height.aic,
        aicc=height.aicc,
        bic=height.bic,
        deviance=sums.deviance,
        null_deviance=None if sums.deviance is None else _null_deviance(request, maximum),
        df_residual=int(df_residual),
        nobs=height.nobs,
        mean_nll=mean if height.finite else None,
        bits_per_row=mean / math.log(2) if height.finite else None,
        effective_params=effective_parameters(maximum) if height.finite else None,
    )


def _null_deviance(request: Request, maximum: Maximum) -> float | None:
    """Deviance of the model with an intercept, or nothing, for the first parameter.

    The other parameters stay at their estimates: with a size or a scale of its own the null
    model's deviance would be on another scale.
    """
    first, *others = maximum.engine.predictors
    rest = [
        replace(
            predictor,
            columns=(),
            held=(*predictor.held, *zip(predictor.columns, map(float, beta), strict=True)),
            basis=Basis(np.zeros(0)),
        )
        for predictor, beta in zip(others, maximum.betas[1:], strict=True)
    ]
    intercept = (Column(INTERCEPT, ()),) if first.has_intercept else ()
    predictors = [
        replace(first, columns=intercept, basis=Basis(np.zeros(len(intercept)))),
        *rest,
    ]
    engine = maximum.engine.with_predictors(predictors)
    if not any(predictor.size for predictor in predictors):
        return deviance(replace(maximum, engine=engine), np.zeros(0))
    null = maximise(maximum.model, engine, Search(tol=request.tol))
    return deviance(null, null.optimum.gamma)


def _covariance_record(maximum: Maximum, uncertainty: Uncertainty) -> results.Covariance:
    return results.Covariance(
        _names(maximum), [] if uncertainty.matrix is None else uncertainty.matrix.tolist()
    )


def _debiased_record(maximum: Maximum, uncertainty: Uncertainty) -> dict[str, float] | None:
    if uncertainty.centres is None:
        return None
    return dict(zip(_names(maximum), map(float, uncertainty.centres), strict=True))


def _names(maximum: Maximum) -> list[str]:
    """parameter:term of every free coefficient."""
    return [
        f"{parameter.name}:{column.label}"
        for parameter, predictor in zip(
            maximum.model.family.parameters, maximum.engine.predictors, strict=True
        )
        for column in predictor.columns
    ]
