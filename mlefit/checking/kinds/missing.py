"""Whether values are missing, or more of them than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day, ledger_of
from mlefit.source import Ledger

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
        share = _share(ledger)
        values: dict[str, float | None] = {"share": share, "change": share}
        message = f"{share:.2%} of {ledger.candidates:,} rows lack a value"
        if day.baseline is not None:
            was = _share(ledger_of(day.baseline.record))
            values["change"] = share - was
            message += f", {was:.2%} in the baseline"
        causes = [f"{count:,} {cause}" for cause, count in ledger.dropped.items()]
        yield Sight(values, message, evidence=(", ".join(causes),) if share else ())


def _share(ledger: Ledger) -> float:
    lacking = (count for cause, count in ledger.dropped.items() if cause.startswith(_CAUSE))
    return sum(lacking) / ledger.candidates if ledger.candidates else 0.0


CHECK = Missing()
