"""What `mlefit check` hands over: what every check saw, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated, Any

from mlefit.frozen import frozen

SCHEMA = "mlefit/check/1"

STATUSES = ("pass", "skip", "warn", "fail", "error")
"""From the best to the worst."""


@frozen
class Outcome:
    """One check of one subject."""

    name: Annotated[str, "in the checks file, or the type"]
    type: Annotated[str, "kind of check"]
    subject: Annotated[str, "term, column or statistic; empty for the rows as a whole"]
    status: Annotated[str, "pass, warn, fail, error if it could not look, skip if it need not"]
    message: Annotated[str, "what it saw, or why it could not"]
    observed: Annotated[
        Mapping[str, Any], "every quantity it measured; two numbers for an interval"
    ]
    warn: Annotated[str | None, "condition of a warning; null for none"]
    fail: Annotated[str | None, "condition of a failure; null for none"]
    p_value: Annotated[float | None, "probability of as much by chance; null where it has no part"]
    alpha: Annotated[float | None, "that the p-value must be below for a warning or a failure"]
    evidence: Annotated[Sequence[str], "lines that show it"] = ()
    line: Annotated[int | None, "of the check in the checks file"] = None
    seconds: Annotated[float, "it took"] = 0.0


@frozen
class BaselineInfo:
    """The model of the day before."""

    source: Annotated[str, "document"]
    data: Annotated[str, "whose rows it was fitted to"]
    rows: Annotated[float, "rows of it"]
    title: Annotated[str, "of the family, in a heading"]
    formula: Annotated[str, "of its first parameter"]
    exact: Annotated[bool, "whether it counts as known without error"]


@frozen
class TodayInfo:
    """The rows of today."""

    source: Annotated[str, "path as given, 'stdin', 'frame' or a saved fit"]
    rows_read: Annotated[int, "rows in the source"]
    rows_used: Annotated[int, "rows that could be used"]
    rows_dropped: Annotated[Mapping[str, int], "rows left out, by cause"]
    where: Annotated[str | None, "predicate that selected rows"] = None


@frozen
class Sensitivity:
    """The smallest drift that this gate sees at this number of rows, on 95 % of days."""

    gap: Annotated[float, "nats per row"]
    shift: Annotated[float, "in standard deviations, about sqrt(2 gap)"]
    rows: Annotated[float, "of today"]
    condition: Annotated[str, "that the drift must meet"]


@frozen
class CheckResult:
    """The document `mlefit check` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    status: Annotated[str, "pass, warn, fail, error or empty: the worst of the outcomes"]
    verdict: Annotated[str, "why, in a sentence"]
    exit_code: Annotated[int, "of the command"]
    baseline: Annotated[BaselineInfo | None, "null where only today is looked at"]
    today: Annotated[TodayInfo | None, "null where it could not be read"]
    outcomes: Annotated[Sequence[Outcome], "one for each check and subject"]
    counts: Annotated[Mapping[str, int], "outcomes by status"]
    sensitivity: Annotated[Sequence[Sensitivity], "one for each condition on the fit gap"] = ()
    checks_file: Annotated[str | None, "where the checks stand"] = None
    next_command: Annotated[str | None, "that a person may want to run now"] = None
    accepted: Annotated[Sequence[str], "failures and warnings that a new baseline accepts"] = ()
    warnings: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())


RECORD = CheckResult
