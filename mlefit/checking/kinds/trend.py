"""Whether an estimate, or what a check measures, has been creeping over the days of a history.

A drift of a little every day passes each day's comparison with the day before. Here a straight
line through the last days, today's included, is asked whether it has a slope (Student's t).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlefit.checking import kinds
from mlefit.checking._base import Check, Sight, UnseenError
from mlefit.checking.day import Day
from mlefit.checking.estimates import estimates
from mlefit.checking.history import series
from mlefit.checking.measured import can_be_asked, seen_by
from mlefit.checking.options import Option
from mlefit.errors import UsageError, did_you_mean

_FEWEST = 5


class Trend(Check):
    """See the module's docstring."""

    name = "trend"
    summary = "slope of an estimate or a check over the days of --history"
    quantities = {
        "slope": "per day",
        "change": "along the line from its first day to today",
        "relative": "the change over the size of the line's first value",
    }
    options = {
        "of": Option(
            "text",
            "an estimate, or a check with its term: fit_gap, drift x",
            example="fit_gap",
            needed=True,
        ),
        "quantity": Option("text", "of the check, if not its first", example="gap"),
        "last": Option("whole", "days, today included", 30),
    }
    example = {"relative_above": 0.1}
    baseline = False
    order = 9

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        of, last = given["of"], given["last"]
        now, quantity = _today(day, of, given["quantity"])
        key = f"{of} {quantity}".strip()
        day.followed[key] = now
        values = np.array([*series(day.history, key), now])[-last:]
        n = len(values)
        if n < _FEWEST:
            raise UnseenError(f"{n - 1} days before have {of}; a trend takes {_FEWEST - 1}")
        days = np.arange(n) - (n - 1) / 2
        slope = float(days @ values / (days @ days))
        first = float(values.mean() + slope * days[0])
        change = slope * (n - 1)
        rest = values - values.mean() - slope * days
        error = math.sqrt(float(rest @ rest) / (n - 2) / float(days @ days))
        yield Sight(
            {
                "slope": slope,
                "change": change,
                "relative": abs(change) / abs(first) if first else math.inf,
            },
            f"{slope:+.4g} a day over {n} days, {change:+.4g} in all",
            subject=of,
            p_value=_p_value(slope, error, n - 2),
        )


def _today(day: Day, of: str, quantity: str | None) -> tuple[float, str]:
    """The value of today, and the name of the quantity in the history."""
    name, _, subject = of.partition(" ")
    if can_be_asked(name):
        sights, first = seen_by(name, day)
        wanted = quantity or first
        for sight in sights:
            value = sight.values.get(wanted)
            if sight.subject == subject and isinstance(value, int | float):
                return float(value), wanted
        raise UnseenError(f"'{of}' has no {wanted}")
    known = estimates(day.today.record)
    if of not in known:
        raise UsageError(
            f"there is no estimate and no check '{of}'",
            f"estimates: {', '.join(list(known)[:12])}",
            tries=[f'of = "{close}"' for close in did_you_mean(of, [*known, *kinds.NAMES])],
        )
    return known[of].value, ""


def _p_value(slope: float, error: float, degrees: int) -> float:
    from scipy.special import stdtr

    if error == 0:
        return 0.0 if slope else 1.0
    return 2 * float(stdtr(degrees, -abs(slope) / error))


CHECK = Trend()
