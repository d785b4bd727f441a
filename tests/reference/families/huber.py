"""Huber log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp, mpf

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"mu": "identity", "sigma": "log"}
K = mpf(1.345)  # the double nearest to it, as mlefit has it


def log_density(y: Any, mu: Any, sigma: Any, k: Any = K) -> Any:
    z = abs(y - mu) / sigma
    tail = mp.exp(-k * k / 2) / k
    norm = mp.log(mp.sqrt(2 * mp.pi) * mp.erf(k / mp.sqrt(2)) + 2 * tail)
    return -norm - mp.log(sigma) - (z * z / 2 if z <= k else k * z - k * k / 2)


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
        family="huber:1.345",
    ),
]
