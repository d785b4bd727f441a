"""Von Mises log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT
from tests.reference.tables import Row

LINKS = {"mu": "identity", "kappa": "log"}
DEGREE = 0.017453292519943295


def log_density(y: Any, mu: Any, kappa: Any) -> Any:
    return kappa * mp.cos(y - mu) - mp.log(2 * mp.pi * mp.besseli(0, kappa))


def direction(row: Row) -> float:
    return float(row["direction_degrees"] * DEGREE)


CASES = [
    Case("snails", "periwinkles.csv", f"direction_degrees * {DEGREE} ~ 1", direction),
    Case(
        "distances",
        "periwinkles.csv",
        f"direction_degrees * {DEGREE} ~ distance_cm",
        direction,
        designs={
            "mu": (INTERCEPT, ("distance_cm", lambda row: row["distance_cm"])),
            "kappa": (INTERCEPT, ("distance_cm", lambda row: row["distance_cm"])),
        },
        model=("kappa ~ distance_cm",),
    ),
]
