"""What a study by simulation hands over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated

from mlefit.frozen import frozen

SCHEMA = "mlefit/study/1"


@frozen
class Replications:
    """The samples of one size, and how many of them have a maximum."""

    rows: Annotated[int, "of each sample"]
    samples: Annotated[int, "that were drawn"]
    fitted: Annotated[int, "that have a maximum inside the family; all else is of these"]
    failures: Annotated[Mapping[str, int], "why the others have none, each with their number"]


@frozen
class Spread:
    """How far estimates of a parameter lie from the truth."""

    parameter: Annotated[str, "on its natural scale"]
    rows: Annotated[int, "of each sample"]
    truth: Annotated[float, "that the samples were drawn with"]
    bias: Annotated[float | None, "mean of the estimates less the truth"]
    rmse: Annotated[float | None, "root of the mean squared error"]
    rmse_std_error: Annotated[float | None, "of rmse, from its spread over the samples"]
    median_error: Annotated[float | None, "median of the absolute errors, which no sample rules"]
    variance: Annotated[float | None, "of the estimates"]
    bound: Annotated[float | None, "Cramer-Rao: inverse information at the truth; null if none"]
    efficiency: Annotated[float | None, "bound over variance"]
    efficiency_std_error: Annotated[float | None, "of efficiency, over the samples"]


@frozen
class Rate:
    """How fast the error of a parameter falls with the rows: the slope of logs."""

    parameter: str
    slope: Annotated[float | None, "of log rmse against log rows"]
    std_error: Annotated[float | None, "of the slope, over the samples"]
    median_slope: Annotated[float | None, "the same of the median absolute error"]
    expected: Annotated[float, "where the maximum likelihood estimate is regular"]


@frozen
class Shape:
    """The distribution of z = (estimate - truth) / std_error on the link scale."""

    parameter: str
    link: Annotated[str, "of the parameter: z is of its linear predictor"]
    rows: Annotated[int, "of each sample"]
    mean: Annotated[float | None, "0 of a standard normal"]
    sd: Annotated[float | None, "1 of a standard normal"]
    skewness: Annotated[float | None, "0 of a standard normal"]
    quantiles: Annotated[Sequence[float | None], "of z at the study's probabilities"]


@frozen
class Coverage:
    """How many intervals hold the truth."""

    name: Annotated[str, "a parameter, a function of the parameters, or what is predicted"]
    rows: Annotated[int, "of each sample"]
    method: Annotated[str, "how the interval is made: wald, profile, or predicted"]
    scale: Annotated[str, "on which it is symmetric"]
    level: Annotated[float, "nominal coverage"]
    coverage: Annotated[float | None, "share of the intervals that hold the truth"]
    std_error: Annotated[float | None, "of the share, over the samples"]
    below: Annotated[float | None, "share of the intervals that lie below the truth"]
    above: Annotated[float | None, "share of the intervals that lie above the truth"]


@frozen
class Rival:
    """Another estimator of the same number."""

    estimator: Annotated[str, "mean, median, trimmed mean, or a parameter by moments"]
    target: Annotated[str, "what it estimates, as a parameter or as a word"]
    rows: Annotated[int, "of each sample"]
    truth: Annotated[float, "what it estimates"]
    samples: Annotated[int, "where both have an estimate"]
    variance: Annotated[float | None, "of the other estimator"]
    mle_variance: Annotated[float | None, "of the same number by maximum likelihood"]
    relative_efficiency: Annotated[float | None, "variance by maximum likelihood over the other"]
    std_error: Annotated[float | None, "of the ratio, over the samples"]


@frozen
class Function:
    """A function of the parameters at the maximum: its estimate and its error."""

    name: str
    rows: Annotated[int, "of each sample"]
    truth: Annotated[float, "the function of the true parameters"]
    mean: Annotated[float | None, "of the function of the estimates"]
    sd: Annotated[float | None, "of the function of the estimates"]
    delta_error: Annotated[float | None, "median standard error by the delta method"]


@frozen
class OtherLink:
    """The same samples, searched through another link."""

    parameter: str
    link: Annotated[str, "that it is usually searched through"]
    other: Annotated[str, "the other one"]
    samples: Annotated[int, "that were searched through both"]
    difference: Annotated[float | None, "largest, of an estimate in its standard errors"]


@frozen
class Overfit:
    """How well a fit does on its own rows, and on fresh ones."""

    rows: Annotated[int, "of each sample"]
    prior: Annotated[str, "of the slopes; empty for maximum likelihood"]
    samples: Annotated[int, "with a maximum inside the family"]
    truth: Annotated[float | None, "NLL of a row under the true distribution"]
    in_sample: Annotated[float | None, "NLL of a row that the fit has seen"]
    fresh: Annotated[float | None, "NLL of a row that it has not"]
    gap: Annotated[float | None, "fresh less in_sample"]
    std_error: Annotated[float | None, "of the gap, over the samples"]
    expected: Annotated[float | None, "of the gap, to first order: parameters / rows"]


@frozen
class StudyResult:
    """The document `mlefit study` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    parameters: Annotated[Mapping[str, float], "true values, on the natural scale"]
    known: Annotated[Mapping[str, float], "further quantities of every row"]
    levels: Annotated[Sequence[str], "of a target that has levels"]
    seed: Annotated[int, "of all draws"]
    samples: Annotated[int, "of each number of rows"]
    conf_level: Annotated[float, "of the intervals"]
    shown: Annotated[Sequence[str], "the properties that were asked for"]
    replications: Sequence[Replications]
    spread: Annotated[Sequence[Spread], "of every parameter, at every number of rows"]
    rates: Annotated[Sequence[Rate], "one for each parameter; none for one number of rows"]
    information: Annotated[str, "where the bound comes from"]
    probabilities: Annotated[Sequence[float], "of the quantiles"]
    shapes: Annotated[Sequence[Shape], "of every parameter, at every number of rows"]
    coverage: Sequence[Coverage]
    rivals: Sequence[Rival]
    functions: Sequence[Function]
    other_links: Sequence[OtherLink]
    covariates: Annotated[int, "columns without effect in the study of overfit"]
    overfit: Sequence[Overfit]
    overfit_failures: Annotated[Mapping[str, int], "samples of it without a maximum"]
    notes: Sequence[str] = field(default=())


RECORD = StudyResult
