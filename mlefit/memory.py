"""Under a memory limit (`ulimit -v`) a process may be stopped in the middle of a native library.

polars and BLAS abort where an allocation fails, and Python never learns of it. So under a
limit the work is done in a child, and its parent is left to say what happened.

polars may also wait for ever for a thread that could not be started. A child that computes
uses its processor; so one that sleeps for long, and has not said that it waits for others
(`patient`), is taken to hang and is ended. So is one that spends its time in the system:
OpenBLAS asks for memory again and again where there is none.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from mlefit.errors import ExitCode

_TIGHT = 4 << 30
NOT_ENOUGH = "not enough memory"
_JEMALLOC = "_RJEM_MALLOC_CONF"
_BEAT = 0.5
PATIENCE = 10.0  # seconds; a disk that answers as slowly as that keeps no thread asleep

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

# Shared with the parent: 1 while this process waits for a pipe or a network.
_waits = mmap.mmap(-1, 1)

_NATIVE_DEATHS = {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL, -signal.SIGTRAP}
_SIGNS = re.compile(
    rb"memory allocation|Memory allocation|Cannot allocate memory|start new thread"
    rb"|failed to map|binary is missing|thread creation failed|Resource temporarily unavailable"
    rb"|Error importing numpy|panicked at crates/polars-async/src/executor"
)
_CHATTER = re.compile(rb"^(<jemalloc>|OpenBLAS).*\n", re.MULTILINE)


def limit() -> int | None:
    """The most bytes of address space this process may have; None where nothing limits it."""
    try:
        import resource
    except ImportError:  # not a Unix
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if most == resource.RLIM_INFINITY else most


def expect_network() -> None:
    """From here on this process may wait for others at any time, and is never taken to hang."""
    _waits[0] = 1


@contextlib.contextmanager
def patient() -> Iterator[None]:
    """Around what waits for another process: a slow pipe is no lack of memory."""
    before, _waits[0] = _waits[0], 1
    try:
        yield
    finally:
        _waits[0] = before


def supervise(most: int) -> None:
    """Fork; return in the child, and in the parent leave with the child's exit code."""
    reader, writer = os.pipe()
    if most < _TIGHT:
        # the fewer threads the more room; and jemalloc tries for ever to start one of its own
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        # a program that uses polars leaves settings to what it starts; the last word counts
        settings = [os.environ[_JEMALLOC]] if _JEMALLOC in os.environ else []
        os.environ[_JEMALLOC] = ",".join([*settings, "background_thread:false"])
    child = os.fork()
    if child:
        os.close(writer)
        _stand_by(child, reader, most)
    _die_with_parent()
    os.close(reader)
    os.dup2(writer, 2)
    os.close(writer)


def _die_with_parent() -> None:
    """Who kills the parent means the work, and nobody would be left to see it hang."""
    if sys.platform == "linux":
        # under a very tight limit not even this library loads, and nothing later will
        with contextlib.suppress(ImportError, OSError, MemoryError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _stand_by(child: int, reader: int, most: int) -> NoReturn:
    """Hold back what the child says until it is known how it ended."""

    def forward(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, forward)
    said, hung = _listen(child, reader)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if hung or _ran_out(code, said):
        said = f"error: {NOT_ENOUGH}: the limit is {most / 2**20:,.0f} MB (ulimit -v)\n".encode()
        code = ExitCode.DATA
    _tell(_CHATTER.sub(b"", said))
    os._exit(code if code >= 0 else 128 - code)


def _listen(child: int, reader: int) -> tuple[bytes, bool]:
    """All that the child says until it ends, and whether it had to be ended."""
    said, hung, beats = b"", False, 0
    before: int | None = None
    then = _times(child)
    last = time.monotonic()
    while True:
        if select.select([reader], [], [], _BEAT)[0]:
            more = os.read(reader, 1 << 16)
            if not more:
                return said, hung
            said += more
        if time.monotonic() - last < _BEAT:
            continue
        last = time.monotonic()
        now, spent = _sleeping(child), _times(child)
        stuck = (now is not None and now == before) or _begs(then, spent)
        beats = beats + 1 if stuck and not _waits[0] else 0
        before, then = now, spent
        if beats * _BEAT >= PATIENCE and not hung:
            hung = True
            os.kill(child, signal.SIGKILL)


def _times(process: int) -> tuple[float, float, float]:
    """Seconds a process computed, the system worked for it, and its first thread had or queued."""
    ticks = os.sysconf("SC_CLK_TCK")
    try:
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        computed, system = int(fields[11]) / ticks, int(fields[12]) / ticks
    except OSError:  # a system without /proc
        return 0.0, 0.0, 0.0
    try:
        had, queued, *_ = Path(f"/proc/{process}/schedstat").read_bytes().split()
        return computed, system, (int(had) + int(queued)) / 1e9
    except (OSError, ValueError):  # a kernel that keeps no such account
        return computed, system, 0.0


def _begs(before: tuple[float, float, float], now: tuple[float, float, float]) -> bool:
    """Whether a good part of a beat went to the system, and twice what was computed.

    On a busy machine what it queued for the processor counts as well.
    """
    computed, system, wanted = (b - a for a, b in zip(before, now, strict=True))
    busy = max(wanted, computed + system)
    return system > 0 and system >= 2 * computed and busy >= 0.4 * _BEAT


def _sleeping(process: int) -> int | None:
    """The processor time so far of a process whose every thread sleeps, else None.

    A thread that is ready to run, stopped, or waits for a disk is not asleep. jemalloc's own
    do not count: one that cannot start another says so for ever.
    """
    spent = 0
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            # the name may hold anything, brackets too (proc(5))
            head, _, tail = (thread / "stat").read_bytes().rpartition(b")")
            state, *fields = tail.split()
            if head.endswith(b"(jemalloc_bg_thd"):
                continue
            if state != b"S":
                return None
            spent += int(fields[10]) + int(fields[11])
    except OSError:  # a thread that ends, or a system without /proc
        return None
    return spent


def _ran_out(code: int, said: bytes) -> bool:
    if code in _NATIVE_DEATHS:
        return True
    # OpenBLAS gives up with 1; Python fails to load a library or to start a thread; polars
    # panics where it cannot start one, which looks like a damaged file.
    return code in (1, ExitCode.BUG, ExitCode.DATA) and _SIGNS.search(said) is not None


def _tell(said: bytes) -> None:
    try:
        while said:
            said = said[os.write(2, said) :]
    except OSError:  # nobody can be told
        return
