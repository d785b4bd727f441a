"""Skew normal log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"mu": "identity", "sigma": "log", "alpha": "identity"}


def log_density(y: Any, mu: Any, sigma: Any, alpha: Any) -> Any:
    delta = alpha / mp.sqrt(1 + alpha**2)
    omega = sigma / mp.sqrt(1 - 2 * delta**2 / mp.pi)
    w = (y - mu) / omega + delta * mp.sqrt(2 / mp.pi)
    return mp.log(2 * mp.npdf(w) * mp.ncdf(alpha * w) / omega)


CASES = [
    Case("rivers", "rivers.csv", "length_miles ~ 1", lambda row: row["length_miles"], rows=60),
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
