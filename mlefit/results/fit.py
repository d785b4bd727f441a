"""What a fit hands over. One document serves as report, model file and baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated, Any

from mlefit.frozen import frozen

SCHEMA = "mlefit/fit/1"


@frozen
class DataInfo:
    """Which rows and columns the fit used, and who chose them."""

    source: Annotated[str, "path as given, 'stdin' or 'frame'"]
    format: Annotated[str, "csv, tsv, parquet, ipc, ndjson or frame"]
    rows_read: Annotated[int, "rows in the source"]
    rows_used: Annotated[int, "rows the likelihood sums over"]
    rows_dropped: Annotated[Mapping[str, int], "rows left out, by cause"]
    target: Annotated[str, "column or expression on the left side"]
    target_source: Annotated[str, "formula, option or guess"]
    features: Annotated[Sequence[str], "columns the right sides use"]
    features_source: Annotated[str, "formula, option, none or guess"]
    weights: Annotated[Mapping[str, str] | None, "kind and column of the weights"] = None
    offset: Annotated[str | None, "column added to the linear predictor of the first parameter"] = (
        None
    )
    exposure: Annotated[str | None, "column whose log is added to that predictor"] = None
    trials: Annotated[str | None, "column with the number of trials"] = None
    cluster: Annotated[str | None, "column that names the clusters of the standard errors"] = None
    where: Annotated[str | None, "predicate that selected rows"] = None
    censoring: Annotated[
        Mapping[str, Any] | None, "how rows are known to be censored, and how many are"
    ] = None
    truncation: Annotated[Mapping[str, float] | None, "ends outside which no row is seen"] = None
    others: Annotated[
        Sequence[str] | None, "columns that a '.' in a formula stands for; null without one"
    ] = None
    target_range: Annotated[
        Sequence[float] | None, "least and largest value of the target; codes where it has levels"
    ] = None


@frozen
class Interval:
    """How the intervals were made."""

    method: Annotated[str, "wald, laplace for a posterior, profile, bca, percentile, or debiased"]
    level: Annotated[float, "coverage aimed at"]
    distribution: Annotated[str, "normal, or t with its degrees of freedom"] = "normal"


@frozen
class ModelInfo:
    """The assumption: a family, its links, and which columns move which parameter."""

    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    title: Annotated[str, "its name in a heading"]
    formula: Annotated[str, "formula of the first parameter"]
    formulas: Annotated[Mapping[str, str], "formula of every parameter that has covariates"]
    links: Annotated[Mapping[str, str], "link of every parameter"]
    levels: Annotated[
        Mapping[str, Sequence[str]],
        "levels of each factor, the base level first, and of a target that has them, in order",
    ]
    event: Annotated[str | None, "value of the target that counts as 1"]
    prior: Annotated[Sequence[Mapping[str, Any]], "priors and the penalties they are; else empty"]
    fixed: Annotated[Mapping[str, float], "parameters and coefficients held at a value"]
    objective: Annotated[str, "likelihood, posterior, or pseudo-likelihood under sampling weights"]
    se_kind: Annotated[str, "observed, expected, quasi, HC0 to HC3, cluster, bootstrap or debiased"]
    small_sample: Annotated[bool, "whether the scale divides by n - p"]
    interval: Annotated[Interval, "how the intervals were made"]
    base: Annotated[str | None, "class of the target that the others are compared with"] = None
    distribution: Annotated[
        str | None, "of a row, where family and parameters alone do not tell it"
    ] = None
    other_event: Annotated[
        str | None, "value of the target that counts as 0, where `event` counts as 1"
    ] = None


@frozen
class Coefficient:
    """One column of the design of a parameter with covariates, on the link scale."""

    parameter: Annotated[str, "parameter whose linear predictor it belongs to"]
    term: Annotated[str, "Intercept, x, log(x), g[b], x:g[b]"]
    estimate: Annotated[float | None, "value at the maximum; null when the column is redundant"]
    std_error: Annotated[float | None, "standard error; null when held fixed"]
    statistic: Annotated[
        float | None, "estimate over its standard error; signed root of the ratio under profiles"
    ]
    p_value: Annotated[float | None, "two-sided probability of a larger statistic at zero"]
    conf_low: Annotated[float | None, "lower end of the interval"]
    conf_high: Annotated[float | None, "upper end of the interval"]


@frozen
class ParameterEstimate:
    """A parameter without covariates, on its natural scale."""

    parameter: Annotated[str, "name of the parameter"]
    estimate: Annotated[float | None, "value at the maximum; null where it is infinite"]
    std_error: Annotated[float | None, "by the delta method from the link scale"]
    conf_low: Annotated[float | None, "lower end, mapped from the link scale"]
    conf_high: Annotated[float | None, "upper end, mapped from the link scale"]


@frozen
class Derived:
    """A function of the parameters: the estimate by invariance, its error by the delta method."""

    name: Annotated[str, "what it is called"]
    expression: Annotated[str, "the function"]
    estimate: Annotated[float | None, "its value at the maximum; null if what it needs has none"]
    std_error: Annotated[float | None, "by the delta method; null where the fit gives no errors"]
    conf_low: Annotated[float | None, "lower end, mapped from the scale where it is symmetric"]
    conf_high: Annotated[float | None, "upper end, mapped likewise"]
    scale: Annotated[
        str | None,
        "where the interval is symmetric: log of what is positive by its form, logit of a share, "
        "the link of a parameter itself, or own",
    ] = None


@frozen
class Reparameterisation:
    """The fitted distribution under the names and parameters of another system."""

    system: Annotated[str, "R, scipy, Stan or statsmodels"]
    call: Annotated[str, "how it is written there, with the estimates"]
    template: Annotated[str, "the same with the names of the arguments in braces"]
    arguments: Annotated[Sequence[Derived], "parameters there, as functions of those here"]


@frozen
class FitSummary:
    """The height of the likelihood and what is derived from it."""

    log_likelihood: Annotated[float | None, "with every constant"]
    log_prior: Annotated[float, "log-density of the prior; 0 without one"]
    n_params: Annotated[int, "estimated coefficients, all parameters"]
    aic: Annotated[float | None, "2 k - 2 log L"]
    aicc: Annotated[float | None, "AIC with the small-sample term; null if n <= k + 1"]
    bic: Annotated[float | None, "k log n - 2 log L"]
    deviance: Annotated[float | None, "in the family's own definition; null if it has none"]
    null_deviance: Annotated[float | None, "deviance of the model without covariates"]
    df_residual: Annotated[int, "rows (frequency weights counted) minus coefficients of the mean"]
    nobs: Annotated[float, "rows, or the sum of the frequency weights"]
    mean_nll: Annotated[float | None, "negative log-likelihood for each row, in nats"]
    bits_per_row: Annotated[float | None, "the same in bits"]
    effective_params: Annotated[
        float | None, "parameters that the rows decide: fewer than n_params under priors"
    ] = None


@frozen
class Certificate:
    """Separate facts about the optimum; 'converged' means all of them."""

    status: Annotated[str, "converged, or why not"]
    message: Annotated[str, "the sentence a person reads"]
    iterations: Annotated[int, "steps taken"]
    passes: Annotated[int, "full passes over the rows"]
    newton_decrement: Annotated[
        float | None, "half g' H^-1 g: the decrease in NLL still to be had, in nats"
    ]
    max_scaled_gradient: Annotated[
        float | None, "largest gradient entry over the root of its information"
    ]
    condition_number: Annotated[
        float | None,
        "of the information scaled to a unit diagonal; under a corner of what it does not hold",
    ]
    rank: Annotated[int, "independent columns, all parameters"]
    information: Annotated[str, "positive definite, or not"]
    optimality_residual: Annotated[
        float | None, "under a prior with a corner: largest violation of an optimality condition"
    ] = None
    starts: Annotated[int, "places the search started from; this fit is the highest end"] = 1
    lower_maxima: Annotated[int, "starts from which it ended at a lower maximum"] = 0
    engine: Annotated[str, "memory, or streamed: where each pass had the rows from"] = "memory"
    counted_rows: Annotated[
        int | None, "rows that stand for all, where identical ones are counted; null where not"
    ] = None
    condensed_values: Annotated[
        int | None,
        "weighted values with the same sums that stand for a plain sample; null where none do",
    ] = None


@frozen
class LossRecord:
    """A loss that has the same minimum as the negative log-likelihood.

    For the rows of the data, NLL / n = scale_to_nll * value + constant_to_nll.
    """

    name: Annotated[str, "what the loss is called"]
    parameter: Annotated[str, "the parameter it is minimised over"]
    formula: Annotated[str, "the loss of one row"]
    value: Annotated[float, "its mean over the rows, from its own definition"]
    scale_to_nll: Annotated[float | None, "factor that turns it into the NLL; null if it varies"]
    constant_to_nll: Annotated[float | None, "the rest, free of the parameter; null if it varies"]
    identity_error: Annotated[float, "relative error of the identity on these rows"]
    gradient_error: Annotated[float, "largest relative distance of loss slope * scale to NLL slope"]
    holds_fixed: Annotated[Sequence[str], "parameters held at their estimates in the identity"]
    apis: Annotated[Mapping[str, str], "settings elsewhere that give the same coefficients"]
    same_loss: Annotated[Mapping[str, str], "objectives elsewhere that minimise this loss"]
    rows_checked: Annotated[int | None, "rows on which the two errors are; null for all"] = None


@frozen
class Covariance:
    """Covariance of the estimated coefficients, on the link scale."""

    names: Annotated[Sequence[str], "parameter:term"]
    matrix: Annotated[Sequence[Sequence[float]], "one row for each name"]


@frozen
class StrengthStep:
    """One strength of a prior and what the fit under it is worth."""

    strength: Annotated[float, "of the penalty, on the summed NLL"]
    number: Annotated[float, "what stands for it in the prior: a scale, say"]
    nonzero: Annotated[int, "coefficients of the prior that are off its centre"]
    status: Annotated[str, "of the fit at this strength"]
    estimates: Annotated[Sequence[float], "one for each of `terms`; empty without --path"]
    log_evidence: Annotated[
        float | None, "log of the Laplace-approximated marginal likelihood; null under a corner"
    ] = None
    mean_nll: Annotated[float | None, "NLL for each row held out, mean over the folds"] = None
    std_error: Annotated[float | None, "of mean_nll, from its spread over the folds"] = None


@frozen
class StrengthSearch:
    """Strengths of one prior, from the strongest, and which of them was chosen."""

    prior: Annotated[str, "the prior with its number open"]
    term: Annotated[str, "whom it is for"]
    chosen_by: Annotated[str, "evidence, cv, or user"]
    strength: Annotated[float, "the strength of the fit"]
    best: Annotated[float | None, "where the evidence is largest or the held-out NLL least"]
    rule: Annotated[str, "how the strength follows from the steps"]
    terms: Annotated[Sequence[str], "parameter:term of the estimates, on the link scale"]
    steps: Annotated[Sequence[StrengthStep], "the strongest first"]
    optimality_residual: Annotated[
        float | None,
        "under a corner: largest violation of an optimality condition in a fit that converged",
    ]
    folds: Annotated[int | None, "parts the rows were held out in"] = None
    seed: Annotated[int | None, "decides which row is in which fold"] = None


@frozen
class TermTest:
    """A test of the model against a smaller one: without some terms, or with an equation held."""

    terms: Annotated[str, "what the smaller model lacks, or the equation that it obeys"]
    parameter: Annotated[
        str | None, "whose terms; null where parameters share the formula, and of an equation"
    ]
    test: Annotated[str, "likelihood ratio, F, Wald or score"]
    statistic: Annotated[float | None, "null where there is no test; see status"] = None
    df: Annotated[int | None, "independent columns that the larger model has more"] = None
    df_residual: Annotated[float | None, "of an F test: that the variance is estimated from"] = None
    p_value: Annotated[float | None, "probability of a larger statistic if they say nothing"] = None
    distribution: Annotated[str | None, "that the statistic has then"] = None
    information: Annotated[
        str | None, "covariance of Wald's test, information of the score test"
    ] = None
    aic_change: Annotated[float | None, "AIC without the terms less AIC with them"] = None
    status: Annotated[
        str, "ok; boundary, where the p-value is not proven; none, without a number"
    ] = "ok"
    message: Annotated[str, "why, in a sentence; empty if ok"] = ""


@frozen
class Bootstrap:
    """Fits of drawn rows that errors or intervals come from."""

    scheme: Annotated[str, "rows, clusters, or parametric"]
    replications: Annotated[int, "draws made"]
    seed: Annotated[int, "of the draws"]
    failed: Annotated[Mapping[str, int], "draws without estimates, by cause"]
    infinite: Annotated[Mapping[str, int], "draws with an infinite estimate, by cause"]


@frozen
class SearchStep:
    """A place on the way of Newton's method, and what it saw from there."""

    step: Annotated[int, "steps taken before"]
    log_likelihood: Annotated[float, "what is maximised, there"]
    predicted_rise: Annotated[float, "up to the top of the parabola: half the squared decrement"]
    largest_slope: Annotated[float, "largest slope over the root of its information"]
    information: Annotated[str, "observed or expected: which curvature the parabola has"]
    length: Annotated[
        float | None, "part of the way to the top that was gone; null at the end, or if it bent"
    ]
    estimates: Annotated[Sequence[float], "coefficients there, on the link scale"]
    direction: Annotated[float | None, "from a single coefficient to the top; null for several"]
    across: Annotated[Sequence[float], "places from here (0) to the top of the parabola (1)"]
    curve: Annotated[Sequence[float | None], "what is maximised at these places"]
    parabola: Annotated[Sequence[float], "the parabola at these places"]


