"""Formulas as records: a left side, an equals sign, a tree; and numbers for letters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from mlefit.algebra import latex, plain
from mlefit.algebra.evaluate import value as value_of
from mlefit.algebra.totals import signed
from mlefit.algebra.trees import replaced
from mlefit.expression import Call, Expression, Name, render, walk
from mlefit.results.explain import Formula

# plain sums this large are whole numbers that every digit of is meant
_LARGEST_WHOLE = 1e9


class Side(NamedTuple):
    """A left side, as plain mathematics and for a blackboard."""

    text: str
    latex: str


def shown(value: float) -> str:
    """A number in a formula: whole ones whole, others with five digits."""
    if not math.isfinite(value):
        return str(value)
    if value == round(value) and abs(value) < _LARGEST_WHOLE:
        return f"{value:.0f}"
    text = f"{value:.5g}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def told(value: float) -> str:
    """The same with the signs of mathematics, for words."""
    return plain.signed(shown(value))


def equation(
    name: str, left: Side, tree: Expression, *, value: float | None = None, language: bool = True
) -> Formula:
    """left = tree, and = value where there is one.

    Args:
        name: what the formula is.
        left: its left side; empty for the tree alone.
        tree: its right side.
        value: of the right side.
        language: whether the right side is one of the expression language.
    """
    text, tex = plain.plain(tree, shown), latex.latex(tree, shown)
    if left.text:
        text, tex = f"{left.text} = {text}", f"{left.latex} = {tex}"
    if value is not None:
        text, tex = f"{text} = {told(value)}", f"{tex} = {latex.decimal(shown(value))}"
    return Formula(name, text, tex, render(tree) if language else None, value)


def stated(name: str, left: Side, number: float) -> Formula:
    """left = number."""
    return Formula(
        name,
        f"{left.text} = {told(number)}",
        f"{left.latex} = {latex.decimal(shown(number))}",
        value=number if math.isfinite(number) else None,
    )


def with_numbers(tree: Expression, at: Mapping[str, Any]) -> Expression:
    """The formula with numbers for its letters, and of its cases the one that holds."""
    cases = [node for node in walk(tree) if isinstance(node, Call) and node.function == "if"]
    if cases:
        condition, yes, no = cases[0].arguments
        branch = yes if bool(np.ravel(value_of(condition, at))[0]) else no
        return with_numbers(replaced(tree, {cases[0]: branch}), at)
    given: dict[Expression, Expression] = {
        node: signed(float(np.ravel(at[node.name])[0]))
        for node in walk(tree)
        if isinstance(node, Name) and node.name in at
    }
    return replaced(tree, given)


def theta_list(letters: tuple[str, ...]) -> Side:
    """The parameters with commas between."""
    return Side(", ".join(map(plain.letter, letters)), ", ".join(map(latex.letter, letters)))


def partial(letter: str, order: int = 1, other: str | None = None) -> Side:
    """The left side of a derivative of the log-likelihood."""
    one, tex = plain.letter(letter), latex.letter(letter)
    if order == 1:
        return Side(f"∂ℓ/∂{one}", rf"\frac{{\partial \ell}}{{\partial {tex}}}")
    if other is None or other == letter:
        return Side(
            f"{plain.MINUS}∂²ℓ/∂{one}²",
            rf"-\frac{{\partial^2 \ell}}{{\partial {tex}^2}}",
        )
    two, tex_two = plain.letter(other), latex.letter(other)
    return Side(
        f"{plain.MINUS}∂²ℓ/∂{one}∂{two}",
        rf"-\frac{{\partial^2 \ell}}{{\partial {tex} \, \partial {tex_two}}}",
    )


def letter_side(letter: str) -> Side:
    """A letter alone."""
    return Side(plain.letter(letter), latex.letter(letter))


def hat(letter: str) -> Side:
    """The estimate of a parameter."""
    return Side(plain.letter(f"{letter}_hat"), latex.letter(f"{letter}_hat"))


def with_article(noun: str) -> str:
    """A normal model, an exponential model."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
