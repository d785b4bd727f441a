"""Expressions compiled to polars give the values that IEEE arithmetic and R give."""

from __future__ import annotations

import math
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlefit.design.compile import to_polars
from mlefit.errors import UsageError
from mlefit.expression import (
    FUNCTIONS,
    Binary,
    Call,
    Expression,
    Name,
    Number,
    Unary,
    parse,
    render,
)

INF, NAN = math.inf, math.nan

VALUES = {
    "2 + 3*4": 14.0,
    "-2^2": -4.0,
    "2^3^2": 512.0,
    "2^-1": 0.5,
    "7/2": 3.5,
    "x": 3.0,
    "x - y - 1": -6.0,
    "x > y": 0.0,
    "(x < y) + 1": 2.0,
    "x == 3": 1.0,
    "x != 3": 0.0,
    "x >= 3": 1.0,
    "x <= 2": 0.0,
    "if(x > 0, x, y)": 3.0,
    "if(0, x, y)": 8.0,
    "if(x - 1, x, y)": 3.0,
    "min(x, y, 5)": 3.0,
    "max(x, y, 5)": 8.0,
    "I(x^2)": 9.0,
    "log2(y)": 3.0,
    "log10(1000)": 3.0,
    "log(1)": 0.0,
    "log1p(1e-20)": 1e-20,
    "expm1(1e-20)": 1e-20,
    "expm1(-2000)": -1.0,
    "expm1(1000)": INF,
    "log(0)": -INF,
    "log(-1)": NAN,
    "sqrt(-1)": NAN,
    "0/0": NAN,
    "1/0": INF,
    "-1/0": -INF,
    "0^0": 1.0,
    "(-8)^(1/3)": NAN,
    "exp(1000)": INF,
    "exp(-1000)": 0.0,
    "g == 'b'": 1.0,
    "'a' == g": 0.0,
    "g != 'a'": 1.0,
    "if(g == 'b', x, y)": 3.0,
    "flag == 'true'": 1.0,
    "max(x, 0/0)": NAN,
    # what is missing stays missing
    "m": None,
    "m + x": None,
    "0*m": None,
    "m > 1": None,
    "x == m": None,
    "no_text == 'b'": None,
    "min(x, m)": None,
    "max(m, 0/0)": None,
    "if(m > 1, x, y)": None,
    "if(m, x, y)": None,
    "if(no_text == 'b', x, y)": None,
    "if(x > 0, x, m)": 3.0,
    "if(x > 0, m, x)": None,
    # as in R, a comparison with NaN is missing and not false
    "0/0 > 1": None,
    "0/0 == 0/0": None,
    "if(0/0, x, y)": None,
}

ROW = pl.DataFrame(
    {
        "x": [3.0],
        "y": [8],
        "g": ["b"],
        "flag": [True],
        "m": pl.Series([None], dtype=pl.Float64),
        "no_text": pl.Series([None], dtype=pl.String),
    }
)

PYTHON: dict[str, Callable[..., float]] = {
    "I": lambda x: x,
    "abs": abs,
    "cos": math.cos,
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log10": math.log10,
    "log1p": math.log1p,
    "log2": math.log2,
    "max": max,
    "min": min,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "if": lambda c, a, b: a if c else b,
}


@pytest.mark.parametrize("text", VALUES)
def test_an_expression_has_its_value(text):
    found = value(parse(text), ROW)
    expected = VALUES[text]
    if expected is None:
        assert found is None
    else:
        assert found == pytest.approx(expected, rel=1e-15, abs=0, nan_ok=True)


def test_every_function_is_compared_with_python():
    assert set(PYTHON) == set(FUNCTIONS)


@pytest.mark.parametrize("function", [name for name, arity in FUNCTIONS.items() if arity.most == 1])
@given(x=st.floats(1e-9, 700))
def test_a_function_agrees_with_python(function, x):
    found = value(Call(function, (Name("x"),)), pl.DataFrame({"x": [x]}))
    # Far from zero the sine of a large angle is only known to the rounding of the angle.
    assert found == pytest.approx(PYTHON[function](x), rel=1e-13, abs=1e-13 * (function in SINES))


@settings(max_examples=150, deadline=None)
@given(st.deferred(lambda: TREE), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_a_random_expression_agrees_with_python(tree, numbers):
    row = dict(zip("xyz", numbers, strict=True))
    found = value(tree, pl.DataFrame({name: [number] for name, number in row.items()}))
    assert found == pytest.approx(evaluated(tree, row), rel=1e-12, abs=1e-12)


def test_every_row_has_its_own_value():
    table = pl.DataFrame({"x": [1.0, None, 4.0], "g": ["a", "b", None]})
    tree = parse("if(g == 'a', x, max(x, 3))")
    assert table.select(compiled(tree)).to_series().to_list() == [1.0, None, None]


def test_results_are_floats():
    table = pl.DataFrame({"x": [1, 2]})
    for text in ("x", "x > 1", "2", "min(x, 1)", "if(x > 1, 1, 0)", "x == 'a'"):
        assert table.select(a=compiled(parse(text))).schema == {"a": pl.Float64}


def test_columns_are_asked_for_by_name():
    asked = []

    def column(name):
        asked.append(name)
        return pl.col(name)

    to_polars(parse("if(g == 'b', x, 0) + (x > y)"), column)
    assert asked == ["g", "x", "x", "y"]


def test_a_coefficient_has_no_value_in_a_row():
    with pytest.raises(UsageError, match=r"b\[x\] is a coefficient"):
        compiled(parse("2*b[x]"))


def test_the_longest_sum_allowed_can_be_computed():
    assert value(parse("x" + "+x" * 249), ROW) == 750.0


SINES = {"sin", "cos"}


def compiled(tree):
    return to_polars(tree, pl.col)


def value(tree, row):
    return row.lazy().select(compiled(tree)).collect().item()


def evaluated(tree, row):
    match tree:
        case Number(number):
            return number
        case Name(name):
            return row[name]
        case Unary(_, operand):
            return -evaluated(operand, row)
        case Binary(operator, left, right):
            a, b = evaluated(left, row), evaluated(right, row)
            return {"+": a + b, "-": a - b, "*": a * b}[operator]
        case Call(function, arguments):
            return PYTHON[function](*(evaluated(one, row) for one in arguments))
    raise AssertionError(render(tree))


def _larger(inner):
    return st.one_of(
        st.builds(Unary, st.just("-"), inner),
        st.builds(Binary, st.sampled_from("+-*"), inner, inner),
        st.builds(Call, st.sampled_from(["sin", "cos", "tanh", "abs", "I"]), st.tuples(inner)),
        st.builds(Call, st.sampled_from(["min", "max"]), st.tuples(inner, inner, inner)),
    )


TREE: st.SearchStrategy[Expression] = st.recursive(
    st.sampled_from([Name("x"), Name("y"), Name("z"), Number(0.5), Number(2.0)]),
    _larger,
    max_leaves=8,
)
