"""Beta-binomial log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT
from tests.reference.families._counts import column

LINKS = {"mu": "logit", "rho": "logit"}


def log_density(y: Any, mu: Any, rho: Any, *, trials: Any) -> Any:
    a, b = mu * (1 - rho) / rho, (1 - mu) * (1 - rho) / rho
    ways = mp.loggamma(trials + 1) - mp.loggamma(y + 1) - mp.loggamma(trials - y + 1)
    return ways + _log_beta(y + a, trials - y + b) - _log_beta(a, b)


def _log_beta(a: Any, b: Any) -> Any:
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


_TRIALS: dict[str, Any] = {
    "options": {"trials": "total"},
    "known": {"trials": lambda row: row["total"]},
}

CASES = [
    Case("sample", "menarche.csv", "menarche ~ 1", lambda row: row["menarche"], **_TRIALS),
    Case(
        "regression",
        "menarche.csv",
        "menarche ~ age",
        lambda row: row["menarche"],
        designs={"mu": (INTERCEPT, column("age"))},
        **_TRIALS,
    ),
]
