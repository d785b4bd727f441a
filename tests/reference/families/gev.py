"""Generalised extreme value log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"mu": "identity", "sigma": "log", "xi": "identity"}


def log_density(y: Any, mu: Any, sigma: Any, xi: Any) -> Any:
    inside = 1 + xi * (y - mu) / sigma
    return -mp.log(sigma) - (1 + 1 / xi) * mp.log(inside) - inside ** (-1 / xi)


CASES = [
    Case("rivers", "rivers.csv", "length_miles ~ 1", lambda row: row["length_miles"]),
    Case(
        "prices",
        "house_prices.csv",
        "price ~ lotsize",
        lambda row: row["price"],
        designs={
            "mu": (INTERCEPT, ("lotsize", lambda row: row["lotsize"])),
            "sigma": (INTERCEPT, ("bedrooms", lambda row: row["bedrooms"])),
        },
        rows=120,
        model=("sigma ~ bedrooms",),
    ),
]
