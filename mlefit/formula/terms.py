"""What a formula means: factors, terms, and the right side they make.

The right side is kept in postfix order, so that neither reading nor expanding thousands of
terms recurses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from mlefit.expression import Expression, Name, Span, names, render, syntax_error
from mlefit.frozen import frozen

MAX_TERMS = 10_000
_MOST_PRODUCTS = 5_000_000  # a second


@frozen
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


@frozen(eq=False)
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


@frozen
class RightSide:
    """The terms of one parameter: main effects first, then by degree, as in R."""

    intercept: bool
    terms: tuple[Term, ...]


@frozen
class Dot:
    """Every other column."""


@frozen
class Intercept:
    """A `1` (keep) or a `0` (drop)."""

    keep: bool


@frozen
class Nothing:
    """What a leading sign adds to or takes from."""


@frozen
class Operation:
    """Replaces the two values before it, or the one before it when it is a power, by one."""

    symbol: str
    at: Span
    power: int = 0


Step: TypeAlias = Factor | Dot | Intercept | Nothing | Operation


@frozen
class Formula:
    """A parsed formula; `response` is None in a one-sided `~ a + b`."""

    text: str
    response: Expression | None
    steps: tuple[Step, ...] = field(repr=False)

    @property
    def response_label(self) -> str:
        """The canonical text of the left side, empty when there is none."""
        return render(self.response) if self.response else ""

    @property
    def has_dot(self) -> bool:
        """Whether `.` occurs, so that the terms depend on the table's columns."""
        return any(isinstance(step, Dot) for step in self.steps)

    @property
    def adds(self) -> bool:
        """Whether the right side starts with a sign, as terms that are added to others do."""
        return isinstance(self.steps[0], Nothing)

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
        dots = [Factor(Name(name)) for name in others if name not in in_response]
        given = [step for step in self.steps if isinstance(step, Factor)]
        number = {factor: i for i, factor in enumerate(dict.fromkeys([*given, *dots]))}
        stack: list[_Value] = []
        for step in self.steps:
            if isinstance(step, Operation):
                right = stack.pop()
                left = right if step.power else stack.pop()
                stack.append(self._combined(step, left, right))
            else:
                stack.append(_value(step, number, dots))
        (value,) = stack
        factors = list(number)
        orders = sorted(value.terms.values(), key=len)
        terms = tuple(Term(tuple(factors[i] for i in order)) for order in orders)
        self._refuse_response(factor for term in terms for factor in term.factors)
        return RightSide(value.intercept is not False, terms)

    def _combined(self, step: Operation, left: _Value, right: _Value) -> _Value:
        """Apply one operation; the left value is used up."""
        keep = right.intercept
        if step.symbol == "-":
            for term in right.terms:
                left.terms.pop(term, None)
            keep = None if keep is None else not keep
        elif step.symbol == "+":
            for term, order in right.terms.items():
                left.terms.setdefault(term, order)
            self._refuse_too_many(left.terms, step)
        elif step.power:
            left = _Value(self._power(step, left.terms), left.intercept)
        else:
            interactions = self._interactions(step, left.terms, right.terms)
            both = _united(left.terms, right.terms) if step.symbol == "*" else {}
            left = _Value(_united(both, interactions), left.intercept)
            self._refuse_too_many(left.terms, step)
        return _Value(left.terms, left.intercept if keep is None else keep)

    def _interactions(self, step: Operation, left: _Terms, right: _Terms) -> _Terms:
        if not left or not right:
            problem = f"'{step.symbol}' needs terms on both sides"
            raise syntax_error(problem, self.text, step.at)
        found: _Terms = {}
        for done, (one, order) in enumerate(left.items()):
            if done * len(right) > _MOST_PRODUCTS:  # and still no term that is one too many
                problem = f"'{step.symbol}' multiplies {len(left):,} terms by {len(right):,}"
                raise syntax_error(problem, self.text, step.at)
            for other, more in right.items():
                if one | other not in found:
                    new = tuple(i for i in more if not one >> i & 1)
                    found[one | other] = order + new
            self._refuse_too_many(found, step)
        return found

    def _power(self, step: Operation, terms: _Terms) -> _Terms:
        found, before = dict(terms), 0
        for _ in range(step.power - 1):
            if len(found) == before:
                break
            before = len(found)
            found = _united(found, self._interactions(step, found, terms))
            self._refuse_too_many(found, step)
        return found

    def _refuse_too_many(self, terms: _Terms, step: Operation) -> None:
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


_Terms: TypeAlias = dict[int, tuple[int, ...]]
"""An ordered set of terms: the bits of a term's factors, and these as first written.

Thousands of terms are multiplied by thousands, and numbers are quickly compared.
"""


@dataclass
class _Value:
    """A part of the right side; `intercept` is None where nothing was said of it."""

    terms: _Terms
    intercept: bool | None = None


def _united(first: _Terms, second: _Terms) -> _Terms:
    """Both, each term once and as first written."""
    return first | {term: order for term, order in second.items() if term not in first}


def _value(step: Step, number: Mapping[Factor, int], dots: Sequence[Factor]) -> _Value:
    match step:
        case Factor():
            return _Value({1 << number[step]: (number[step],)})
        case Dot():
            return _Value({1 << number[dot]: (number[dot],) for dot in dots})
        case Intercept():
            return _Value({}, step.keep)
        case _:
            return _Value({})
