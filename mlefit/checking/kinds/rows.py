"""Whether there are enough rows to say anything, and about as many as usual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day


class RowsUsed(Check):
    """See the module's docstring."""

    name = "rows"
    summary = "rows that can be used"
    quantities = {"rows": "rows used", "of_baseline": "the same over the baseline's"}
    by_default = {"fail": {"below": 30}, "warn": {"of_baseline_below": 0.5}}
    baseline = False
    order = 1

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        used = day.ledger.used
        values: dict[str, float | None] = {"rows": used, "of_baseline": None}
        message = f"{used:,} rows used"
        if day.baseline is not None:
            before = day.baseline.record.data.rows_used
            values["of_baseline"] = used / before
            message += f", {used / before:.3g} times the {before:,} of the baseline"
        yield Sight(values, message, evidence=day.ledger.lines())


CHECK = RowsUsed()
