"""The rows of each group, and its own fit where it has to be fitted by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.batch import Samples
from mlefit.design.blocks import Reader
from mlefit.design.columns import Columns, Span
from mlefit.design.levels import level_text, ranked
from mlefit.design.values import contents
from mlefit.errors import UsageError
from mlefit.fitting import Prepared


@dataclass(frozen=True)
class Groups:
    """Rows by the value of a column.

    Attributes:
        by: the column.
        names: its values as they are written, sorted.
        code: of every row, shape (n,).
        order: the rows, group after group, each in the order of the table.
        edges: group r has the rows order[edges[r]:edges[r + 1]].
    """

    by: str
    names: tuple[str, ...]
    code: NDArray[np.intp]
    order: NDArray[np.intp]
    edges: NDArray[np.intp]

    @classmethod
    def of(cls, prepared: Prepared, by: str) -> Groups:
        """The groups of a table.

        Raises:
            UsageError: a column whose values cannot be told apart.
        """
        values = prepared.rows.frame.get_column(by)
        if values.dtype.is_nested():
            raise UsageError(f"--by: column {by!r} holds {contents(values.dtype)}")
        ranks, distinct = ranked(values)
        code = ranks.to_numpy().astype(np.intp)
        counts = np.bincount(code, minlength=len(distinct))
        return cls(
            by,
            tuple(map(level_text, distinct)),
            code,
            np.argsort(code, kind="stable"),
            np.concatenate([[0], np.cumsum(counts)]),
        )

    @property
    def rows(self) -> NDArray[np.intp]:
        """Rows of each group."""
        return np.diff(self.edges)

    def runs(self, most_rows: int) -> Iterator[tuple[int, int]]:
        """First group and last, plus one, of runs of about so many rows."""
        first = 0
        while first < len(self.names):
            last = int(np.searchsorted(self.edges, self.edges[first] + most_rows, side="right")) - 1
            last = max(last, first + 1)
            yield first, last
            first = last

    def samples(self, prepared: Prepared, first: int, last: int) -> Samples:
        """The rows of some groups, one group after the other."""
        at = self.order[self.edges[first] : self.edges[last]]
        columns = prepared.table.columns.taken(at)
        predictors = [predictor.without_basis() for predictor in prepared.predictors]
        reader = Reader(columns, predictors, prepared.family.known, len(at))
        block = reader.read(Span(0, 0, 0, len(at)))
        return Samples(
            y=block.y,
            edges=self.edges[first : last + 1] - self.edges[first],
            designs=block.designs,
            constant=tuple(
                p.size == 1 and p.has_intercept and not p.offsets and not p.held
                for p in prepared.predictors
            ),
            offsets=block.offsets,
            known=block.known,
            weight=block.weight,
        )

    def alone(self, prepared: Prepared, r: int) -> Prepared:
        """A group as a table of its own."""
        mask = self.code == r
        table, rows = prepared.table, prepared.rows.only(pl.Series(mask), "other groups")
        clusters = None if table.clusters is None else table.clusters[mask]
        columns: Columns = table.columns.where(mask)
        return replace(
            prepared,
            rows=rows,
            table=replace(table, rows=rows, columns=columns, clusters=clusters),
        )
