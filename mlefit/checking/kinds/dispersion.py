"""The spread of the counts about their means, over what the family expects, and its change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight, UnseenError
from mlefit.checking.day import Day


class Dispersion(Check):
    """See the module's docstring."""

    name = "dispersion"
    summary = "spread over what the family expects"
    quantities = {"dispersion": "1 where the family is right", "change": "from the baseline's"}
    by_default = {"warn": {"change_outside": [-0.3, 0.3]}}
    baseline = False
    order = 8

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        now = day.result.diagnostics.get("dispersion")
        if now is None:
            raise UnseenError("the family has a spread of its own")
        values: dict[str, float | None] = {"dispersion": now, "change": None}
        message, p_value = f"{now:.4g} (1 expected)", None
        if day.baseline is not None:
            before = day.baseline.record.diagnostics.get("dispersion")
            if before is not None:
                values["change"] = now - before
                message += f", {before:.4g} in the baseline"
                errors = [
                    one.diagnostics["dispersion_std_error"] ** 2
                    for one in (day.result, day.baseline.record)
                ]
                p_value = day.chance(now - before, (errors[0], errors[1]))
        yield Sight(values, message, p_value=p_value)


CHECK = Dispersion()
