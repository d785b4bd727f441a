"""The mean negative log-likelihood of today's rows under the baseline, against what it was.

It can fall on a day that no longer fits, so it is a second opinion: `fit_gap` is the first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight, UnseenError
from mlefit.checking.day import Day


class MeanNLL(Check):
    """See the module's docstring."""

    name = "nll"
    summary = "mean NLL of today's rows under the baseline"
    quantities = {"nll": "nats per row", "change": "the same less the baseline's own"}
    by_default = {"warn": {"change_outside": [-0.1, 0.1]}}
    rows = True
    order = 8

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        before = day.yesterday.record.fit.mean_nll
        now, sd = day.under_baseline
        if before is None:
            raise UnseenError("the baseline has no likelihood of its own")
        if math.isinf(now):
            yield Sight(
                {"nll": now, "change": now},
                "a row of today is impossible under the baseline, so its NLL is infinite",
            )
            return
        change = now - before
        yield Sight(
            {"nll": now, "change": change},
            f"{now:.5g} nats per row, {before:.5g} on the baseline's own rows ({change:+.4f})",
            p_value=day.chance(change, (sd**2 / day.rows, sd**2 / day.rows_before)),
        )


CHECK = MeanNLL()
