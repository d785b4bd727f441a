"""The entry point: what must be settled before anything heavy is imported."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
from types import FrameType
from typing import NoReturn, TextIO, cast

from mlefit import memory
from mlefit.errors import ExitCode

# A small fit never needs threads inside BLAS, and starting them costs more than
# the fit; rows are shared out among threads one level above.
_BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

# The modules of a fit make over fifty thousand objects, which stay. To look among them for
# garbage after every few hundred, as is the default, takes a tenth of the time to start.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def run() -> NoReturn:
    """Be the process of one command, from its start to its end.

    Python's own end takes down every module, a sixth of the time of a small fit, and waits for
    threads. After a signal it may wait for ever: the signal may come between the start of a
    thread of a pool and the line that remembers it, and then nobody tells this thread to end.
    """
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
    atexit._run_exitfuncs()  # a local cluster ends its workers here
    for stream in (sys.stdout, sys.stderr):
        if cast("TextIO | None", stream) is not None:
            stream.flush()
    os._exit(int(code or ExitCode.OK))


def main() -> NoReturn:
    """Run the command line in `sys.argv` and leave with its exit code."""
    _catch_signals()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        if sys.argv[1:] == ["--version"]:
            _print_version()
        if (most := memory.limit()) is not None:
            memory.supervise(most)
        for name in _BLAS_THREADS:
            os.environ.setdefault(name, "1")
        from mlefit.cli import app

        app()
    except BaseException as error:  # the one place that catches a bug, or a panic of polars
        # what a signal raised may have become another error on its way, a refusal too
        if signal.SIGTERM in _arrived:
            _leave("terminated", ExitCode.TERMINATED)
        if _arrived or _is_interrupt(error):
            _leave("interrupted", ExitCode.INTERRUPTED)
        if isinstance(error, SystemExit):
            raise
        if "--debug" in sys.argv:
            import traceback

            traceback.print_exc()
            sys.exit(ExitCode.BUG)
        _tell_bug(error)
    sys.exit(ExitCode.BUG)


def _is_interrupt(error: BaseException) -> bool:
    """Whether it is polars that has seen the signal, or Typer that has caught it."""
    return isinstance(error, KeyboardInterrupt) or (
        isinstance(error, SystemExit) and error.code == ExitCode.INTERRUPTED
    )


def _print_version() -> NoReturn:
    from mlefit import __version__

    try:
        os.write(1, f"mlefit {__version__}\n".encode())
    except BrokenPipeError:  # a reader that has gone is no failure
        sys.exit(ExitCode.OK)
    except OSError as error:
        _leave(f"cannot write to standard output: {error.strerror}", ExitCode.DATA)
    sys.exit(ExitCode.OK)


class _Terminated(BaseException):
    """SIGTERM arrived: an exception, so that every `finally` on the way out removes its files."""


_arrived: list[int] = []


def _catch_signals() -> None:
    # A job in the background ignores Ctrl-C; that must stay so.
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    # What comes after the first signal must not stop the cleaning up.
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    _arrived.append(number)
    raise KeyboardInterrupt if number == signal.SIGINT else _Terminated


def _leave(why: str, code: ExitCode) -> NoReturn:
    with contextlib.suppress(OSError):
        os.write(2, f"error: {why}\n".encode())
    sys.exit(code)


def _tell_bug(error: BaseException) -> None:
    from mlefit.report import terminal
    from mlefit.report.clean import clean

    terminal.tell(
        f"error: internal error: {type(error).__name__}: {clean(str(error))}\n"
        "  run again with --debug for the traceback\n"
    )


if __name__ == "__main__":
    run()
