"""The row budget: how many rows may be left out, for whatever reason but `where`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day


class Dropped(Check):
    """See the module's docstring."""

    name = "dropped"
    summary = "rows left out for any reason"
    quantities = {"share": "of rows", "rows": "left out"}
    example = {"above": 0.05}
    baseline = False
    order = 3

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        ledger = day.ledger
        asked = ledger.candidates
        lost = asked - ledger.used
        yield Sight(
            {"share": lost / asked, "rows": lost},
            f"{lost:,} of {asked:,} rows left out ({lost / asked:.2%})",
            evidence=ledger.lines() if lost else (),
        )


CHECK = Dropped()
