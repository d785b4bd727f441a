"""Nats that each row of today loses by keeping yesterday's parameters; see `checking.gap`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlefit.checking._base import GroupedCheck, Outlook, Planned, Sight
from mlefit.checking.bygroup import adjusted
from mlefit.checking.day import Day
from mlefit.checking.gap import Gap, shift_of
from mlefit.results.check import Sensitivity


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
        yield Sight(
            _values(gap),
            str(gap),
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
            rows = f"{one.gap.rows:,.0f} rows; p adjusted for {len(found):,} groups"
            yield Sight(_values(one.gap), str(one.gap), subject, p_value, (rows,))

    def sensitivity(self, planned: Planned, day: Day) -> Iterator[Sensitivity]:
        """Of groups it is that of one with a middling number of rows."""
        if day.by is None:
            gap, alpha, where = day.gap, planned.alpha, ""
        else:
            gaps = [one.gap for one in day.group_gaps if one.gap is not None]
            if not gaps:
                return
            gap = sorted(gaps, key=lambda one: one.rows)[len(gaps) // 2]
            alpha, where = planned.alpha / len(gaps), f" in one of {len(gaps):,} groups"
        for condition, threshold in planned.levels.bounds_above("gap"):
            yield _smallest(gap, threshold, alpha, f"{planned.name} {condition}{where}")

    def foreseen(self, planned: Planned, outlook: Outlook) -> Iterator[Sensitivity]:
        for condition, threshold in planned.levels.bounds_above("gap"):
            for rows in outlook.rows:
                gap = Gap(0.0, len(outlook.model.names), rows, outlook.rows_before)
                yield _smallest(gap, threshold, planned.alpha, f"{planned.name} {condition}")


def _values(gap: Gap) -> dict[str, float | None]:
    return {"gap": gap.value, "shift": gap.shift}


def _smallest(gap: Gap, threshold: float, alpha: float, condition: str) -> Sensitivity:
    smallest = gap.smallest(threshold, alpha)
    return Sensitivity(smallest, shift_of(smallest), gap.rows, condition)


CHECK = FitGap()
