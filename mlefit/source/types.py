"""What a column of text holds: numbers, dates, booleans, or text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

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
    numeric = sample.select(
        (~unparsed(pl.col(name), pl.Float64(), decimal_comma)).all().alias(name)
        for name in sample.columns
    ).row(0, named=True)
    return {
        values.name: _type_of(values, bool(numeric[values.name]))
        for values in _present_values(sample)
    }


def padded(sample: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> list[str]:
    """Numeric columns with blanks around a value, which a CSV parser takes for text."""
    numeric = [name for name, dtype in schema.items() if dtype.is_float()]
    return [
        name for name in numeric if bool((sample[name] != sample[name].str.strip_chars()).any())
    ]


def resolve_unknown(
    text: pl.LazyFrame, names: Iterable[str], decimal_comma: bool
) -> dict[str, pl.DataType]:
    """The types of columns whose first values are all missing, from every row."""
    clean = {name: (~unparsed(pl.col(name), pl.Float64(), decimal_comma)).all() for name in names}
    if not clean:
        return {}
    answer = text.select(**clean).collect().row(0, named=True)
    return {name: pl.Float64() if numeric else pl.String() for name, numeric in answer.items()}


def _present_values(sample: pl.DataFrame) -> list[pl.Series]:
    shown = sample.select(present(pl.col(name)).alias(name) for name in sample.columns)
    return [values.drop_nulls() for values in shown.get_columns()]


def _type_of(values: pl.Series, numeric: bool) -> pl.DataType:
    if values.is_empty():
        return pl.Null()
    if numeric:
        return pl.Float64()
    written = values.to_frame("v").write_csv().encode()
    inferred = pl.read_csv(written, try_parse_dates=True, infer_schema_length=None).schema["v"]
    kept = inferred == pl.Boolean or inferred in (pl.Date, pl.Datetime)
    return inferred if kept else pl.String()
