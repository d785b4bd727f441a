"""Smooth-L1 log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mpf

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT
from tests.reference.families import huber

LINKS = {"mu": "identity", "sigma": "log"}


def log_density(y: Any, mu: Any, sigma: Any) -> Any:
    return huber.log_density(y, mu, sigma, mpf(2) / sigma)


CASES = [
    Case(
        "children",
        "heights.csv",
        "height_inches ~ 1",
        lambda row: row["height_inches"],
        rows=300,
        family="smooth-l1:2",
    ),
    Case(
        "heights",
        "heights.csv",
        "height_inches ~ midparent_inches",
        lambda row: row["height_inches"],
        designs={"mu": (INTERCEPT, ("midparent_inches", lambda row: row["midparent_inches"]))},
        rows=150,
        family="smooth-l1:2",
    ),
]
