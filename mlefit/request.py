"""What a caller asks for, exactly as it was written: texts, column names and numbers.

Nothing is resolved here; `fitting` gives the words their meaning.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from mlefit.frozen import frozen


@frozen
class Request:
    """One fit. The fields mirror the flags of `mlefit fit`, which documents them."""

    data: Any = None
    formula: str | None = None
    target: str | None = None
    features: tuple[str, ...] | None = None
    levels: tuple[str, ...] | None = None
    family: str | None = None
    links: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    priors: tuple[str, ...] = ()
    l1: float | None = None
    l2: float | None = None
    cv: int | None = None
    path: int | None = None
    seed: int = 1
    freq_weights: str | None = None
    precision_weights: str | None = None
    sampling_weights: str | None = None
    offset: str | None = None
    exposure: str | None = None
    trials: str | None = None
    event: str | None = None
    lower: str | None = None
    upper: str | None = None
    censored_below: float | None = None
    censored_above: float | None = None
    truncated_below: float | None = None
    truncated_above: float | None = None
    cluster: str | None = None
    by: str | None = None
    where: str | None = None
    missing: Literal["drop", "error"] = "drop"
    max_dropped: str | None = None
    input_format: str | None = None
    tests: tuple[str, ...] = ()
    anova: bool = False
    gof: bool = False
    replications: int | None = None
    bootstrap: str | None = None
    bootstrap_interval: str | None = None
    se: str | None = None
    ci: str | None = None
    small_sample: bool = False
    conf_level: float = 0.95
    derive: tuple[str, ...] = ()
    strict: bool = False
    engine: str = "local"
    scheduler: str | None = None
    threads: int | None = None
    max_memory: str | None = None
    tol: float = 1e-10
    max_iter: int = 100
    explain: bool = False
    command: tuple[str, ...] = ()


@frozen
class ComparisonRequest:
    """Several fits of the same rows. The fields mirror the flags of `mlefit compare`.

    Attributes:
        common: what all fits share; names neither formula nor family.
        formulas: one for each group of candidates; empty where `common` names the target.
        families: names; None for those that suit the target.
        models: saved fits.
        folds: parts the rows are held out in.
        lrt: whether each model is only tested against the next smaller one.
    """

    common: Request
    formulas: tuple[str, ...] = ()
    families: tuple[str, ...] | None = None
    models: tuple[Any, ...] = ()
    folds: int = 10
    lrt: bool = False


@frozen
class StudyRequest:
    """A study by simulation. The fields mirror the flags of `mlefit study`.

    Attributes:
        at: texts such as `mu=170,sigma=10`.
        trials: of every row, for a family that counts successes.
        rows: numbers of rows of a sample, rising.
        show: properties; empty for those that the family and the numbers of rows allow.
        against: other estimators.
        derive: texts such as `cv = sigma / mu`.
        ci: intervals whose coverage is shown.
        covariates: columns without effect, for the study of overfit.
        priors: of their slopes.
    """

    family: str
    at: tuple[str, ...]
    levels: tuple[str, ...] | None = None
    trials: float | None = None
    rows: tuple[int, ...] = (50, 100, 200, 400, 800)
    replications: int = 1000
    seed: int = 1
    conf_level: float = 0.95
    show: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    derive: tuple[str, ...] = ()
    ci: tuple[str, ...] = ("wald",)
    covariates: int = 5
    priors: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


@frozen
class PredictRequest:
    """Rows for a saved model. The fields mirror the flags of `mlefit predict`.

    Attributes:
        what: groups of columns; None for those that the model and the table have.
        keep: columns of the table to repeat; ("all",) for every one.
        spelt: whether to repeat those of a CSV or TSV table as they are spelt there.
        quantiles: levels of a new outcome.
        uncertainty: whether limits of an outcome count that the estimates are not certain.
        unseen: what becomes of a level that the fit had not seen: error or null.
        aggregate: whether only the sum over the rows is wanted.
    """

    data: Any = None
    model: Any = None
    what: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()
    spelt: bool = False
    quantiles: tuple[float, ...] = ()
    residuals: str = "quantile"
    conf_level: float = 0.95
    uncertainty: bool = True
    unseen: str = "error"
    aggregate: bool = False
    engine: str = "local"
    scheduler: str | None = None
    input_format: str | None = None
    command: tuple[str, ...] = ()


@frozen
class SimulateRequest:
    """Rows to draw. The fields mirror the flags of `mlefit simulate`.

    Attributes:
        data: a table of which every row is given an outcome; None for none.
        model: a saved fit; None where family and parameters are given.
        rows: without a table, how many.
        keep: columns of the table to repeat; ("all",) for every one.
        spelt: whether to repeat those of a CSV or TSV table as they are spelt there.
        uncertainty: whether the estimates are drawn, too, anew for every replication.
        unseen: what becomes of a level that the fit had not seen: error or null.
    """

    data: Any = None
    model: Any = None
    family: str | None = None
    at: tuple[str, ...] = ()
    levels: tuple[str, ...] | None = None
    trials: float | None = None
    rows: int | None = None
    replications: int = 1
    keep: tuple[str, ...] = ()
    spelt: bool = False
    uncertainty: bool = False
    unseen: str = "error"
    seed: int = 1
    input_format: str | None = None


@frozen
class ProbabilityRequest:
    """Questions to one distribution. The fields mirror the flags of `mlefit probability`.

    Attributes:
        at: parameters, as NAME=NUMBER.
        trials: of a family that counts successes.
        below: values; P(X <= value) is asked.
        above: values; P(X > value).
        between: pairs of values with a comma between them; P(low <= X <= high).
        equal: values; the density there, or the probability of the value.
        quantile: levels, as numbers or as 1-NUMBER.
        model: the document of a fitted plain sample, instead of family and parameters.
    """

    family: str | None = None
    at: tuple[str, ...] = ()
    levels: tuple[str, ...] | None = None
    trials: float | None = None
    below: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()
    quantile: tuple[str, ...] = ()
    model: Any = None
    command: tuple[str, ...] = ()


@frozen
class LikelihoodRequest:
    """Points of a likelihood. The fields mirror the flags of `mlefit likelihood`.

    Attributes:
        common: the rows, the family, and what is held.
        values: the data, if they are given by hand; `common` then names none.
        trials: of values given by hand.
        at: points, each as NAME=NUMBER with commas between.
        over: parameters to draw along, as NAME or NAME=FROM:TO; one for a curve, two for a
            surface.
        steps: values along each of them; None for what suits.
        drawn: whether to choose a curve and a surface where none is asked for.
        rows: whether to tell what each row contributes.
    """

    common: Request
    values: tuple[str, ...] = ()
    trials: float | None = None
    at: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    steps: int | None = None
    drawn: bool = False
    rows: bool = False


@frozen
class ProfileRequest:
    """Profiles of one fit. The fields mirror the flags of `mlefit profile`.

    Attributes:
        common: the fit, with the quantities derived from it.
        params: names of what is profiled; empty for everything.
        levels: of the intervals.
        points: of each curve.
    """

    common: Request
    params: tuple[str, ...] = ()
    levels: tuple[float, ...] = (0.95,)
    points: int = 41


@frozen
class CheckRequest:
    """A day to check. The fields mirror the flags of `mlefit check`.

    Attributes:
        data: today's table, or the document of its fit.
        baseline: document of yesterday's fit; None for what the checks file names.
        checks: path of the checks file; None for the default checks.
        expect: comparisons that must hold.
        warn: comparisons that should hold.
        only: names or types of the checks to run; empty for all.
        skip: names or types of those to leave out.
        exact: whether the baseline counts as known without error.
        alpha: significance that must accompany an effect; None for the checks file's.
        max_dropped: the most rows that may be left out, as "1%" or "20".
        fail_on: worst status that still passes is below this: fail, warn or never.
        allow_empty: whether it is well if nothing was checked.
        accept: whether failures and warnings become part of the next baseline.
        by: column whose groups are checked one by one; None for none.
        history: path of what was seen on days before.
        common: where, input format and search; family and formula where there is no baseline.
    """

    data: Any = None
    baseline: Any = None
    checks: Any = None
    expect: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    exact: bool = False
    alpha: float | None = None
    max_dropped: str | None = None
    fail_on: Literal["fail", "warn", "never"] = "fail"
    allow_empty: bool = False
    accept: bool = False
    by: str | None = None
    history: Any = None
    common: Request = field(default_factory=Request)
