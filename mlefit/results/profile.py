"""What `mlefit profile` hands over: intervals by the profile beside Wald's, and the curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated

from mlefit.frozen import frozen
from mlefit.results.fit import DataInfo

SCHEMA = "mlefit/profile/1"


@frozen
class ProfileInterval:
    """The two intervals of one quantity at one level."""

    name: Annotated[str, "parameter, parameter:term, or the name of a derived quantity"]
    expression: Annotated[str | None, "the function, of a derived quantity"]
    level: Annotated[float, "coverage aimed at"]
    estimate: Annotated[float, "at the maximum"]
    std_error: Annotated[float | None, "by the curvature at the maximum, and the delta method"]
    conf_low: Annotated[float | None, "lower end by the profile; null if there is none"]
    conf_high: Annotated[float | None, "upper end by the profile; null if there is none"]
    low_reason: Annotated[str, "why there is no lower end, or why it lies where it does"]
    high_reason: Annotated[str, "the same of the upper end"]
    wald_low: Annotated[float | None, "lower end by the standard error"]
    wald_high: Annotated[float | None, "upper end by the standard error"]
    wald_low_drop: Annotated[
        float | None, "log-likelihood lost at Wald's lower end, which is the cut if both agree"
    ]
    wald_high_drop: Annotated[float | None, "the same at Wald's upper end"]
    wald_scale: Annotated[str, "where Wald's interval is symmetric: a link, log, logit, or own"]


@frozen
class ProfilePoint:
    """The log-likelihood where a quantity is held and everything else is at its best."""

    name: Annotated[str, "of the quantity"]
    value: Annotated[float, "that it is held at"]
    drop: Annotated[float | None, "log-likelihood there less the maximum; null outside the domain"]
    signed_root: Annotated[float | None, "root of twice the drop, with the sign of the distance"]
    wald_drop: Annotated[float | None, "what the parabola of Wald's interval has there"]


@frozen
class ProfileTest:
    """The likelihood ratio test that a coefficient or derived quantity is zero."""

    name: Annotated[str, "of the quantity"]
    signed_root: Annotated[float, "root of the likelihood ratio, with the sign of the estimate"]
    p_value: Annotated[float, "two-sided, by the normal distribution"]


@frozen
class ProfileResult:
    """The document `mlefit profile` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    data: DataInfo
    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    title: Annotated[str, "its name in a heading"]
    formulas: Annotated[Mapping[str, str], "formula of every parameter that has covariates"]
    links: Annotated[Mapping[str, str], "link of every parameter"]
    objective: Annotated[str, "likelihood, or penalised likelihood under a Jeffreys prior"]
    log_likelihood: Annotated[float, "at the maximum, the penalty left out"]
    cuts: Annotated[Mapping[str, float], "drop at the ends of an interval, by its level"]
    intervals: Annotated[Sequence[ProfileInterval], "one for each quantity and level"]
    tests: Annotated[Sequence[ProfileTest], "one for each quantity that can be zero"]
    curves: Annotated[Sequence[ProfilePoint], "from the lowest value of each quantity up"]
    warnings: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())


RECORD = ProfileResult
