"""Negative binomial log-density in mpmath, and fits of it."""

from __future__ import annotations

from tests.reference.families import _counts as counts

LINKS = {"mu": "log", "k": "log"}
log_density = counts.negbinom
CASES = [
    counts.sample("visits"),
    counts.regression("health", "age", "illness", k="age"),
]
