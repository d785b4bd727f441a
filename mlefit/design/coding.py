"""Terms to columns: which products of numbers and indicators a right side means.

A column is a product of parts. Factors are treatment coded: the first level is
the base. Whether a factor keeps its base column follows R's rule (Chambers and
Hastie 1992, Statistical Models in S, section 2.4.1): in a term, a factor drops it
if an earlier term spans the term without that factor already; without an intercept
the first factor that stands alone keeps it. Unlike R, x:g is not taken to span g
when x is a column of numbers, for it does not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from mlefit.errors import MOST_SQUARE, UsageError
from mlefit.formula import RightSide, Term
from mlefit.frozen import frozen

INTERCEPT = "Intercept"

# Of a factor in codes only the products with other columns are held: so many, 0.8 GB.
_MOST_PRODUCTS = MOST_SQUARE**2
_MOST_LEVELS = 100_000

TRIALS = "trials"
"""Key of the number of trials, by the name that families know it under."""

_KNOWN = (TRIALS, "interval_lower", "interval_upper")


def key_of(label: str) -> str:
    """The key of a factor's series: its label, which must not hide a known quantity."""
    # A plain name is never written in backticks, so no other factor has this label.
    return f"`{label}`" if label in _KNOWN else label


def label_of(key: str) -> str:
    """The factor whose series has this key."""
    return key.removeprefix("term:")


@frozen
class Numeric:
    """The values of a numeric factor."""

    key: str


@frozen
class Indicator:
    """1 in the rows where a factor has this level, else 0."""

    key: str
    code: int


Part = Numeric | Indicator


@frozen
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
    columns: list[Column] = []
    spanned = _Spanned(levels)
    widths: list[int] = []
    for term in right.terms:
        widths.append(math.prod(len(levels.get(factor.label, "1")) for factor in term.factors))
        if not can_be_held(widths):
            raise too_wide("the formula", widths, f"the term {term.label} alone", widths[-1])
        columns += _term_columns(term, levels, spanned, term is keeps_base)
        spanned.add(term)
    return (*intercept, *columns)


def can_be_held(widths: Sequence[int]) -> bool:
    """Whether there is memory for the products of all columns, given those of each factor."""
    largest, total = max(widths, default=0), sum(widths)
    others = total - largest
    return total <= MOST_SQUARE or (
        largest <= _MOST_LEVELS and others <= MOST_SQUARE and others * largest <= _MOST_PRODUCTS
    )


def too_wide(what: str, widths: Sequence[int], part: str, columns: int) -> UsageError:
    """What is said of so many columns: how many, what they need, and where they come from."""
    largest, total = max(widths), sum(widths)
    others = total - largest
    need = 8 * others * (others + largest) / 1e9
    if largest > _MOST_LEVELS:
        reason = f"more than {_MOST_LEVELS:,} of one term"
    else:
        reason = f"whose products take {need:,.1f} GB, more than 0.8 GB"
    return UsageError(
        f"{what} has {total:,} columns, {reason}",
        f"{part} has {columns:,}: one for each combination of levels",
    )


class _Spanned:
    """What the terms so far span, so that a later one need not span it again."""

    def __init__(self, levels: Mapping[str, Sequence[str]]) -> None:
        self._levels = levels
        self._terms: dict[frozenset[str], None] = {frozenset(): None}

    def add(self, term: Term) -> None:
        self._terms[_labels(term)] = None

    def __contains__(self, rest: frozenset[str]) -> bool:
        # The indicators of a factor sum to 1, so a further factor takes nothing away.
        return rest in self._terms or any(
            rest < term and all(label in self._levels for label in term - rest)
            for term in self._terms
        )


def _term_columns(
    term: Term, levels: Mapping[str, Sequence[str]], spanned: _Spanned, keeps_base: bool
) -> Iterator[Column]:
    choices: list[list[tuple[str, Part]]] = []
    for factor in term.factors:
        label, key = factor.label, key_of(factor.label)
        if label not in levels:
            choices.append([(label, Numeric(key))])
            continue
        first = 1 if _labels(term) - {label} in spanned and not keeps_base else 0
        choices.append(
            [
                (f"{label}[{level}]", Indicator(key, code))
                for code, level in enumerate(levels[label])
                if code >= first
            ]
        )
    # the first factor varies fastest, as in R
    for combination in itertools.product(*reversed(choices)):
        parts = tuple(reversed(combination))
        yield Column(":".join(text for text, _ in parts), tuple(part for _, part in parts))


def _first_factor_alone(right: RightSide, levels: Mapping[str, Sequence[str]]) -> Term | None:
    alone = (term for term in right.terms if len(term.factors) == 1)
    return next((term for term in alone if term.factors[0].label in levels), None)


def _labels(term: Term) -> frozenset[str]:
    return frozenset(factor.label for factor in term.factors)
