"""An output file is either complete or not there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mlefit.errors import DataError, UsageError
from mlefit.memory import patient
from mlefit.report.options import format_of


def check_output(path: Path) -> None:
    """Refuse before the work what could not be written after it.

    Raises:
        UsageError: unknown extension, no such directory, or not writable.
    """
    format_of(path)
    target = _target(path)
    if not target.parent.is_dir():
        raise UsageError(f"cannot write '{path}': no directory '{target.parent}'")
    if target.exists() and not target.is_file():
        raise UsageError(f"cannot write '{path}': it is not a regular file")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write '{path}': directory '{target.parent}' is not writable")
    if target.exists() and not os.access(target, os.W_OK):
        raise UsageError(f"cannot write '{path}': it is not writable")


def write_atomically(path: Path, text: str) -> None:
    """Write beside the target, then rename over it; on any failure nothing is left.

    Raises:
        DataError: the file system refuses, for instance because it is full.
    """
    target = _target(path)
    temporary = target.parent / f".mlefit-{os.urandom(8).hex()}"
    try:
        with patient():
            _write_new(temporary, text.encode("utf-8", "backslashreplace"), _mode_of(target))
            temporary.replace(target)
    except OSError as error:
        raise DataError(f"cannot write '{path}': {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _target(path: Path) -> Path:
    # A link is followed: the file behind it is replaced, not the link.
    return Path(os.path.realpath(path))


def _mode_of(target: Path) -> int | None:
    return stat.S_IMODE(target.stat().st_mode) if target.exists() else None


def _write_new(path: Path, content: bytes, mode: int | None) -> None:
    with path.open("xb") as file:
        if mode is not None:
            path.chmod(mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
