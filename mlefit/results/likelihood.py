"""What the likelihood of parameters given by hand hands over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated

from mlefit.frozen import frozen
from mlefit.results.fit import DataInfo

SCHEMA = "mlefit/likelihood/1"


@frozen
class SampleInfo:
    """The data, which are fixed, and the family whose parameters move."""

    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    title: Annotated[str, "its name in a heading"]
    values: Annotated[Sequence[str], "the data, if they were given by hand; else empty"]
    rows: Annotated[float, "sum of the weights: rows that the likelihood is a product over"]
    free: Annotated[Sequence[str], "parameters that can move"]
    fixed: Annotated[Mapping[str, float], "parameters held at a value"]
    discrete: Annotated[bool, "whether the factors are probabilities rather than densities"]


@frozen
class MaximumInfo:
    """Where the likelihood is highest, if it is so anywhere."""

    status: Annotated[str, "converged, or why there is no maximum to compare with"]
    message: Annotated[str, "the same as a sentence; empty if it converged"]
    at: Annotated[Mapping[str, float], "parameters there; empty without a maximum inside"]
    std_errors: Annotated[Mapping[str, float], "on the natural scale; empty if there are none"]
    log_likelihood: Annotated[float | None, "its height; null without one"]


@frozen
class Point:
    """The likelihood at one choice of the parameters."""

    point: Annotated[int, "its number, from 1"]
    at: Annotated[Mapping[str, float], "every parameter"]
    likelihood: Annotated[float, "product of densities; 0 also where no double is so small"]
    log_likelihood: Annotated[float | None, "their sum of logarithms; null if impossible"]
    factors: Annotated[Sequence[float], "the densities, of a few values given by hand"]
    below_best: Annotated[float | None, "log-likelihood less than the best of the points has"]
    below_maximum: Annotated[float | None, "log-likelihood less than the maximum has"]
    relative_support: Annotated[float | None, "likelihood over that of the maximum"]


@frozen
class Direction:
    """One parameter at one point: how the log-likelihood rises there, how far the top is."""

    point: Annotated[int, "number of the point"]
    parameter: Annotated[str, "its name"]
    value: Annotated[float, "at the point"]
    slope: Annotated[float | None, "derivative of the log-likelihood, the score"]
    estimate: Annotated[float | None, "at the maximum"]
    std_error: Annotated[float | None, "of the estimate, from the curvature at the maximum"]
    z: Annotated[float | None, "distance to the estimate in standard errors"]


@frozen
class Reading:
    """One of three tests of a point, all read off the same curve."""

    point: Annotated[int, "number of the point"]
    reading: Annotated[str, "height, slope or distance"]
    test: Annotated[str, "likelihood ratio, score or Wald"]
    statistic: Annotated[float | None, "null where it cannot be had"]
    df: Annotated[int, "free parameters"]
    p_value: Annotated[float | None, "probability of more if the point is true, by chi2(df)"]
    information: Annotated[str, "expected or observed, where a curvature is used; else empty"]


@frozen
class CurvePoint:
    """The highest likelihood with one parameter at a value."""

    value: Annotated[float, "of the parameter"]
    log_likelihood: Annotated[float | None, "null where it is impossible"]
    below_maximum: Annotated[float | None, "less than at the top"]
    others: Annotated[Mapping[str, float], "the other free parameters, at their best there"]


@frozen
class CurveInfo:
    """The likelihood along one parameter, and where it is cut."""

    parameter: Annotated[str, "the one that moves"]
    others: Annotated[str, "profiled: the others at their best; alone: there are no others"]
    level: Annotated[float, "coverage of the interval"]
    cut: Annotated[float, "half the chi-square quantile: as far below the top the curve is cut"]
    low: Annotated[float | None, "lower end of the interval; null if the curve stays above"]
    high: Annotated[float | None, "upper end"]
    low_reason: Annotated[str, "why there is no lower end; else empty"]
    high_reason: Annotated[str, "why there is no upper end; else empty"]
    points: Annotated[Sequence[CurvePoint], "from left to right"]


@frozen
class RegionLevel:
    """A joint confidence region of two parameters."""

    level: Annotated[float, "coverage"]
    below: Annotated[float, "less log-likelihood than the top, at its rim: half of chi2(2)"]


@frozen
class SurfaceInfo:
    """The likelihood over two parameters."""

    parameters: Annotated[Sequence[str], "the first to the right, the second up"]
    others: Annotated[str, "profiled: the others at their best; alone: there are no others"]
    levels: Annotated[Sequence[RegionLevel], "the innermost first"]
    first: Annotated[Sequence[float], "values of the first parameter"]
    second: Annotated[Sequence[float], "values of the second"]
    below_maximum: Annotated[
        Sequence[Sequence[float | None]],
        "less log-likelihood than the top: a row for each value of the second",
    ]


@frozen
class RowTerm:
    """What one row contributes at one point."""

    row: Annotated[int, "number of the row, the header line counted as 1"]
    value: Annotated[str, "the target"]
    weight: Annotated[float, "rows it stands for"]
    point: Annotated[int, "number of the point"]
    density: Annotated[float, "density, or probability"]
    log_density: Annotated[float | None, "its logarithm; null if impossible"]


@frozen
class LikelihoodResult:
    """The document `mlefit likelihood` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    data: DataInfo
    sample: SampleInfo
    maximum: MaximumInfo
    points: Annotated[Sequence[Point], "in the order of --at"]
    directions: Annotated[Sequence[Direction], "every free parameter at every point"]
    readings: Annotated[Sequence[Reading], "three tests of every point"]
    curve: Annotated[CurveInfo | None, "along one parameter, if it was asked for"] = None
    surface: Annotated[SurfaceInfo | None, "over two, if it was asked for"] = None
    rows: Annotated[Sequence[RowTerm], "of every row, if they were asked for"] = field(default=())
    warnings: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())


RECORD = LikelihoodResult
