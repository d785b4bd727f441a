"""Which column plays which part: what you name is used; name nothing and the whole table is.

Formulas and options decide; where they are silent the target and the features are
guessed, and the guess is a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mlefit.design.suggest import Place, listed, word
from mlefit.design.usable import Profile, left_out, profile, suits
from mlefit.errors import UsageError, did_you_mean
from mlefit.expression import Expression, Name, names, quote, respelt
from mlefit.families._base import Family
from mlefit.formula import (
    Factor,
    Formula,
    RightSide,
    column_formula,
    is_equation,
    parse_formula,
    terms_formula,
)
from mlefit.frozen import frozen
from mlefit.request import Request
from mlefit.source import Source, missing_column

TARGET_NAMES = ("y", "target", "label", "response", "outcome", "count")
_SHOWN_COLUMNS = 12
_ROLES = (
    "freq_weights",
    "precision_weights",
    "sampling_weights",
    "offset",
    "exposure",
    "trials",
    "cluster",
    "by",
    "event",
    "lower",
    "upper",
)


@frozen
class Roles:
    """The parts that columns play.

    Attributes:
        response: what is computed for each row on the left side of the first formula.
        main: the formula of the first parameter.
        further: those of other parameters, as they were written.
        others: the columns that a `.` stands for.
        formulas: for each parameter with a formula, the formula; the first parameter first.
        rights: for every parameter of the family its right side.
        target_source: formula, option or guess.
        features_source: formula, option, none or guess.
        columns: every column that has to be read, in the order of the source.
        notes: what was guessed.
        tested: terms that are not in the model and that a test would add.
    """

    response: Expression
    main: Formula
    further: tuple[Formula, ...]
    others: tuple[str, ...]
    formulas: Mapping[str, Formula]
    rights: Mapping[str, RightSide]
    target_source: str
    features_source: str
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()
    tested: tuple[Formula, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that the right sides use, in order of appearance."""
        sides = [formula.expand(self.others) for formula in (self.main, *self.further)]
        return _unique(_names_of(sides))

    @property
    def has_dot(self) -> bool:
        """Whether a formula depends on the columns of the table."""
        return any(formula.has_dot for formula in (self.main, *self.further))

    def factors(self) -> Iterator[tuple[Factor, Place]]:
        """Every factor of every term, and where it stands."""
        flags = [""] + ["--model"] * len(self.further) + ["--test"] * len(self.tested)
        formulas = (self.main, *self.further, *self.tested)
        for flag, formula in zip(flags, formulas, strict=True):
            for factor in _factors_of(formula.expand(self.others)):
                yield factor, Place(formula.text, factor.expression.at, flag)


def choose_roles(request: Request, source: Source, family: Family) -> Roles:
    """Give the words of a request their meaning in this table.

    Raises:
        UsageError: a column, parameter or formula does not fit, or `strict` forbids a guess.
    """
    taken = _role_columns(request, source)
    reading = _read(request, source, family, taken)
    response = reading.formula.response
    if response is None:
        raise UsageError(
            "the formula has no target on its left side",
            f"write  TARGET {reading.formula.text.strip()}",
        )
    further = [parse_formula(text) for text in request.models]
    target = names(response)
    others = tuple(name for name in source.schema if name not in {*taken, *target})
    terms = [terms_formula(text) for text in request.tests if not is_equation(text)]
    tested = [formula for formula in terms if formula.adds]
    sides = [formula.expand(others) for formula in (reading.formula, *further, *tested)]
    used = {*target, *_names_of(sides), *taken}
    roles = Roles(
        response=response,
        main=reading.formula,
        further=tuple(further),
        others=others,
        formulas={},
        rights={},
        target_source=reading.target_source,
        features_source=reading.features_source,
        columns=tuple(name for name in source.schema if name in used),
        notes=reading.notes,
        tested=tuple(tested),
    )
    if not family.open:
        roles = with_parameters(roles, family)
    _require_in_formula(source, reading.formula, [*target, *_names_of(sides[:1])])
    flags = ["--model"] * len(further) + ["--test"] * len(tested)
    for flag, formula, side in zip(flags, (*further, *tested), sides[1:], strict=True):
        _require_in_formula(source, formula, _names_of([side]), flag)
    return roles


