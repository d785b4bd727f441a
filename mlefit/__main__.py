"""The entry point: what must be settled before anything heavy is imported."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from mlefit.errors import ExitCode

# A small fit never needs threads inside BLAS, and starting them costs more than
# the fit; rows are shared out among threads one level above.
_BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> NoReturn:
    """Run the command line in `sys.argv` and leave with its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        if sys.argv[1:] == ["--version"]:
            _print_version()
        for name in _BLAS_THREADS:
            os.environ.setdefault(name, "1")
        from mlefit.cli import app

        app()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:  # the one place that catches a bug
        if "--debug" in sys.argv:
            import traceback

            traceback.print_exc()
            sys.exit(ExitCode.BUG)
        _tell_bug(error)
    sys.exit(ExitCode.BUG)


def _print_version() -> NoReturn:
    from mlefit import __version__

    with contextlib.suppress(OSError):  # a reader that has gone is no failure
        os.write(1, f"mlefit {__version__}\n".encode())
    sys.exit(ExitCode.OK)


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    # An exception, so that every `finally` on the way out removes its files.
    sys.exit(ExitCode.TERMINATED)


def _tell_bug(error: Exception) -> None:
    from mlefit.report import terminal
    from mlefit.report.clean import clean

    terminal.tell(
        f"error: internal error: {type(error).__name__}: {clean(str(error))}\n"
        "  run again with --debug for the traceback\n"
    )


if __name__ == "__main__":
    main()
