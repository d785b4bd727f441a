"""Tokens -> tree, by precedence climbing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from mlefit.errors import UsageError, did_you_mean
from mlefit.expression.tokens import Span, Token, syntax_error, tokenize
from mlefit.expression.tree import (
    COMPARISONS,
    FUNCTIONS,
    LEVELS,
    MAX_HEIGHT,
    POWER,
    SIGN,
    Arity,
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    Reference,
    Text,
    Unary,
    children,
    is_text_comparison,
)

MAX_NESTING = 100
"""Brackets, signs and powers inside one another; the parser recurses once for each."""

_HINTS = {
    "C": "C(g) stands as a term of its own on the right of '~'",
    "ifelse": "write if(condition, a, b)",
    "ln": "the natural logarithm is log",
    "where": "write if(condition, a, b)",
}


class Parser:
    """A place in a token list, moved along by methods that each read one construct."""

    def __init__(self, text: str, functions: Mapping[str, Arity] = FUNCTIONS) -> None:
        self.text = text
        self._functions = functions
        self.tokens = tuple(tokenize(text))
        self._position = 0
        self._nesting = 0

    @property
    def token(self) -> Token:
        """The token not yet read."""
        return self.tokens[self._position]

    @property
    def symbol(self) -> str:
        """The symbol not yet read; empty when the next token is none."""
        return self.token.value if self.token.kind == "symbol" else ""

    def advance(self) -> Token:
        """Read one token."""
        token = self.token
        self._position += 1
        return token

    def expect(self, symbol: str) -> Token:
        """Read this symbol or refuse the text."""
        if self.symbol != symbol:
            self.refuse(f"expected '{symbol}'")
        return self.advance()

    def at_call(self) -> bool:
        """Whether a function's name and its "(" come next."""
        after = self.tokens[min(self._position + 1, len(self.tokens) - 1)]
        return self.token.kind == "name" and (after.kind, after.value) == ("symbol", "(")

    def refuse(self, problem: str, *more: str) -> NoReturn:
        """Raise an error that marks the next token and, unless it is the end, names it."""
        at = self.token.at
        found = "" if self.token.kind == "end" else f", found {self.text[at.start : at.end][:40]}"
        raise syntax_error(problem + found, self.text, at, *more)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count one level of nesting for as long as it is being read."""
        if self._nesting == MAX_NESTING:
            problem = f"nested more than {MAX_NESTING} deep"
            raise syntax_error(problem, self.text, self.token.at)
        self._nesting += 1
        yield
        self._nesting -= 1

    def expression(self) -> Expression:
        """Read the longest expression that stands here."""
        return _checked(self.text, self._climb(1))

    def call(self) -> Expression:
        """Read one function call."""
        return _checked(self.text, self._call())

    def _climb(self, least: int) -> Expression:
        """Read operators that bind at least this tightly: precedence climbing."""
        with self.nested():
            left = self._operand()
            while LEVELS.get(self.symbol, 0) >= least:
                operator = self.advance().value.replace("**", "^")
                level = LEVELS[operator]
                right = self._climb(level if level == POWER else level + 1)
                at = Span(left.at.start, right.at.end)
                if operator in COMPARISONS:
                    left = Comparison(operator, left, right, at=at)
                    if self.symbol in COMPARISONS:
                        self.refuse("comparisons cannot be chained", "use parentheses, or min/max")
                else:
                    left = Binary(operator, left, right, at=at)
            return left

    def _operand(self) -> Expression:
        at = self.token.at
        if self.symbol == "-":
            self.advance()
            operand = self._climb(SIGN)
            return Unary("-", operand, at=Span(at.start, operand.at.end))
        if self.symbol == "+":
            self.advance()
            return self._climb(SIGN)
        if self.symbol == "(":
            self.advance()
            inside = self._climb(1)
            self._close()
            return inside
        return self._call() if self.at_call() else self._atom()

    def _atom(self) -> Expression:
        token = self.token
        if token.kind == "number":
            if math.isinf(float(token.value)):
                raise syntax_error("the number is too large", self.text, token.at)
            return Number(float(self.advance().value), at=token.at)
        if token.kind == "text":
            return Text(self.advance().value, at=token.at)
        if token.kind == "name" and token.value == ".":
            raise syntax_error("'.' can only stand as a term of its own", self.text, token.at)
        if token.kind not in ("name", "quoted"):
            self.refuse("expected a value")
        self.advance()
        if self.token.kind == "key":
            key = self.advance()
            return Reference(token.value, key.value, at=Span(token.at.start, key.at.end))
        return Name(token.value, at=token.at)

    def _call(self) -> Call:
        name = self.advance()
        if name.value not in self._functions:
            raise _unknown_function(self.text, name)
        self.expect("(")
        arguments: list[Expression] = []
        while not arguments or self.symbol == ",":
            if arguments:
                self.advance()
            arguments.append(self._climb(1))
        end = self._close().at.end
        call = Call(name.value, tuple(arguments), at=Span(name.at.start, end))
        arity = self._functions[name.value]
        if len(arguments) < arity.least or len(arguments) > (arity.most or len(arguments)):
            problem = f"{name.value} takes {arity}, not {len(arguments)}"
            raise syntax_error(problem, self.text, call.at)
        return call

    def _close(self) -> Token:
        if self.symbol == "=":
            self.refuse("expected ')'", "to compare, write '=='")
        return self.expect(")")


def parse(text: str, functions: Mapping[str, Arity] = FUNCTIONS) -> Expression:
    """Parse one expression.

    Args:
        text: the expression.
        functions: what it may call; those of formulas unless told.

    Raises:
        UsageError: the text is not an expression; the evidence marks the place.
    """
    parser = Parser(text, functions)
    if parser.token.kind == "end":
        raise syntax_error("the expression is empty", text, parser.token.at)
    expression = parser.expression()
    if parser.symbol == "=":
        parser.refuse("expected an operator", "to compare, write '=='")
    if parser.token.kind != "end":
        parser.refuse("expected an operator")
    return expression


def _unknown_function(text: str, name: Token) -> UsageError:
    close = did_you_mean(name.value, FUNCTIONS)
    hint = _HINTS.get(name.value) or (f"did you mean:  {', '.join(close)}" if close else "")
    known = f"functions: {', '.join(sorted(FUNCTIONS, key=str.lower))}"
    more = (known, hint) if hint else (known,)
    return syntax_error(f"no function '{name.value}'", text, name.at, *more)


def _checked(text: str, expression: Expression) -> Expression:
    """Refuse a tree that is too high, or a text anywhere but beside a column's name."""
    waiting: list[tuple[Expression, int, bool]] = [(expression, 1, False)]
    while waiting:
        node, height, may_be_text = waiting.pop()
        if height > MAX_HEIGHT:
            problem = f"more than {MAX_HEIGHT} operations build on one another"
            raise syntax_error(problem, text, node.at, "group them: (a + b + c) + (d + e + f)")
        if isinstance(node, Text) and not may_be_text:
            problem = "a text can only be compared with a column, as in g == 'b'"
            raise syntax_error(problem, text, node.at, "a column with an odd name: `odd name`")
        beside_name = is_text_comparison(node)
        waiting.extend((child, height + 1, beside_name) for child in children(node))
    return expression