def with_parameters(roles: Roles, family: Family) -> Roles:
    """The formulas in the hands of the parameters of a family.

    Raises:
        UsageError: a formula names no parameter, or a parameter has two formulas.
    """
    formulas = {family.parameters[0].name: roles.main, **_further_formulas(roles.further, family)}
    for parameter in family.parameters:
        if parameter.follows:
            formulas.setdefault(parameter.name, roles.main)
    return replace(
        roles,
        formulas=formulas,
        rights={
            parameter.name: formulas[parameter.name].expand(roles.others)
            if parameter.name in formulas
            else RightSide(intercept=True, terms=())
            for parameter in family.parameters
        },
    )


@frozen
class _Reading:
    """The main formula and who chose its two sides."""

    formula: Formula
    target_source: str
    features_source: str
    notes: tuple[str, ...] = ()


def _read(request: Request, source: Source, family: Family, taken: Sequence[str]) -> _Reading:
    if request.lower is not None and request.upper is not None:
        return _of_an_interval(request)
    if request.formula is not None:
        if request.target is not None or request.features is not None:
            raise UsageError(
                "a formula already names the target and the features: leave out -y and -x",
                tries=[word(request.formula)],
            )
        return _Reading(parse_formula(request.formula), "formula", "formula")
    if request.target is not None:
        return _from_options(request, request.target, source, taken)
    if request.features is not None:
        free = [name for name in source.schema if name not in {*taken, *request.features}]
        target = _likely_target(profile(source, free, request.where), family)
        raise UsageError(
            "-x names features, but nothing names the target",
            tries=[] if target is None else [f"-y {word(target)}"],
        )
    return _guess(request, source, family, taken)


def _of_an_interval(request: Request) -> _Reading:
    """Where two columns hold the ends of the target, the left side of the formula is empty."""
    if request.formula is None or request.target is not None or request.features is not None:
        raise UsageError(
            "--lower and --upper hold the target; a formula names the features",
            tries=["'~ x'", "'~ 1' for a sample"],
        )
    formula = parse_formula(request.formula)
    if formula.response is not None:
        raise UsageError(
            "--lower and --upper hold the target, so nothing stands left of '~'",
            tries=[word("~" + formula.text.partition("~")[2])],
        )
    return _Reading(replace(formula, response=Name(str(request.lower))), "option", "formula")


def _from_options(request: Request, target: str, source: Source, taken: Sequence[str]) -> _Reading:
    _require(source, "-y", [target])
    if request.features is None:
        return _Reading(column_formula(target), "option", "none")
    features = request.features
    if features == ("all",):
        features = tuple(name for name in source.schema if name not in {target, *taken})
    _require(source, "-x", features)
    if target in features:
        others = [name for name in features if name != target]
        raise UsageError(
            f"the target {target!r} cannot also be a feature",
            tries=[f"-x {listed(others)}" if others else f"-y {word(target)}"],
        )
    return _Reading(column_formula(target, features), "option", "option")


def _guess(request: Request, source: Source, family: Family, taken: Sequence[str]) -> _Reading:
    free = [name for name in source.schema if name not in taken]
    columns = {} if len(free) == 1 else profile(source, free, request.where)
    target = free[0] if len(free) == 1 else _likely_target(columns, family)
    if target is None:
        raise UsageError(
            f"no column of {source.name} suits {family.name}, whose values are "
            f"{family.support.words}",
            "name the target with -y to see why it does not",
        )
    reasons = {name: left_out(facts) for name, facts in columns.items() if name != target}
    features = [name for name, reason in reasons.items() if reason is None]
    if request.strict:
        chosen = f" -x {listed(features)}" if features else ""
        raise UsageError(
            "--strict allows no guess, and neither a formula nor -y names the target",
            tries=[f"-y {word(target)}{chosen}"],
        )
    note = _told(target, features, reasons)
    return _Reading(
        column_formula(target, features), "guess", "guess" if columns else "none", (note,)
    )


