"""Zero-truncated Poisson log-density in mpmath, and fits of it."""

from __future__ import annotations

from tests.reference.families import _counts as counts

LINKS = {"mu": "log"}
log_density = counts.truncated(counts.poisson)
CASES = counts.experience()
