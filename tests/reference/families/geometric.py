"""Geometric log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.families import _counts as counts

LINKS = {"mu": "log"}


def log_density(y: Any, mu: Any) -> Any:
    p = 1 / (1 + mu)
    return mp.log(p) + y * mp.log(1 - p)


CASES = [counts.sample("visits"), counts.regression("health", "age", "illness")]
