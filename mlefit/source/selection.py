"""Which rows and columns of a table are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import polars as pl

from mlefit.frozen import frozen
from mlefit.source.columns import all_exact
from mlefit.source.malformed import POSITION, readable_text
from mlefit.source.missing import SEVERAL, is_complete
from mlefit.source.place import readable
from mlefit.source.predicate import nan_as_null, parse_predicate
from mlefit.source.records import Source, missing_column


@frozen
class Selection:
    """Which rows and columns of a scan are wanted; nothing is read before `collect`.

    Attributes:
        source: an opened table.
        scan: its rows; of a CSV they may be parsed once more from their text.
        columns: those to read.
        complete: those of them that must have a value.
        finite: those of them that must be finite numbers.
        where: the SQL predicate as it was given.
        predicate: which rows are wanted.
        blank: positions of blank lines, which are no rows.
    """

    source: Source
    scan: pl.LazyFrame
    columns: tuple[str, ...]
    complete: tuple[str, ...]
    finite: tuple[str, ...]
    where: str | None = None
    predicate: pl.Expr | None = None
    blank: tuple[int, ...] = ()

    @property
    def tested(self) -> list[str]:
        """The columns that the predicate looks at."""
        return [] if self.predicate is None else self.predicate.meta.root_names()

    @property
    def causes(self) -> tuple[str, ...]:
        """Why a row may be dropped, in the order of a ledger."""
        return ("where", *(f"missing:{name}" for name in self.complete), SEVERAL)

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

    def rows_in_source(self) -> int:
        """All rows of the source, blank lines aside."""
        return int(self.scan.select(pl.len()).collect().item()) - len(self.blank)


def selected(
    source: Source,
    columns: Sequence[str],
    where: str | None = None,
    complete: Sequence[str] | None = None,
    open_ended: Sequence[str] = (),
) -> Selection:
    """What `read_rows` is asked for.

    Raises:
        UsageError: an unknown column or a bad predicate.
    """
    wanted = tuple(dict.fromkeys(columns))
    needed = wanted if complete is None else tuple(dict.fromkeys(complete))
    needed = tuple(name for name in needed if name not in open_ended)
    unknown = [name for name in wanted if name not in source.schema]
    if unknown:
        raise missing_column(source, unknown[0])
    predicate = None if where is None else parse_predicate(source, where)
    finite = tuple(name for name in wanted if name not in open_ended)
    return Selection(source, source.scan, wanted, needed, finite, where, predicate)


def opened_text(source: Source) -> AbstractContextManager[None]:
    """Around what reads a table: what goes wrong is told in its terms."""
    if source.delimited is None:
        return readable(source.name)
    return readable_text(source.delimited.place)
