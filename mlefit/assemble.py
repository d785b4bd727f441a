"""From a maximum to the record of a fit: every number that a report shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import mlefit
from mlefit.arrow import written
from mlefit.assign import SLOPES
from mlefit.cautions import cautions, conditions, redundancies
from mlefit.certificate import certificate
from mlefit.design.coding import INTERCEPT, Column
from mlefit.design.predictors import Basis
from mlefit.design.roles import Roles
from mlefit.design.table import Table
from mlefit.diagnosis.criteria import criteria, nobs_of
from mlefit.diagnosis.goodness import FitSums, deviance, diagnostics, look
from mlefit.diagnosis.losses import loss_records
from mlefit.errors import UsageError
from mlefit.inference.debiased import KIND
from mlefit.inference.estimates import Uncertainty, coefficient_rows, parameter_rows
from mlefit.inference.intervals import Intervals
from mlefit.inference.posterior import effective_parameters, prior_records, remarks
from mlefit.inference.uncertainty import se_kind, uncertainty_of
from mlefit.provenance import data_info
from mlefit.request import Request
from mlefit.results import fit as results
from mlefit.search.climb import Search
from mlefit.search.maximise import maximise
from mlefit.search.maximum import Maximum
from mlefit.search.verdict import no_maximum
from mlefit.source import Numbered, Source

if TYPE_CHECKING:
    from mlefit.inference.jacobian import Modes

# Coefficients of which every pair is recorded: half a gigabyte of text.
_MOST_COVARIANCES = 5_000


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
    seen = look(maximum)
    sums = seen.sums
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
    both = _modes(request, maximum)
    verdict = no_maximum(maximum, roles, table)
    derived, without_value = _derived(request, maximum, uncertainty)
    return results.FitResult(
        schema=results.SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.command,
        data=data_info(request, source, roles, rows, table),
        model=_model_info(request, roles, table, maximum, kind, uncertainty, both),
        coefficients=list(coefficient_rows(roles, maximum, uncertainty)),
        parameters=list(parameter_rows(roles, maximum, uncertainty)),
        derived=derived,
        fit=_summary(request, maximum, sums, df_residual),
        certificate=certificate(maximum, table),
        losses=loss_records(maximum, sums.losses, free=_is_plain(request)),
        translations=_translations(maximum),
        diagnostics=facts,
        covariance=_covariance_record(maximum, uncertainty),
        warnings=(
            *([] if verdict is None else [verdict]),
            *table.warnings,
            *cautions(maximum, rows, kind, facts, seen.influential),
            *intervals.warnings,
        ),
        notes=(
            *notes,
            *intervals.notes,
            *conditions(maximum),
            *remarks(maximum, debiased=kind == KIND),
            *filter(None, (one.sentence() for one in both)),
            *without_value,
            *_not_kept(uncertainty),
        ),
        debiased=_debiased_record(maximum, uncertainty),
        elsewhere=_elsewhere(maximum, uncertainty),
        bootstrap=intervals.bootstrap,
    )


def _modes(request: Request, maximum: Maximum) -> list[Modes]:
    """Both modes of each parameter with a prior that its link bends."""
    if maximum.penalty is None:
        return []
    from mlefit.inference.jacobian import modes

    return list(modes(maximum, Search(tol=request.tol)))


def _derived(
    request: Request, maximum: Maximum, uncertainty: Uncertainty
) -> tuple[list[results.Derived], list[str]]:
    """What a field calls the coefficients, what was asked for, and notes on what has no value."""
    if not (request.derive or maximum.model.family.readings):
        return [], []
    from mlefit.inference.derived import derived_rows
    from mlefit.inference.readings import readings

    rows, notes = derived_rows(request.derive, maximum, uncertainty)
    return [*readings(maximum, uncertainty), *rows], notes


def _elsewhere(maximum: Maximum, uncertainty: Uncertainty) -> list[results.Reparameterisation]:
    """The distribution of a plain sample as other programs write it."""
    if not all(predictor.is_constant for predictor in maximum.asked):
        return []
    from mlefit.inference.reparameterised import reparameterisations

    return list(reparameterisations(maximum, uncertainty))


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
    from mlefit.translations import settings_for

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
        null_deviance=_null_deviance(request, maximum, sums.deviance),
        df_residual=int(df_residual),
        nobs=height.nobs,
        mean_nll=mean if height.finite else None,
        bits_per_row=mean / math.log(2) if height.finite else None,
        effective_params=effective_parameters(maximum) if height.finite else None,
    )


def _null_deviance(request: Request, maximum: Maximum, own: float | None) -> float | None:
    """Deviance of the model with an intercept, or nothing, for the first parameter.

    The other parameters stay at their estimates: with a size or a scale of its own the null
    model's deviance would be on another scale.
    """
    first, *others = maximum.engine.predictors
    if own is None or (first.size == first.has_intercept and maximum.penalty is None):
        return own
    rest = [
        replace(
            predictor,
            columns=(),
            held=(*predictor.held, *zip(predictor.columns, map(float, beta), strict=True)),
            basis=Basis(np.zeros(0)),
        )
        for predictor, beta in zip(others, maximum.betas[1:], strict=True)
    ]
    constant = Column(INTERCEPT, ())
    alone = replace(first, columns=(), basis=Basis(np.zeros(0)))
    eta = _eta_of_mean(maximum)
    if eta is not None:
        alone = replace(alone, held=((constant, eta),))
    elif first.has_intercept:
        alone = replace(alone, columns=(constant,), basis=Basis(np.zeros(1)))
    engine = maximum.engine.with_predictors([alone, *rest])
    if not any(predictor.size for predictor in engine.predictors):
        return deviance(replace(maximum, engine=engine), np.zeros(0))
    null = maximise(maximum.model, engine, Search(tol=request.tol))
    return deviance(null, null.optimum.gamma)


def _eta_of_mean(maximum: Maximum) -> float | None:
    """The intercept of the null model where it is known to be at the mean of the target."""
    model, (first, *others) = maximum.model, maximum.engine.predictors
    parameter = model.family.parameters[0]
    closed = model.family.derivation.estimate.get(parameter.name) == "mean(y)"
    # rows with offsets or precisions of their own have no common mean
    alike = not first.offsets and not first.held and all(one.is_constant for one in others)
    seen = not (model.family.is_censored or model.family.is_truncated)
    mean = np.array([maximum.moments.mean])
    if not (closed and alike and seen and first.has_intercept and parameter.domain.contains(mean)):
        return None
    return float(model.links[0].forward(mean)[0])


def _covariance_record(maximum: Maximum, uncertainty: Uncertainty) -> results.Covariance:
    matrix = uncertainty.matrix
    if matrix is None or len(matrix) > _MOST_COVARIANCES:
        return results.Covariance(_names(maximum), [])
    return results.Covariance(_names(maximum), written(matrix))


def _not_kept(uncertainty: Uncertainty) -> Iterator[str]:
    """What a document of so many coefficients is without."""
    p = 0 if uncertainty.matrix is None else len(uncertainty.matrix)
    if p > _MOST_COVARIANCES:
        yield (
            f"the {p:,} by {p:,} covariances of the estimates, {20 * p * p / 1e9:,.1f} GB of text, "
            "are not kept in a document: predictions from it have no errors"
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
