"""Generalised gamma log-density in mpmath, in Prentice's form, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"mu": "identity", "sigma": "log", "Q": "identity"}


def log_density(y: Any, mu: Any, sigma: Any, Q: Any) -> Any:
    a = Q**-2
    w = (mp.log(y) - mu) / sigma
    constant = mp.log(abs(Q)) + a * mp.log(a) - mp.loggamma(a) - mp.log(sigma * y)
    return constant + a * (Q * w - mp.exp(Q * w))


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