@frozen
class SearchPath:
    """The way of Newton's method from its start to the maximum."""

    objective: Annotated[str, "log-likelihood, or log-posterior under priors"]
    terms: Annotated[Sequence[str], "parameter:term of the estimates"]
    steps: Annotated[Sequence[SearchStep], "in order; the last is the maximum"]
    away: Annotated[
        bool, "whether the fit itself started at the maximum, and this search away from it"
    ] = False


@frozen
class FitResult:
    """The document `mlefit fit` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    data: DataInfo
    model: ModelInfo
    coefficients: Sequence[Coefficient]
    parameters: Sequence[ParameterEstimate]
    derived: Sequence[Derived]
    fit: FitSummary
    certificate: Certificate
    losses: Sequence[LossRecord]
    translations: Sequence[Mapping[str, Any]]
    diagnostics: Mapping[str, Any]
    covariance: Covariance
    warnings: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())
    path: StrengthSearch | None = None
    debiased: Annotated[
        Mapping[str, float] | None,
        "under --se debiased: the estimates that tests and intervals are about, on the link scale",
    ] = None
    elsewhere: Annotated[
        Sequence[Reparameterisation], "of a plain sample: the same distribution in other systems"
    ] = ()
    tests: Annotated[Sequence[TermTest], "one for each test of each --test"] = field(default=())
    anova: Annotated[Sequence[TermTest], "one for each term, under --anova"] = field(default=())
    bootstrap: Annotated[Bootstrap | None, "draws that errors or intervals come from"] = None
    search: Annotated[
        SearchPath | None, "under --explain: the steps of Newton's method; null if it took none"
    ] = None


@frozen
class DryRun:
    """What a fit would do: the reading of the command, without the fit."""

    source: Annotated[str, "path as given, 'stdin' or 'frame'"]
    format: Annotated[str, "csv, tsv, parquet, ipc, ndjson or frame"]
    rows_read: Annotated[int, "rows in the source"]
    rows_used: Annotated[int, "rows the likelihood would sum over"]
    rows_dropped: Annotated[Mapping[str, int], "rows left out, by cause"]
    target: Annotated[str, "column or expression on the left side"]
    target_source: Annotated[str, "formula, option or guess"]
    features: Annotated[Sequence[str], "columns the right sides use"]
    features_source: Annotated[str, "formula, option, none or guess"]
    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    links: Annotated[Mapping[str, str], "link of every parameter"]
    formulas: Annotated[Mapping[str, str], "formula of every parameter"]
    columns: Annotated[Sequence[str], "coefficients that would be estimated, parameter:term"]
    notes: Annotated[Sequence[str], "what a person should know"]


RECORD = FitResult
