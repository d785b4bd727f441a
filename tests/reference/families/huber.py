"""Huber log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp, mpf

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT
from tests.reference.families._hidden import seen, tall_children

LINKS = {"mu": "identity", "sigma": "log"}
K = mpf(1.345)  # the double nearest to it, as mlefit has it


def density(y: Any, mu: Any, sigma: Any, k: Any = K) -> Any:
    z = abs(y - mu) / sigma
    tail = mp.exp(-k * k / 2) / k
    norm = mp.log(mp.sqrt(2 * mp.pi) * mp.erf(k / mp.sqrt(2)) + 2 * tail)
    return -norm - mp.log(sigma) - (z * z / 2 if z <= k else k * z - k * k / 2)


def share(y: Any, mu: Any, sigma: Any, k: Any = K) -> Any:
    """P(Y <= y)."""
    z = (y - mu) / sigma
    tail = mp.exp(-k * k / 2) / k
    half = mp.sqrt(mp.pi / 2) * mp.erf(min(abs(z), k) / mp.sqrt(2))
    if abs(z) > k:
        half += tail - mp.exp(-k * abs(z) + k * k / 2) / k
    whole = mp.sqrt(2 * mp.pi) * mp.erf(k / mp.sqrt(2)) + 2 * tail
    return mpf(1) / 2 + mp.sign(z) * half / whole


log_density = seen(density, share)


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
    tall_children("huber:1.345"),
]
