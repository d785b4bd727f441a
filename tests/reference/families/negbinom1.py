"""Negative binomial log-density with variance mu (1 + alpha) in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from tests.reference.families import _counts as counts

LINKS = {"mu": "log", "alpha": "log"}


def log_density(y: Any, mu: Any, alpha: Any) -> Any:
    return counts.negbinom(y, mu, mu / alpha)


CASES = [
    counts.sample("health"),
    counts.regression("health", "age", "illness", alpha="age"),
]
