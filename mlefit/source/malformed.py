"""Why a CSV or TSV file could not be read: asked only after reading has failed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple, cast

import polars as pl

from mlefit.errors import DataError
from mlefit.source import types
from mlefit.source.columns import all_exact, exact
from mlefit.source.kind import wrong_encoding
from mlefit.source.place import Place, readable
from mlefit.source.records import Delimited, Source
from mlefit.source.spelling import remedy, spoken_number

# No file that can be typed has a column of this name.
POSITION = "\0mlefit: position in the source"


class _Record(NamedTuple):
    """One row of fields, numbered from 1; `fault` says what is wrong with its quotes."""

    row: int
    width: int
    expected: int
    fault: str | None


def reparsed(source: Source, delimited: Delimited, columns: Sequence[str]) -> pl.LazyFrame:
    """The same columns parsed from their text, blanks around numbers allowed.

    Raises:
        DataError: a quote is not closed, a row has too many or too few fields, or a value
            is not of its column's type; with the row.
    """
    width = len(source.schema)
    with readable_text(delimited.place):
        refuse_ragged_rows(delimited.place, delimited.separator, range(width, width + 1))
        for name in columns:
            _refuse_unparsed(source, delimited, name)
    comma = delimited.decimal_comma
    return delimited.text.with_columns(
        types.as_type(exact(name), dtype, comma) for name, dtype in source.schema.items()
    )


def raw_lines(data: list[str] | bytes) -> pl.LazyFrame:
    """The lines of a file as they are, in the column `line`; null where blank."""
    return pl.scan_csv(
        cast("Any", data),
        has_header=False,
        separator="\x1f",
        quote_char=None,
        schema={"line": pl.String()},
        truncate_ragged_lines=True,
        glob=isinstance(data, list) and "://" in data[0],
    )


def refuse_ragged_rows(place: Place, separator: str, widths: range) -> None:
    """Raise a DataError for the first row whose number of fields is not in `widths`."""
    line = pl.col("line")
    fields = line.str.count_matches(separator, literal=True) + 1
    # A quoted separator or line break fools the count, so it only screens.
    odd = ~fields.is_between(widths.start, widths.stop - 1) | line.str.contains('"', literal=True)
    for name, lines in _files(place):
        if not lines.select(odd.any()).collect(engine="streaming").item():
            continue
        for record in _records(lines, separator):
            if record.fault is not None:
                raise DataError(f"row {record.row} of {name} {record.fault}")
            if record.width and record.width not in widths:
                raise DataError(
                    f"row {record.row} of {name} has {_fields(record.width)}, "
                    f"the first row has {record.expected}"
                )


@contextmanager
def readable_text(place: Place) -> Iterator[None]:
    """As `readable`, and what is not UTF-8 is told with its likely encoding."""
    with readable(place.name):
        try:
            yield
        except pl.exceptions.PolarsError as error:
            if "utf-8" not in str(error):
                raise
            raise encoding_error(place) from error


def encoding_error(place: Place) -> DataError:
    """The error for bytes that are not UTF-8, with a guess at what they are."""
    sample = b"".join(place.contents()) if place.compression != "zstd" else b""
    # Latin-1 has no printable characters here; Windows puts quotes and dashes there.
    windows = any(0x80 <= byte <= 0x9F for byte in set(sample))
    return wrong_encoding(place.name, "WINDOWS-1252" if windows else "ISO-8859-1")


def blank_lines(delimited: Delimited) -> pl.Series:
    """Positions of the rows whose every field is empty; null-free, possibly of length 0."""
    names = delimited.text.collect_schema().names()
    numbered = delimited.text.with_row_index(POSITION)
    ends = exact(names[0]).is_null() & exact(names[-1]).is_null()
    suspects = numbered.filter(ends).select(POSITION).collect(engine="streaming").to_series()
    if suspects.is_empty():
        return suspects
    empty = pl.all_horizontal(field.is_null() for field in all_exact(names))
    return numbered.filter(empty).select(POSITION).collect(engine="streaming").to_series()


def _refuse_unparsed(source: Source, delimited: Delimited, name: str) -> None:
    dtype = source.schema[name]
    if dtype == pl.String:
        return
    wrong = types.unparsed(exact(name), dtype, delimited.decimal_comma)
    numbered = delimited.text.select(exact(name)).with_row_index(POSITION)
    bad = numbered.filter(wrong).collect(engine="streaming")
    if bad.is_empty():
        return
    position, value = bad.row(0)
    row = position + source.first_row
    raise DataError(
        f"column {name!r} holds {_spoken(dtype)}, but row {row} says {value!r}",
        f"{bad.height} such values in {source.name}",
        tries=_ways_out(source, value),
    )


def _ways_out(source: Source, value: str) -> tuple[str, ...]:
    if spoken_number(value) is not None:
        return remedy(source, value)
    return (f"put NA there: {value!r} is no word for a missing value",)


def _files(place: Place) -> Iterator[tuple[str, pl.LazyFrame]]:
    """The raw lines of every file, with its name."""
    if isinstance(place.target, bytes):
        yield place.name, raw_lines(place.target)
        return
    for path in place.target:
        yield (place.name if len(place.target) == 1 else path), raw_lines([path])


def _records(lines: pl.LazyFrame, separator: str) -> Iterator[_Record]:
    """The rows as Python's csv module reads them, header included, until the first fault."""
    runs = lines.collect_batches(maintain_order=True, lazy=True, engine="streaming")
    spelt = ((line or "") + "\n" for run in runs for line in run.to_series())
    reader = csv.reader(spelt, delimiter=separator, strict=True)
    expected = 0
    for row in count(1):
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            after = "expected after" in str(error)
            fault = "has text after a closing quote" if after else "opens a quote never closed"
            yield _Record(row, 0, expected, fault)
            return
        expected = expected or len(fields)
        yield _Record(row, len(fields), expected, None)


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _spoken(dtype: pl.DataType) -> str:
    if dtype.is_float():
        return "numbers"
    return "true and false" if dtype == pl.Boolean else "dates"
