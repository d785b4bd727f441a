"""The value of an expression at numbers, and its exact slope in each of them: forward mode.

Every node hands up its value and its slopes in the leaves; its own rule is that of
`derivative`, and the chain rule is applied as the values are made:

    d f(u, v) = f_u du + f_v dv

Where a part chooses (abs, min, max, if), the chosen piece is differentiated; where it stands
exactly between two pieces there is no slope, and none is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType
from typing import TypeAlias

from mlefit.expression.derivative import OUTER, number
from mlefit.expression.render import render
from mlefit.expression.tree import (
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    Reference,
    Text,
    Unary,
    walk,
)
from mlefit.frozen import frozen

Leaf: TypeAlias = Name | Reference


@frozen
class Value:
    """What an expression is somewhere.

    Attributes:
        value: a finite number.
        slopes: its derivative in each leaf; a leaf that is absent has none.
    """

    value: float
    slopes: Mapping[Leaf, float]


class NoValueError(ArithmeticError):
    """A part of an expression has no finite value, or no slope, at these numbers.

    Args:
        problem: the sentence.
        evidence: the values of the operands.
    """

    def __init__(self, problem: str, *evidence: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.evidence = evidence


def evaluate(
    expression: Expression,
    at: Mapping[Leaf, float],
    constants: Mapping[Leaf, float] = MappingProxyType({}),
) -> Value:
    """An expression's value and slopes.

    Args:
        expression: the tree, with comparisons in the conditions of `if` only.
        at: the value of every leaf that moves.
        constants: the values of the other leaves.

    Raises:
        NoValueError: there is no value, or no slope.
    """
    moving = {leaf: Value(value, {leaf: 1.0}) for leaf, value in at.items()}
    return _value(expression, moving | {leaf: Value(c, {}) for leaf, c in constants.items()})


_Leaves: TypeAlias = Mapping[Leaf, Value]


def _value(expression: Expression, at: _Leaves) -> Value:
    match expression:
        case Number(value):
            return Value(value, {})
        case Name() | Reference():
            return _leaf(expression, at[expression])
        case Unary(_, operand):
            inner = _value(operand, at)
            return Value(-inner.value, _combined((-1.0, inner)))
        case Binary(operator, left, right):
            u, v = _value(left, at), _value(right, at)
            return _result(expression, _BINARY[operator], (left, u), (right, v))
        case Call("if", (condition, then, otherwise)):
            return _value(then if _holds(condition, at) else otherwise, at)
        case Call("min" | "max", arguments):
            return _extreme(expression, [_value(one, at) for one in arguments])
        case Call("abs", (argument,)):
            return _size(expression, argument, _value(argument, at))
        case Call(function, (argument,)):
            u = _value(argument, at)
            return _result(expression, _CALLS[function], (argument, u))
    raise TypeError(f"{render(expression)} is not a number")


def stray_comparison(expression: Expression) -> Expression | None:
    """A comparison or a text that stands where a number should; None if there is none."""
    conditions: list[Expression] = []
    for node in walk(expression):
        match node:
            case Call("if", (Comparison() as condition, *_)):
                conditions += [condition]
            case Call("if") | Text():
                return node
            case Comparison() if not any(node is condition for condition in conditions):
                return node
    return None


_Rule: TypeAlias = Callable[..., tuple[float, tuple[float, ...]]]
"""Operands -> the value, and the derivative in each operand that has slopes."""


def _result(node: Expression, rule: _Rule, *operands: tuple[Expression, Value]) -> Value:
    """One operation; its derivatives are only asked for where something moves."""
    numbers = [value.value for _, value in operands]
    moving = [bool(value.slopes) for _, value in operands]
    try:
        found, partial = rule(*numbers, moving)
    except (ValueError, ZeroDivisionError, OverflowError):
        found, partial = math.nan, ()
    if not math.isfinite(found):
        raise _no_value(node, *operands)
    if not all(map(math.isfinite, partial)):
        raise _no_slope(node, *operands)
    return Value(found, _combined(*zip(partial, (v for _, v in operands), strict=True)))


def _combined(*parts: tuple[float, Value]) -> dict[Leaf, float]:
    slopes: dict[Leaf, float] = {}
    for factor, value in parts:
        for leaf, slope in value.slopes.items():
            slopes[leaf] = slopes.get(leaf, 0.0) + factor * slope
    return slopes


def _quotient(u: float, v: float, moving: list[bool]) -> tuple[float, tuple[float, ...]]:
    return u / v, (1 / v, -u / v / v if moving[1] else 0.0)


def _power(u: float, v: float, moving: list[bool]) -> tuple[float, tuple[float, ...]]:
    value = math.pow(u, v)
    by_base = by_exponent = 0.0
    if moving[0] and v != 0:
        # the slope of u^1 at 0 is 1, where u^v v/u would be 0/0
        by_base = v * math.pow(u, v - 1) if u or v >= 1 else math.nan
    if moving[1]:
        by_exponent = value * math.log(u) if u > 0 else math.nan
    return value, (by_base, by_exponent)


_BINARY: Mapping[str, _Rule] = MappingProxyType(
    {
        "+": lambda u, v, moving: (u + v, (1.0, 1.0)),
        "-": lambda u, v, moving: (u - v, (1.0, -1.0)),
        "*": lambda u, v, moving: (u * v, (v, u)),
        "/": _quotient,
        "^": _power,
    }
)


def _of_one(function: str, compute: Callable[[float], float]) -> _Rule:
    """A function of one argument; its slope is the one that trees are differentiated with."""
    differentiated = OUTER[function]

    def rule(u: float, moving: list[bool]) -> tuple[float, tuple[float, ...]]:
        value = compute(u)
        if not moving[0]:
            return value, (0.0,)
        try:
            return value, (evaluate(differentiated(number(u)), {}).value,)
        except NoValueError:
            return value, (math.nan,)

    return rule


_CALLS: Mapping[str, _Rule] = MappingProxyType(
    {
        function: _of_one(function, compute)
        for function, compute in {
            "I": lambda u: u,
            "cos": math.cos,
            "exp": math.exp,
            "expm1": math.expm1,
            "log": math.log,
            "log10": math.log10,
            "log1p": math.log1p,
            "log2": math.log2,
            "sin": math.sin,
            "sqrt": math.sqrt,
            "tanh": math.tanh,
        }.items()
    }
)

_COMPARE: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
)


def _leaf(leaf: Leaf, value: Value) -> Value:
    if not math.isfinite(value.value):
        raise _no_value(leaf)
    return value


def _size(node: Expression, argument: Expression, u: Value) -> Value:
    if u.value == 0 and u.slopes:
        raise _no_slope(node, (argument, u))
    return Value(abs(u.value), _combined((math.copysign(1.0, u.value), u)))


def _holds(condition: Expression, at: _Leaves) -> bool:
    assert isinstance(condition, Comparison)
    left, right = (_value(side, at) for side in (condition.left, condition.right))
    if left.value == right.value and (left.slopes or right.slopes):
        raise NoValueError(
            f"the estimates are on the edge of {render(condition)}, where there is no derivative",
            *_shown((condition.left, left), (condition.right, right)),
        )
    return _COMPARE[condition.operator](left.value, right.value)


def _extreme(node: Call, values: list[Value]) -> Value:
    pick = min if node.function == "min" else max
    best = pick(value.value for value in values)
    first, *others = [value for value in values if value.value == best]
    if any(other.slopes != first.slopes for other in others):
        raise _no_slope(node, *zip(node.arguments, values, strict=True))
    return first


def _no_value(node: Expression, *operands: tuple[Expression, Value]) -> NoValueError:
    return NoValueError(f"{render(node)} has no finite value at the estimates", *_shown(*operands))


def _no_slope(node: Expression, *operands: tuple[Expression, Value]) -> NoValueError:
    return NoValueError(
        f"{render(node)} has no derivative at the estimates, so no standard error",
        *_shown(*operands),
    )


def _shown(*operands: tuple[Expression, Value]) -> Iterator[str]:
    for part, value in operands:
        if not isinstance(part, Number):
            yield f"{render(part)} = {value.value:.6g}"
