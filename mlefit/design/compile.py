"""An expression -> a polars expression that computes it row by row in Float64.

The arithmetic is IEEE's, as in R: 0/0 and log(-1) are NaN, log(0) is -inf. A missing value
makes everything computed from it missing, and so does a NaN in a comparison, as in R.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import add, eq, ge, gt, le, lt, mul, ne, sub, truediv
from typing import assert_never

import polars as pl

from mlefit.errors import UsageError
from mlefit.expression import (
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    Reference,
    Text,
    Unary,
    is_text_comparison,
    render,
)


def to_polars(expression: Expression, column: Callable[[str], pl.Expr]) -> pl.Expr:
    """Compile an expression.

    Args:
        expression: the tree.
        column: gives a column by its name; it is read as String where it is compared with
            a text, as Float64 elsewhere.

    Returns:
        A Float64 expression of one value per row (of one value if no column is named).

    Raises:
        UsageError: the tree refers to a coefficient, which no row has.
    """
    match expression:
        case Number(value):
            return pl.lit(value, dtype=pl.Float64)
        case Name(name):
            return column(name).cast(pl.Float64)
        case Unary(_, operand):
            return -to_polars(operand, column)
        case Binary(operator, left, right):
            sides = (to_polars(side, column) for side in (left, right))
            return _ARITHMETIC[operator](*sides)
        case Comparison():
            return _comparison(expression, column).cast(pl.Float64)
        case Call("if", (condition, then, otherwise)):
            branches = (to_polars(branch, column) for branch in (then, otherwise))
            return _choice(_condition(condition, column), *branches)
        case Call(function, arguments):
            return _CALLS[function](*(to_polars(one, column) for one in arguments))
        case Reference():
            raise UsageError(f"{render(expression)} is a coefficient; no row has a value of it")
        case Text():
            raise UsageError(f"the text {render(expression)} is not a number")
        case _:
            assert_never(expression)


def _condition(expression: Expression, column: Callable[[str], pl.Expr]) -> pl.Expr:
    """A boolean: a comparison as it is, a number as "not zero"."""
    if isinstance(expression, Comparison):
        return _comparison(expression, column)
    return _known(to_polars(expression, column)) != 0


def _comparison(comparison: Comparison, column: Callable[[str], pl.Expr]) -> pl.Expr:
    compare = _COMPARE[comparison.operator]
    if is_text_comparison(comparison):
        return compare(_text(comparison.left, column), _text(comparison.right, column))
    sides = (comparison.left, comparison.right)
    return compare(*(_known(to_polars(side, column)) for side in sides))


def _text(side: Expression, column: Callable[[str], pl.Expr]) -> pl.Expr:
    if isinstance(side, Name):
        return column(side.name).cast(pl.String)
    assert isinstance(side, Text)
    return pl.lit(side.value, dtype=pl.String)


def _known(x: pl.Expr) -> pl.Expr:
    """Missing instead of NaN, which polars would hold equal to itself and above all numbers."""
    return x.fill_nan(None)


def _choice(condition: pl.Expr, then: pl.Expr, otherwise: pl.Expr) -> pl.Expr:
    # A missing condition is not a false one, as when() alone would have it.
    return pl.when(condition.is_not_null()).then(pl.when(condition).then(then).otherwise(otherwise))


def _extreme(choose: Callable[..., pl.Expr], *sides: pl.Expr) -> pl.Expr:
    """The least or greatest of each row; polars alone would pass over missing and NaN."""
    missing = pl.any_horizontal([side.is_null() for side in sides])
    undefined = pl.any_horizontal([side.is_nan() for side in sides])
    known = pl.when(undefined).then(float("nan")).otherwise(choose(sides))
    return pl.when(~missing).then(known)


def _expm1(x: pl.Expr) -> pl.Expr:
    """exp(x) - 1 by 2 exp(x/2) sinh(x/2), for near zero the difference loses every digit."""
    return pl.when(x.abs() < 1).then(2 * (x / 2).exp() * (x / 2).sinh()).otherwise(x.exp() - 1)


_ARITHMETIC: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
    "^": pl.Expr.pow,
}

_COMPARE: Mapping[str, Callable[..., pl.Expr]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
    "!=": ne,
}

_CALLS: Mapping[str, Callable[..., pl.Expr]] = {
    "I": lambda x: x,
    "abs": pl.Expr.abs,
    "cos": pl.Expr.cos,
    "exp": pl.Expr.exp,
    "expm1": _expm1,
    "log": pl.Expr.log,
    "log10": pl.Expr.log10,
    "log1p": pl.Expr.log1p,
    "log2": lambda x: x.log(2),
    "max": lambda *sides: _extreme(pl.max_horizontal, *sides),
    "min": lambda *sides: _extreme(pl.min_horizontal, *sides),
    "sin": pl.Expr.sin,
    "sqrt": pl.Expr.sqrt,
    "tanh": pl.Expr.tanh,
}
