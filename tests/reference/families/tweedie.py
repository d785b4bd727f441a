"""Tweedie log-density in mpmath, by the series of Dunn and Smyth, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT

LINKS = {"mu": "log", "phi": "log", "p": "logit from 1 to 2"}


def log_density(y: Any, mu: Any, phi: Any, p: Any) -> Any:
    kernel = -(mu ** (2 - p)) / (phi * (2 - p))
    if y == 0:
        return kernel
    kernel += y * mu ** (1 - p) / (phi * (1 - p))
    b = (2 - p) / (p - 1)
    z = (y / (p - 1)) ** b / (phi ** (1 + b) * (2 - p))
    total, j = mp.mpf(0), 1
    while True:
        term = z**j / (mp.gamma(j + 1) * mp.gamma(j * b))
        total += term
        if term < total * mp.mpf(10) ** -(mp.dps + 5):
            return kernel - mp.log(y) + mp.log(total)
        j += 1


CASES = [
    Case("reduced", "doctor_visits.csv", "reduced ~ 1", lambda row: row["reduced"], rows=150),
    Case(
        "reduced by age",
        "doctor_visits.csv",
        "reduced ~ age",
        lambda row: row["reduced"],
        designs={"mu": (INTERCEPT, ("age", lambda row: row["age"]))},
        rows=150,
    ),
]
