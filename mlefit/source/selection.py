"""Which rows and columns of a scan are wanted; nothing of it is read yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from mlefit.source.columns import all_exact
from mlefit.source.malformed import POSITION
from mlefit.source.missing import is_complete
from mlefit.source.predicate import nan_as_null
from mlefit.source.records import Source


@dataclass(frozen=True)
class Selection:
    """Which rows and columns of a scan are wanted; nothing is read before `collect`.

    Attributes:
        source: an opened table.
        scan: its rows, or the same parsed in another way.
        columns: the columns to read.
        complete: those that must have a value.
        finite: those in which an infinite value is wrong.
        predicate: which rows; None for all.
        blank: positions of lines that are blank and no rows.
    """

    source: Source
    scan: pl.LazyFrame
    columns: tuple[str, ...]
    complete: tuple[str, ...]
    finite: tuple[str, ...]
    predicate: pl.Expr | None = None
    blank: tuple[int, ...] = ()

    def plan(self, numbered: bool = False) -> pl.LazyFrame:
        """The lazy rows, with their position in the source if `numbered`."""
        scan = self.scan
        if numbered or self.blank:
            scan = scan.with_row_index(POSITION)
        if self.blank:
            scan = scan.filter(~pl.col(POSITION).is_in(list(self.blank)))
        if self.predicate is not None:
            scan = scan.with_columns(nan_as_null(self.source, self.predicate))
            scan = scan.filter(self.predicate)
        return scan.select(*all_exact(self.columns), *([POSITION] if numbered else []))

    def positions(self) -> pl.Series:
        """Positions in the source of the complete rows, from 0."""
        plan = self.plan(numbered=True)
        if self.complete:
            plan = plan.filter(is_complete(plan.collect_schema(), self.complete))
        return plan.select(POSITION).collect().to_series()

    @cached_property
    def rows_in_source(self) -> int:
        """All rows of the source, blank lines aside."""
        return int(self.scan.select(pl.len()).collect().item()) - len(self.blank)

    @cached_property
    def candidates(self) -> int:
        """The rows that satisfy the predicate."""
        if self.predicate is None:
            return self.rows_in_source
        return int(self.plan().select(pl.len()).collect().item())
