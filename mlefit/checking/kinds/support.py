"""Values that the model cannot have produced: targets out of its range, levels it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day

_CAUSES = {
    "outside": "target outside the family's support",
    "unseen": "a level that the baseline never saw",
    "undefined": "a term without a value",
    "no count": "trials that are no count",
}


class Support(Check):
    """See the module's docstring."""

    name = "support"
    summary = "rows with values that the model cannot have produced"
    quantities = {"rows": "with such a value", "share": "of all rows"}
    by_default = {"fail": {"above": 0}}
    baseline = False
    order = 4

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        ledger = day.ledger
        found = {
            cause: count
            for cause, count in ledger.dropped.items()
            if cause.partition(":")[0] in _CAUSES
        }
        total = sum(found.values())
        asked = ledger.candidates
        message = f"{total:,} of {asked:,} rows" if total else f"none of {asked:,} rows"
        yield Sight(
            {"rows": total, "share": total / asked},
            f"{message} hold a value that the model cannot have produced",
            evidence=tuple(f"{count:,} rows: {_words(cause)}" for cause, count in found.items()),
        )


def _words(cause: str) -> str:
    kind, _, name = cause.partition(":")
    return f"{name}: {_CAUSES[kind]}"


CHECK = Support()
