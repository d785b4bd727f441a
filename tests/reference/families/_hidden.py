"""Censored and truncated rows in mpmath, from a log-density and a distribution function."""

from __future__ import annotations

from typing import Any

from mpmath import inf, mp

from tests.reference.density import Case, LogDensity
from tests.reference.exact import INTERCEPT

LIMIT, LEAST = 70, 60


def seen(log_density: LogDensity, share: LogDensity) -> LogDensity:
    """The log-density of a row that is `hidden`, known to reach y only, and never under `least`."""

    def conditioned(y: Any, *theta: Any, hidden: Any = 0, least: Any = -inf, **more: Any) -> Any:
        height = mp.log(1 - share(y, *theta)) if hidden else log_density(y, *theta, **more)
        return height if least == -inf else height - mp.log(1 - share(least, *theta))

    return conditioned


def tall_children(family: str) -> Case:
    """Heights of which those of 70 inches and more are only known to be so."""
    return Case(
        "tall-children",
        "heights.csv",
        "height_inches ~ midparent_inches",
        lambda row: min(row["height_inches"], LIMIT),
        designs={"mu": (INTERCEPT, ("midparent_inches", lambda row: row["midparent_inches"]))},
        options={"censored_above": LIMIT, "truncated_below": LEAST},
        known={"hidden": lambda row: row["height_inches"] >= LIMIT, "least": lambda row: LEAST},
        family=family,
    )
