"""An output file is either complete or not there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlefit.errors import DataError, UsageError
from mlefit.memory import patient
from mlefit.report.options import format_of


def check_output(path: Path) -> None:
    """Refuse before the work a report that could not be written after it.

    Raises:
        UsageError: unknown extension, no such directory, or not writable.
    """
    format_of(path)
    check_writable(path)


def check_writable(path: Path) -> None:
    """Refuse before the work what could not be written after it.

    Raises:
        UsageError: no such directory, or not writable.
    """
    target = _target(path)
    if not target.parent.is_dir():
        raise UsageError(f"cannot write '{path}': no directory '{target.parent}'")
    if target.exists() and not target.is_file():
        raise UsageError(f"cannot write '{path}': it is not a regular file")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write '{path}': directory '{target.parent}' is not writable")
    if target.exists() and not os.access(target, os.W_OK):
        raise UsageError(f"cannot write '{path}': it is not writable")


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write beside the target, then rename over it; on any failure nothing is left.

    Raises:
        DataError: the file system refuses, for instance because it is full.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "backslashreplace")
    with replacing(path) as temporary, patient():
        temporary.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file beside the target, which takes its place once it is written.

    Raises:
        DataError: the file system refuses, for instance because it is full.
    """
    target = _target(path)
    temporary = target.parent / f".mlefit-{os.urandom(8).hex()}"
    try:
        _create(temporary, _mode_of(target))
        yield temporary
        with patient():
            _flush(temporary)
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


def _create(path: Path, mode: int | None) -> None:
    path.touch(exist_ok=False)
    if mode is not None:
        path.chmod(mode)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
