"""Whether estimates lie in a band, they themselves or their whole intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day
from mlefit.checking.estimates import chosen, estimates
from mlefit.checking.options import Option


class EstimateInBand(Check):
    """See the module's docstring."""

    name = "estimate"
    summary = "estimates of today, and their intervals, against a band"
    quantities = {"value": "the estimate", "interval": "its interval, which `misses` a band or not"}
    options = {"term": Option("texts", "terms, `*` for all", ("*",))}
    example = {"interval_misses": [0.5, 1.5]}
    baseline = False
    order = 7

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        record = day.today.record
        known = estimates(record)
        level = record.model.interval.level
        for name in chosen(known, given["term"]):
            one = known[name]
            message = f"{one.value:.5g}"
            if one.ends is not None:
                message += f", {level:.0%} interval {one.ends[0]:.5g} to {one.ends[1]:.5g}"
            yield Sight({"value": one.value, "interval": one.ends}, message, subject=name)


CHECK = EstimateInBand()
