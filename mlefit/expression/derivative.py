"""The exact derivative of an expression: tree -> tree.

    (u v)' = u' v + u v'        (u / v)' = (u' v - u v') / v^2
    (u^n)' = n u^(n-1) u'       (u^v)' = u^v (v' log u + v u'/u)
    f(u)'  = f'(u) u'           for every function that has a derivative wherever it is defined

What does not hold the variable is a constant, whatever it is made of. Zeros and ones are
left out as they arise, so that the derivative of log(y) is 1/y. A language with more functions
than that of formulas brings its own rules for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from mlefit.errors import UsageError
from mlefit.expression.render import render
from mlefit.expression.tree import Binary, Call, Expression, Name, Number, Reference, Unary, walk

_ZERO, _ONE, _TWO = Number(0.0), Number(1.0), Number(2.0)


Rule: TypeAlias = Callable[[tuple[Expression, ...], Callable[[Expression], Expression]], Expression]
"""(arguments, derivative of one of them) -> derivative of a function's call."""

NO_RULES: Mapping[str, Rule] = MappingProxyType({})


def derivative(
    expression: Expression, variable: Name | Reference, rules: Mapping[str, Rule] = NO_RULES
) -> Expression:
    """The derivative with respect to a column or a coefficient.

    Args:
        expression: what to derive.
        variable: a name in it.
        rules: for functions that the language of formulas has not, or gives no derivative.

    Raises:
        UsageError: a part that holds the variable has a corner or a step, as `abs` has.
    """

    def slope(part: Expression) -> Expression:
        return derivative(part, variable, rules)

    if variable not in walk(expression):
        return _ZERO
    match expression:
        case Name() | Reference():
            return _ONE
        case Unary(_, operand):
            return _negative(slope(operand))
        case Binary("^", base, exponent):
            is_constant = variable not in walk(exponent)
            return _of_power(base, exponent, slope(base), None if is_constant else slope(exponent))
        case Binary(operator, left, right):
            return _ARITHMETIC[operator](left, right, slope(left), slope(right))
        case Call(function, arguments) if function in rules:
            return rules[function](arguments, slope)
        case Call(function, (argument,)) if function in OUTER:
            return _times(OUTER[function](argument), slope(argument))
    raise UsageError(
        f"{render(expression)} has no derivative in {render(variable)} everywhere",
        f"functions that have one: {', '.join(sorted(OUTER.keys() - {'I'}))}",
    )


def _of_power(
    base: Expression, exponent: Expression, slope: Expression, rise: Expression | None
) -> Expression:
    """The derivative of a power, from those of its base and of an exponent that is no constant."""
    if rise is None:
        less_one = (
            number(exponent.value - 1)
            if isinstance(exponent, Number)
            else Binary("-", exponent, _ONE)
        )
        return _times(_times(exponent, _power(base, less_one)), slope)
    growth = _times(rise, Call("log", (base,)))
    if slope != _ZERO:
        growth = _plus(growth, _over(_times(exponent, slope), base))
    return _times(Binary("^", base, exponent), growth)


def number(value: float) -> Expression:
    """A number of either sign as the trees have it."""
    return Number(value) if value >= 0 else Unary("-", Number(-value))


def _negative(u: Expression) -> Expression:
    if isinstance(u, Unary):
        return u.operand
    return u if u == _ZERO else Unary("-", u)


def _plus(u: Expression, v: Expression) -> Expression:
    if _ZERO in (u, v):
        return v if u == _ZERO else u
    return Binary("+", u, v)


def _minus(u: Expression, v: Expression) -> Expression:
    if v == _ZERO:
        return u
    return _negative(v) if u == _ZERO else Binary("-", u, v)


def _times(u: Expression, v: Expression) -> Expression:
    if _ZERO in (u, v):
        return _ZERO
    if _ONE in (u, v):
        return v if u == _ONE else u
    if isinstance(v, Unary):
        return _negative(_times(u, v.operand))
    if isinstance(u, Binary) and u.operator == "/" and u.left == _ONE:
        return _over(v, u.right)
    return Binary("*", u, v)


def _over(u: Expression, v: Expression) -> Expression:
    return u if u == _ZERO or v == _ONE else Binary("/", u, v)


def _power(u: Expression, n: Expression) -> Expression:
    if n == _ZERO:
        return _ONE
    return u if n == _ONE else Binary("^", u, n)


def _quotient(u: Expression, v: Expression, du: Expression, dv: Expression) -> Expression:
    if dv == _ZERO:
        return _over(du, v)
    return _over(_minus(_times(du, v), _times(u, dv)), _power(v, _TWO))


_ARITHMETIC: Mapping[str, Callable[..., Expression]] = MappingProxyType(
    {
        "+": lambda u, v, du, dv: _plus(du, dv),
        "-": lambda u, v, du, dv: _minus(du, dv),
        "*": lambda u, v, du, dv: _plus(_times(du, v), _times(u, dv)),
        "/": _quotient,
    }
)


def _over_log(base: float) -> Callable[[Expression], Expression]:
    return lambda u: _over(_ONE, Binary("*", u, Call("log", (Number(base),))))


OUTER: Mapping[str, Callable[[Expression], Expression]] = MappingProxyType(
    {
        "I": lambda u: _ONE,
        "cos": lambda u: Unary("-", Call("sin", (u,))),
        "exp": lambda u: Call("exp", (u,)),
        "expm1": lambda u: Call("exp", (u,)),
        "log": lambda u: _over(_ONE, u),
        "log10": _over_log(10.0),
        "log1p": lambda u: _over(_ONE, Binary("+", _ONE, u)),
        "log2": _over_log(2.0),
        "sin": lambda u: Call("cos", (u,)),
        "sqrt": lambda u: _over(_ONE, Binary("*", _TWO, Call("sqrt", (u,)))),
        "tanh": lambda u: Binary("-", _ONE, Binary("^", Call("tanh", (u,)), _TWO)),
    }
)
"""f'(u) for each function f."""
