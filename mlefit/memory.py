"""Under a memory limit (`ulimit -v`) a process may be stopped in the middle of a native library.

polars and BLAS abort where an allocation fails, and Python never learns of it. So under a
limit the work is done in a child, and its parent is left to say what happened.
"""

from __future__ import annotations

import os
import re
import signal
from types import FrameType
from typing import NoReturn

from mlefit.errors import ExitCode

_TIGHT = 4 << 30
NOT_ENOUGH = "not enough memory"

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


def supervise(most: int) -> None:
    """Fork; return in the child, and in the parent leave with the child's exit code."""
    reader, writer = os.pipe()
    if most < _TIGHT:
        # threads that cannot be started may leave polars waiting for them for ever
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
    child = os.fork()
    if child:
        os.close(writer)
        _stand_by(child, reader, most)
    # A group of its own, so that Ctrl-C reaches it once, through its parent.
    os.setpgid(0, 0)
    os.close(reader)
    os.dup2(writer, 2)
    os.close(writer)


def _stand_by(child: int, reader: int, most: int) -> NoReturn:
    """Hold back what the child says until it is known how it ended."""

    def forward(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, forward)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if _ran_out(code, said):
        said = f"error: {NOT_ENOUGH}: the limit is {most / 2**20:,.0f} MB (ulimit -v)\n".encode()
        code = ExitCode.DATA
    _tell(_CHATTER.sub(b"", said))
    os._exit(code if code >= 0 else 128 - code)


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
