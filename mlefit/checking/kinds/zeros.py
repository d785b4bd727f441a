"""Zeros seen, over those that the fit expects, and the change of that ratio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight, UnseenError
from mlefit.checking.day import Day


class Zeros(Check):
    """See the module's docstring."""

    name = "zeros"
    summary = "zeros seen over zeros expected"
    quantities = {"ratio": "1 where the family is right", "change": "from the baseline's"}
    by_default = {"warn": {"change_outside": [-0.3, 0.3]}}
    baseline = False
    order = 8

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        today = day.result.diagnostics
        now = _ratio(today)
        if now is None:
            raise UnseenError("the fit expects no zeros that could be counted")
        seen, expected = today["zeros_observed"], today["zeros_expected"]
        values: dict[str, float | None] = {"ratio": now, "change": None}
        message = f"{seen:,.0f} seen, {expected:,.1f} expected (ratio {now:.3g})"
        p_value = None
        if day.baseline is not None:
            then = day.baseline.record.diagnostics
            before = _ratio(then)
            if before is not None:
                values["change"] = now - before
                message += f", {before:.3g} in the baseline"
                # a number of zeros varies about as a Poisson count
                variances = (now / expected, before / then["zeros_expected"])
                p_value = day.chance(now - before, variances)
        yield Sight(values, message, p_value=p_value)


def _ratio(diagnostics: Mapping[str, Any]) -> float | None:
    """None where so few are expected that one more or less is much."""
    expected = diagnostics.get("zeros_expected")
    if expected is None or expected < _FEWEST:
        return None
    return float(diagnostics["zeros_observed"] / expected)


_FEWEST = 20.0

CHECK = Zeros()
