"""The series of a table made once more from its source, by whoever can read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import polars as pl

from mlefit.design.columns import Columns
from mlefit.design.store import Change, InMemory
from mlefit.frozen import frozen
from mlefit.source import Rereading, Rows


class Making(Protocol):
    """What makes series of rows. It has seen all rows, so it knows every level."""

    def add(self, rows: Rows) -> tuple[Rows, dict[str, pl.Series]]:
        """The rows of a run that count, and their series."""
        ...


@frozen
class Again:
    """Rows of a table, all of which were read and found good before.

    Attributes:
        rows: reads them.
        making: makes their series.
        changes: for the key of a series, what makes its values final.
        begins: for each run of rows the position of its first one in the source, and among
            the rows that are used.
        count: of the rows that are used.
        keys: of the series.
    """

    rows: Rereading
    making: Making
    changes: Mapping[str, Change]
    begins: tuple[tuple[int, int], ...]
    count: int
    keys: tuple[str, ...]

    def shares(self, most: int) -> list[tuple[int, int]]:
        """Runs put together to so many shares at most, of about as many rows each."""
        runs = len(self.begins)
        edges = sorted({runs * i // most for i in range(most + 1)})
        return list(pairwise(edges))

    def edges(self, shares: Sequence[tuple[int, int]]) -> list[int]:
        """Where each of these shares begins among the rows that are used, and their number."""
        return [*(self.begins[first][1] for first, _ in shares), self.count]

    def columns(self, share: tuple[int, int]) -> Columns:
        """The series of a share."""
        first, last = share
        end = self.begins[last][0] if last < len(self.begins) else None
        store = InMemory()
        for run in self.rows.again(self.begins[first][0], end):
            _, series = self.making.add(run)
            if series:
                store.append(series)
        for key, change in self.changes.items():
            store.change(key, change)
        return store.columns(start=self.begins[first][1])
