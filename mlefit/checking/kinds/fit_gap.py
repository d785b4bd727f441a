"""Nats that each row of today loses by keeping yesterday's parameters; see `checking.gap`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlefit.checking._base import GroupedCheck, Sight
from mlefit.checking.bygroup import adjusted
from mlefit.checking.day import Day


class FitGap(GroupedCheck):
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
                f"chi-squared {gap.statistic:.4g} on {gap.df:.3g} df, the baseline's own "
                f"uncertainty counted"
                + (f", divided by {gap.stretch:.3g} for extra spread" * (gap.stretch > 1.05)),
            ),
        )

    def observe_groups(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        found = day.group_gaps
        p_values = np.array([math.nan if one.gap is None else one.gap.p_value for one in found])
        seen = np.isfinite(p_values)
        p_values[seen] = adjusted(p_values[seen])
        for one, p_value in zip(found, p_values.tolist(), strict=True):
            subject = f"{day.by}={one.name}"
            if one.gap is None:
                none: dict[str, float | None] = dict.fromkeys(self.quantities)
                yield Sight(none, f"no fit: {one.message}", subject)
                continue
            value = one.gap.value
            shift = math.sqrt(2 * value)
            yield Sight(
                {"gap": value, "shift": shift},
                f"{value:.4g} nats per row lost, about a shift by {shift:.2g} standard deviations",
                subject,
                p_value,
                (f"{one.gap.rows:,.0f} rows; p adjusted for {len(found):,} groups",),
            )


CHECK = FitGap()
