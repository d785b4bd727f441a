"""Values, slopes and bounds of expressions, against mpmath and against random points."""

from __future__ import annotations

import math
import random

import mpmath
import pytest

from mlefit.expression import (
    ANY,
    FUNCTIONS,
    POSITIVE,
    UNIT,
    Leaf,
    Name,
    NoValueError,
    Reference,
    bounds,
    evaluate,
    parse,
    render,
    stray_comparison,
)
from tests.test_derivative import MPMATH

AT: dict[Leaf, float] = {Name("x"): 0.7, Name("y"): 2.3, Reference("b", "z"): -1.4}
SMOOTH = (
    "x*y/b[z]",
    "-b[z]/(x+y)",
    "x^2-y^-1.5",
    "y^x+x^y",
    "b[z]^3",
    "2^b[z]",
    "exp(b[z]+x^2/2)*sqrt(exp(x^2)-1)",
    "log(x)+log2(y)-log10(x*y)",
    "log1p(x)*expm1(-y)",
    "sin(x)*cos(y)/tanh(b[z])",
    "I(x)^I(y)",
    "1/(1+exp(-b[z]))",
    "x/x",
)


def by_mpmath(text, at):
    """The expression at numbers of 40 digits."""
    names = {"b": {leaf.key: v for leaf, v in at.items() if isinstance(leaf, Reference)}}
    names |= {leaf.name: v for leaf, v in at.items() if isinstance(leaf, Name)}
    python = text.replace("^", "**").replace("b[z]", "b['z']")
    return eval(python, MPMATH | names)


@pytest.mark.parametrize("text", SMOOTH)
def test_values_and_slopes_are_those_of_mpmath(text):
    found = evaluate(parse(text), AT)
    with mpmath.workdps(40):
        exact = {leaf: mpmath.mpf(value) for leaf, value in AT.items()}
        assert found.value == pytest.approx(float(by_mpmath(text, exact)), rel=1e-13)
        for leaf in AT:
            slope = mpmath.diff(
                lambda v, leaf=leaf: by_mpmath(text, {**exact, leaf: v}), exact[leaf]
            )
            assert found.slopes.get(leaf, 0.0) == pytest.approx(float(slope), rel=1e-12, abs=1e-14)


def test_every_function_of_one_argument_is_among_them():
    texts = " ".join(SMOOTH)
    assert {name for name in FUNCTIONS if f"{name}(" not in texts} == {"abs", "if", "max", "min"}


@pytest.mark.parametrize(
    ("text", "value", "slope"),
    [
        ("abs(b[z])", 1.4, -1.0),
        ("max(b[z], -2)", -1.4, 1.0),
        ("min(b[z], -2, x)", -2.0, 0.0),
        ("if(b[z] < 0, b[z]^2, x)", 1.96, -2.8),
        ("if(x >= y, 1, 3*b[z])", -4.2, 3.0),
        ("abs(-3)", 3.0, 0.0),
        ("b[z]^0", 1.0, 0.0),
    ],
)
def test_the_piece_that_holds_is_differentiated(text, value, slope):
    found = evaluate(parse(text), AT)
    assert found.value == pytest.approx(value, rel=1e-15)
    assert found.slopes.get(Reference("b", "z"), 0.0) == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "problem", "evidence"),
    [
        ("log(b[z])", "log(b[z]) has no finite value at the estimates", "b[z] = -1.4"),
        ("1/(x-0.7)", "1/(x-0.7) has no finite value at the estimates", "x-0.7 = 0"),
        ("b[z]^0.5", "b[z]^0.5 has no finite value at the estimates", "b[z] = -1.4"),
        ("b[z]^x", "b[z]^x has no finite value at the estimates", "b[z] = -1.4"),
        ("exp(y*1000)", "exp(y*1000) has no finite value at the estimates", "y*1000 = 2300"),
        ("sqrt(x-0.7)", "sqrt(x-0.7) has no derivative at the estimates", "x-0.7 = 0"),
        ("abs(x-0.7)", "abs(x-0.7) has no derivative at the estimates", "x-0.7 = 0"),
        ("max(x, 0.7)", "max(x, 0.7) has no derivative at the estimates", "x = 0.7"),
        ("(x-0.7)^0.5", "(x-0.7)^0.5 has no derivative at the estimates", "x-0.7 = 0"),
        ("if(x > 0.7, x, y)", "the estimates are on the edge of x>0.7", "x = 0.7"),
    ],
)
def test_what_has_no_value_or_no_slope_is_told_with_its_operands(text, problem, evidence):
    with pytest.raises(NoValueError) as caught:
        evaluate(parse(text), AT)
    assert caught.value.problem.startswith(problem)
    assert evidence in caught.value.evidence


