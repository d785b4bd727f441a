"""Runs of rows to a file or a stream, one run at a time.

Text formats are written run by run. Parquet and Arrow files are left to polars, which takes the
runs from a generator; what goes wrong in the generator is told as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from mlefit.errors import DataError


def texts(frames: Iterable[pl.DataFrame], form: str) -> Iterator[str]:
    """The text of every run: csv, tsv (with one header for all), ndjson, or json, one array.

    Raises:
        DataError: a column that the format cannot hold.
    """
    first = True
    for frame in frames:
        try:
            yield _text(frame, form, first=first)
        except pl.exceptions.PolarsError as error:
            raise _cannot(form, error) from error
        first = False
    if form == "json":
        yield "[]\n" if first else "\n]\n"


def write(frames: Iterable[pl.DataFrame], schema: Mapping[str, Any], path: Path, form: str) -> None:
    """Write all runs to a file: csv, tsv, json, ndjson, parquet or ipc.

    Raises:
        DataError: a column that the format cannot hold.
        OSError: the file system refuses.
    """
    if form in ("parquet", "ipc"):
        _sink(frames, schema, path, form)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        for text in texts(frames, form):
            file.write(text)


def _text(frame: pl.DataFrame, form: str, *, first: bool) -> str:
    if form == "ndjson":
        return frame.write_ndjson()
    if form == "json":
        return ("[\n" if first else ",\n") + frame.write_ndjson().rstrip("\n").replace("\n", ",\n")
    return frame.write_csv(include_header=first, separator="\t" if form == "tsv" else ",")


def _sink(frames: Iterable[pl.DataFrame], schema: Mapping[str, Any], path: Path, form: str) -> None:
    failed: list[BaseException] = []

    def source(*wishes: Any) -> Iterator[pl.DataFrame]:
        # a whole table is asked for, so there is nothing to select, filter or cut
        try:
            yield from frames
        except BaseException as error:
            failed.append(error)
            raise

    scan = register_io_source(source, schema=dict(schema))
    try:
        if form == "parquet":
            scan.sink_parquet(path)
        else:
            scan.sink_ipc(path)
    except pl.exceptions.PolarsError as error:
        if failed:
            raise failed[0] from error
        raise _cannot(form, error) from error


def _cannot(form: str, error: Exception) -> DataError:
    said = next(iter(str(error).splitlines()), type(error).__name__)
    return DataError(f"the rows cannot be written as {form}", said)
