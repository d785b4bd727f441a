"""Pareto log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"alpha": "log"}
SMALLEST = 135  # of the rivers
FROM = 20000  # what the prices are counted from


def log_density(y: Any, alpha: Any) -> Any:
    least = SMALLEST if y < FROM else FROM
    return mp.log(alpha) + alpha * mp.log(least) - (alpha + 1) * mp.log(y)


CASES = [
    Case("rivers", "rivers.csv", "length_miles ~ 1", lambda row: row["length_miles"]),
    Case(
        "prices from 20000",
        "house_prices.csv",
        "price ~ lotsize",
        lambda row: row["price"],
        designs={"alpha": (INTERCEPT, ("lotsize", lambda row: row["lotsize"]))},
        rows=120,
        family="pareto:20000",
    ),
]
