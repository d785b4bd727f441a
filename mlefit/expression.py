"""The small expression language of formulas, `--derive` and `--expect`: text -> tree -> text.

    comparison   < <= > >= == !=          not chained: a < b < c is refused
    sum          + -                      left to right
    product      * /                      left to right
    sign         -x                       looser than a power: -2^2 is -4
    power        ^ **                     right to left
    atom         2  1e-3  name  `odd name`  'text'  log(x)  b[x]  ( ... )

A name may hold letters of any alphabet, digits, `_` and `.`; backticks hold anything, a
doubled backtick standing for one. Text is only good for comparing a column with. The
brackets of `b[x]` refer to a coefficient, `b[...]` taking everything up to the matching
bracket, or a quoted text. Nothing here evaluates: the tree is compiled elsewhere.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NoReturn, TypeAlias

from mlefit.errors import UsageError, did_you_mean

MAX_NESTING = 100
"""Brackets, signs and powers inside one another; the parser recurses once for each."""

MAX_HEIGHT = 250
"""Height of a tree, so that functions which recurse over trees stay within Python's stack."""

# --- the tree ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """Where something stands in the original text: `text[start:end]`."""

    start: int
    end: int


NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class _Node:
    at: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Number(_Node):
    """A number, never negative: a sign is a `Unary`."""

    value: float


@dataclass(frozen=True)
class Text(_Node):
    """A quoted text, one side of a comparison with a column."""

    value: str


@dataclass(frozen=True)
class Name(_Node):
    """A column, without its backticks."""

    name: str


@dataclass(frozen=True)
class Reference(_Node):
    """A coefficient such as `b[x]` or `sigma[Intercept]`."""

    name: str
    key: str


@dataclass(frozen=True)
class Unary(_Node):
    """A sign; the operator is always "-", for a plus sign changes nothing."""

    operator: Literal["-"]
    operand: Expression


@dataclass(frozen=True)
class Binary(_Node):
    """Arithmetic; the operator is one of `+ - * / ^`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Comparison(_Node):
    """A comparison; the operator is one of `< <= > >= == !=`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Call(_Node):
    """A function of `FUNCTIONS` with its arguments."""

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = Number | Text | Name | Reference | Unary | Binary | Comparison | Call


@dataclass(frozen=True)
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

_HINTS = {
    "C": "C(g) stands as a term of its own on the right of '~'",
    "ifelse": "write if(condition, a, b)",
    "ln": "the natural logarithm is log",
    "where": "write if(condition, a, b)",
}


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


# --- errors that mark the place ----------------------------------------------------------

_WINDOW = 30  # characters shown on each side of the mark


def marked(text: str, at: Span) -> tuple[str, str]:
    """The text around a place and, below it, a line of carets under the place."""
    start, end = max(0, at.start - _WINDOW), max(at.end, at.start + 1)
    before = ("..." if start else "") + _printable(text[start : at.start])
    here = _printable(text[at.start : min(end, at.start + _WINDOW)])
    after = _printable(text[end : end + _WINDOW]) + ("..." if end + _WINDOW < len(text) else "")
    return before + here + after, " " * _width(before) + "^" * max(1, _width(here))


def syntax_error(problem: str, text: str, at: Span, *more: str) -> UsageError:
    """An error, for the caller to raise, whose evidence marks the place and then says `more`."""
    return UsageError(problem, *marked(text, at), *more)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _width(text: str) -> int:
    """Terminal columns: two for wide characters, none for combining ones."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


# --- text -> tokens ----------------------------------------------------------------------


@dataclass(frozen=True)
class Token:
    """One word of the text: `value` is what it means (a name without its backticks)."""

    kind: str
    value: str
    at: Span


_PATTERN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<quoted>`[^`]*(?:``[^`]*)*`)
    | (?P<text>'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*")
    | (?P<symbol>\*\*|[<>=!]=|%in%|[-+*/^()<>,=~:|])""",
    re.VERBOSE,
)
_QUOTED_KEY = re.compile(r"""\[\s*('[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*")\s*\]""")


def tokenize(text: str) -> Iterator[Token]:
    """The words of an expression or formula, then one token of kind "end".

    Kinds: number, name, quoted (a name in backticks), text, key (`[...]`), symbol, end.
    Which symbols mean what is not known here, so formulas share it.

    Raises:
        UsageError: a character that belongs to no word, or a quote or bracket left open.
    """
    start = 0
    while start < len(text):
        match = _PATTERN.match(text, start)
        if match and match.lastgroup:
            kind, end, value = match.lastgroup, match.end(), _unquoted(match[0])
        elif (end := _name_end(text, start)) > start:
            kind, value = "name", text[start:end]
        elif text[start] == "[":
            kind = "key"
            end, value = _bracketed(text, start)
        else:
            raise _stray_character(text, start)
        if kind != "space":
            yield Token(kind, value, Span(start, end))
        start = end
    yield Token("end", "", Span(len(text), len(text)))


def _unquoted(word: str) -> str:
    mark = word[0]
    return word[1:-1].replace(mark * 2, mark) if mark in "`'\"" else word