def test_a_square_has_a_slope_at_zero_and_at_its_exponents_own_corner():
    zero: dict[Leaf, float] = {Name("x"): 0.0}
    assert evaluate(parse("x^2"), zero).slopes == {Name("x"): 0.0}
    assert evaluate(parse("x^1"), zero).slopes == {Name("x"): 1.0}


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("x > y", "x>y"),
        ("1+(x > y)", "x>y"),
        ("if(x, 1, 2)", "if(x, 1, 2)"),
        ("if(x > y, x > 1, 2)", "x>1"),
        ("if(g == 'a', 1, 2)", "'a'"),
        ("if(x > if(x > 1, 2, 3), y, 2)", None),
        ("x", None),
    ],
)
def test_a_comparison_is_no_number_but_the_condition_of_an_if(text, stray):
    found = stray_comparison(parse(text))
    assert (None if found is None else render(found)) == stray


def test_nothing_moves_with_a_constant():
    found = evaluate(parse("if(c > 0.5, c*x, abs(c-0.5))"), {Name("x"): 2.0}, {Name("c"): 0.5})
    assert (found.value, found.slopes) == (0.0, {})


LEAVES = {"s": POSITIVE, "p": UNIT, "r": ANY, "q": (1.0, 2.0)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exp(r)", POSITIVE),
        ("s^2/(s+1)", POSITIVE),
        ("sqrt(s)*exp(-r)", POSITIVE),
        ("exp(r+s^2/2)*sqrt(expm1(s^2))", POSITIVE),
        ("s^r", POSITIVE),
        ("1/s", POSITIVE),
        ("1/p-1", POSITIVE),
        ("-log(p)", POSITIVE),
        ("1-p", UNIT),
        ("p*(1-p)", UNIT),
        ("1/(1+exp(-r))", UNIT),
        ("exp(-s)", UNIT),
        ("s/(1+s)", POSITIVE),  # s stands twice
        ("r/s", ANY),
        ("r^2", ANY),
        ("s-1", (-1.0, math.inf)),
        ("-2*q", (-4.0, -2.0)),
        ("6/q-q", (1.0, 5.0)),
        ("1/(s-1)", ANY),
        ("max(q, p)", (0.0, 2.0)),
        ("if(r > 0, s, p)", POSITIVE),
        ("-s", (-math.inf, 0.0)),
        ("tanh(s)", UNIT),
        ("abs(r)", ANY),
    ],
)
def test_bounds_follow_from_the_form(text, expected):
    found = bounds(parse(text), lambda leaf: LEAVES[leaf.name])
    assert found == pytest.approx(expected, rel=1e-15)


def test_bounds_hold_every_value():
    rng = random.Random(1)
    draw = {
        "s": lambda: math.exp(rng.gauss(0, 2)),
        "p": lambda: rng.uniform(1e-9, 1),
        "r": lambda: rng.gauss(0, 3),
        "q": lambda: rng.uniform(1, 2),
    }
    texts = ["s*p-q", "q/s+p", "(s+p)^q", "p^-q", "log1p(s)/q", "exp(-s*q)-p", "-(p-q)*s", "2^r-1",
             "sqrt(q+p)", "log10(q*s)", "min(p, q)^2", "expm1(p)*tanh(r)"]  # fmt: skip
    for text in texts:
        tree = parse(text)
        low, high = bounds(tree, lambda leaf: LEAVES[leaf.name])
        for _ in range(200):
            value = evaluate(tree, {Name(name): one() for name, one in draw.items()}).value
            assert low <= value <= high, (text, value)
