"""The standard streams: whether they take colour, how wide they are, how they can fail."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Mapping
from typing import TextIO, cast

from mlefit.errors import DataError
from mlefit.memory import patient


def use_colour(choice: str, stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether to write escape codes: the flag, then NO_COLOR, FORCE_COLOR, TERM, the stream."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return environ.get("TERM") != "dumb" and is_terminal(stream)


def width_of(stream: TextIO | None) -> int | None:
    """Columns of a terminal; None for a pipe or file, which take any width."""
    return max(shutil.get_terminal_size().columns, 40) if is_terminal(stream) else None


def use_pictures(choice: str, stream: TextIO | None) -> bool:
    """Whether to draw curves: the flag, then whether anyone sees them."""
    return is_terminal(stream) if choice == "auto" else choice == "always"


def needs_ascii(stream: TextIO | None) -> bool:
    """Whether the stream's encoding lacks the signs a report uses."""
    try:
        "·".encode((stream and stream.encoding) or "utf-8")
    except UnicodeEncodeError:
        return True
    return False


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person watches this stream."""
    return stream is not None and stream.isatty()


_COLUMNS = 80
_ROOM = 3  # for the ^C that a terminal shows, and for its last column, which wraps
_shown = 0


def draw(line: str, remark: str = "") -> None:
    """Show a line on standard error that is written over, and gone before anything else is told.

    Args:
        line: cut to the width of the terminal.
        remark: behind it, of its parts between commas those for which there is room.
    """
    global _shown  # what stands there is the terminal's state, not that of whoever drew it
    from rich.cells import cell_len, set_cell_size

    room = max(_columns(sys.stderr) - _ROOM, 1)
    parts = remark.split(", ") if remark else []
    while parts and cell_len(line) + cell_len(f" | {', '.join(parts)}") > room:
        parts.pop()
    whole = f"{line} | {', '.join(parts)}" if parts else line
    whole = set_cell_size(whole, room) if cell_len(whole) > room else whole
    size = cell_len(whole)
    _put(f"\r{whole}{' ' * (_shown - size)}{chr(8) * (_shown - size)}")
    _shown = size


def wipe() -> None:
    """Take away the line that was drawn, and the ^C that may stand behind it."""
    global _shown
    if _shown:
        _put(f"\r{' ' * (_shown + 2)}\r")
        _shown = 0


def _columns(stream: TextIO) -> int:
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    return _COLUMNS


def emit(text: str) -> bool:
    """Write to standard output; a reader that has gone is no error, a full disk is.

    Returns:
        Whether somebody still reads.

    Raises:
        DataError: standard output cannot take the text.
    """
    wipe()
    try:
        _write(sys.stdout, text)
        return True
    except BrokenPipeError:
        _discard(sys.stdout)
        return False
    except OSError as error:
        raise unwritable(error) from error


def unwritable(error: OSError) -> DataError:
    """The error for a standard output that takes no more; nothing is written to it again."""
    _discard(sys.stdout)
    return DataError(f"cannot write to standard output: {error.strerror}")


def tell(text: str) -> None:
    """Write to standard error; where nobody can be told, nothing more can be done."""
    wipe()
    _put(text)


def _put(text: str) -> None:
    try:
        _write(sys.stderr, text)
    except OSError:
        _discard(sys.stderr)


def _write(stream: TextIO, text: str) -> None:
    if cast("TextIO | None", stream) is None:  # started with the stream closed
        return
    encoding = stream.encoding or "utf-8"
    with patient():
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


def _discard(stream: TextIO) -> None:
    # The interpreter flushes once more when it ends; that must not fail again.
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, stream.fileno())
    os.close(sink)
