"""Every series a model uses, as the chunks polars keeps them in, not copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

TARGET, WEIGHT, OFFSET, PRECISION = "role:target", "role:weight", "role:offset", "role:precision"
CLUSTER = "role:cluster"

FEWEST_ROWS = 2048
"""Fewer in a block are walked too slowly."""

_MOST_COPIED = 100_000


@dataclass(frozen=True)
class Span:
    """Rows lo to hi of one run of chunks."""

    piece: int
    start: int
    lo: int
    hi: int


class Columns:
    """Series by key, cut at every chunk boundary so that each piece is a plain view.

    Where that would make pieces too short to walk, as in a wide CSV file, every series is
    copied into one.

    Args:
        chunks: for each key the arrays of its chunks, in row order.
    """

    def __init__(self, chunks: Mapping[str, Sequence[NDArray[Any]]]) -> None:
        rows = sum(len(chunk) for chunk in next(iter(chunks.values())))
        edges = sorted({0, *(edge for arrays in chunks.values() for edge in _edges(arrays))})
        if len(edges) > 2 and rows < FEWEST_ROWS * (len(edges) - 1):
            chunks = {key: [np.concatenate(arrays)] for key, arrays in chunks.items()}
            edges = [0, rows]
        self._hold(
            [
                {key: _view(arrays, lo, hi) for key, arrays in chunks.items()}
                for lo, hi in pairwise(edges)
            ]
        )

    @classmethod
    def of_pieces(cls, pieces: Sequence[Mapping[str, Any]]) -> Columns:
        """Series that are cut already.

        Args:
            pieces: for each run of rows, in order, its series by key: arrays, or what gives
                an array when it is sliced.
        """
        columns = cls.__new__(cls)
        columns._hold(pieces)
        return columns

    def _hold(self, pieces: Sequence[Mapping[str, Any]]) -> None:
        self._pieces = pieces
        edges = [0, *accumulate(len(next(iter(piece.values()))) for piece in pieces)]
        self._starts, self.rows = edges[:-1], edges[-1]

    @property
    def streamed(self) -> bool:
        """Whether they are read from a file in every pass."""
        return any(not isinstance(s, np.ndarray) for piece in self._pieces for s in piece.values())

    def piece(self, index: int) -> Mapping[str, NDArray[Any]]:
        """The views of one run of rows."""
        return self._pieces[index]

    def __contains__(self, key: object) -> bool:
        return bool(self._pieces) and key in self._pieces[0]

    def spans(self, most_rows: int) -> Iterator[Span]:
        """All rows, in order, in runs of at most `most_rows` of equal length."""
        for index, piece in enumerate(self._pieces):
            rows = len(next(iter(piece.values())))
            count = -(-rows // most_rows)
            for i in range(count):
                lo, hi = rows * i // count, rows * (i + 1) // count
                yield Span(index, self._starts[index] + lo, lo, hi)

    @property
    def keys(self) -> tuple[str, ...]:
        """What there is a series of."""
        return tuple(self._pieces[0])

    def every(self, step: int) -> Columns:
        """Every so many rows of each run of chunks, copied; many of a file stay in it."""
        if self.streamed and self.rows > _MOST_COPIED * step:
            return Columns.of_pieces(
                [
                    {key: Spaced(values, step) for key, values in piece.items()}
                    for piece in self._pieces
                ]
            )
        return Columns(
            {
                key: [np.ascontiguousarray(piece[key][::step]) for piece in self._pieces]
                for key in self.keys
            }
        )

    def kept(self, keep: NDArray[np.bool_]) -> Columns:
        """The rows for which a mask holds, copied; of a file, to be looked up in it."""
        if not self.streamed:
            return Columns({key: [self.whole(key)[keep]] for key in self.keys})
        ends = [*self._starts[1:], self.rows]
        some = [
            (piece, np.flatnonzero(keep[lo:hi]).astype(np.uint32))
            for piece, lo, hi in zip(self._pieces, self._starts, ends, strict=True)
        ]
        return Columns.of_pieces(
            [
                {key: Chosen(values, at) for key, values in piece.items()}
                for piece, at in some
                if len(at)
            ]
        )

    def whole(self, key: str) -> NDArray[Any]:
        """One series as one array; copied only if it has several chunks."""
        parts = [piece[key][:] for piece in self._pieces]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def replaced(self, key: str, values: NDArray[Any]) -> Columns:
        """All series, one of them with other values."""
        ends = [*self._starts[1:], self.rows]
        return Columns.of_pieces(
            [
                {**piece, key: values[lo:hi]}
                for piece, lo, hi in zip(self._pieces, self._starts, ends, strict=True)
            ]
        )

    def thinned(self, key: str, step: int) -> NDArray[Any]:
        """One series at rows 0, step, 2 step, ..., copied."""
        pieces = zip(self._starts, self._pieces, strict=True)
        return np.concatenate([piece[key][-start % step :: step] for start, piece in pieces])


@dataclass(frozen=True)
class Spaced:
    """Every so many rows of a series: an array once it is sliced.

    Attributes:
        series: all of it.
        step: from a row to the next.
    """

    series: Any
    step: int

    def __len__(self) -> int:
        return -(-len(self.series) // self.step)

    def __getitem__(self, wanted: slice) -> NDArray[Any]:
        """Read some of them."""
        lo, hi, step = wanted.indices(len(self))
        return np.asarray(self.series[lo * self.step : hi * self.step : step * self.step])


@dataclass(frozen=True)
class Chosen:
    """Some rows of a series: an array once it is sliced.

    Attributes:
        series: all of it.
        at: positions of the rows, rising.
    """

    series: Any
    at: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, wanted: slice) -> NDArray[Any]:
        """Read some of them."""
        at = self.at[wanted]
        if not len(at):
            return np.asarray(self.series[:0])
        first = int(at[0])
        return np.asarray(self.series[first : int(at[-1]) + 1][at - first])


def _edges(arrays: Sequence[NDArray[Any]]) -> list[int]:
    return list(np.cumsum([len(array) for array in arrays], dtype=int).tolist())


def _view(arrays: Sequence[NDArray[Any]], lo: int, hi: int) -> NDArray[Any]:
    start = 0
    for array in arrays:
        if lo < start + len(array):
            return array[lo - start : hi - start]
        start += len(array)
    return arrays[-1][:0]
