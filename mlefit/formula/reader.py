"""Text -> formula, by precedence climbing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NoReturn

from mlefit.expression import (
    Expression,
    Name,
    Parser,
    Reference,
    Span,
    Token,
    names,
    quote,
    render,
    syntax_error,
    tokenize,
    walk,
)
from mlefit.formula.terms import (
    MAX_TERMS,
    Dot,
    Factor,
    Formula,
    Intercept,
    Nothing,
    Operation,
    Step,
)

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


def terms_formula(text: str) -> Formula:
    """Parse terms alone, `a + b`, or those of a parameter, `sigma ~ a + b`.

    Raises:
        UsageError: the text is neither; the evidence marks the place.
    """
    has_tilde = any((t.kind, t.value) == ("symbol", "~") for t in tokenize(text))
    return parse_formula(text if has_tilde else f"~ {text}")


def is_equation(text: str) -> bool:
    """Whether a text has an equals sign of its own, not one of `C(g, ref='b')`."""
    return _equals(text) is not None


def sides(text: str) -> tuple[str, str]:
    """What stands left and right of the equals sign of an equation."""
    equals = _equals(text)
    assert equals is not None
    return text[: equals.at.start].strip(), text[equals.at.end :].strip()


def _equals(text: str) -> Token | None:
    depth = 0
    for token in tokenize(text):
        if token.kind == "symbol":
            depth += (token.value == "(") - (token.value == ")")
            if token.value == "=" and not depth:
                return token
    return None


def column_formula(target: str, features: Sequence[str] = ()) -> Formula:
    """The formula of plain columns: `target ~ a + b`, or `target ~ 1` without features."""
    right = " + ".join(map(quote, features)) or "1"
    return parse_formula(f"{quote(target)} ~ {right}")


class _RightSideReader:
    """Reads terms into postfix order by precedence climbing."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.steps: list[Step] = []

    def terms(self, least: int) -> None:
        """Read operators that bind at least this tightly."""
        parser = self.parser
        with parser.nested():
            self._operand(least)
            while _PRECEDENCE.get(parser.symbol, 0) >= least:
                operator = parser.advance()
                if operator.value in ("^", "**"):
                    self.steps.append(Operation("^", operator.at, self._power()))
                else:
                    self.terms(_PRECEDENCE[operator.value] + 1)
                    self.steps.append(Operation(operator.value, operator.at))
            if parser.symbol in _WRITE_INSTEAD:
                problem = f"'{parser.symbol}' cannot stand between terms"
                at = parser.token.at
                raise syntax_error(problem, parser.text, at, *_WRITE_INSTEAD[parser.symbol])

    def _operand(self, least: int) -> None:
        parser = self.parser
        if parser.symbol in ("+", "-") and least <= _SIGNS + 1:
            sign = parser.advance()
            self.steps.append(Nothing())
            self.terms(_SIGNS + 1)
            self.steps.append(Operation(sign.value, sign.at))
        elif parser.symbol == "(":
            parser.advance()
            self.terms(_SIGNS)
            parser.expect(")")
        elif parser.token.kind == "number":
            self.steps.append(self._intercept())
        elif (parser.token.kind, parser.token.value) == ("name", "."):
            parser.advance()
            self.steps.append(Dot())
        else:
            self.steps.append(self._factor())

    def _intercept(self) -> Intercept:
        number = self.parser.token
        if number.value not in ("0", "1"):
            problem = f"{number.value} is not a term; only 0 and 1 are, for the intercept"
            raise syntax_error(problem, self.parser.text, number.at, "to compute: I(2*x)")
        self.parser.advance()
        return Intercept(number.value == "1")

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


def _with_shared_references(text: str, steps: Iterable[Step]) -> tuple[Step, ...]:
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
