"""How much memory the columns of a table will take, before they are read."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mlefit.source.records import Source
from mlefit.source.selection import opened_text

_WIDTHS = {
    pl.Int8: 1, pl.UInt8: 1, pl.Int16: 2, pl.UInt16: 2, pl.Int32: 4, pl.UInt32: 4, pl.Float32: 4,
    pl.Date: 4, pl.Boolean: 1,
}  # fmt: skip
_WIDTH_OF_TEXT = 24
_WIDTH = 8
# A compressed text is about so many times as long when it is unpacked.
_UNPACKED = 4


def width_of(source: Source, columns: Sequence[str]) -> int:
    """Bytes that a row of some columns takes."""
    return sum(_width(source.schema[name]) for name in columns)


def rows_expected(source: Source) -> int | None:
    """About how many rows a table has, as far as that is told without reading it.

    Raises:
        DataError: the table cannot be read.
    """
    place = source.place
    if place is None or source.format in ("parquet", "ipc"):
        with opened_text(source):  # such a table says it itself
            return int(source.scan.select(pl.len()).collect().item())
    if place.stored is None:
        return None
    text = place.stored * (1 if place.compression is None else _UNPACKED)
    lines = place.unpacked_head().split(b"\n")
    # the first line may be a header, and the head may end within the last one
    whole = lines[1:-1] or lines[:1]
    return round(text / (sum(map(len, whole)) / len(whole) + 1))


def _width(dtype: pl.DataType) -> int:
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return _WIDTH_OF_TEXT
    return _WIDTHS.get(type(dtype), _WIDTH)
