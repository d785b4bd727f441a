"""Every series a model uses, as the chunks polars keeps them in, not copied."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit.frozen import frozen

TARGET, WEIGHT, OFFSET, PRECISION = "role:target", "role:weight", "role:offset", "role:precision"
CLUSTER, GROUP = "role:cluster", "role:group"

POSITION = "role:position"
"""Of the first of like rows among all that are used; their weight is how many there are."""

_FEWEST_ROWS = 2048  # fewer in a piece are walked too slowly
_MOST_COPIED = 100_000
_RUN = 8192


@frozen
class Span:
    """Rows that lie together, in one run of chunks or in several short ones.

    Attributes:
        start: position of the first.
        parts: of each run of chunks its number and which of its rows these are.
    """

    start: int
    parts: tuple[tuple[int, slice], ...]

    @property
    def rows(self) -> int:
        """How many they are."""
        return sum(rows.stop - rows.start for _, rows in self.parts)


class Stretch(Mapping[str, NDArray[Any]]):
    """The series of the rows of a span: a view, or a copy where several runs of chunks meet."""

    def __init__(self, parts: Sequence[tuple[Mapping[str, Any], slice]]) -> None:
        self._parts = parts

    def parts(self, key: str) -> list[NDArray[Any]]:
        """A series in its parts, none of which is copied."""
        return [piece[key][rows] for piece, rows in self._parts]

    def __getitem__(self, key: str) -> NDArray[Any]:
        """A series."""
        parts = self.parts(key)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def __contains__(self, key: object) -> bool:
        return key in self._parts[0][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts[0][0])

    def __len__(self) -> int:
        return len(self._parts[0][0])


class Columns:
    """Series by key, cut at every chunk boundary so that each piece is a plain view.

    Where that would make pieces too short to walk, as in a wide CSV file, every series is
    copied into one.

    Args:
        chunks: for each key the arrays of its chunks, in row order.
        start: position of the first row among all, where these are some of them.
    """

    def __init__(self, chunks: Mapping[str, Sequence[NDArray[Any]]], start: int = 0) -> None:
        rows = sum(len(chunk) for chunk in next(iter(chunks.values())))
        edges = sorted({0, *(edge for arrays in chunks.values() for edge in _edges(arrays))})
        if len(edges) > 2 and rows < _FEWEST_ROWS * (len(edges) - 1):
            chunks = {key: [np.concatenate(arrays)] for key, arrays in chunks.items()}
            edges = [0, rows]
        self._hold(
            [
                {key: _view(arrays, lo, hi) for key, arrays in chunks.items()}
                for lo, hi in pairwise(edges)
            ],
            start,
        )

    @classmethod
    def of_pieces(cls, pieces: Sequence[Mapping[str, Any]], start: int = 0) -> Columns:
        """Series that are cut already.

        Args:
            pieces: for each run of rows, in order, its series by key: arrays, or what gives
                an array when it is sliced.
            start: position of the first row among all, where these are some of them.
        """
        columns = cls.__new__(cls)
        columns._hold(pieces, start)
        return columns

    def _hold(self, pieces: Sequence[Mapping[str, Any]], start: int) -> None:
        self._pieces = pieces
        lengths = (len(next(iter(piece.values()))) for piece in pieces)
        self._edges = list(accumulate(lengths, initial=start))
        self._starts = self._edges[:-1]
        self.rows = self._edges[-1] - start
        self._thinned: dict[int, Columns] = {}

    @property
    def streamed(self) -> bool:
        """Whether they are read from a file in every pass."""
        return any(not isinstance(s, np.ndarray) for piece in self._pieces for s in piece.values())

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

    def of(self, span: Span) -> Stretch:
        """The series of some rows."""
        return Stretch([(self._pieces[index], rows) for index, rows in span.parts])

    def __contains__(self, key: object) -> bool:
        return bool(self._pieces) and key in self._pieces[0]

    def spans(self, most_rows: int) -> Iterator[Span]:
        """All rows, in order, in runs of at most `most_rows` of about equal length.

        Runs of chunks that are shorter than that are walked together.
        """
        edges = self._edges
        if any(hi - lo < most_rows for lo, hi in pairwise(edges)):
            edges = [edges[0], edges[-1]]
        for lo, hi in pairwise(edges):
            count = -(-(hi - lo) // most_rows)
            for i in range(count):
                yield self._span(lo + (hi - lo) * i // count, lo + (hi - lo) * (i + 1) // count)

    def _span(self, lo: int, hi: int) -> Span:
        parts = []
        for k in range(bisect_right(self._starts, lo) - 1, bisect_left(self._starts, hi)):
            start, end = self._edges[k : k + 2]
            if start < end:  # a run of chunks may be empty
                parts.append((k, slice(max(lo - start, 0), min(hi, end) - start)))
        return Span(lo, tuple(parts))

    @property
    def keys(self) -> tuple[str, ...]:
        """What there is a series of."""
        return tuple(self._pieces[0])

    def every(self, step: int) -> Columns:
        """Rows 0, step, 2 step, ..., copied once; many of a file stay in it."""
        if self.streamed and self.rows > _MOST_COPIED * step:
            pieces = [
                {key: Spaced(values, -start % step, step) for key, values in piece.items()}
                for start, piece in zip(self._starts, self._pieces, strict=True)
            ]
            return Columns.of_pieces([one for one in pieces if len(next(iter(one.values())))])
        if step not in self._thinned:
            self._thinned[step] = Columns({key: [self.thinned(key, step)] for key in self.keys})
        return self._thinned[step]

    def runs(self, step: int) -> Columns:
        """About as many rows as `every` has, in long runs, as views; of a file the same rows.

        To pick single rows fetches most of the memory that the others lie in.
        """
        if self.streamed:
            return self.every(step)
        first, end = self._edges[0], self._edges[-1]
        spans = (self._span(lo, min(lo + _RUN, end)) for lo in range(first, end, step * _RUN))
        return Columns.of_pieces(
            [
                {key: array[rows] for key, array in self._pieces[index].items()}
                for span in spans
                for index, rows in span.parts
            ]
        )

    def part(self, lo: int, hi: int) -> Columns:
        """Rows lo to hi, as views where they are of one run of chunks."""
        pieces = [
            {key: array[max(lo - start, 0) : hi - start] for key, array in piece.items()}
            for start, piece in zip(self._starts, self._pieces, strict=True)
            if start < hi and lo < start + len(next(iter(piece.values())))
        ]
        return Columns({key: [piece[key] for piece in pieces] for key in self.keys}, lo)

    def kept(self, keep: NDArray[np.bool_], start: int = 0) -> Columns:
        """The rows for which a mask holds, copied; of a file, to be looked up in it.

        Args:
            keep: shape (n,).
            start: position of the first of them, where these rows are some of a table's.
        """
        if not self.streamed:
            return Columns({key: [self.whole(key)[keep]] for key in self.keys}, start)
        some = [
            (piece, np.flatnonzero(mask).astype(np.uint32)) for piece, mask in self._beside(keep)
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

    def at(self, key: str, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """One series at some rows."""
        piece = np.searchsorted(self._starts, rows, side="right") - 1
        found = np.empty(len(rows))
        for index in np.unique(piece).tolist():
            chosen = piece == index
            found[chosen] = self._pieces[index][key][:][rows[chosen] - self._starts[index]]
        return found

    def replaced(self, key: str, values: NDArray[Any]) -> Columns:
        """All series, one of them with other values."""
        return Columns.of_pieces(
            [{**piece, key: part} for piece, part in self._beside(values)], self._starts[0]
        )

    def _beside(self, values: NDArray[Any]) -> Iterator[tuple[Mapping[str, Any], NDArray[Any]]]:
        """Each piece with its part of values of all rows."""
        first = self._edges[0]
        for piece, (lo, hi) in zip(self._pieces, pairwise(self._edges), strict=True):
            yield piece, values[lo - first : hi - first]

    def thinned(self, key: str, step: int) -> NDArray[Any]:
        """One series at rows 0, step, 2 step, ..., copied."""
        pieces = zip(self._starts, self._pieces, strict=True)
        return np.concatenate([piece[key][-start % step :: step] for start, piece in pieces])


@frozen
class Spaced:
    """Every so many rows of a series: an array once it is sliced.

    Attributes:
        series: all of it.
        first: the first of them.
        step: from a row to the next.
    """

    series: Any
    first: int
    step: int

    def __len__(self) -> int:
        return max(-(-(len(self.series) - self.first) // self.step), 0)

    def __getitem__(self, wanted: slice) -> NDArray[Any]:
        """Read some of them."""
        lo, hi, step = wanted.indices(len(self))
        lo, hi = (self.first + edge * self.step for edge in (lo, hi))
        return np.asarray(self.series[lo : hi : step * self.step])


@frozen
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
