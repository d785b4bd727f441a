"""What `mlefit check --power` hands over: the smallest drift that a gate would see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from mlefit.frozen import frozen
from mlefit.results.check import BaselineInfo, Sensitivity

SCHEMA = "mlefit/power/1"


@frozen
class TermSensitivity:
    """The smallest move of an estimate that a check of drift sees on 95 % of days."""

    term: Annotated[str, "name of the estimate"]
    rows: Annotated[float, "of the day"]
    change: Annotated[float, "on the link scale"]
    condition: Annotated[str, "that the move must meet"]


@frozen
class PowerResult:
    """The document `mlefit check --power` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    baseline: BaselineInfo
    gaps: Annotated[Sequence[Sensitivity], "for each condition on the fit gap and number of rows"]
    terms: Annotated[Sequence[TermSensitivity], "for each estimate and number of rows"]


RECORD = PowerResult
