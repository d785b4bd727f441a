"""Which rows lack a value, under which cause they count, and how many may."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import polars as pl

from mlefit.errors import UsageError
from mlefit.frozen import frozen
from mlefit.source.columns import exact

SEVERAL = "missing:several columns"


@frozen
class Limit:
    """The most rows that may be dropped for missing values."""

    spec: str
    share: float | None = None
    rows: int | None = None

    def is_exceeded(self, dropped: int, candidates: int) -> bool:
        """Whether `dropped` of `candidates` rows are too many."""
        if self.share is not None:
            return dropped > self.share * candidates
        return self.rows is not None and dropped > self.rows


def parse_limit(spec: str) -> Limit:
    """Read "1%" as a share and "20" as rows.

    Raises:
        UsageError: it is neither.
    """
    text = spec.strip()
    try:
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return Limit(spec, share=share)
        elif int(text) >= 0:
            return Limit(spec, rows=int(text))
    except ValueError:
        pass
    raise UsageError(
        f"--max-dropped {spec!r} is neither a percentage nor a number of rows",
        tries=("--max-dropped 1%", "--max-dropped 20"),
    )


def is_missing(name: str, dtype: pl.DataType) -> pl.Expr:
    """True where the column is null or NaN."""
    values = exact(name)
    absent = values.is_null()
    return absent | values.is_nan().fill_null(True) if dtype.is_float() else absent


def is_complete(schema: pl.Schema, names: Sequence[str]) -> pl.Expr:
    """True for rows in which none of the columns is missing."""
    return ~pl.any_horizontal(is_missing(name, schema[name]) for name in names)


def squares_of(frame: pl.DataFrame) -> dict[str, float]:
    """The sum of squares of each column of floats, missing values left out.

    Not finite where a value is not, or where a square overflows.
    """
    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    if not floats:
        return {}
    squares = frame.lazy().select(exact(name).dot(exact(name)) for name in floats)
    # in pieces, whose squares need little memory
    return squares.collect(engine="streaming").row(0, named=True)


def not_finite(frame: pl.DataFrame, squares: Mapping[str, float]) -> set[str]:
    """Float columns that hold NaN or an infinity, given their sums of squares."""
    # a finite sum has finite terms; that of huge ones overflows
    suspects = [name for name, total in squares.items() if not math.isfinite(total)]
    return {name for name in suspects if not frame.get_column(name).is_finite().all()}


def lacking(frame: pl.DataFrame, names: Sequence[str], odd: set[str]) -> list[str]:
    """The columns among `names` that may lack a value; `odd` are not finite."""
    return [name for name in names if name in odd or frame[name].null_count()]


def incomplete(
    frame: pl.DataFrame, names: Sequence[str], counts: pl.Series | None = None
) -> tuple[pl.Series, dict[str, int]]:
    """Which rows lack a value in one of some columns, and how many by cause.

    Args:
        frame: the rows.
        names: the columns.
        counts: how many rows each of them stands for; None for one.
    """
    if not names:
        return pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True), {}
    schema = frame.schema
    mask = frame.select(
        is_missing(name, schema[name]).alias(f"column {k}") for k, name in enumerate(names)
    )
    missing = mask.select(pl.sum_horizontal(pl.all().cast(pl.UInt32)).alias("n")).to_series()
    causes = {
        f"missing:{name}": count
        for name, absent in zip(names, mask.get_columns(), strict=True)
        if (count := _number(absent & (missing == 1), counts))
    }
    several = _number(missing > 1, counts)
    if several:
        causes[SEVERAL] = several
    return missing > 0, causes


def _number(mask: pl.Series, counts: pl.Series | None) -> int:
    return int(mask.sum() if counts is None else counts.filter(mask).sum())


def has_empty_row(frame: pl.DataFrame) -> bool:
    """Whether every column lacks a value in some row, as in a blank line."""
    if not frame.height or not all(column.null_count() for column in frame.get_columns()):
        return False
    return bool(frame.select(pl.all_horizontal(pl.all().is_null()).any()).item())
