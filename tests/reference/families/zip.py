"""Zero-inflated Poisson log-density in mpmath, and fits of it."""

from __future__ import annotations

from tests.reference.families import _counts as counts

LINKS = {"mu": "log", "zero": "logit"}
log_density = counts.inflated(counts.poisson)
CASES = [counts.sample("visits"), counts.regression("health", "age", "illness", zero="age")]
