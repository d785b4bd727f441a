"""Student's t log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"mu": "identity", "sigma": "log", "df": "log"}


def log_density(y: Any, mu: Any, sigma: Any, df: Any) -> Any:
    normaliser = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(mp.pi * df) / 2
    return normaliser - mp.log(sigma) - (df + 1) / 2 * mp.log1p(((y - mu) / sigma) ** 2 / df)


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
