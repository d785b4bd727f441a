"""Small trees, built and changed."""

from __future__ import annotations

from collections.abc import Mapping, Set
from fractions import Fraction

from mlefit.expression import (
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    Unary,
    walk,
)

ZERO, ONE, TWO = Number(0.0), Number(1.0), Number(2.0)


def replaced(tree: Expression, given: Mapping[Expression, Expression]) -> Expression:
    """The tree with some of its parts, the largest first, exchanged for others."""
    if tree in given:
        return given[tree]
    match tree:
        case Unary(_, operand):
            inside = replaced(operand, given)
            return inside.operand if isinstance(inside, Unary) else Unary("-", inside)
        case Binary(operator, left, right):
            return Binary(operator, replaced(left, given), replaced(right, given))
        case Comparison(operator, left, right):
            return Comparison(operator, replaced(left, given), replaced(right, given))
        case Call(function, arguments):
            return Call(function, tuple(replaced(one, given) for one in arguments))
        case _:
            return tree


def uses(tree: Expression, names: Set[str]) -> bool:
    """Whether one of the names stands in the tree."""
    return any(isinstance(node, Name) and node.name in names for node in walk(tree))


def number(value: Fraction | int) -> Expression:
    """An exact number, as a tree."""
    exact = Fraction(value)
    if exact < 0:
        return Unary("-", number(-exact))
    if exact.denominator == 1:
        return Number(float(exact.numerator))
    return Binary("/", Number(float(exact.numerator)), Number(float(exact.denominator)))


def exactly(value: float) -> Fraction:
    """The decimal that a float is written as."""
    return Fraction(repr(value))


def size(tree: Expression) -> float:
    """How long a reader looks at it: signs and operators count less than letters."""
    weight = {"+": 0.6, "-": 0.6, "*": 0.2, "/": 0.5, "^": 0.4}
    total = 0.0
    for node in walk(tree):
        match node:
            case Binary(operator, _, _):
                total += weight[operator]
                if operator in "*/^":
                    total += sum(
                        0.4
                        for side in (node.left, node.right)
                        if isinstance(side, Binary) and side.operator in "+-"
                    )
            case Unary():
                total += 0.3
            case _:
                total += 1.0
    return total
