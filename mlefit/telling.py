"""How long work tells of itself: what it is at, how much of it is done, and of how much.

What tells never asks who listens. `what` names the work and, behind a comma, what is counted:
"goodness of fit, draws" with 12 and 99 is "goodness of fit: 12 of 99 draws".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Tell = Callable[[str, int, int], None]
"""Takes what the work is at, how much is done and how much there is: 0 where nobody knows.

The work has ended when both are the same. What is one piece, of which nothing is counted, has 1.
"""

BYTES = "bytes"
"""What is counted where the rows are not known yet."""

_BEAT = 0.1
_IO = Path("/proc/self/io")


def unheard(what: str, done: int, total: int) -> None:
    """Nobody listens."""


@contextmanager
def counting_bytes(tell: Tell, what: str, total: int | None) -> Iterator[None]:
    """Tell how many bytes this process has read, while one call reads a table.

    polars tells nothing before all is read, so a thread of its own asks the system.

    Args:
        tell: hears of it.
        what: what the work is at.
        total: bytes that will be read; 0 where that is not known, None where they are not
            counted: the system does not see what is read from a memory map.
    """
    before = _bytes_read()
    if total is None or not before:
        with busy(tell, what):
            yield
        return
    with _beating(tell, f"{what}, {BYTES}", lambda: _bytes_read() - before, total):
        yield


@contextmanager
def busy(tell: Tell, what: str) -> Iterator[None]:
    """Tell that work goes on of which nothing can be counted."""
    with _beating(tell, what, lambda: 0, 1):
        yield


@contextmanager
def _beating(tell: Tell, what: str, count: Callable[[], int], total: int) -> Iterator[None]:
    if tell is unheard:
        yield
        return
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(_BEAT):
            done = count()
            # a table is read before it is understood, and some of it twice
            tell(what, done, total if done < total else 0)

    tell(what, 0, total)
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    done = max(count(), 1)
    tell(what, done, done)


def _bytes_read() -> int:
    """All that this process took by read and its like (proc_pid_io(5)); 0 without a /proc."""
    with suppress(OSError, ValueError, IndexError):
        return int(_IO.read_bytes().split()[1])
    return 0
