"""How far long work is: a line on standard error where a person watches, a log on demand.

After a second a line shows what is being done, how much of it, and what is left, and is written
over as the work goes on. It is never in the way of anything else: `terminal` takes it away before
something is written, and the end of the work takes it away for good. A log has a line for each
thing that was done.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType

from mlefit.report import terminal
from mlefit.report.clean import clean
from mlefit.telling import BYTES

_PATIENCE = 1.0
_BETWEEN = 0.1
_LEAST_LEFT = 1.0
_MANY = 1000
_PREFIXES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_SPANS = ((5400.0, 3600.0, "h"), (90.0, 60.0, "min"))


class Progress:
    """Hears of steps and of passes, and shows them while it is open.

    Args:
        verbose: whether a log is wanted.
        quiet: whether no line is.
        now: the clock, in seconds.
    """

    def __init__(
        self,
        *,
        verbose: bool = False,
        quiet: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        moves = os.environ.get("TERM") != "dumb"  # where nothing can be written over
        self.draws = moves and not quiet and terminal.is_terminal(sys.stderr)
        self.heard = self.draws or verbose
        self._verbose = verbose
        self._now = now
        self._opened = self._drawn = self._began = now()
        self._what = self._step = ""
        self._first = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        terminal.wipe()

    def log(self, line: str) -> None:
        """Take a step that was done."""
        self._step = line
        if self._verbose:
            terminal.tell(f"{clean(line)}\n")

    def tell(self, what: str, done: int, total: int) -> None:
        """Take how far something is: of `what`, `done` of `total`."""
        now = self._now()
        if what != self._what:
            self._what, self._began, self._first = what, now, done
        spent = now - self._began
        if done == total > 0:
            self._what = ""  # what comes next may have the same name
            if self._verbose:
                terminal.tell(f"{clean(finished(what, done, spent))}\n")
        if self.draws and now - self._opened >= _PATIENCE and now - self._drawn >= _BETWEEN:
            self._drawn = now
            seen = line(what, done, total, spent, since=self._first)
            terminal.draw(clean(seen), clean(self._step))


def line(what: str, done: int, total: int, spent: float, since: int = 0) -> str:
    """The work, how much of it is done, and how long the rest will take at this speed.

    Args:
        what: the work and what is counted, as for `Tell`.
        done: how much is done.
        total: how much there is, if that is known.
        spent: seconds.
        since: how much had been done before those.
    """
    work, unit = _parts(what)
    if total == 1 or not (done or total):
        return f"{work}, {_span(spent)}"
    if not total:
        return f"{work}: {_count(done, unit)}, {_span(spent)}"
    share = f"{done / total:.0%}" if unit != BYTES and total >= _MANY else ""
    counted = f"{share or _count(done, unit if unit == BYTES else '')} of {_count(total, unit)}"
    left = spent * (total - done) / (done - since) if done > since and spent >= _PATIENCE else 0
    return f"{work}: {counted}" + (f", {_span(left)} left" if left >= _LEAST_LEFT else "")


def finished(what: str, done: int, spent: float) -> str:
    """What a log says of work that is done."""
    work, unit = _parts(what)
    return f"{work}{f': {_count(done, unit)}' if done > 1 else ''} in {spent:.3g} s"


def _parts(what: str) -> tuple[str, str]:
    work, comma, unit = what.rpartition(", ")
    return (work, unit) if comma else (what, "")


def _count(number: int, unit: str) -> str:
    if unit != BYTES:
        return f"{number:,} {unit}".rstrip()
    for size, name in _PREFIXES:
        if number >= size:
            return f"{number / size:,.{0 if number >= 10 * size else 1}f} {name}"
    return f"{number} {unit}"


def _span(seconds: float) -> str:
    for least, unit, name in _SPANS:
        if seconds >= least:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
