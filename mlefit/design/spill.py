"""Series that are too many for memory, in a file that nobody else sees.

The file has no name from the moment it is made, so the system takes it back however this process
ends. It is read by position into small arrays, not mapped, so that what was read is not counted
as memory of this process; what the system keeps of it in its cache it gives up when asked.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.columns import Columns
from mlefit.design.store import Change
from mlefit.errors import DataError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FEWEST_ROWS = 32_768


class Spill:
    """Keeps the series of runs of rows in a file.

    Args:
        folder: where the file is; None for `temporary_folder`.

    Raises:
        DataError: no file can be made there, or there is no room left.
    """

    def __init__(self, folder: str | None = None) -> None:
        self.folder = temporary_folder() if folder is None else folder
        self._file = Unnamed(self.folder)
        self._end = 0
        self._pieces: list[dict[str, Stored]] = []
        self._waiting: list[Mapping[str, pl.Series]] = []

    def require(self, size: int) -> None:
        """Refuse to begin where the disk has not so many bytes.

        Raises:
            DataError: it has not.
        """
        free = shutil.disk_usage(self.folder).free
        if size > free:
            raise DataError(
                f"no room for the columns in {self.folder}: they take about {size / 1e9:,.1f} GB, "
                f"and {free / 1e9:,.1f} GB are free",
                tries=_ELSEWHERE,
            )

    def append(self, series: Mapping[str, pl.Series]) -> None:
        """Keep those of a run; short runs are kept together."""
        self._waiting.append(series)
        if sum(len(next(iter(run.values()))) for run in self._waiting) >= _FEWEST_ROWS:
            self._flush()

    def change(self, key: str, change: Change) -> None:
        """Put other values in the place of one series."""
        self._flush()
        for piece in self._pieces:
            old, new = piece[key], change(piece[key][:])
            at = old.at if new.nbytes <= old.nbytes else None
            piece[key] = self._written(np.ascontiguousarray(new), at)

    def columns(self) -> Columns:
        """The series of all runs."""
        self._flush()
        return Columns.of_pieces(self._pieces)

    def _flush(self) -> None:
        if self._waiting:
            runs, self._waiting = self._waiting, []
            self._pieces.append(
                {
                    key: self._written(np.concatenate([run[key].to_numpy() for run in runs]))
                    for key in runs[0]
                }
            )

    def _written(self, values: NDArray[Any], at: int | None = None) -> Stored:
        """Values where they were, or behind all others."""
        if at is None:
            at, self._end = self._end, self._end + values.nbytes
        rest = values.data.cast("B")
        stored = Stored(self._file, at, values.dtype, len(values))
        try:
            while rest:
                done = os.pwrite(self._file.number, rest, at)
                rest, at = rest[done:], at + done
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise DataError(
                f"no room for the columns in {self.folder}: {self._end / 1e9:,.1f} GB were "
                f"written, and --max-memory keeps what is beyond it there",
                tries=_ELSEWHERE,
            ) from error
        return stored


_ELSEWHERE = ("TMPDIR=/a/larger/disk mlefit ...", "a larger --max-memory")


def temporary_folder() -> str:
    """Where large files belong that nobody keeps: what TMPDIR says, else /var/tmp, else /tmp.

    /tmp may lie in memory (Filesystem Hierarchy Standard 3.0, 5.15).
    """
    given, large = os.environ.get("TMPDIR"), Path("/var/tmp")
    if not given and large.is_dir() and os.access(large, os.W_OK):
        return str(large)
    return tempfile.gettempdir()


class Unnamed:
    """A file without a name, there for as long as somebody holds it.

    Args:
        folder: on whose disk it is.

    Attributes:
        number: its descriptor.

    Raises:
        DataError: no file can be made there.
    """

    def __init__(self, folder: str) -> None:
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                self.number = os.dup(file.fileno())
        except OSError as error:
            raise DataError(
                f"no temporary file can be made in {folder}: {error.strerror}", tries=_ELSEWHERE
            ) from error
        weakref.finalize(self, os.close, self.number)


@dataclass(frozen=True)
class Stored:
    """One series of a run: an array once it is sliced.

    Attributes:
        file: where it lies; open as long as a series of it is.
        at: position of its first byte.
        dtype: type of its values.
        rows: how many.
    """

    file: Unnamed
    at: int
    dtype: np.dtype[Any]
    rows: int

    @property
    def nbytes(self) -> int:
        """Its length in bytes."""
        return self.rows * self.dtype.itemsize

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, wanted: slice) -> NDArray[Any]:
        """Read some rows."""
        lo, hi, step = wanted.indices(self.rows)
        values = np.empty(max(0, hi - lo), dtype=self.dtype)
        rest, at = values.data.cast("B"), self.at + lo * self.dtype.itemsize
        while rest:
            done = os.preadv(self.file.number, [rest], at)
            if not done:
                raise OSError(errno.EIO, "a temporary file ends too early")
            rest, at = rest[done:], at + done
        return values[::step]
