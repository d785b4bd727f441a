"""Beta log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT
from tests.reference.tables import Row

LINKS = {"mu": "logit", "phi": "log"}


def log_density(y: Any, mu: Any, phi: Any) -> Any:
    a, b = mu * phi, (1 - mu) * phi
    normaliser = mp.loggamma(phi) - mp.loggamma(a) - mp.loggamma(b)
    return normaliser + (a - 1) * mp.log(y) + (b - 1) * mp.log1p(-y)


def share(row: Row) -> Any:
    return row["claims"] / row["holders"]


CASES = [
    Case("claims", "insurance.csv", "claims / holders ~ 1", share, rows=60),
    Case(
        "districts",
        "insurance.csv",
        "claims / holders ~ district",
        share,
        designs={
            "mu": (INTERCEPT, ("district", lambda row: row["district"])),
            "phi": (INTERCEPT, ("holders", lambda row: row["holders"])),
        },
        rows=60,
        model=("phi ~ holders",),
    ),
]
