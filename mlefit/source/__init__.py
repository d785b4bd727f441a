"""Any file -> a lazy scan, its schema, and the complete rows of just the columns asked for.

place       where the bytes are        kind     which format they have
delimited   CSV and TSV                typed    Parquet, Arrow IPC, NDJSON
selection   which rows and columns     missing  what counts as missing
rows        all of them, or in runs    account  what becomes of each
counted     identical rows once        batches  every row, a run at a time
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from mlefit.errors import UsageError
from mlefit.source.batches import as_text, batches
from mlefit.source.counted import Counting, count_rows
from mlefit.source.delimited import open_delimited
from mlefit.source.kind import recognise
from mlefit.source.missing import incomplete
from mlefit.source.place import locate, readable
from mlefit.source.records import Ledger, Numbered, Reading, Rereading, Rows, Source, missing_column
from mlefit.source.rows import read_rows, stream_rows
from mlefit.source.typed import open_typed

__all__ = [
    "Counting",
    "Ledger",
    "Numbered",
    "Reading",
    "Rereading",
    "Rows",
    "Source",
    "as_text",
    "batches",
    "count_rows",
    "incomplete",
    "missing_column",
    "open_source",
    "read_rows",
    "stream_rows",
]


def open_source(
    data: str | Path | pl.DataFrame | pl.LazyFrame | None,
    *,
    input_format: str | None = None,
    most_bytes: int | None = None,
) -> Source:
    """Open a table without reading it.

    Args:
        data: a path, glob, directory or URL; "-" or None for standard input; or a frame.
        input_format: csv, tsv, parquet, ipc or ndjson, against extension and magic bytes.
        most_bytes: what comes from a pipe beyond them is kept in a temporary file.

    Raises:
        UsageError: an unknown format, or no data was named.
        DataError: nothing is there, or it cannot be read as a table.
    """
    if isinstance(data, pl.DataFrame | pl.LazyFrame):
        with readable("frame"):
            scan = data.lazy()
            query = isinstance(data, pl.LazyFrame)
            return Source("frame", "frame", scan, dict(scan.collect_schema()), is_query=query)
    if not isinstance(data, str | Path | None):
        raise UsageError(
            f"the data are a {type(data).__name__}, not a path or a polars frame",
            tries=["mlefit.fit(polars.DataFrame(data), ...)"],
        )
    place = locate(data, most_bytes)
    with readable(place.name):
        format_name, notes = recognise(place, input_format)
    if format_name in ("csv", "tsv"):
        return open_delimited(place, format_name, notes)
    return open_typed(place, format_name, notes)