def _name_end(text: str, start: int) -> int:
    """Where a bare name that begins at `start` ends; `start` itself if none begins there."""
    if not (text[start] == "." or text[start].isidentifier()):
        return start
    end = start + 1
    while end < len(text) and (text[end] == "." or ("_" + text[end]).isidentifier()):
        end += 1
    return end


def _bracketed(text: str, start: int) -> tuple[int, str]:
    """The end and the content of the bracket that opens at `start`."""
    if quoted := _QUOTED_KEY.match(text, start):
        return quoted.end(), _unquoted(quoted[1])
    open_brackets = 0
    for bracket in re.compile(r"[\[\]]").finditer(text, start):
        open_brackets += 1 if bracket[0] == "[" else -1
        if open_brackets == 0:
            return bracket.end(), text[start + 1 : bracket.start()].strip()
    raise syntax_error("the bracket is never closed", text, Span(start, start + 1))


def _stray_character(text: str, start: int) -> UsageError:
    here, character = Span(start, start + 1), text[start]
    if character in "`'\"":
        return syntax_error("the quote is never closed", text, here)
    called = unicodedata.name(character, ascii(character)).lower()
    return syntax_error(f"unexpected character {character!r} ({called})", text, here)


# --- tokens -> tree ----------------------------------------------------------------------

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_SIGN, _POWER, _ATOM = 4, 5, 6
_LEVELS = dict.fromkeys(_COMPARISONS, 1) | {"+": 2, "-": 2, "*": 3, "/": 3, "^": 5, "**": 5}


class Parser:
    """A place in a token list, moved along by methods that each read one construct."""

    def __init__(self, text: str) -> None:
        self.text = text
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
            while _LEVELS.get(self.symbol, 0) >= least:
                operator = self.advance().value.replace("**", "^")
                level = _LEVELS[operator]
                right = self._climb(level if level == _POWER else level + 1)
                at = Span(left.at.start, right.at.end)
                if operator in _COMPARISONS:
                    left = Comparison(operator, left, right, at=at)
                    if self.symbol in _COMPARISONS:
                        self.refuse("comparisons cannot be chained", "use parentheses, or min/max")
                else:
                    left = Binary(operator, left, right, at=at)
            return left

    def _operand(self) -> Expression:
        at = self.token.at
        if self.symbol == "-":
            self.advance()
            operand = self._climb(_SIGN)
            return Unary("-", operand, at=Span(at.start, operand.at.end))
        if self.symbol == "+":
            self.advance()
            return self._climb(_SIGN)
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
        if name.value not in FUNCTIONS:
            raise _unknown_function(self.text, name)
        self.expect("(")
        arguments: list[Expression] = []
        while not arguments or self.symbol == ",":
            if arguments:
                self.advance()
            arguments.append(self._climb(1))
        end = self._close().at.end
        call = Call(name.value, tuple(arguments), at=Span(name.at.start, end))
        arity = FUNCTIONS[name.value]
        if len(arguments) < arity.least or len(arguments) > (arity.most or len(arguments)):
            problem = f"{name.value} takes {arity}, not {len(arguments)}"
            raise syntax_error(problem, self.text, call.at)
        return call

    def _close(self) -> Token:
        if self.symbol == "=":
            self.refuse("expected ')'", "to compare, write '=='")
        return self.expect(")")


def parse(text: str) -> Expression:
    """Parse one expression.

    Raises:
        UsageError: the text is not an expression; the evidence marks the place.
    """
    parser = Parser(text)
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


# --- tree -> text ------------------------------------------------------------------------


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
            return "-" + _grouped(expression.operand, _SIGN)
        case Binary() | Comparison():
            level = _LEVELS[expression.operator]
            # The sign of an exponent needs no parenthesis: 2^-1.
            left, right = (_ATOM, _SIGN) if level == _POWER else (level, level + 1)
            if isinstance(expression, Comparison):
                left = right
            sides = _grouped(expression.left, left), _grouped(expression.right, right)
            return expression.operator.join(sides)
        case Call():
            return f"{expression.function}({', '.join(map(render, expression.arguments))})"


def quote(name: str) -> str:
    """A column's name as it must be written in a formula: in backticks unless it is plain."""
    if name and name != "." and not re.match(r"\.?[0-9]", name) and _name_end(name, 0) == len(name):
        return name
    return "`" + name.replace("`", "``") + "`"


def respelt(text: str, name: str, better: str) -> str:
    """The same text with one column's name replaced, for a command that would work."""
    parts, start = [], 0
    for token in tokenize(text):
        if token.kind in ("name", "quoted") and token.value == name:
            parts += [text[start : token.at.start], quote(better)]
            start = token.at.end
    return "".join([*parts, text[start:]])


def _grouped(expression: Expression, least: int) -> str:
    text = render(expression)
    return text if _level(expression) >= least else f"({text})"


def _level(expression: Expression) -> int:
    match expression:
        case Unary():
            return _SIGN
        case Binary() | Comparison():
            return _LEVELS[expression.operator]
        case _:
            return _ATOM


def _quoted_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _rendered_key(key: str) -> str:
    depths = [0]
    for bracket in re.findall(r"[\[\]]", key):
        depths.append(depths[-1] + (1 if bracket == "[" else -1))
    plain = key == key.strip() and key[:1] not in ("'", '"') and min(depths) == depths[-1] == 0
    return key if plain else _quoted_text(key)
