"""Loglogistic log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"scale": "log", "k": "log"}


def log_density(y: Any, scale: Any, k: Any) -> Any:
    odds = (y / scale) ** k
    return mp.log(k / y) + mp.log(odds) - 2 * mp.log(1 + odds)


CASES = [
    Case("rivers", "rivers.csv", "length_miles ~ 1", lambda row: row["length_miles"]),
    Case(
        "prices",
        "house_prices.csv",
        "price ~ lotsize",
        lambda row: row["price"],
        designs={
            "scale": (INTERCEPT, ("lotsize", lambda row: row["lotsize"])),
            "k": (INTERCEPT, ("bedrooms", lambda row: row["bedrooms"])),
        },
        rows=120,
        model=("k ~ bedrooms",),
    ),
]
