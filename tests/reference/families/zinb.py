"""Zero-inflated negative binomial log-density in mpmath, and fits of it."""

from __future__ import annotations

from tests.reference.families import _counts as counts

LINKS = {"mu": "log", "k": "log", "zero": "logit"}
log_density = counts.inflated(counts.negbinom)
CASES = [counts.sample("health"), counts.regression("reduced", "age", "illness", zero="age")]
