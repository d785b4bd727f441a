"""Smooth-L1 log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mpf

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT
from tests.reference.families import huber
from tests.reference.families._hidden import seen, tall_children

LINKS = {"mu": "identity", "sigma": "log"}


def density(y: Any, mu: Any, sigma: Any) -> Any:
    return huber.density(y, mu, sigma, mpf(2) / sigma)


def share(y: Any, mu: Any, sigma: Any) -> Any:
    return huber.share(y, mu, sigma, mpf(2) / sigma)


log_density = seen(density, share)


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
    tall_children("smooth-l1:2"),
]
