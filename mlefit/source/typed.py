"""Parquet, Arrow IPC and NDJSON: formats that carry their own types."""

from __future__ import annotations

from io import BytesIO
from typing import cast

import polars as pl

from mlefit.errors import DataError, UsageError
from mlefit.source.kind import refuse_binary
from mlefit.source.place import Place, readable
from mlefit.source.records import Source

SNIFFED_ROWS = 1000


def open_typed(place: Place, format_name: str, notes: tuple[str, ...]) -> Source:
    """Open a table whose format knows its types.

    Raises:
        UsageError: a zstd layer that polars cannot undo for this format.
        DataError: the file is damaged or is not of this format.
    """
    if place.compression == "zstd" and format_name != "ndjson":
        command = f"zstd -dc {place.name} | mlefit fit - --input-format {format_name}"
        raise UsageError(f"{place.name} is {format_name} inside zstd", tries=(command,))
    opener = {"parquet": _parquet, "ipc": _ipc, "ndjson": _ndjson}[format_name]
    with readable(place.name):
        scan = opener(place)
        schema = scan.collect_schema()
    return Source(place.name, format_name, scan, dict(schema), notes=notes, place=place)


def _parquet(place: Place) -> pl.LazyFrame:
    if isinstance(place.target, bytes) or place.compression == "gzip":
        return pl.concat([pl.scan_parquet(BytesIO(raw)) for raw in place.contents()])
    remote = "://" in place.target[0]
    partitioned = len(place.target) > 1 and _is_partitioned(place)
    return pl.scan_parquet(list(place.target), hive_partitioning=partitioned or None, glob=remote)


def _ipc(place: Place) -> pl.LazyFrame:
    stream = place.unpacked_head().startswith(b"\xff\xff\xff\xff")
    if stream:
        return pl.concat([pl.read_ipc_stream(BytesIO(raw)).lazy() for raw in place.contents()])
    if isinstance(place.target, bytes) or place.compression == "gzip":
        return pl.concat([pl.scan_ipc(BytesIO(raw)) for raw in place.contents()])
    return pl.scan_ipc(list(place.target), hive_partitioning=_is_partitioned(place))


def _ndjson(place: Place) -> pl.LazyFrame:
    refuse_binary(place)
    if place.unpacked_head().lstrip()[:1] == b"[":
        raise DataError(
            f"{place.name} is one JSON array, not one JSON object per line",
            tries=(f"jq -c '.[]' {place.name} | mlefit fit - --input-format ndjson",),
        )
    data = cast("list[str]", place.scannable())
    first = pl.scan_ndjson(data, infer_schema_length=SNIFFED_ROWS).collect_schema()
    # An integer column may hold 2.5 further down, which old polars would cut to 2.
    floats = {name: pl.Float64() for name, dtype in first.items() if dtype.is_integer()}
    return pl.scan_ndjson(data, infer_schema_length=SNIFFED_ROWS, schema_overrides=floats)


def _is_partitioned(place: Place) -> bool:
    return isinstance(place.target, tuple) and "=" in "".join(
        path.removeprefix(place.name) for path in place.target
    )