def _told(target: str, features: Sequence[str], reasons: Mapping[str, str | None]) -> str:
    """The guess in one line; every column that is left out is named."""
    more = len(features) - _SHOWN_COLUMNS
    shown = ", ".join(map(repr, features[:_SHOWN_COLUMNS])) + (f", {more} more" if more > 0 else "")
    left = ", ".join(f"{name!r} ({reason})" for name, reason in reasons.items() if reason)
    return f"guessed: target {target!r}, features {shown or 'none'}" + (
        f"; left out: {left}" if left else ""
    )


def _likely_target(columns: Mapping[str, Profile], family: Family) -> str | None:
    """The suitable column with the most telling name, else the last one."""
    suitable = [
        name
        for name, facts in columns.items()
        if suits(facts, family.support) and not facts.counts_rows
    ]
    named = [name for name in suitable if name.lower() in TARGET_NAMES]
    if named:
        return min(named, key=lambda name: TARGET_NAMES.index(name.lower()))
    return suitable[-1] if suitable else None


def _further_formulas(further: Sequence[Formula], family: Family) -> dict[str, Formula]:
    first, *known = [parameter.name for parameter in family.parameters]
    formulas: dict[str, Formula] = {}
    for formula in further:
        name = _parameter(formula)
        if name == first or name in formulas:
            where = "the main formula" if name == first else "another --model"
            raise UsageError(f"'{name}' already has its formula in {where}")
        if name not in known:
            right = formula.text.partition("~")[2].strip()
            raise UsageError(
                f"{family.name} has no parameter '{name}' for --model '{formula.text}'",
                f"parameters with a --model: {', '.join(known) or 'none'}",
                tries=[
                    f"--model {word(f'{quote(close)} ~ {right}')}"
                    for close in did_you_mean(name, known)
                ],
            )
        formulas[name] = formula
    return formulas


def _parameter(formula: Formula) -> str:
    """The parameter that a left side names: backticks keep an odd name together."""
    left = formula.response
    return left.name if isinstance(left, Name) else formula.response_label


def _require_in_formula(
    source: Source, formula: Formula, columns: Iterable[str], flag: str = ""
) -> None:
    """Refuse misspelt columns with the formula spelt right."""
    unknown = _unknown(columns, source)
    if unknown:
        text = formula.text
        for name, near in unknown.items():
            text = respelt(text, name, near)
        raise _misspelt(source, unknown, f"{flag} {word(text)}".strip())


def _require(source: Source, flag: str, columns: Sequence[str]) -> None:
    """Refuse misspelt columns with the flag spelt right."""
    unknown = _unknown(columns, source)
    if unknown:
        spelt = [unknown.get(name, name) for name in columns]
        value = listed(spelt) if flag == "-x" else word(*spelt)
        raise _misspelt(source, unknown, f"{flag} {value}")


def _unknown(columns: Iterable[str], source: Source) -> dict[str, str]:
    """The columns that the source lacks, each with the closest name it has, else empty."""
    return {
        name: next(iter(did_you_mean(name, source.schema)), "")
        for name in columns
        if name not in source.schema
    }


def _misspelt(source: Source, unknown: Mapping[str, str], better: str) -> UsageError:
    """The error for the first unknown column; `better` works if all have a close name."""
    return missing_column(source, next(iter(unknown)), [better] if all(unknown.values()) else [])


def _role_columns(request: Request, source: Source) -> tuple[str, ...]:
    taken = {role: getattr(request, role) for role in _ROLES}
    for role, name in taken.items():
        if name is not None:
            _require(source, f"--{role.replace('_', '-')}", [name])
    return _unique(name for name in taken.values() if name is not None)


def _factors_of(right: RightSide) -> Iterator[Factor]:
    return (factor for term in right.terms for factor in term.factors)


def _names_of(rights: Iterable[RightSide]) -> list[str]:
    return [
        name
        for right in rights
        for factor in _factors_of(right)
        for name in names(factor.expression)
    ]


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
