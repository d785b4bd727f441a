"""Skew normal log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"xi": "identity", "omega": "log", "alpha": "identity"}


def log_density(y: Any, xi: Any, omega: Any, alpha: Any) -> Any:
    z = (y - xi) / omega
    return mp.log(2 * mp.npdf(z) * mp.ncdf(alpha * z) / omega)


CASES = [
    Case("rivers", "rivers.csv", "length_miles ~ 1", lambda row: row["length_miles"], rows=60),
    Case(
        "prices",
        "house_prices.csv",
        "price ~ lotsize",
        lambda row: row["price"],
        designs={
            "xi": (INTERCEPT, ("lotsize", lambda row: row["lotsize"])),
            "omega": (INTERCEPT, ("bedrooms", lambda row: row["bedrooms"])),
        },
        rows=120,
        model=("omega ~ bedrooms",),
    ),
]
