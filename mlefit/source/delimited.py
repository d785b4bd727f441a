"""CSV and TSV: sniff the first rows once, then scan with a full schema."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import polars as pl

from mlefit.errors import DataError
from mlefit.frozen import frozen
from mlefit.source import header, types
from mlefit.source.columns import exact
from mlefit.source.kind import refuse_binary
from mlefit.source.malformed import raw_lines, readable_text, refuse_ragged_rows
from mlefit.source.place import Place
from mlefit.source.records import Delimited, Source

SNIFFED_ROWS = 1000
_OPENING = 1 << 20


@frozen
class _Sniffed:
    """What the first rows say about a file."""

    separator: str
    has_header: bool
    names: list[str]
    sample: pl.DataFrame
    notes: tuple[str, ...]


def open_delimited(place: Place, format_name: str, notes: tuple[str, ...]) -> Source:
    """Open a CSV or TSV table.

    Raises:
        DataError: empty, not UTF-8 text, or two columns of one name.
    """
    refuse_binary(place)
    with readable_text(place):
        return _open(place, format_name, notes)


def _open(place: Place, format_name: str, notes: tuple[str, ...]) -> Source:
    sniffed = _sniff(place, format_name)
    comma = sniffed.separator != "," and types.uses_decimal_comma(sniffed.sample)
    text = _scan(place, sniffed, infer_schema_length=0)
    spelt = text.collect_schema().names()
    text = _renamed(text, spelt, sniffed.names)
    schema = types.sniff(sniffed.sample, comma)
    unknown = [name for name, dtype in schema.items() if dtype == pl.Null]
    schema |= types.resolve_unknown(text, unknown, comma)
    one_file = isinstance(place.target, bytes) or len(place.target) == 1
    typed = partial(_typed, place, sniffed, spelt, schema, comma)
    # only of a long file is it worth the while to do without the words for missing values
    bare = sniffed.sample.height >= SNIFFED_ROWS and not types.says_missing(sniffed.sample, schema)
    comma_note = ("numbers are read with a decimal comma",) if comma else ()
    return Source(
        name=place.name,
        format=format_name,
        scan=typed(types.NULL_TOKENS),
        schema=schema,
        first_row=2 if sniffed.has_header and one_file else 1,
        notes=(*notes, *sniffed.notes, *comma_note),
        delimited=Delimited(
            place,
            sniffed.separator,
            sniffed.has_header,
            comma,
            text,
            sniffed.sample,
            bare=typed(()) if bare else None,
        ),
        place=place,
    )


def _first_line(place: Place) -> str:
    """The header line, which all files must share."""
    if isinstance(place.target, bytes):
        return _line_of(place.target, place.name)
    first = _line_of([place.target[0]], place.target[0] if len(place.target) > 1 else place.name)
    for other in place.target[1:]:
        if _line_of([other], other) != first and not header.is_data(first.split(",")):
            raise DataError(
                f"{other} does not have the columns of {place.target[0]}",
                f"{place.target[0]}: {first}",
                f"{other}: {_line_of([other], other)}",
            )
    return first


def _line_of(data: list[str] | bytes, name: str) -> str:
    try:
        first = _first_rows(raw_lines, data, 1).to_series()
    except pl.exceptions.NoDataError as error:
        raise DataError(f"{name} is empty") from error
    if first.is_empty():
        raise DataError(f"{name} is empty")
    if first[0] is None:
        raise DataError(
            f"the first line of {name} is blank",
            tries=(f"sed '/./,$!d' {name} | mlefit fit - ...",),
        )
    if "\r" in first[0]:
        raise DataError(
            f"{name} ends its lines with a bare carriage return",
            tries=(f"tr '\\r' '\\n' < {name} | mlefit fit - ...",),
        )
    return str(first[0])


def _sniff(place: Place, format_name: str) -> _Sniffed:
    separator, notes = header.separator_of(_first_line(place), format_name)
    data = place.target if isinstance(place.target, bytes) else [place.target[0]]

    def cells(data: list[str] | bytes) -> pl.LazyFrame:
        return pl.scan_csv(
            cast("Any", data),
            separator=separator,
            has_header=False,
            infer_schema_length=0,
            truncate_ragged_lines=True,
            glob=_is_remote(data),
        )

    try:
        sample = _first_rows(cells, data, SNIFFED_ROWS + 1)
    except pl.exceptions.ComputeError:
        refuse_ragged_rows(place, separator, range(2**31))  # names a quote that is not closed
        raise
    first = sample.row(0)
    has_header = not header.is_data(first)
    if has_header:
        names, more = header.header_names(first, place.name)
    else:
        names, more = header.headerless_names(len(first))
    body = sample[1:] if has_header else sample
    body.columns = names
    return _Sniffed(separator, has_header, names, body, (*notes, *more))


def _first_rows(
    scan: Callable[[list[str] | bytes], pl.LazyFrame], data: list[str] | bytes, rows: int
) -> pl.DataFrame:
    """The first rows of a file, from its first bytes where these are enough.

    Asked for a few rows polars parses megabytes.
    """
    if isinstance(data, list) and not _is_remote(data):
        with Path(data[0]).open("rb") as file:
            opening, rest = file.read(_OPENING), file.read(1)
        # what is cut off, or is no text, is left to the scan of the file and its errors
        with contextlib.suppress(pl.exceptions.PolarsError):
            found = scan(opening[: opening.rfind(b"\n") + 1] if rest else opening)
            # a break inside quotes may have cut the last row
            sample = found.head(rows + 1).collect()
            if sample.height > rows or not rest:
                return sample.head(rows)
    return scan(data).head(rows).collect()


def _scan(place: Place, sniffed: _Sniffed, **options: Any) -> pl.LazyFrame:
    data = place.scannable()
    return pl.scan_csv(
        cast("Any", data),
        separator=sniffed.separator,
        has_header=sniffed.has_header,
        glob=_is_remote(data),
        **options,
    )


def _typed(
    place: Place,
    sniffed: _Sniffed,
    spelt: list[str],
    schema: Mapping[str, pl.DataType],
    decimal_comma: bool,
    null_values: Sequence[str],
) -> pl.LazyFrame:
    spaced = types.padded(sniffed.sample, schema)
    dtypes = [pl.String() if name in spaced else schema[name] for name in sniffed.names]
    scan = _scan(
        place,
        sniffed,
        # polars insists on the names as the file spells them.
        schema=dict(zip(spelt, dtypes, strict=True)),
        null_values=list(null_values),
        try_parse_dates=any(dtype.is_temporal() for dtype in dtypes),
        decimal_comma=decimal_comma,
    )
    named = _renamed(scan, spelt, sniffed.names)
    return named.with_columns(types.as_number(exact(name), decimal_comma) for name in spaced)


def _renamed(scan: pl.LazyFrame, old: Iterable[str], new: Iterable[str]) -> pl.LazyFrame:
    changed = {a: b for a, b in zip(old, new, strict=True) if a != b}
    return scan.rename(changed) if changed else scan


def _is_remote(data: list[str] | bytes) -> bool:
    return isinstance(data, list) and "://" in data[0]
