"""How far long work is: one line on standard error, where a person watches, after a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from mlefit.report import terminal

_PATIENCE = 1.0
_BETWEEN = 0.1


class Progress:
    """A line that is written over as the work goes on.

    Args:
        now: the clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._started = self._told = now()
        self._shown = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tell that `done` of `total` steps of this work are done."""
        now = self._now()
        if not terminal.is_terminal(sys.stderr) or now - self._started < _PATIENCE:
            return
        if done < total and now - self._told < _BETWEEN:
            return
        self._told = now
        line = f"{what}: {done:,} of {total:,}" if done < total else ""
        # what stood there before is covered, and nothing is left at the end
        terminal.tell(f"\r{line.ljust(self._shown)}" + ("" if line else "\r"))
        self._shown = len(line)
