"""Series that are too many for memory, in a file that nobody else sees.

They are read by position into small arrays, not mapped, so that what was read is not counted as
memory of this process; what the system keeps of the file in its cache it gives up when asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.columns import Columns
from mlefit.design.store import Change
from mlefit.frozen import frozen
from mlefit.source.unnamed import Unnamed

_FEWEST_ROWS = 32_768


class Spill:
    """Keeps the series of runs of rows in a file.

    Raises:
        DataError: no file can be made, or there is no room left.
    """

    def __init__(self) -> None:
        self._file = Unnamed()
        self._end = 0
        self._pieces: list[dict[str, Stored]] = []
        self._waiting: list[Mapping[str, pl.Series]] = []

    @property
    def folder(self) -> str:
        """Where the file is."""
        return self._file.folder

    def require(self, size: int) -> None:
        """Refuse to begin where the disk has not so many bytes.

        Raises:
            DataError: it has not.
        """
        self._file.require(size)

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
        runs, self._waiting = self._waiting, []
        if runs:
            self._pieces.append({key: self._written(_joined(runs, key)) for key in runs[0]})

    def _written(self, values: NDArray[Any], at: int | None = None) -> Stored:
        """Values where they were, or behind all others."""
        if at is None:
            at, self._end = self._end, self._end + values.nbytes
        stored = Stored(self._file, at, values.dtype, len(values))
        self._file.write(values.data.cast("B"), at)
        return stored


def _joined(runs: Sequence[Mapping[str, pl.Series]], key: str) -> NDArray[Any]:
    parts = [run[key].to_numpy() for run in runs]
    return np.ascontiguousarray(parts[0]) if len(parts) == 1 else np.concatenate(parts)


@frozen
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
        self.file.read_into(values.data.cast("B"), self.at + lo * self.dtype.itemsize)
        # a view of a few rows would keep all that were read
        return values if step == 1 else values[::step].copy()
