"""Which column plays which part: what you name is used; name nothing and the whole table is.

Formulas and options decide; where they are silent the target and the features are
guessed, and every guess is a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlefit.design.usable import Profile, left_out, profile, suits
from mlefit.errors import UsageError, did_you_mean
from mlefit.expression import Expression, names, respelt
from mlefit.families._base import Family
from mlefit.formula import Formula, RightSide, column_formula, parse_formula
from mlefit.request import Request
from mlefit.source import Source, missing_column

TARGET_NAMES = ("y", "target", "label", "response", "outcome", "count")
_ROLE_FLAGS = {
    "freq_weights": "--freq-weights",
    "precision_weights": "--precision-weights",
    "sampling_weights": "--sampling-weights",
    "offset": "--offset",
    "exposure": "--exposure",
    "trials": "--trials",
    "cluster": "--cluster",
}


@dataclass(frozen=True)
class Roles:
    """The parts that columns play.

    Attributes:
        response: what is computed for each row on the left side of the first formula.
        formulas: for each parameter with a formula, the formula; the first parameter first.
        rights: for every parameter of the family its right side.
        target_source: formula, option or guess.
        features_source: formula, option, none or guess.
        columns: every column that has to be read, in the order of the source.
        notes: what was guessed.
    """

    response: Expression
    formulas: Mapping[str, Formula]
    rights: Mapping[str, RightSide]
    target_source: str
    features_source: str
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> Formula:
        """The formula of the first parameter."""
        return next(iter(self.formulas.values()))

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that the right sides use, in order of appearance."""
        return _unique(_names_of(self.rights.values()))


def choose_roles(request: Request, source: Source, family: Family) -> Roles:
    """Give the words of a request their meaning in this table.

    Raises:
        UsageError: a column, parameter or formula does not fit, or `strict` forbids a guess.
    """
    taken = _role_columns(request, source)
    reading = _read(request, source, family, taken)
    first = family.parameters[0].name
    response = reading.formula.response
    if response is None:
        raise UsageError(
            "the formula has no target on its left side",
            tries=[f"'TARGET {reading.formula.text.strip()}'"],
        )
    formulas = {first: reading.formula, **_further_formulas(request, family, first)}
    target = names(response)
    others = tuple(name for name in source.schema if name not in {*taken, *target})
    rights = {
        parameter.name: formulas[parameter.name].expand(others)
        if parameter.name in formulas
        else RightSide(intercept=True, terms=())
        for parameter in family.parameters
    }
    used = _unique([*target, *_names_of(rights.values()), *taken])
    for name in used:
        if name not in source.schema:
            raise _missing_in_formula(source, name, formulas.values())
    return Roles(
        response=response,
        formulas=formulas,
        rights=rights,
        target_source=reading.target_source,
        features_source=reading.features_source,
        columns=tuple(name for name in source.schema if name in used),
        notes=reading.notes,
    )


@dataclass(frozen=True)
class _Reading:
    """The main formula and who chose its two sides."""

    formula: Formula
    target_source: str
    features_source: str
    notes: tuple[str, ...] = ()


def _read(request: Request, source: Source, family: Family, taken: Sequence[str]) -> _Reading:
    if request.formula is not None:
        if request.target is not None or request.features is not None:
            raise UsageError(
                "a formula already names the target and the features",
                tries=["leave out -y and -x", "leave out the formula"],
            )
        return _Reading(parse_formula(request.formula), "formula", "formula")
    if request.target is None:
        if request.features is not None:
            raise UsageError("-x names features, but no target is named", tries=["-y COL"])
        return _guess(request, source, family, taken)
    if request.features is None:
        _require(source, "-y", [request.target])
        return _Reading(column_formula(request.target, ()), "option", "none")
    features = request.features
    if features == ("all",):
        features = tuple(n for n in source.schema if n != request.target and n not in taken)
    _require(source, "-y", [request.target])
    _require(source, "-x", features)
    return _Reading(column_formula(request.target, features), "option", "option")


def _guess(request: Request, source: Source, family: Family, taken: Sequence[str]) -> _Reading:
    free = [name for name in source.schema if name not in taken]
    if len(free) == 1:
        note = f"target: {free[0]!r}, the only column"
        return _Reading(column_formula(free[0], ()), "guess", "none", (note,))
    columns = profile(source, free)
    target = _guess_target(columns, source, family)
    if request.strict:
        raise UsageError(
            "--strict allows no guess, and neither a formula nor -y names the target",
            tries=[f"-y {target} -x all"],
        )
    reasons = {name: left_out(facts) for name, facts in columns.items() if name != target}
    features = [name for name, reason in reasons.items() if reason is None]
    notes = (
        f"target: {target!r}, because no formula or -y names one",
        f"features: {', '.join(features) or 'none'}",
        *(f"column {name!r} is left out: {why}" for name, why in reasons.items() if why),
    )
    return _Reading(column_formula(target, features), "guess", "guess", notes)


def _guess_target(columns: Mapping[str, Profile], source: Source, family: Family) -> str:
    suitable = [name for name, facts in columns.items() if suits(facts, family.support)]
    if not suitable:
        raise UsageError(
            f"no column of {source.name} suits {family.name}, whose values are "
            f"{family.support.words}",
            tries=["name the target: -y COL"],
        )
    named = [name for name in suitable if name.lower() in TARGET_NAMES]
    return min(named, key=lambda name: TARGET_NAMES.index(name.lower())) if named else suitable[-1]


def _further_formulas(request: Request, family: Family, first: str) -> dict[str, Formula]:
    known = [parameter.name for parameter in family.parameters]
    formulas: dict[str, Formula] = {}
    for text in request.models:
        formula = parse_formula(text)
        name = formula.response_label
        if name not in known:
            raise UsageError(
                f"{family.name} has no parameter '{name}' in --model '{text}'",
                "parameters: " + ", ".join(known),
                tries=[f"--model '{close} ~ ...'" for close in did_you_mean(name, known)],
            )
        if name == first or name in formulas:
            where = "the main formula" if name == first else "another --model"
            raise UsageError(f"'{name}' already has its formula in {where}")
        formulas[name] = formula
    return formulas


def _missing_in_formula(source: Source, name: str, formulas: Iterable[Formula]) -> UsageError:
    """The error for a misspelt column, with the formula spelt right."""
    text = next(formula.text for formula in formulas if name in formula.names)
    close = did_you_mean(name, source.schema)
    return missing_column(source, name, tries=[f"'{respelt(text, name, near)}'" for near in close])


def _role_columns(request: Request, source: Source) -> tuple[str, ...]:
    taken = []
    for attribute, flag in _ROLE_FLAGS.items():
        name = getattr(request, attribute)
        if name is None:
            continue
        if name not in source.schema:
            close = did_you_mean(name, source.schema)
            raise missing_column(source, name, tries=[f"{flag} {column}" for column in close])
        taken.append(name)
    return _unique(taken)


def _require(source: Source, flag: str, columns: Iterable[str]) -> None:
    for name in columns:
        if name not in source.schema:
            close = did_you_mean(name, source.schema)
            raise missing_column(source, name, tries=[f"{flag} {column}" for column in close])


def _names_of(rights: Iterable[RightSide]) -> list[str]:
    return [
        name
        for right in rights
        for term in right.terms
        for factor in term.factors
        for name in names(factor.expression)
    ]


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
