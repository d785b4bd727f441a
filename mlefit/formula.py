"""Wilkinson notation as in R: text -> formula -> terms.

    y ~ a + log(b) + C(g, ref='b') + a:b - 1

    operator     meaning, left and right being sets of terms
    + -          with these terms; without them
    *            a*b is a + b + a:b
    :            the interaction of each term on the left with each on the right
    ^ **         (a + b)^2 is all interactions of at most two of them

`1` and `0` (or `-1`) keep and drop the intercept, `.` is every other column, `C(g)` makes a
factor of a column of numbers. What stands inside a call is the language of `expression`.

The right side is kept in postfix order, so that neither reading nor expanding thousands of
terms recurses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import NoReturn, TypeAlias

from mlefit.expression import (
    Expression,
    Name,
    Parser,
    Reference,
    Span,
    names,
    quote,
    render,
    syntax_error,
    walk,
)

__all__ = ["Factor", "Formula", "RightSide", "Term", "column_formula", "parse_formula", "quote"]

MAX_TERMS = 10_000

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, ":": 3, "^": 4, "**": 4}
_SIGNS = 1

_WRITE_INSTEAD = {
    "%in%": ("b %in% a in R is a:b here",),
    "/": ("for a quotient: I(a/b)", "for nesting: a + a:b"),
    "|": ("for one intercept per group: add C(g) as a term", "for one fit per group: --by g"),
    "=": ("to compare: I(a == b)",),
} | dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), ("to compare: I(a > b)",))

_FUNCTIONS_OF_R = {
    "Surv": ("'Surv' is not a term here", "name the columns with --event, or --lower and --upper"),
    "cbind": ("'cbind' is not a term here", "put the successes left of '~' and use --trials"),
    "factor": ("no function 'factor'", "write C(g), or C(g, ref='b') to choose the base level"),
    "offset": ("an offset is not a term here", "name its column with --offset"),
}

# --- what a formula means ----------------------------------------------------------------


@dataclass(frozen=True)
class Factor:
    """One column of an interaction, before any coding.

    Attributes:
        expression: what is computed in each row.
        categorical: whether an explicit `C()` asks for levels; text columns get them anyway.
        reference: the base level of `C(g, ref='b')`, as text.
    """

    expression: Expression
    categorical: bool = False
    reference: str | None = None

    @cached_property
    def label(self) -> str:
        """The canonical text: "x", "log(x)", "I(x^2)", "C(g)"."""
        text = render(self.expression)
        return f"C({text})" if self.categorical else text


@dataclass(frozen=True, eq=False)
class Term:
    """A product of factors. Terms are equal when their sets of factors are."""

    factors: tuple[Factor, ...]

    @cached_property
    def label(self) -> str:
        """The factors in the order first written: "x:g"."""
        return ":".join(factor.label for factor in self.factors)

    @cached_property
    def _set(self) -> frozenset[Factor]:
        return frozenset(self.factors)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Term) and self._set == other._set

    def __hash__(self) -> int:
        return hash(self._set)


@dataclass(frozen=True)
class RightSide:
    """The terms of one parameter: main effects first, then by degree, as in R."""

    intercept: bool
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class _Dot:
    """Every other column."""


@dataclass(frozen=True)
class _Intercept:
    """A `1` (keep) or a `0` (drop)."""

    keep: bool


@dataclass(frozen=True)
class _Nothing:
    """What a leading sign adds to or takes from."""


@dataclass(frozen=True)
class _Operation:
    """Replaces the two values before it, or the one before it when it is a power, by one."""

    symbol: str
    at: Span
    power: int = 0


_Step: TypeAlias = Factor | _Dot | _Intercept | _Nothing | _Operation


@dataclass(frozen=True)
class Formula:
    """A parsed formula; `response` is None in a one-sided `~ a + b`."""

    text: str
    response: Expression | None
    steps: tuple[_Step, ...] = field(repr=False)

    @property
    def response_label(self) -> str:
        """The canonical text of the left side, empty when there is none."""
        return render(self.response) if self.response else ""

    @property
    def has_dot(self) -> bool:
        """Whether `.` occurs, so that the terms depend on the table's columns."""
        return any(isinstance(step, _Dot) for step in self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column named, the response's first, each once; `.` names none."""
        sides = [self.response] if self.response else []
        sides += [step.expression for step in self.steps if isinstance(step, Factor)]
        return tuple(dict.fromkeys(name for side in sides for name in names(side)))

    def expand(self, others: Sequence[str] = ()) -> RightSide:
        """The terms of the right side.

        Args:
            others: the columns `.` stands for; those of the response are left out.

        Raises:
            UsageError: more than 10,000 terms, an interaction with no term on one side, or
                a term made of the response.
        """
        in_response = names(self.response) if self.response else ()
        dots = tuple(Term((Factor(Name(name)),)) for name in others if name not in in_response)
        stack: list[_Value] = []
        for step in self.steps:
            if isinstance(step, _Operation):
                right = stack.pop()
                left = right if step.power else stack.pop()
                stack.append(self._combined(step, left, right))
            else:
                stack.append(_value(step, dots))
        (value,) = stack
        terms = tuple(sorted(value.terms, key=lambda term: len(term.factors)))
        self._refuse_response(factor for term in terms for factor in term.factors)
        return RightSide(value.intercept is not False, terms)

    def _combined(self, step: _Operation, left: _Value, right: _Value) -> _Value:
        """Apply one operation; the left value is used up."""
        keep = right.intercept
        if step.symbol == "-":
            for term in right.terms:
                left.terms.pop(term, None)
            keep = None if keep is None else not keep
        elif step.symbol == "+":
            left.terms.update(right.terms)
            self._refuse_too_many(left.terms, step)
        elif step.power:
            left = _Value(self._power(step, left.terms), left.intercept)
        else:
            interactions = self._interactions(step, left.terms, right.terms)
            both = left.terms | right.terms if step.symbol == "*" else {}
            left = _Value(both | interactions, left.intercept)
            self._refuse_too_many(left.terms, step)
        return _Value(left.terms, left.intercept if keep is None else keep)

    def _interactions(self, step: _Operation, left: _Terms, right: _Terms) -> _Terms:
        if not left or not right:
            problem = f"'{step.symbol}' needs terms on both sides"
            raise syntax_error(problem, self.text, step.at)
        found: _Terms = {}
        for one in left:
            for other in right:
                found.setdefault(Term(tuple(dict.fromkeys(one.factors + other.factors))))
            self._refuse_too_many(found, step)
        return found

    def _power(self, step: _Operation, terms: _Terms) -> _Terms:
        found, before = dict(terms), 0
        for _ in range(step.power - 1):
            if len(found) == before:
                break
            before = len(found)
            found |= self._interactions(step, found, terms)
            self._refuse_too_many(found, step)
        return found

    def _refuse_too_many(self, terms: _Terms, step: _Operation) -> None:
        if len(terms) > MAX_TERMS:
            problem = f"the formula expands to more than {MAX_TERMS:,} terms"
            raise syntax_error(problem, self.text, step.at)

    def _refuse_response(self, factors: Iterable[Factor]) -> None:
        """A model must not explain the response by itself, which `log(y) ~ y` also would."""
        in_response = set(names(self.response)) if self.response else set()
        for factor in factors:
            if in_response and in_response <= set(names(factor.expression)):
                problem = f"the response {self.response_label} cannot also be a term"
                raise syntax_error(problem, self.text, factor.expression.at)


_Terms: TypeAlias = dict[Term, None]
"""An ordered set."""


@dataclass
class _Value:
    """A part of the right side; `intercept` is None where nothing was said of it."""

    terms: _Terms
    intercept: bool | None = None


def _value(step: _Step, dots: tuple[Term, ...]) -> _Value:
    match step:
        case Factor():
            return _Value({Term((step,)): None})
        case _Dot():
            return _Value(dict.fromkeys(dots))
        case _Intercept():
            return _Value({}, step.keep)
        case _:
            return _Value({})


# --- text -> formula ---------------------------------------------------------------------


def parse_formula(text: str) -> Formula:
    """Parse `response ~ terms`; the formula of a further parameter looks the same.

    Raises:
        UsageError: the text is not a formula; the evidence marks the place.
    """
    parser = Parser(text)
    _refuse_what_r_allows(parser)
    response = None if parser.symbol == "~" else parser.expression()
    parser.expect("~")
    if parser.token.kind == "end":
        suggestion = f"{render(response) if response else 'y'} ~ 1"
        raise syntax_error(
            "nothing follows '~'", text, parser.token.at, f"for no terms at all: {suggestion}"
        )
    reader = _RightSideReader(parser)
    reader.terms(_SIGNS)
    if parser.token.kind != "end":
        parser.refuse("expected an operator")
    steps = _with_shared_references(text, reader.steps)
    _refuse_useless(text, [response] if response else [])
    _refuse_useless(text, [step.expression for step in steps if isinstance(step, Factor)])
    formula = Formula(text, response, steps)
    if not formula.has_dot:
        formula.expand()  # only for its errors, which should not wait for the data
    return formula


def column_formula(target: str, features: Sequence[str] = ()) -> Formula:
    """The formula of plain columns: `target ~ a + b`, or `target ~ 1` without features."""
    right = " + ".join(map(quote, features)) or "1"
    return parse_formula(f"{quote(target)} ~ {right}")


class _RightSideReader:
    """Reads terms into postfix order by precedence climbing."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.steps: list[_Step] = []

    def terms(self, least: int) -> None:
        """Read operators that bind at least this tightly."""
        parser = self.parser
        with parser.nested():
            self._operand(least)
            while _PRECEDENCE.get(parser.symbol, 0) >= least:
                operator = parser.advance()
                if operator.value in ("^", "**"):
                    self.steps.append(_Operation("^", operator.at, self._power()))
                else:
                    self.terms(_PRECEDENCE[operator.value] + 1)
                    self.steps.append(_Operation(operator.value, operator.at))
            if parser.symbol in _WRITE_INSTEAD:
                problem = f"'{parser.symbol}' cannot stand between terms"
                at = parser.token.at
                raise syntax_error(problem, parser.text, at, *_WRITE_INSTEAD[parser.symbol])

    def _operand(self, least: int) -> None:
        parser = self.parser
        if parser.symbol in ("+", "-") and least <= _SIGNS + 1:
            sign = parser.advance()
            self.steps.append(_Nothing())
            self.terms(_SIGNS + 1)
            self.steps.append(_Operation(sign.value, sign.at))
        elif parser.symbol == "(":
            parser.advance()
            self.terms(_SIGNS)
            parser.expect(")")
        elif parser.token.kind == "number":
            self.steps.append(self._intercept())
        elif (parser.token.kind, parser.token.value) == ("name", "."):
            parser.advance()
            self.steps.append(_Dot())
        else:
            self.steps.append(self._factor())

    def _intercept(self) -> _Intercept:
        number = self.parser.token
        if number.value not in ("0", "1"):
            problem = f"{number.value} is not a term; only 0 and 1 are, for the intercept"
            raise syntax_error(problem, self.parser.text, number.at, "to compute: I(2*x)")
        self.parser.advance()
        return _Intercept(number.value == "1")

    def _factor(self) -> Factor:
        parser = self.parser
        if parser.at_call():
            return self._categorical() if parser.token.value == "C" else Factor(parser.call())
        if parser.token.kind == "text":
            more = "a column with an odd name: `odd name`"
            raise syntax_error("a text is not a term", parser.text, parser.token.at, more)
        if parser.token.kind not in ("name", "quoted"):
            parser.refuse("expected a term")
        name = parser.advance()
        if parser.token.kind == "key":
            _refuse_reference(parser.text, Span(name.at.start, parser.token.at.end))
        return Factor(Name(name.value, at=name.at))

    def _categorical(self) -> Factor:
        """Read `C(g)` or `C(g, ref='b')`."""
        parser = self.parser
        parser.advance()
        parser.expect("(")
        expression, reference = parser.expression(), None
        if parser.symbol == ",":
            parser.advance()
            if (parser.token.kind, parser.token.value) != ("name", "ref"):
                parser.refuse("expected ref='level'")
            parser.advance()
            parser.expect("=")
            reference = self._level()
        parser.expect(")")
        return Factor(expression, categorical=True, reference=reference)

    def _level(self) -> str:
        parser = self.parser
        sign = parser.advance().value if parser.symbol == "-" else ""
        if parser.token.kind == "number" or (parser.token.kind == "text" and not sign):
            return sign + parser.advance().value
        return parser.refuse("expected a level in quotes, as in ref='b'")

    def _power(self) -> int:
        token = self.parser.token
        if token.kind != "number" or not token.value.isdecimal() or int(token.value[:5]) == 0:
            self.parser.refuse(
                "expected a whole number of at least 1", "to compute a power: I(x^0.5)"
            )
        # No interaction has more factors than there may be terms.
        return min(int(self.parser.advance().value[:5]), MAX_TERMS)


def _refuse_what_r_allows(parser: Parser) -> None:
    """Errors that concern the text as a whole: its `~`, and R's functions that are flags here."""
    text, tokens = parser.text, parser.tokens
    tildes = [token for token in tokens if (token.kind, token.value) == ("symbol", "~")]
    if not tildes:
        hint = "write 'response ~ terms', for example 'cost ~ age'"
        raise syntax_error("expected '~'", text, tokens[-1].at, hint)
    if len(tildes) > 1:
        raise syntax_error("a formula has only one '~'", text, tildes[1].at)
    for name, after in pairwise(tokens):
        called = name.kind == "name" and (after.kind, after.value) == ("symbol", "(")
        if called and name.value in _FUNCTIONS_OF_R:
            problem, instead = _FUNCTIONS_OF_R[name.value]
            raise syntax_error(problem, text, name.at, instead)


def _refuse_useless(text: str, expressions: Iterable[Expression]) -> None:
    """Refuse what has no value per row: a coefficient, or a constant."""
    for expression in expressions:
        for node in walk(expression):
            if isinstance(node, Reference):
                _refuse_reference(text, node.at)
        if not names(expression):
            raise syntax_error(f"{render(expression)} names no column", text, expression.at)


def _refuse_reference(text: str, at: Span) -> NoReturn:
    problem = "a coefficient is not a column"
    quoted = quote(text[at.start : at.end])
    raise syntax_error(problem, text, at, f"if the column really has this name: {quoted}")


def _with_shared_references(text: str, steps: Iterable[_Step]) -> tuple[_Step, ...]:
    """Let one `C(g, ref='b')` hold for every `C(g)`, so that both mean the same columns."""
    kept = tuple(steps)
    chosen: dict[Expression, str] = {}
    for step in kept:
        if not isinstance(step, Factor) or step.reference is None:
            continue
        if chosen.setdefault(step.expression, step.reference) != step.reference:
            problem = f"{step.label} has two base levels"
            raise syntax_error(problem, text, step.expression.at)
    return tuple(
        replace(step, reference=chosen.get(step.expression))
        if isinstance(step, Factor) and step.categorical
        else step
        for step in kept
    )
