"""Logarithmic series log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.families import _counts as counts

LINKS = {"p": "logit"}


def log_density(y: Any, p: Any) -> Any:
    return y * mp.log(p) - mp.log(y) - mp.log(-mp.log(1 - p))


CASES = counts.experience("p")
