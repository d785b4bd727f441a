"""Derivatives of expressions: their text, their values against mpmath, and what has none."""

from __future__ import annotations

import mpmath
import polars as pl
import pytest

from mlefit.design.compile import to_polars
from mlefit.errors import UsageError
from mlefit.expression import Name, Number, Reference, derivative, parse, render

TEXTS = {
    "y": "1",
    "x": "0",
    "7": "0",
    "-y": "-1",
    "log(y)": "1/y",
    "I(y)": "1",
    "sqrt(y)": "1/(2*sqrt(y))",
    "y^2": "2*y",
    "y^3": "3*y^2",
    "1/y": "-1/y^2",
    "3*y+x": "3",
    "exp(-y)": "-exp(-y)",
    "abs(x)*y": "abs(x)",
    "(y-x)/10": "1/10",
}

VALUES = (
    "log(y)",
    "log2(y)-log10(y)",
    "log1p(y^2)",
    "y^-1.5",
    "y^x",
    "x^y",
    "y^y",
    "(y^2+1)/(y-x)",
    "exp(sin(y)*cos(y))",
    "tanh(y/3)*expm1(-y)",
    "sqrt(1+y^2)-x*y",
    "I(2*y)^(1/3)",
    "-(y*log(y)-y)",
)
MPMATH = {
    "I": lambda u: u,
    "cos": mpmath.cos,
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log10": mpmath.log10,
    "log1p": lambda u: mpmath.log(1 + u),
    "log2": lambda u: mpmath.log(u, 2),
    "sin": mpmath.sin,
    "sqrt": mpmath.sqrt,
    "tanh": mpmath.tanh,
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_derivative_reads_as_a_person_would_write_it(text):
    assert render(derivative(parse(text), Name("y"))) == TEXTS[text]


@pytest.mark.parametrize("text", VALUES)
@pytest.mark.parametrize("y", [0.3, 1.0, 2.7])
def test_a_derivative_has_the_value_that_high_precision_gives(text, y):
    with mpmath.workdps(40):
        x = mpmath.mpf("1.75")
        code = compile(text.replace("^", "**"), text, "eval")
        slope = mpmath.diff(lambda at: eval(code, {**MPMATH, "x": x, "y": at}), mpmath.mpf(y))
    tree = derivative(parse(text), Name("y"))
    frame = pl.DataFrame({"x": [1.75], "y": [y]})
    assert frame.select(to_polars(tree, pl.col)).item() == pytest.approx(float(slope), rel=1e-13)


def test_a_coefficient_is_a_variable_too():
    ratio = parse("b[x]/b[z]")
    assert render(derivative(ratio, Reference("b", "x"))) == "1/b[z]"
    assert render(derivative(ratio, Reference("b", "z"))) == "-b[x]/b[z]^2"
    assert derivative(ratio, Reference("b", "y")) == Number(0.0)


@pytest.mark.parametrize(
    "text", ["abs(y)", "max(y, 1)", "if(y > 0, y, 1)", "y > 1", "log(min(y, x))"]
)
def test_a_corner_or_a_step_has_none(text):
    with pytest.raises(UsageError, match="has no derivative in y everywhere"):
        derivative(parse(text), Name("y"))
