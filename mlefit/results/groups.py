"""What `mlefit fit --by` hands over: one fit for each group of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated

from mlefit.frozen import frozen
from mlefit.results.fit import DataInfo, FitResult

SCHEMA = "mlefit/groups/1"


@frozen
class GroupEstimate:
    """A coefficient on the link scale, or a parameter without covariates on its own."""

    parameter: str
    term: Annotated[str | None, "null for a parameter without covariates"]
    estimate: Annotated[float | None, "null where the group does not tell it"]
    std_error: float | None
    conf_low: float | None
    conf_high: float | None


@frozen
class GroupFit:
    """The fit of one group."""

    group: Annotated[str, "value of the column"]
    rows: Annotated[int, "rows the likelihood sums over"]
    nobs: Annotated[float, "rows, or the sum of the frequency weights"]
    status: Annotated[str, "converged, or why not"]
    message: Annotated[str, "the sentence a person reads; empty if it converged"]
    log_likelihood: Annotated[float | None, "with every constant"]
    n_params: Annotated[int, "estimated coefficients"]
    aic: Annotated[float | None, "2 k - 2 log L"]
    estimates: Annotated[Sequence[GroupEstimate], "in the order of the formula"]


@frozen
class GroupsResult:
    """The document `mlefit fit --by` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    data: DataInfo
    by: Annotated[str, "column whose values are the groups"]
    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    title: Annotated[str, "its name in a heading"]
    formula: Annotated[str, "of the first parameter"]
    links: Annotated[Mapping[str, str], "link of every parameter"]
    level: Annotated[float, "coverage of the intervals"]
    groups: Annotated[Sequence[GroupFit], "in the order of the values"]
    pooled: Annotated[FitResult, "the fit of all rows, which a new group is compared with"]
    warnings: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())


RECORD = GroupsResult
