"""From a maximum to the record of a fit: every number that a report shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

import mlefit
from mlefit import results
from mlefit._types import Matrix
from mlefit.assign import SLOPES
from mlefit.cautions import cautions, redundancies
from mlefit.debiased import KIND, debiased
from mlefit.design.blocks import Basis
from mlefit.design.coding import INTERCEPT, Column
from mlefit.design.roles import Roles
from mlefit.design.table import Table
from mlefit.errors import UsageError
from mlefit.estimates import Uncertainty, coefficient_rows, parameter_rows
from mlefit.goodness import FitSums, diagnostics, fit_sums
from mlefit.inference import Reference, covariance
from mlefit.jacobian import Modes, modes
from mlefit.losses import loss_records
from mlefit.maximise import Maximum, Search, maximise
from mlefit.optimise import Status
from mlefit.posterior import corner_residual, effective_parameters, prior_records, remarks
from mlefit.profile import Profile, profiles
from mlefit.request import Request
from mlefit.source import Rows, Source
from mlefit.symmetric import condition_number
from mlefit.translations import settings_for
from mlefit.verdict import no_maximum


def assemble(
    request: Request,
    source: Source,
    roles: Roles,
    rows: Rows,
    table: Table,
    maximum: Maximum,
    *,
    notes: Sequence[str],
) -> results.FitResult:
    """The record of a fit."""
    kind = _se_kind(request, maximum)
    sums = fit_sums(maximum)
    df_residual = _nobs(request, maximum) - maximum.engine.predictors[0].size
    uncertainty = _uncertainty(request, table, maximum, kind, df_residual)
    redundant = list(redundancies(maximum))
    if redundant and request.strict:
        raise UsageError(f"--strict allows no redundant column: {redundant[0]}")
    both = list(modes(maximum, Search(tol=request.tol)))
    verdict = no_maximum(maximum, roles, table)
    facts = diagnostics(maximum, sums, df_residual)
    return results.FitResult(
        schema=results.SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.command,
        data=_data_info(request, source, roles, rows),
        model=_model_info(request, roles, table, maximum, kind, uncertainty, both),
        coefficients=list(coefficient_rows(roles, maximum, uncertainty)),
        parameters=list(parameter_rows(roles, maximum, uncertainty)),
        derived=[],
        fit=_summary(request, maximum, sums, df_residual),
        certificate=_certificate(request, maximum),
        losses=loss_records(maximum, sums.losses, free=_is_plain(request)),
        translations=_translations(maximum),
        diagnostics=facts,
        covariance=_covariance_record(maximum, uncertainty),
        warnings=(
            *([] if verdict is None else [verdict]),
            *table.warnings,
            *cautions(maximum, rows, facts, df_residual),
        ),
        notes=(
            *notes,
            *remarks(maximum, debiased=kind == KIND),
            *filter(None, (one.sentence() for one in both)),
        ),
        debiased=_debiased_record(maximum, uncertainty),
    )


def _se_kind(request: Request, maximum: Maximum) -> str:
    if maximum.model.family.vertex is not None:
        return "expected"
    if maximum.penalty is not None and maximum.penalty.of_information:
        return "expected"
    # a sampled row stands for several, so its likelihood's own curvature overstates what is known
    default = "HC0" if request.sampling_weights else "observed"
    if request.cluster is not None:
        default = "cluster"
    return request.se or default


def _objective(request: Request, maximum: Maximum) -> str:
    if maximum.penalty is not None:
        return "posterior"
    return "pseudo-likelihood" if request.sampling_weights else "likelihood"


def _translations(maximum: Maximum) -> list[dict[str, Any]]:
    """The settings elsewhere that are the same penalty, for one prior on all slopes."""
    penalty = maximum.penalty
    if penalty is None or [one.named for one in penalty.assigned] != [SLOPES]:
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
    if not maximum.model.family.has_free_scale:
        return 1.0
    gamma = maximum.gammas[-1]
    if len(gamma) != 1:
        return math.nan
    return float(maximum.model.links[-1].inverse(gamma)[0]) ** 2


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


def _nobs(request: Request, maximum: Maximum) -> float:
    return float(maximum.engine.columns.rows if request.sampling_weights else maximum.moments.rows)


def _uncertainty(
    request: Request, table: Table, maximum: Maximum, kind: str, df_residual: float
) -> Uncertainty:
    trusted = maximum.optimum.status in (Status.CONVERGED, Status.STEP_LIMIT)
    if kind == KIND and trusted:
        stepped, normal = debiased(maximum), Reference()
        z = normal.quantile(request.conf_level)
        return Uncertainty(stepped.covariance, normal, z, 1.0, False, centres=stepped.beta)
    matrix = (
        covariance(
            maximum,
            kind,
            squared_weights=request.sampling_weights is not None,
            clusters=table.clusters,
        )
        if trusted and not (maximum.penalty is not None and maximum.penalty.has_corners)
        else None
    )
    reference, factor = Reference(), 1.0
    if request.small_sample:
        reference = Reference(df_residual)
        factor = math.sqrt(_nobs(request, maximum) / df_residual) if df_residual > 0 else math.nan
        # a sandwich holds the residuals themselves, so no sigma that could be corrected
        spread = factor if kind in ("observed", "expected") else 1.0
        matrix = matrix * spread**2 if matrix is not None and df_residual > 0 else None
    return Uncertainty(
        matrix,
        reference,
        reference.quantile(request.conf_level),
        factor,
        is_posterior=maximum.penalty is not None,
        profiles=_profiles(request, maximum, reference) if matrix is not None else (),
    )


def _profiles(request: Request, maximum: Maximum, reference: Reference) -> tuple[Profile, ...]:
    """Intervals of the penalised likelihood, where the penalty is no opinion on a coefficient."""
    if maximum.penalty is None or not maximum.penalty.of_information:
        return ()
    if maximum.optimum.status is not Status.CONVERGED:
        return ()  # a profile is measured from the top
    return profiles(maximum, Search(tol=request.tol), reference.quantile(request.conf_level))


def _data_info(request: Request, source: Source, roles: Roles, rows: Rows) -> results.DataInfo:
    weights = {
        kind: column
        for kind, column in (
            ("frequency", request.freq_weights),
            ("precision", request.precision_weights),
            ("sampling", request.sampling_weights),
        )
        if column is not None
    }
    return results.DataInfo(
        source=source.name,
        format=source.format,
        rows_read=rows.ledger.read,
        rows_used=rows.ledger.used,
        rows_dropped=rows.ledger.dropped,
        target=roles.main.response_label,
        target_source=roles.target_source,
        features=roles.features,
        features_source=roles.features_source,
        weights=next(({"kind": k, "column": c} for k, c in weights.items()), None),
        offset=request.offset,
        exposure=request.exposure,
        trials=request.trials,
        cluster=request.cluster,
        where=request.where,
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
    family = maximum.model.family
    return results.ModelInfo(
        family=family.name,
        formula=roles.main.text,
        formulas={name: formula.text for name, formula in roles.formulas.items()},
        links={
            parameter.name: link.name
            for parameter, link in zip(family.parameters, maximum.model.links, strict=True)
        },
        levels=table.levels,
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
    )


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
    nobs = _nobs(request, maximum)
    nll = maximum.nll * nobs / maximum.moments.rows
    k = len(maximum.optimum.gamma)
    finite = math.isfinite(nll) and maximum.optimum.status is not Status.PERFECT_FIT
    # where no maximum exists the height is that of the last step, and criteria mean nothing
    # a pseudo-likelihood has no information criterion, nor has a place that is not its maximum
    criteria = (
        finite
        and request.sampling_weights is None
        and maximum.optimum.status is not Status.NO_MAXIMUM
        and maximum.penalty is None
    )
    aic = 2 * k + 2 * nll
    return results.FitSummary(
        log_likelihood=-nll if finite else None,
        log_prior=maximum.log_prior,
        n_params=k,
        aic=aic if criteria else None,
        aicc=aic + 2 * k * (k + 1) / (nobs - k - 1) if criteria and nobs > k + 1 else None,
        bic=k * math.log(nobs) + 2 * nll if criteria else None,
        deviance=sums.deviance,
        null_deviance=None if sums.deviance is None else _null_deviance(request, maximum),
        df_residual=int(df_residual),
        nobs=nobs,
        mean_nll=nll / nobs if finite else None,
        bits_per_row=nll / nobs / math.log(2) if finite else None,
        effective_params=effective_parameters(maximum) if finite else None,
    )


def _null_deviance(request: Request, maximum: Maximum) -> float | None:
    """Deviance of the model with an intercept, or nothing, for the first parameter."""
    first, *rest = maximum.engine.predictors
    intercept = (Column(INTERCEPT, ()),) if first.has_intercept else ()
    predictors = [
        replace(first, columns=intercept, basis=Basis(np.zeros(len(intercept)))),
        *rest,
    ]
    engine = maximum.engine.with_predictors(predictors)
    if not any(predictor.size for predictor in predictors):
        return fit_sums(replace(maximum, engine=engine), np.zeros(0)).deviance
    null = maximise(maximum.model, engine, Search(tol=request.tol))
    return fit_sums(null).deviance


def _certificate(request: Request, maximum: Maximum) -> results.Certificate:
    optimum = maximum.optimum
    information = _user_information(maximum)
    corner = maximum.model.family.vertex is not None
    smooth = _smooth(maximum)
    roots = np.sqrt(np.abs(optimum.curvatures)[smooth])
    slopes = np.abs(optimum.totals.score)[smooth]
    scaled = np.divide(slopes, roots, where=roots > 0, out=np.zeros_like(slopes))
    residual = corner_residual(maximum)
    message = optimum.status.value
    if maximum.vertex is not None and not maximum.vertex.unique:
        message += "; the location is not unique: another one has the same likelihood"
    return results.Certificate(
        status=optimum.status.name.lower().replace("_", "-"),
        message=message,
        iterations=optimum.steps,
        passes=maximum.engine.passes,
        newton_decrement=optimum.decrement if math.isfinite(optimum.decrement) else None,
        max_scaled_gradient=float(scaled.max(initial=0.0)) if residual is None else residual,
        condition_number=None if corner else _finite(condition_number(information)),
        rank=sum(predictor.size for predictor in maximum.engine.predictors),
        optimality_residual=residual,
        information="positive definite" if optimum.positive_definite else "not positive definite",
    )


def _smooth(maximum: Maximum) -> slice:
    """Coefficients in which the log-density has a slope everywhere."""
    return slice(maximum.engine.predictors[0].size if maximum.vertex is not None else 0, None)


def _user_information(maximum: Maximum) -> Matrix:
    """The information in centred columns, whatever basis the search turned them to.

    Under corners that of the coefficients which none holds.
    """
    turn = np.eye(len(maximum.optimum.gamma))
    at = 0
    for predictor in maximum.engine.predictors:
        triangle = predictor.basis.triangle
        if triangle is not None:
            turn[at : at + predictor.size, at : at + predictor.size] = triangle
        at += predictor.size
    if maximum.optimum.free is not None:
        turn = turn[np.ix_(maximum.optimum.free, maximum.optimum.free)]
    return turn.T @ maximum.optimum.totals.information @ turn


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


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
