"""Which terms a test leaves out, and which right sides are then left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mlefit.design.roles import Roles
from mlefit.design.suggest import word
from mlefit.errors import UsageError, did_you_mean
from mlefit.expression import Name, quote
from mlefit.families._base import Family
from mlefit.formula import Formula, RightSide, Term, terms_formula
from mlefit.frozen import frozen

Rights = Mapping[str, RightSide]
"""The right side of every parameter of a family, by its name."""

_SHOWN = 12


@frozen
class Hypothesis:
    """That some terms say nothing.

    Attributes:
        written: as the test was asked for; empty for a row of the table by term.
        terms: their labels.
        parameter: whose they are; None where several parameters share the formula.
        larger: the right sides with them.
        smaller: the right sides without them.
        holding: labels of terms that stay and contain one of them.
        besides: labels of the further factors of those.
        adds: whether the smaller model is the fit, and the terms are not in it.
    """

    written: str
    terms: tuple[str, ...]
    parameter: str | None
    larger: Rights
    smaller: Rights
    holding: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    adds: bool = False

    @property
    def label(self) -> str:
        """The terms as a formula writes them."""
        return " + ".join(self.terms)


def asked(text: str, roles: Roles, family: Family) -> Hypothesis:
    """What `--test TEXT` asks.

    Args:
        text: `a + b` of the first parameter, or `sigma ~ a + b`.
        roles: the formulas of the fit.
        family: with the parameters that it has for these data.

    Raises:
        UsageError: a parameter or term that the model does not have.
    """
    formula = terms_formula(text)
    parameters = _parameters(text, formula, roles, family)
    right = formula.expand(roles.others)
    if not right.terms or not right.intercept:
        raise UsageError(
            f"--test {word(text)} names no term: an intercept has the test in its own row"
            if not right.terms
            else f"--test {word(text)} takes terms out, and the intercept is none"
        )
    if formula.adds:
        return _with(right.terms, parameters, roles.rights, text)
    own = roles.rights[parameters[0]].terms
    known = {_labels(term): term for term in own}
    for term in right.terms:
        if _labels(term) not in known:
            raise _unknown(text, term, own, formula)
    gone = [known[_labels(term)] for term in right.terms]
    return _without(gone, parameters, roles.rights, text)


def by_term(roles: Roles, family: Family) -> Iterator[Hypothesis]:
    """One hypothesis for each term, in order: of the model without what contains it."""
    for parameters in _formulas(roles, family):
        terms = roles.rights[parameters[0]].terms
        for term in terms:
            above = [other for other in terms if _labels(term) < _labels(other)]
            larger = _less(roles.rights, parameters, above)
            yield _without([term], parameters, larger)


def _formulas(roles: Roles, family: Family, *, empty: bool = False) -> Iterator[tuple[str, ...]]:
    """The parameters that have terms, or all, those that share a formula together."""
    shared: dict[int | str, list[str]] = {}
    for parameter in family.parameters:
        formula = roles.formulas.get(parameter.name)
        if empty or (formula is not None and roles.rights[parameter.name].terms):
            key = parameter.name if formula is None else id(formula)
            shared.setdefault(key, []).append(parameter.name)
    yield from (tuple(names) for names in shared.values())


def _without(
    gone: Sequence[Term], parameters: tuple[str, ...], rights: Rights, written: str = ""
) -> Hypothesis:
    sets = [_labels(term) for term in gone]
    holding = [
        term
        for term in rights[parameters[0]].terms
        if _labels(term) not in sets and any(one < _labels(term) for one in sets)
    ]
    own = frozenset[str]().union(*sets)
    besides = [f.label for term in holding for f in term.factors if f.label not in own]
    return Hypothesis(
        written,
        tuple(term.label for term in gone),
        parameters[0] if len(parameters) == 1 else None,
        rights,
        _less(rights, parameters, gone),
        tuple(term.label for term in holding),
        tuple(dict.fromkeys(besides)),
    )


def _with(
    more: Sequence[Term], parameters: tuple[str, ...], rights: Rights, written: str
) -> Hypothesis:
    own = rights[parameters[0]].terms
    there = [term.label for term in more if _labels(term) in {_labels(one) for one in own}]
    if there:
        raise UsageError(
            f"--test {word(written)} adds {there[0]}, which the model has",
            tries=[f"--test {word(written.replace('+', '', 1).strip())}"],
        )
    return Hypothesis(
        written,
        tuple(term.label for term in more),
        parameters[0] if len(parameters) == 1 else None,
        {
            name: replace(right, terms=(*right.terms, *more)) if name in parameters else right
            for name, right in rights.items()
        },
        rights,
        adds=True,
    )


def _less(rights: Rights, parameters: Sequence[str], gone: Sequence[Term]) -> Rights:
    sets = [_labels(term) for term in gone]
    return {
        name: replace(right, terms=tuple(t for t in right.terms if _labels(t) not in sets))
        if name in parameters
        else right
        for name, right in rights.items()
    }


def _labels(term: Term) -> frozenset[str]:
    """What makes a term: a base level of its factors does not."""
    return frozenset(factor.label for factor in term.factors)


def _parameters(text: str, formula: Formula, roles: Roles, family: Family) -> tuple[str, ...]:
    """The parameters whose terms are tested."""
    first = family.parameters[0].name
    if formula.response is None:
        shared = [n for n in _formulas(roles, family, empty=formula.adds) if first in n]
        if not shared:
            raise UsageError(
                f"--test {word(text)}: the formula of {first} has no terms to test",
                tries=[_whole(names[0], roles) for names in _formulas(roles, family)],
            )
        return shared[0]
    left = formula.response
    name = left.name if isinstance(left, Name) else formula.response_label
    able = [n for names in _formulas(roles, family, empty=formula.adds) for n in names]
    if name not in able:
        right = formula.text.partition("~")[2].strip()
        known = [parameter.name for parameter in family.parameters]
        raise UsageError(
            f"--test {word(text)}: {name} has no terms"
            if name in known
            else f"{family.name} has no parameter '{name}' for --test {word(text)}",
            f"parameters with terms: {', '.join(able[:_SHOWN]) or 'none'}",
            tries=[
                f"--test {word(f'{quote(close)} ~ {right}')}" for close in did_you_mean(name, able)
            ],
        )
    return (name,)


def _whole(parameter: str, roles: Roles) -> str:
    """The test of all terms of a parameter."""
    labels = " + ".join(term.label for term in roles.rights[parameter].terms)
    return f"--test {word(f'{quote(parameter)} ~ {labels}')}"


def _unknown(text: str, term: Term, own: Sequence[Term], formula: Formula) -> UsageError:
    labels = [one.label for one in own]
    more = ", ..." if len(labels) > _SHOWN else ""
    left = "" if formula.response is None else f"{formula.text.partition('~')[0].strip()} ~ "
    return UsageError(
        f"--test {word(text)}: the model has no term {term.label}",
        f"its terms: {', '.join(labels[:_SHOWN])}{more}",
        tries=[f"--test {word(left + close)}" for close in did_you_mean(term.label, labels)],
    )
