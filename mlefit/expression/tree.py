"""The tree of an expression, the functions it may call, and walks over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Literal, TypeAlias

from mlefit.expression.tokens import Span
from mlefit.frozen import frozen

MAX_HEIGHT = 250
"""Height of a tree, so that functions which recurse over trees stay within Python's stack."""

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

SIGN, POWER, ATOM = 4, 5, 6
"""How tightly a sign, a power and what needs no parenthesis hold together."""

LEVELS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(COMPARISONS, 1) | {"+": 2, "-": 2, "*": 3, "/": 3, "^": POWER, "**": POWER}
)
"""How tightly an operator binds its sides."""

NOWHERE = Span(0, 0)


@frozen
class _Node:
    at: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@frozen
class Number(_Node):
    """A number, never negative: a sign is a `Unary`."""

    value: float


@frozen
class Text(_Node):
    """A quoted text, one side of a comparison with a column."""

    value: str


@frozen
class Name(_Node):
    """A column, without its backticks."""

    name: str


@frozen
class Reference(_Node):
    """A coefficient such as `b[x]` or, of a parameter beside the first, `b[sigma:x]`."""

    name: str
    key: str


@frozen
class Unary(_Node):
    """A sign; the operator is always "-", for a plus sign changes nothing."""

    operator: Literal["-"]
    operand: Expression


@frozen
class Binary(_Node):
    """Arithmetic; the operator is one of `+ - * / ^`."""

    operator: str
    left: Expression
    right: Expression


@frozen
class Comparison(_Node):
    """A comparison; the operator is one of `< <= > >= == !=`."""

    operator: str
    left: Expression
    right: Expression


@frozen
class Call(_Node):
    """A function of `FUNCTIONS` with its arguments."""

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = Number | Text | Name | Reference | Unary | Binary | Comparison | Call


@frozen
class Arity:
    """How many arguments a function takes; `most` is None when there is no limit."""

    least: int
    most: int | None

    def __str__(self) -> str:
        words = f"{self.least} argument{'s' if self.least > 1 else ''}"
        return words if self.most == self.least else f"{words} or more"


_OF_ONE = (
    "I",
    "abs",
    "cos",
    "exp",
    "expm1",
    "log",
    "log10",
    "log1p",
    "log2",
    "sin",
    "sqrt",
    "tanh",
)

FUNCTIONS: Mapping[str, Arity] = MappingProxyType(
    dict.fromkeys(_OF_ONE, Arity(1, 1))
    | {"min": Arity(2, None), "max": Arity(2, None), "if": Arity(3, 3)}
)
"""Every function that can be called; `I` is the identity, as in R."""


def children(expression: Expression) -> tuple[Expression, ...]:
    """The operands or arguments of one node, left to right."""
    match expression:
        case Unary():
            return (expression.operand,)
        case Binary() | Comparison():
            return (expression.left, expression.right)
        case Call():
            return expression.arguments
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node, each before its children, left to right."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def names(expression: Expression) -> tuple[str, ...]:
    """The columns used, in order of appearance, each once."""
    return tuple(dict.fromkeys(n.name for n in walk(expression) if isinstance(n, Name)))


def text_names(expression: Expression) -> tuple[str, ...]:
    """The columns compared with a text, which must therefore be read as text."""
    found = (
        side.name
        for node in walk(expression)
        if is_text_comparison(node)
        for side in children(node)
        if isinstance(side, Name)
    )
    return tuple(dict.fromkeys(found))


def is_text_comparison(expression: Expression) -> bool:
    """Whether the node compares a column with a text, such as `g == 'b'`."""
    return isinstance(expression, Comparison) and {Name, Text} == {
        type(side) for side in children(expression)
    }
