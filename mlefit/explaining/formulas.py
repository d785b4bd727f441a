"""Everything that follows from the one formula of a family, as trees and as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from mlefit.algebra.calculus import Abbreviation, curvature, raw_slope, slope
from mlefit.algebra.evaluate import value
from mlefit.algebra.exponent import exponential
from mlefit.algebra.functions import read
from mlefit.algebra.simplify import simplified
from mlefit.algebra.totals import total
from mlefit.algebra.trees import ZERO, uses
from mlefit.expression import Call, Expression, walk
from mlefit.families._base import Family, Probability

Pair = tuple[str, str]

KNOWN_LETTERS = {"trials": "m"}
"""Letters of the quantities that are known for each row."""


class Formulas:
    """The formula of a family and what is derived from it.

    Args:
        family: bound to its target, if its parameters depend on that.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self.derivation = family.derivation
        self.log_density = read(self.derivation.log_density)
        names = tuple(parameter.name for parameter in family.parameters)
        self.letters = self.derivation.letters or names
        self.short = tuple(self._abbreviations())

    @property
    def known(self) -> tuple[str, ...]:
        """Letters of what is known beside the target."""
        return tuple(KNOWN_LETTERS.get(name, name) for name in self.family.known)

    @cached_property
    def of_rows(self) -> set[str]:
        """Letters that differ from row to row where the parameters do not."""
        found = {"y", *self.known, *(one.letter for one in self.derivation.unwritten)}
        for one in self.short:
            if uses(one.meaning, found):
                found.add(one.letter)
        return found

    @cached_property
    def density(self) -> Expression:
        """The density or mass of one row."""
        return exponential(self.log_density)

    def is_written(self, letter: str) -> bool:
        """Whether the score in a parameter has a formula."""
        return all(letter not in one.of for one in self.derivation.unwritten)

    def score(self, letter: str) -> Expression:
        """The derivative of the log-density in a parameter."""
        return slope(self.log_density, letter, self.short)

    def observed(self, one: str, other: str) -> Expression:
        """Minus its second derivative."""
        return curvature(self.log_density, one, other, self.short)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Pairs of parameters whose second derivative has a formula."""
        written = [letter for letter in self.letters if self.is_written(letter)]
        return tuple(combinations_with_replacement(written, 2))

    @cached_property
    def expected(self) -> dict[Pair, Expression]:
        """The expected information; empty where it has no formula."""
        found: dict[Pair, Expression] = {}
        for names, text in self.derivation.information.items():
            one, *other = names.split()
            found[one, other[0] if other else one] = read(text)
        return found

    @cached_property
    def estimate(self) -> dict[str, Expression]:
        """Closed forms of the maximum of a plain sample."""
        return {letter: read(text) for letter, text in self.derivation.estimate.items()}

    def summed(self, tree: Expression) -> Expression:
        """The sum of a formula over the rows of a plain sample."""
        found = total(tree, self.of_rows)
        has_sums = any(isinstance(node, Call) and node.function == "sum" for node in walk(found))
        return found if has_sums else simplified(found)

    def values(
        self, y: Any, theta: Sequence[Any], known: Mapping[str, Any], *, short: bool = True
    ) -> dict[str, Any]:
        """Values of all letters for some rows.

        Args:
            y: the target.
            theta: the parameters, as a family takes them.
            known: what is known beside the target, by its name.
            short: whether the abbreviations are wanted too.
        """
        plain = [one.p if isinstance(one, Probability) else one for one in theta]
        names = [parameter.name for parameter in self.family.parameters]
        at: dict[str, Any] = {"y": y, **dict(zip(self.letters, plain, strict=True))}
        at |= {KNOWN_LETTERS.get(name, name): values for name, values in known.items()}
        at |= {**self.constants, "n": float(np.size(y))}
        for letter in self.derivation.unwritten:
            given = dict(zip(names, plain, strict=True))
            at[letter.letter] = letter.value(y, **given)
        for one in self.short if short else ():
            at[one.letter] = value(one.meaning, at)
        return at

    @cached_property
    def constants(self) -> dict[str, float]:
        """The number behind the family's name, by its letter."""
        setting, number = self.family.setting, self.family.value
        if setting is None or number is None or setting.name in self.letters:
            return {}
        return {setting.name: number}

    def _abbreviations(self) -> Sequence[Abbreviation]:
        found: list[Abbreviation] = []
        for short in self.derivation.short:
            meaning = read(short.meaning)
            given = {letter: read(text) for letter, text in short.slopes.items()}
            for letter in self.letters:
                if letter not in given:
                    derived = simplified(raw_slope(meaning, letter, found))
                    given |= {} if derived == ZERO else {letter: derived}
            found.append(Abbreviation(short.letter, meaning, given))
        return found


def has_cases(tree: Expression) -> bool:
    """Whether a formula tells cases apart."""
    return any(isinstance(node, Call) and node.function == "if" for node in walk(tree))
