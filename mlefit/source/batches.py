"""A table a run of rows at a time, in order, of which only one run is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from mlefit.source import types
from mlefit.source.columns import all_exact, exact
from mlefit.source.malformed import blank_lines, readable_text, reparsed
from mlefit.source.missing import has_empty_row
from mlefit.source.place import readable
from mlefit.source.records import Ledger, Rows, Source, missing_column, no_rows

BATCH_ROWS = 65_536

_Bounds = tuple[int, int | None]


def batches(
    source: Source,
    columns: Sequence[str],
    *,
    most_rows: int = BATCH_ROWS,
    verbatim: Sequence[str] = (),
    first: int = 0,
    last: int | None = None,
) -> Iterator[Rows]:
    """Every row of some columns, with missing values where they are; blank lines are no rows.

    Args:
        source: an opened table.
        columns: the columns to read; with none there are only row numbers.
        most_rows: of a run.
        verbatim: columns of a CSV or TSV table that are also given as their text, under the
            name that `as_text` tells.
        first: position of the first row that is wanted.
        last: that behind the last one; None for all that follow.

    Raises:
        UsageError: an unknown column.
        DataError: unreadable, or no rows at all.
    """
    wanted = list(dict.fromkeys(columns))
    for name in wanted:
        if name not in source.schema:
            raise missing_column(source, name)
    position, blank = first, None
    delimited = source.delimited
    texts = [] if delimited is None else list(dict.fromkeys(verbatim))
    read = wanted or list(source.schema)[:1]
    bounds = first, last
    runs = _spelt(source, read, texts, most_rows, bounds) if texts else None
    for frame in runs or _frames(source, read, most_rows, bounds):
        places = pl.int_range(position, position + frame.height, eager=True)
        position += frame.height
        if blank is None and delimited is not None and has_empty_row(frame):
            with readable_text(delimited.place):
                blank = blank_lines(delimited)
        if blank is not None and not blank.is_empty():
            keep = ~places.is_in(blank.implode())
            frame, places = frame.filter(keep), places.filter(keep)
        if frame.height:
            yield _numbered(frame, places, source)
    if not position:
        raise no_rows(source)


def as_text(name: str) -> str:
    """The name of the column that holds the text of another."""
    return f"\0text:{name}"


def _numbered(frame: pl.DataFrame, places: pl.Series, source: Source) -> Rows:
    return Rows(frame, Ledger(frame.height, frame.height, {}), source.first_row, lambda: places)


def _frames(
    source: Source, columns: Sequence[str], most_rows: int, bounds: _Bounds
) -> Iterator[pl.DataFrame]:
    """The runs; where a CSV value does not parse, the rest is read from its text."""
    delimited, (done, last) = source.delimited, bounds
    if delimited is None:
        with readable(source.name):
            yield from _runs(source.scan, columns, most_rows, (done, last))
        return
    with readable_text(delimited.place):
        try:
            for frame in _runs(source.scan, columns, most_rows, (done, last)):
                yield frame
                done += frame.height
            return
        except pl.exceptions.ComputeError as error:
            if "utf-8" in str(error) or "end of file" in str(error):
                raise
    scan = reparsed(source, delimited, columns)
    with readable_text(delimited.place):
        yield from _runs(scan, columns, most_rows, (done, last))


def _spelt(
    source: Source, columns: Sequence[str], texts: Sequence[str], most_rows: int, bounds: _Bounds
) -> Iterator[pl.DataFrame]:
    """The runs, typed from their text, beside the text of some columns."""
    delimited = source.delimited
    assert delimited is not None
    comma, read = delimited.decimal_comma, list(dict.fromkeys([*columns, *texts]))
    typed = [(exact(name), source.schema[name]) for name in columns]
    with readable_text(delimited.place):
        for frame in _runs(delimited.text, read, most_rows, bounds):
            odd = [types.unparsed(text, dtype, comma).any() for text, dtype in typed]
            if frame.select(pl.any_horizontal(odd)).item():
                reparsed(source, delimited, columns)  # tells which value of which row it is
            yield frame.select(
                *(types.as_type(text, dtype, comma) for text, dtype in typed),
                *(exact(name).alias(as_text(name)) for name in texts),
            )


def _runs(
    scan: pl.LazyFrame, columns: Sequence[str], most_rows: int, bounds: _Bounds
) -> Iterator[pl.DataFrame]:
    """Runs of `most_rows`, the last aside: what is drawn for a run must not depend on polars."""
    rest, (first, last) = scan.select(all_exact(columns)), bounds
    if first or last is not None:
        rest = rest.slice(first, None if last is None else last - first)
    waiting: list[pl.DataFrame] = []
    for frame in rest.collect_batches(
        chunk_size=most_rows, maintain_order=True, lazy=True, engine="streaming"
    ):
        waiting.append(frame)
        if sum(one.height for one in waiting) >= most_rows:
            whole = pl.concat(waiting)
            full = whole.height - whole.height % most_rows
            yield from (whole.slice(at, most_rows) for at in range(0, full, most_rows))
            waiting = [whole.slice(full)] if full < whole.height else []
    if waiting:
        yield pl.concat(waiting)
