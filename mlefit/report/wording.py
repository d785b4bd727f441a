"""The sentences of a report, shared by the terminal and Markdown.

A line is a list of pieces; who prints it decides where it may break.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from mlefit.report import numbers
from mlefit.results.fit import (
    Coefficient,
    DataInfo,
    FitResult,
    Interval,
    LossRecord,
    ModelInfo,
    ParameterEstimate,
    Reparameterisation,
)

_SE_KIND = {
    "observed": "observed information",
    "expected": "expected information",
    "quasi": "quasi-likelihood",
    "cluster": "cluster sandwich",
    "bootstrap": "bootstrap",
    "debiased": "inverse expected information",
}
_DRAWN = {"bca": "BCa", "percentile": "percentile"}
_INVERSE_LINK = {
    "identity": "X b",
    "log": "exp(X b)",
    "logit": "logistic(X b)",
    "probit": "Phi(X b)",
    "inverse": "1 / (X b)",
    "sqrt": "(X b)^2",
    "tan-half": "2 arctan(X b)",
}


def title(result: FitResult) -> list[str]:
    """What is assumed: family, formulas, links."""
    model = result.model
    modelled = list(dict.fromkeys(row.parameter for row in result.coefficients))
    if not modelled:
        return [f"{model.title} sample", result.data.target]
    if len(modelled) == 1:
        return [f"{model.title} regression", model.formula, f"{model.links[modelled[0]]} link"]
    formulas = dict.fromkeys(model.formulas[name] for name in modelled)
    links = {name: model.links[name] for name in modelled}
    if len(set(links.values())) == 1:
        named = f"{links[modelled[0]]} link"
    else:
        named = "links " + ", ".join(f"{name} {link}" for name, link in links.items())
    return [f"{model.title} regression", *formulas, named]


def ledger(result: FitResult) -> str:
    """The rows of a fit: used, read, and dropped by cause."""
    return rows_line(result.data)


def rows_line(data: DataInfo) -> str:
    """The rows: used, read, and dropped by cause."""
    if data.rows_used == data.rows_read:
        return f"{data.rows_used:,} row{'s' * (data.rows_used != 1)}"
    causes = [f"{count:,} {cause.replace(':', ' ')}" for cause, count in data.rows_dropped.items()]
    return f"{data.rows_used:,} of {data.rows_read:,} rows ({', '.join(causes)})"


def roles(result: FitResult) -> list[str]:
    """Columns with a role beside target and features; empty for most fits."""
    success = result.model.event
    event = [] if success is None else [f"{result.data.target} = {success} counts as 1"]
    base = [] if result.model.base is None else [f"base class {result.model.base}"]
    return [*columns_with_roles(result.data), *event, *base, *_draws(result)]


def _draws(result: FitResult) -> list[str]:
    """What was drawn for the bootstrap, and what became of it."""
    made = result.bootstrap
    if made is None:
        return []
    what = "the fitted model" if made.scheme == "parametric" else made.scheme
    counts = [f"{count:,} failed ({cause})" for cause, count in made.failed.items()]
    counts += [f"{count:,} infinite ({cause})" for cause, count in made.infinite.items()]
    outcome = ", ".join(counts) or "all converged"
    return [f"bootstrap: {made.replications:,} draws of {what}, seed {made.seed}, {outcome}"]


def columns_with_roles(data: DataInfo) -> list[str]:
    """Weights, offsets, what was not seen, and which rows were asked for."""
    weights = [f"{kind} weights {column}" for kind, column in (data.weights or {}).items()]
    named = {
        "offset": data.offset,
        "exposure": data.exposure,
        "trials": data.trials,
        "clusters": data.cluster,
        "rows where": data.where,
    }
    hidden = [
        f"{count:,} {kind}"
        for kind, count in (data.censoring or {}).get("rows", {}).items()
        if kind != "exact"
    ]
    if hidden:
        weights.append(", ".join(hidden))
    for end, value in (data.truncation or {}).items():
        weights.append(f"nothing {end} {numbers.significant(value)} is seen")
    return [*weights, *[f"{role} {column}" for role, column in named.items() if column]]


def banner(result: FitResult) -> str:
    """The first line of a report nobody should rely on; empty when converged."""
    certificate = result.certificate
    if certificate.status == "converged":
        return ""
    head = "AT A BOUNDARY" if certificate.status == "boundary" else "NOT CONVERGED"
    return f"{head}: {certificate.message}"


def status(result: FitResult) -> str:
    """What was maximised, in how many steps, and what is left to gain."""
    certificate = result.certificate
    steps = f"{certificate.iterations} step{'' if certificate.iterations == 1 else 's'}"
    left = certificate.newton_decrement
    remainder = f" (predicted decrease left {numbers.small(left)})" if _usable(left) else ""
    is_maximum = certificate.status in ("converged", "boundary")
    reached = "" if is_maximum else "not converged: "
    return f"maximum {result.model.objective}, {steps}, {reached}{certificate.status}{remainder}"


def standing_in(result: FitResult) -> list[str]:
    """That fewer rows stood for all of them, if they did."""
    certificate, used = result.certificate, result.data.rows_used
    if certificate.counted_rows is not None:
        return [f"identical rows counted: {used:,} as {certificate.counted_rows:,}"]
    if certificate.condensed_values is not None:
        values = certificate.condensed_values
        return [f"sample condensed: {used:,} values as {values:,} with the same sums"]
    return []


def interval_heading(model: ModelInfo) -> str:
    """Level, method and kind of standard error: the kind is always named."""
    interval = model.interval
    if interval.method == "laplace":
        kind = "" if model.se_kind == "observed" else f", {_SE_KIND[model.se_kind]}"
        return f"{numbers.percent(interval.level)} credible interval (Laplace approximation{kind})"
    if interval.method == "debiased":
        return f"{numbers.percent(interval.level)} interval (debiased, {_SE_KIND[model.se_kind]})"
    if interval.method == "profile":
        kind = f"std error: {_SE_KIND[model.se_kind]}"
        of = "penalised likelihood" if model.prior else "likelihood"
        return f"{numbers.percent(interval.level)} interval (profile {of}; {kind})"
    kind = _SE_KIND.get(model.se_kind, f"{model.se_kind} sandwich")
    if interval.method in _DRAWN:
        words = f"{_DRAWN[interval.method]} bootstrap; std error: {kind}"
        return f"{numbers.percent(interval.level)} interval ({words})"
    parts = [interval.method.capitalize(), kind]
    if not _is_normal(interval):
        parts.append(interval.distribution)
    return f"{numbers.percent(interval.level)} interval ({', '.join(parts)})"


def reparameterised_heading(result: FitResult) -> str:
    """What the calls are of: the truncation of a sample is no part of them."""
    before = ", before its truncation" if result.data.truncation else ""
    return f"The same distribution elsewhere{before}"


def reparameterised(result: FitResult) -> list[str]:
    """The fitted distribution in other systems, its numbers rounded to their errors."""
    return [f"{one.system}: {_call(one)}" for one in result.elsewhere]


def _call(one: Reparameterisation) -> str:
    text = one.template
    for row in one.arguments:
        value = numbers.rounded([row.estimate], row.std_error)[0].strip()
        text = text.replace(f"{{{row.name}}}", value)
    return text


def statistic_heading(model: ModelInfo) -> str:
    """The letter of the statistic: z, t, or the signed root of a likelihood ratio."""
    if model.interval.method == "profile":
        return "root LR"
    return "z" if _is_normal(model.interval) else "t"


def _is_normal(interval: Interval) -> bool:
    return interval.distribution == "normal"


def held(row: Coefficient | ParameterEstimate, result: FitResult) -> str:
    """Why a row has no standard error; empty when it has one."""
    model = result.model
    if row.estimate is None:
        return _nowhere(row, result)
    if row.std_error is not None:
        return ""
    names = {row.parameter, f"{row.parameter}:{getattr(row, 'term', '')}"}
    names.add(getattr(row, "term", row.parameter))
    return "fixed" if names & set(model.fixed) else "none"


def _nowhere(row: Coefficient | ParameterEstimate, result: FitResult) -> str:
    """Why a row has no estimate."""
    status = result.certificate.status
    if status == "boundary":
        if isinstance(row, ParameterEstimate):
            return "infinite"
        siblings = [one for one in result.coefficients if one.parameter == row.parameter]
        return "at the edge" if all(one.estimate is None for one in siblings) else "redundant"
    return "infinite" if status == "no-maximum" else "redundant"


def penalty_lines(result: FitResult) -> list[list[str]]:
    """What was minimised, as NLL + penalty, and what each prior is worth."""
    fit, priors = result.fit, result.model.prior
    if not priors or fit.log_likelihood is None:
        return []
    whole = sum(prior["penalty_value"] for prior in priors)
    lines = [
        [
            f"NLL {numbers.height(-fit.log_likelihood)}",
            f"+ penalty {numbers.height(whole)}",
            f"= {numbers.height(whole - fit.log_likelihood)}",
            "= -log posterior + constant",
        ]
    ]
    for prior in priors:
        strengths = ", ".join(f"{k} {v:.6g}" for k, v in prior["strengths"].items())
        worth = prior["worth_rows"]
        lines.append(
            [
                f"{prior['prior']} on {prior['term']}: penalty {prior['penalty']}",
                f"sum {numbers.height(prior['penalty_value'])}",
                *([f"strength {strengths} on the summed NLL"] if strengths else []),
                *([f"worth about {worth:,.3g} rows"] if worth is not None else []),
            ]
        )
    elsewhere = [row for row in result.translations if row["exact"] and row["setting"] is not None]
    if elsewhere:
        lines.append(["the same coefficients elsewhere:"])
        lines += [[f"  {row['system']}: {row['setting']}"] for row in elsewhere]
    # a function of the information pulls no coefficient anywhere that the rows could contest
    by_coefficient = all(prior["scale"] != "rows" for prior in priors)
    if fit.effective_params is not None and by_coefficient:
        decided = f"the rows decide {fit.effective_params:.4g} of {fit.n_params} parameters"
        lines.append([decided, "intercepts and parameters not named have a flat prior"])
    return lines


def fit_pieces(result: FitResult) -> list[str]:
    """The height of the likelihood and what is derived from it."""
    fit = result.fit
    pieces = [
        f"{name} {numbers.height(value)}"
        for name, value in [
            ("log-likelihood", fit.log_likelihood),
            ("AIC", fit.aic),
            ("BIC", fit.bic),
        ]
        if _usable(value)
    ]
    if _usable(fit.deviance):
        pieces.append(f"deviance {numbers.height(fit.deviance)} on {fit.df_residual:,} df")
    if _usable(fit.mean_nll):
        pieces.append(f"{fit.mean_nll:.4f} nats per row")
    return pieces


def _usable(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def assumption(result: FitResult) -> list[str]:
    """The chain from a distribution to a loss."""
    links = result.model.links
    modelled = {row.parameter for row in result.coefficients}
    moves = [f"{name} = {_inverse(links[name])}" for name in links if name in modelled]
    name = result.model.family.title().replace("-", "")
    if result.model.distribution is not None:
        moves = []
        assumed = f"assume {result.data.target} ~ {result.model.distribution}"
    else:
        assumed = f"assume {result.data.target} ~ {name}({', '.join(links)})"
    return [", ".join([assumed, *moves]), "likelihood", "log", "negate"]


def _inverse(link: str) -> str:
    name, _, interval = link.partition(" from ")
    inverse = _INVERSE_LINK.get(name, f"inverse {name}(X b)")
    if not interval:
        return inverse
    lower, upper = (float(end) for end in interval.split(" to "))
    factor = "" if upper - lower == 1 else f"{upper - lower:g} "
    return f"{lower:g} + {factor}{inverse}"


def loss_identity(loss: LossRecord, mean_nll: float | None) -> list[str]:
    """One loss and the arithmetic that turns its mean into the NLL per row."""
    name = loss.name if loss.name.startswith("mean ") else f"mean {loss.name}"
    head = [f"{name} ({loss.formula})", numbers.summand(loss.value)]
    held = f"{', '.join(loss.holds_fixed)} held at the estimate" if loss.holds_fixed else ""
    if loss.scale_to_nll is None or loss.constant_to_nll is None:
        # with a scale that varies, the unweighted loss is least somewhere else
        fixed = ", ".join(loss.holds_fixed)
        return [*head, f"the NLL weighs each row's loss by its own {fixed}, so it is not this loss"]
    if mean_nll is None:
        return [*head, *filter(None, [held])]
    sign = "+" if loss.constant_to_nll >= 0 else "-"
    error, checked = loss.identity_error, loss.rows_checked
    exactness = f"to {numbers.small(error)}" if error else "exactly"
    of_rows = "" if checked is None else f" on {checked:,} rows looked at"
    return [
        *head,
        f"x {numbers.significant(loss.scale_to_nll, 5)}",
        f"{sign} {numbers.summand(abs(loss.constant_to_nll))}",
        f"= NLL per row {mean_nll:.4f}",
        *filter(None, [held]),
        f"(identity holds {exactness}{of_rows})",
    ]


def elsewhere(losses: Sequence[LossRecord]) -> list[list[str]]:
    """Settings of other libraries; what several losses share is said once."""
    labelled = [
        (label, settings)
        for loss in losses
        for label, settings in [
            ("the same coefficients", loss.apis),
            ("the same loss", loss.same_loss),
        ]
        if settings
    ]
    distinct = [item for index, item in enumerate(labelled) if item not in labelled[:index]]
    return [_settings(label, settings) for label, settings in distinct]


def _settings(label: str, settings: Mapping[str, str]) -> list[str]:
    first, *rest = [f"{library} {setting}" for library, setting in settings.items()]
    return [f"{label}: {first}", *rest]


def diagnostics(values: Mapping[str, object]) -> list[list[str]]:
    """Short facts about the fit of the assumption, each line a list of pieces."""
    first = []
    if (dispersion := _number(values, "dispersion")) is not None:
        first.append(f"dispersion {dispersion:.2f} (1 expected)")
    seen, expected = _number(values, "zeros_observed"), _number(values, "zeros_expected")
    if seen is not None and expected is not None:
        first.append(f"zeros {seen:,.0f} seen, {expected:,.1f} expected")
    lines = [first]
    if isinstance(moments := values.get("quantile_residuals"), Mapping):
        shown = [f"{name} {round(value, 2) + 0.0:.2f}" for name, value in moments.items()]
        line = [f"quantile residuals {', '.join(shown)} (normal: 0, 1, 0, 3)"]
        if without := _number(values, "rows_without_residual"):
            line.append(f"rows at the edge of what can be seen, without one: {without:,.0f}")
        lines.append(line)
    if isinstance(counts := values.get("counts"), Sequence):
        shown = [f"{row['value']}: {row['observed']:,.0f}/{row['expected']:,.1f}" for row in counts]
        lines.append(["counts seen/expected", *shown])
    if isinstance(tested := values.get("goodness_of_fit"), Mapping):
        lines.append(_tested(tested))
    return [line for line in lines if line]


def _tested(gof: Mapping[str, Any]) -> list[str]:
    """The distances of the rows from the fit, and how often chance alone gives larger ones."""
    tests = [
        f"{test['statistic']} {numbers.significant(test['value'], 4)}, p = {test['p_value']:.3g}"
        for test in gof["tests"]
    ]
    failed = f", {gof['failed']} of them not fitted" if gof["failed"] else ""
    return [f"goodness of fit, {gof['replications']} draws of the fitted model{failed}:", *tests]


def _number(values: Mapping[str, object], key: str) -> float | None:
    value = values.get(key)
    return float(value) if isinstance(value, int | float) else None
