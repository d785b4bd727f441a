"""Categorical log-mass in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT


def log_density(y: Any, *eta: Any) -> Any:
    heights = (mp.mpf(0), *eta)
    return heights[int(y)] - mp.log(mp.fsum(mp.exp(height) for height in heights))


CLASSES = ("2", "3", "4")
DESIGN = (
    INTERCEPT,
    ("lotsize", lambda row: row["lotsize"]),
    ("aircon[yes]", lambda row: row["aircon"] == "yes"),
)

CASES = [
    Case(
        "stories",
        "house_prices.csv",
        "stories ~ 1",
        lambda row: row["stories"] - 1,
        links=dict.fromkeys(CLASSES, "identity"),
    ),
    Case(
        "stories-by-lot",
        "house_prices.csv",
        "stories ~ lotsize + aircon",
        lambda row: row["stories"] - 1,
        designs={"2": DESIGN, "3": DESIGN[:2], "4": DESIGN},
        rows=400,
        model=("`3` ~ lotsize",),
        links=dict.fromkeys(CLASSES, "identity"),
    ),
]
