"""Half-normal log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"sigma": "log"}


def log_density(y: Any, sigma: Any) -> Any:
    return mp.log(2) - mp.log(2 * mp.pi * sigma**2) / 2 - y**2 / (2 * sigma**2)


CASES = [
    Case("rivers", "rivers.csv", "length_miles ~ 1", lambda row: row["length_miles"]),
    Case(
        "prices",
        "house_prices.csv",
        "price ~ lotsize",
        lambda row: row["price"],
        designs={"sigma": (INTERCEPT, ("lotsize", lambda row: row["lotsize"]))},
        rows=120,
    ),
]
