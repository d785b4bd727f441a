"""Whether values are missing, or more of them than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day

_CAUSE = "missing:"


class Missing(Check):
    """See the module's docstring."""

    name = "missing"
    summary = "share of rows that lack a value the model needs"
    quantities = {"share": "of rows", "change": "the same less the baseline's share"}
    by_default = {"warn": {"change_above": 0.01}}
    baseline = False
    order = 2

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        ledger = day.ledger
        asked = ledger.read - ledger.dropped.get("where", 0)
        share = _lacking(ledger.dropped) / asked
        values: dict[str, float | None] = {"share": share, "change": share}
        message = f"{share:.2%} of {asked:,} rows lack a value"
        if day.baseline is not None:
            data = day.baseline.record.data
            before = data.rows_read - data.rows_dropped.get("where", 0)
            was = _lacking(data.rows_dropped) / before if before else 0.0
            values["change"] = share - was
            message += f", {was:.2%} in the baseline"
        causes = [f"{count:,} {cause}" for cause, count in ledger.dropped.items()]
        yield Sight(values, message, evidence=(", ".join(causes),) if share else ())


def _lacking(dropped: Mapping[str, int]) -> int:
    return sum(count for cause, count in dropped.items() if cause.startswith(_CAUSE))


CHECK = Missing()
