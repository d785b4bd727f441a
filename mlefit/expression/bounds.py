"""Where the values of an expression must lie, whatever its leaves are: interval arithmetic.

    (a, b) + (c, d) = (a + c, b + d)        (a, b) (c, d) = from the least to the greatest of
    1/(a, b) = (1/b, 1/a) for a >= 0        ac, ad, bc, bd, with 0 times infinity 0
    f((a, b)) = (f(a), f(b)) for f that rises

The intervals are open, so that (0, infinity) says positive. They hold every value and may be
too wide, for a leaf that stands twice is taken for two: x - x is any number.

Source: R. E. Moore, R. B. Kearfott and M. J. Cloud (2009), Introduction to Interval Analysis,
chapters 2 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType
from typing import TypeAlias

from mlefit.expression.tree import Binary, Call, Expression, Name, Number, Reference, Unary

Bounds: TypeAlias = tuple[float, float]

ANY: Bounds = (-math.inf, math.inf)
POSITIVE: Bounds = (0.0, math.inf)
UNIT: Bounds = (0.0, 1.0)


def bounds(expression: Expression, of: Callable[[Name | Reference], Bounds]) -> Bounds:
    """An open interval that holds the expression's values, or one number twice.

    Args:
        expression: the tree.
        of: the interval of each leaf.
    """
    match expression:
        case Number(value):
            return value, value
        case Name() | Reference():
            return of(expression)
        case Unary(_, operand):
            low, high = bounds(operand, of)
            return -high, -low
        case Binary(operator, left, right):
            return _ARITHMETIC[operator](bounds(left, of), bounds(right, of))
        case Call("min" | "max", arguments) | Call("if", (_, *arguments)):
            found = [bounds(one, of) for one in arguments]
            return min(low for low, _ in found), max(high for _, high in found)
        case Call(function, (argument,)) if function in _RISING:
            low, high = bounds(argument, of)
            return _RISING[function](low), _RISING[function](high)
    return ANY


def _plus(u: Bounds, v: Bounds) -> Bounds:
    return u[0] + v[0], u[1] + v[1]


def _times(u: Bounds, v: Bounds) -> Bounds:
    ends = [0.0 if 0 in pair else pair[0] * pair[1] for pair in product(u, v)]
    return min(ends), max(ends)


def _over(u: Bounds, v: Bounds) -> Bounds:
    low, high = v
    if low < 0 < high or low == high == 0:
        return ANY
    if high <= 0:
        return _over((-u[1], -u[0]), (-high, -low))
    return _times(u, (1 / high, math.inf if low == 0 else 1 / low))


def _power(u: Bounds, v: Bounds) -> Bounds:
    """Of a base that is not negative: exp(v log u). Of another, anything."""
    if u[0] < 0:
        return ANY
    low, high = _times((_log(u[0]), _log(u[1])), v)
    return _exp(low), _exp(high)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


_ARITHMETIC: Mapping[str, Callable[[Bounds, Bounds], Bounds]] = MappingProxyType(
    {
        "+": _plus,
        "-": lambda u, v: _plus(u, (-v[1], -v[0])),
        "*": _times,
        "/": _over,
        "^": _power,
    }
)

_RISING: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "I": lambda x: x,
        "exp": _exp,
        "expm1": lambda x: _exp(x) - 1,
        "log": _log,
        "log10": lambda x: _log(x) / math.log(10),
        "log1p": lambda x: _log(1 + x),
        "log2": lambda x: _log(x) / math.log(2),
        "sqrt": lambda x: math.sqrt(max(x, 0.0)),
        "tanh": math.tanh,
    }
)
