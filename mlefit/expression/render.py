"""Tree -> canonical text."""

from __future__ import annotations

import re

from mlefit.expression.tokens import quote
from mlefit.expression.tree import (
    ATOM,
    LEVELS,
    POWER,
    SIGN,
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    Reference,
    Text,
    Unary,
)


def render(expression: Expression) -> str:
    """The canonical text: no spaces but after commas, no parenthesis that is not needed.

    `parse(render(e)) == e` for every tree that `parse` can return.
    """
    match expression:
        case Number():
            return repr(expression.value).removesuffix(".0")
        case Text():
            return _quoted_text(expression.value)
        case Name():
            return quote(expression.name)
        case Reference():
            return f"{quote(expression.name)}[{_rendered_key(expression.key)}]"
        case Unary():
            return "-" + _grouped(expression.operand, SIGN)
        case Binary() | Comparison():
            level = LEVELS[expression.operator]
            # The sign of an exponent needs no parenthesis: 2^-1.
            left, right = (ATOM, SIGN) if level == POWER else (level, level + 1)
            if isinstance(expression, Comparison):
                left = right
            sides = _grouped(expression.left, left), _grouped(expression.right, right)
            return expression.operator.join(sides)
        case Call():
            return f"{expression.function}({', '.join(map(render, expression.arguments))})"


def _grouped(expression: Expression, least: int) -> str:
    text = render(expression)
    return text if _level(expression) >= least else f"({text})"


def _level(expression: Expression) -> int:
    match expression:
        case Unary():
            return SIGN
        case Binary() | Comparison():
            return LEVELS[expression.operator]
        case _:
            return ATOM


def _quoted_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _rendered_key(key: str) -> str:
    depths = [0]
    for bracket in re.findall(r"[\[\]]", key):
        depths.append(depths[-1] + (1 if bracket == "[" else -1))
    plain = key == key.strip() and key[:1] not in ("'", '"') and min(depths) == depths[-1] == 0
    return key if plain else _quoted_text(key)
