"""Nats that each row of today loses by keeping yesterday's parameters; see `checking.gap`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day


class FitGap(Check):
    """See the module's docstring."""

    name = "fit_gap"
    summary = "nats per row lost by keeping the baseline's parameters"
    quantities = {"gap": "nats per row", "shift": "in standard deviations, about sqrt(2 gap)"}
    by_default = {"warn": {"above": 0.005}, "fail": {"above": 0.02}}
    rows = True
    order = 6

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        day.today  # noqa: B018 - without a maximum there is no gap
        gap = day.gap
        shift = math.sqrt(2 * gap.value)
        yield Sight(
            {"gap": gap.value, "shift": shift},
            f"{gap.value:.4g} nats per row lost, about a shift by {shift:.2g} standard deviations",
            p_value=gap.p_value,
            evidence=(
                f"chi-squared {gap.statistic:.4g} on {gap.df} df, the baseline's own "
                f"uncertainty counted"
                + (f", divided by {gap.stretch:.3g} for extra spread" * (gap.stretch > 1)),
            ),
        )


CHECK = FitGap()
