"""Terms to columns: which products of numbers and indicators a right side means.

A column is a product of parts. Factors are treatment coded: the first level is
the base. Whether a factor keeps its base column follows R's rule (R Core Team,
?model.matrix, and Chambers and Hastie 1992, section 2.4.1): in a term, a factor
drops it if the term without that factor is in the model too; without an
intercept the first factor that stands alone keeps it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlefit.formula import Factor, RightSide, Term

INTERCEPT = "Intercept"


@dataclass(frozen=True)
class Numeric:
    """The values of a numeric factor."""

    key: str


@dataclass(frozen=True)
class Indicator:
    """1 in the rows where a factor has this level, else 0."""

    key: str
    code: int


Part = Numeric | Indicator


@dataclass(frozen=True)
class Column:
    """One column of a design: the product of its parts; no parts is the intercept."""

    label: str
    parts: tuple[Part, ...]

    @property
    def is_intercept(self) -> bool:
        """Whether every row holds 1."""
        return not self.parts


def columns_of(right: RightSide, levels: Mapping[str, Sequence[str]]) -> tuple[Column, ...]:
    """The columns of a right side.

    Args:
        right: its terms.
        levels: label of each categorical factor -> its levels, the base level first.
    """
    intercept = (Column(INTERCEPT, ()),) if right.intercept else ()
    keeps_base = None if right.intercept else _first_factor_alone(right, levels)
    in_model: set[frozenset[str]] = {_labels(term) for term in right.terms} | {frozenset()}
    columns = (
        column
        for term in right.terms
        for column in _term_columns(term, levels, in_model, keeps_base)
    )
    return (*intercept, *columns)


def _term_columns(
    term: Term,
    levels: Mapping[str, Sequence[str]],
    in_model: set[frozenset[str]],
    keeps_base: Term | None,
) -> Iterator[Column]:
    choices: list[list[tuple[str, Part]]] = []
    for factor in term.factors:
        if factor.label not in levels:
            choices.append([(factor.label, Numeric(factor.label))])
            continue
        drops_base = _labels(term) - {factor.label} in in_model and term is not keeps_base
        choices.append(
            [
                (f"{factor.label}[{level}]", Indicator(factor.label, code))
                for code, level in enumerate(levels[factor.label])
                if code > 0 or not drops_base
            ]
        )
    # the first factor varies fastest, as in R
    for combination in itertools.product(*reversed(choices)):
        parts = tuple(reversed(combination))
        yield Column(":".join(label for label, _ in parts), tuple(part for _, part in parts))


def _first_factor_alone(right: RightSide, levels: Mapping[str, Sequence[str]]) -> Term | None:
    alone = (term for term in right.terms if len(term.factors) == 1)
    return next((term for term in alone if term.factors[0].label in levels), None)


def _labels(term: Term) -> frozenset[str]:
    return frozenset(factor.label for factor in term.factors)


def factors_of(rights: Iterator[RightSide]) -> dict[str, Factor]:
    """Every factor of several right sides, by label."""
    return {
        factor.label: factor for right in rights for term in right.terms for factor in term.factors
    }
