"""A table a run of rows at a time, in order, of which only one run is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from mlefit.errors import DataError
from mlefit.source.columns import all_exact
from mlefit.source.malformed import blank_lines, readable_text, reparsed
from mlefit.source.missing import has_empty_row
from mlefit.source.place import readable
from mlefit.source.records import Ledger, Rows, Source, missing_column

BATCH_ROWS = 65_536


def batches(
    source: Source, columns: Sequence[str], *, most_rows: int = BATCH_ROWS
) -> Iterator[Rows]:
    """Every row of some columns, with missing values where they are; blank lines are no rows.

    Args:
        source: an opened table.
        columns: the columns to read; with none there are only row numbers.
        most_rows: of a run.

    Raises:
        UsageError: an unknown column.
        DataError: unreadable, or no rows at all.
    """
    wanted = list(dict.fromkeys(columns))
    for name in wanted:
        if name not in source.schema:
            raise missing_column(source, name)
    position, blank = 0, None
    for frame in _frames(source, wanted or list(source.schema)[:1], most_rows):
        places = pl.int_range(position, position + frame.height, eager=True)
        position += frame.height
        if blank is None and source.delimited is not None and has_empty_row(frame):
            with readable_text(source.delimited.place):
                blank = blank_lines(source.delimited)
        if blank is not None and not blank.is_empty():
            keep = ~places.is_in(blank.implode())
            frame, places = frame.filter(keep), places.filter(keep)
        if frame.height:
            yield _numbered(frame.select(all_exact(wanted)) if wanted else frame, places, source)
    if not position:
        raise DataError(f"{source.name} has no rows")


def _numbered(frame: pl.DataFrame, places: pl.Series, source: Source) -> Rows:
    return Rows(frame, Ledger(frame.height, frame.height, {}), source.first_row, lambda: places)


def _frames(source: Source, columns: Sequence[str], most_rows: int) -> Iterator[pl.DataFrame]:
    """The runs; where a CSV value does not parse, the rest is read from its text."""
    delimited, done = source.delimited, 0
    if delimited is None:
        with readable(source.name):
            yield from _runs(source.scan, columns, most_rows, done)
        return
    with readable_text(delimited.place):
        try:
            for frame in _runs(source.scan, columns, most_rows, done):
                yield frame
                done += frame.height
            return
        except pl.exceptions.ComputeError as error:
            if "utf-8" in str(error) or "end of file" in str(error):
                raise
    scan = reparsed(source, delimited, columns)
    with readable_text(delimited.place):
        yield from _runs(scan, columns, most_rows, done)


def _runs(
    scan: pl.LazyFrame, columns: Sequence[str], most_rows: int, done: int
) -> Iterator[pl.DataFrame]:
    rest = scan.select(all_exact(columns))
    yield from (rest.slice(done) if done else rest).collect_batches(
        chunk_size=most_rows, maintain_order=True, lazy=True, engine="streaming"
    )
