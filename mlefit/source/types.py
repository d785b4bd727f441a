"""What a column of text holds: numbers, dates, booleans, or text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from mlefit.source.columns import exact

NULL_TOKENS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", ".")
_COMMA_NUMBER = r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$"


def present(column: pl.Expr) -> pl.Expr:
    """Text without surrounding blanks; null where it is empty or a word for missing."""
    stripped = column.str.strip_chars()
    return pl.when(~stripped.is_in(list(NULL_TOKENS))).then(stripped)


def as_number(column: pl.Expr, decimal_comma: bool) -> pl.Expr:
    """Text as Float64; null where it is missing or no number."""
    text = present(column)
    if decimal_comma:
        text = text.str.replace(",", ".", literal=True)
    return text.cast(pl.Float64, strict=False)


def as_type(column: pl.Expr, dtype: pl.DataType, decimal_comma: bool) -> pl.Expr:
    """Text as `dtype`; null where it is missing or does not parse."""
    if dtype.is_float():
        return as_number(column, decimal_comma)
    if dtype == pl.Boolean:
        lower = present(column).str.to_lowercase()
        return pl.when(lower.is_in(["true", "false"])).then(lower == "true")
    if dtype == pl.Date:
        return present(column).str.to_date(strict=False)
    if isinstance(dtype, pl.Datetime):
        zone, unit = dtype.time_zone, dtype.time_unit
        return present(column).str.to_datetime(time_unit=unit, time_zone=zone, strict=False)
    return pl.when(~column.is_in(list(NULL_TOKENS))).then(column)


def unparsed(column: pl.Expr, dtype: pl.DataType, decimal_comma: bool) -> pl.Expr:
    """True where there is a value that is not of type `dtype`."""
    parsed = as_type(column, dtype, decimal_comma)
    return present(column).is_not_null() & parsed.is_null()


def uses_decimal_comma(sample: pl.DataFrame) -> bool:
    """Whether some column of the sample holds numbers like 1,5 and nothing else."""
    return any(
        bool(values.str.contains(_COMMA_NUMBER).all())
        and bool(values.str.contains(",", literal=True).any())
        for values in _present_values(sample)
    )


def sniff(sample: pl.DataFrame, decimal_comma: bool) -> dict[str, pl.DataType]:
    """The type of every text column: Float64, Boolean, a date or String.

    A column without a value in the sample is Null: unknown.
    """
    values = sample.select(present(pl.all()))
    empty = {column.name for column in values.get_columns() if column.null_count() == len(column)}
    parsed = sample.select(~unparsed(pl.all(), pl.Float64(), decimal_comma).any())
    numeric = parsed.row(0, named=True)
    words = [name for name in sample.columns if name not in empty and not numeric[name]]
    inferred = _inferred(values[words]) if words else {}
    return {
        name: pl.Null() if name in empty else inferred.get(name, pl.Float64())
        for name in sample.columns
    }


def says_missing(sample: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> bool:
    """Whether numeric columns have words for missing values, rather than nothing."""
    numeric = [exact(name) for name, dtype in schema.items() if dtype.is_float()]
    words = sample.select(value.is_in([*filter(None, NULL_TOKENS)]).any() for value in numeric)
    return any(words.row(0)) if numeric else False


def padded(sample: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> list[str]:
    """Numeric columns with blanks around a value, which a CSV parser takes for text."""
    spaced = sample.select((pl.all() != pl.all().str.strip_chars()).any()).row(0, named=True)
    return [name for name, dtype in schema.items() if dtype.is_float() and spaced[name]]


def resolve_unknown(
    text: pl.LazyFrame, names: Iterable[str], decimal_comma: bool
) -> dict[str, pl.DataType]:
    """The types of columns whose first values are all missing, from every row."""
    clean = {name: (~unparsed(exact(name), pl.Float64(), decimal_comma)).all() for name in names}
    if not clean:
        return {}
    answer = text.select(**clean).collect().row(0, named=True)
    return {name: pl.Float64() if numeric else pl.String() for name, numeric in answer.items()}


def _present_values(sample: pl.DataFrame) -> list[pl.Series]:
    return [values.drop_nulls() for values in sample.select(present(pl.all())).get_columns()]


def _inferred(words: pl.DataFrame) -> dict[str, pl.DataType]:
    """Boolean, a date or String, as polars itself would infer from a file."""
    boolean = pl.all().str.to_lowercase().is_in(["true", "false"]).all()
    # the first use of polars' date parser costs more than a small fit
    dated = pl.all().str.contains(r"^[0-9][ -~]*$").all()
    booleans, dates = (words.select(test).row(0) for test in (boolean, dated))
    found: dict[str, pl.DataType] = {
        name: pl.Boolean() if is_boolean else pl.String()
        for name, is_boolean in zip(words.columns, booleans, strict=True)
    }
    suspects = [name for name, may_be in zip(words.columns, dates, strict=True) if may_be]
    if suspects:
        written = words[suspects].write_csv().encode()
        schema = pl.read_csv(written, try_parse_dates=True, infer_schema_length=None).schema
        found |= {name: d for name, d in schema.items() if d in (pl.Date, pl.Datetime)}
    return found
