"""`--where`: an SQL predicate, checked against the columns before any row is read."""

from __future__ import annotations

import polars as pl

from mlefit.errors import UsageError
from mlefit.source.columns import exact
from mlefit.source.records import Source, columns_line, missing_column
from mlefit.source.rowwise import refuse_beyond_a_row


def parse_predicate(source: Source, where: str) -> pl.Expr:
    """The predicate as an expression.

    Raises:
        UsageError: it is no SQL, names an unknown column, looks at more than one row, or is
            not true or false.
    """
    refuse_beyond_a_row(where)
    problem = f"--where {where!r}"
    try:
        # The brackets make a trailing ';' or ',' an error in every version of polars.
        predicate = pl.sql_expr(f"({where})")
        names = predicate.meta.root_names()
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{problem} is no SQL predicate", _first_line(error), columns_line(source.schema)
        ) from error
    for name in names:
        if name not in source.schema:
            unknown = missing_column(source, name)
            raise UsageError(
                f"{problem}: {unknown.problem}", *unknown.evidence, tries=unknown.tries
            )
    return _checked(source, predicate, problem)


def nan_as_null(source: Source, predicate: pl.Expr) -> list[pl.Expr]:
    """Columns of the predicate with NaN as null: in polars, NaN is greater than any number."""
    named = dict.fromkeys(predicate.meta.root_names())
    may_hold_nan = [name for name in named if source.schema[name].is_float()]
    return [exact(name).fill_nan(None) for name in may_hold_nan]


def _checked(source: Source, predicate: pl.Expr, problem: str) -> pl.Expr:
    empty = pl.DataFrame(schema=dict(source.schema))
    try:
        dtype = empty.select(predicate.alias("kept")).schema["kept"]
        empty.filter(predicate if dtype == pl.Boolean else pl.lit(True))
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{problem} does not fit the columns", _first_line(error), columns_line(source.schema)
        ) from error
    if dtype != pl.Boolean:
        raise UsageError(
            f"{problem} is neither true nor false: its type is {dtype}",
            columns_line(source.schema),
        )
    return predicate


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
