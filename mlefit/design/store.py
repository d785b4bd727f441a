"""What keeps the series of a table while it is made a run of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import polars as pl
from numpy.typing import NDArray

from mlefit.design.columns import Columns

Change = Callable[[NDArray[Any]], NDArray[Any]]
"""From values of a series to those that take their places."""


class Store(Protocol):
    """Series of runs of rows, in order."""

    def append(self, series: Mapping[str, pl.Series]) -> None:
        """Keep those of a run."""
        ...

    def change(self, key: str, change: Change) -> None:
        """Put other values in the place of one series, now that every run is known."""
        ...

    def columns(self) -> Columns:
        """The series of all runs."""
        ...


class InMemory:
    """The chunks that polars keeps them in, not copied."""

    def __init__(self) -> None:
        self._chunks: dict[str, list[NDArray[Any]]] = {}

    def append(self, series: Mapping[str, pl.Series]) -> None:
        """Keep those of a run."""
        for key, values in series.items():
            chunks = self._chunks.setdefault(key, [])
            chunks += [chunk.to_numpy() for chunk in values.get_chunks() if len(chunk)]

    def change(self, key: str, change: Change) -> None:
        """Put other values in the place of one series."""
        self._chunks[key] = [change(chunk) for chunk in self._chunks[key]]

    def columns(self, start: int = 0) -> Columns:
        """The series of all runs, the first row of which is at position `start`."""
        return Columns(self._chunks, start)


class WithoutFeatures:
    """What is asked of rows that lie elsewhere: their targets and weights, no features.

    Args:
        features: keys of the series that are let go.
    """

    def __init__(self, features: Collection[str]) -> None:
        self._features = features
        self._rest = InMemory()

    def append(self, series: Mapping[str, pl.Series]) -> None:
        """Keep those of a run."""
        self._rest.append({k: v for k, v in series.items() if k not in self._features})

    def change(self, key: str, change: Change) -> None:
        """Put other values in the place of one series."""
        if key not in self._features:
            self._rest.change(key, change)

    def columns(self) -> Columns:
        """The series of all runs."""
        return self._rest.columns()
