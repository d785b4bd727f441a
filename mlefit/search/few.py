"""A few of many rows, from whose maximum the search over all of them begins.

The maximum over n rows, every k-th of N, lies about sqrt(N/n) standard errors from that over
all: near enough for Newton's method to need two or three passes over all rows, whatever the
start was.
"""

from __future__ import annotations

from mlefit.engines.contract import Engine

# The steps on a few rows cost about as much as one pass over so many times as many.
_LEAST_STEP = 5


def thinned(engine: Engine, rows: int) -> Engine | None:
    """About so many rows, evenly spaced over all; None where it would save no work."""
    return engine.every(engine.rows // rows) if _saves(engine, rows) else None


def runs(engine: Engine, rows: int) -> Engine | None:
    """The same in a few long runs, without a copy."""
    return engine.runs(engine.rows // rows) if _saves(engine, rows) else None


def _saves(engine: Engine, rows: int) -> bool:
    return engine.rows >= _LEAST_STEP * rows
