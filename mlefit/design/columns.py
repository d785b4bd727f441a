"""Every series a model uses, as the chunks polars keeps them in, not copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

TARGET, WEIGHT, OFFSET, PRECISION = "role:target", "role:weight", "role:offset", "role:precision"

POSITION = "role:position"
"""Of the first of like rows among all that are used; their weight is how many there are."""

FEWEST_ROWS = 2048
"""Fewer in a block are walked too slowly."""


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
        self.rows = sum(len(chunk) for chunk in next(iter(chunks.values())))
        edges = sorted({0, *(edge for arrays in chunks.values() for edge in _edges(arrays))})
        if len(edges) > 2 and self.rows < FEWEST_ROWS * (len(edges) - 1):
            chunks = {key: [np.concatenate(arrays)] for key, arrays in chunks.items()}
            edges = [0, self.rows]
        self._starts = edges[:-1]
        self._pieces = [
            {key: _view(arrays, lo, hi) for key, arrays in chunks.items()}
            for lo, hi in pairwise(edges)
        ]

    @property
    def is_plain_sample(self) -> bool:
        """Whether there is nothing but a target."""
        return all(set(piece) == {TARGET} for piece in self._pieces)

    @property
    def is_counted(self) -> bool:
        """Whether like rows are there once, with their number for a weight."""
        return POSITION in self

    @property
    def stands_for(self) -> int:
        """How many rows of the data these are."""
        return round(float(self.whole(WEIGHT).sum())) if self.is_counted else self.rows

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

    def every(self, step: int) -> Columns:
        """Every so many rows of each run of chunks, copied."""
        return Columns(
            {
                key: [np.ascontiguousarray(piece[key][::step]) for piece in self._pieces]
                for key in self._pieces[0]
            }
        )

    def whole(self, key: str) -> NDArray[Any]:
        """One series as one array; copied only if it has several chunks."""
        parts = [piece[key] for piece in self._pieces]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def at(self, key: str, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """One series at some rows."""
        piece = np.searchsorted(self._starts, rows, side="right") - 1
        found = np.empty(len(rows))
        for index in np.unique(piece).tolist():
            chosen = piece == index
            found[chosen] = self._pieces[index][key][rows[chosen] - self._starts[index]]
        return found

    def replaced(self, key: str, values: NDArray[Any]) -> Columns:
        """All series, one of them with other values."""
        chunks = {name: [piece[name] for piece in self._pieces] for name in self._pieces[0]}
        return Columns({**chunks, key: [values]})

    def thinned(self, key: str, step: int) -> NDArray[Any]:
        """One series at rows 0, step, 2 step, ..., copied."""
        pieces = zip(self._starts, self._pieces, strict=True)
        return np.concatenate([piece[key][-start % step :: step] for start, piece in pieces])


def _edges(arrays: Sequence[NDArray[Any]]) -> list[int]:
    return list(np.cumsum([len(array) for array in arrays], dtype=int).tolist())


def _view(arrays: Sequence[NDArray[Any]], lo: int, hi: int) -> NDArray[Any]:
    start = 0
    for array in arrays:
        if lo < start + len(array):
            return array[lo - start : hi - start]
        start += len(array)
    return arrays[-1][:0]
