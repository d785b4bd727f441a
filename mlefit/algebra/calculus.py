"""Score and curvature of a log-density, through its abbreviations.

With z = (y - mu)/sigma a log-density g(z, sigma) has the slope g_z z_sigma + g_sigma in
sigma. The slopes of z are stated by whoever names it, in the shortest words (-z/sigma);
the contract of the families proves them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from mlefit.algebra.functions import SPECIAL, Special, read
from mlefit.algebra.simplify import by_cases, simplified
from mlefit.algebra.trees import ZERO, replaced, size, uses
from mlefit.expression import Binary, Call, Expression, Name, Unary, derivative
from mlefit.frozen import frozen

_LONG = 20.0


@frozen
class Abbreviation:
    """A letter for a part of a formula.

    Attributes:
        letter: what it is called.
        meaning: what it stands for; may use the letters before it.
        slopes: its derivative in each parameter that it moves with.
    """

    letter: str
    meaning: Expression
    slopes: Mapping[str, Expression]


def raw_slope(tree: Expression, variable: str, short: Sequence[Abbreviation] = ()) -> Expression:
    """The derivative of a formula in a parameter, as the rules leave it.

    Raises:
        UsageError: it has none everywhere.
    """
    total = derivative(tree, Name(variable), RULES)
    for one in short:
        inner = one.slopes.get(variable, ZERO)
        if inner != ZERO and uses(tree, {one.letter}):
            outer = derivative(tree, Name(one.letter), RULES)
            total = Binary("+", total, Binary("*", outer, inner))
    return total


def slope(tree: Expression, variable: str, short: Sequence[Abbreviation] = ()) -> Expression:
    """The derivative of a formula in a parameter, simplified."""
    return simplified(raw_slope(tree, variable, short))


def curvature(
    tree: Expression, one: str, other: str, short: Sequence[Abbreviation] = ()
) -> Expression:
    """Minus a second derivative, simplified."""
    return by_cases(tree, lambda branch: _curvature(branch, one, other, short))


def _curvature(tree: Expression, one: str, other: str, short: Sequence[Abbreviation]) -> Expression:
    first = raw_slope(tree, one, short)
    simple = simplified(first)
    # the raw form of a long one has no chance to come out shorter
    forms = (first, simple) if size(simple) < _LONG else (simple,)
    return min((minus(raw_slope(form, other, short)) for form in forms), key=size)


def minus(tree: Expression) -> Expression:
    """Its negative, simplified."""
    return simplified(Unary("-", tree))


def written_out(tree: Expression, short: Sequence[Abbreviation]) -> Expression:
    """The formula without abbreviations."""
    for one in reversed(short):
        tree = replaced(tree, {Name(one.letter): one.meaning})
    return tree


def _rule(special: Special) -> Callable[..., Expression]:
    partials = [read(text) for text in special.slopes]

    def rule(
        arguments: tuple[Expression, ...], inner: Callable[[Expression], Expression]
    ) -> Expression:
        given: Mapping[Expression, Expression] = {
            Name(letter): argument
            for letter, argument in zip(special.letters, arguments, strict=True)
        }
        parts: list[Expression] = [
            Binary("*", replaced(partial, given), inner(argument))
            for partial, argument in zip(partials, arguments, strict=True)
        ]
        return reduce(lambda one, other: Binary("+", one, other), parts)

    return rule


def _branches(
    arguments: tuple[Expression, ...], inner: Callable[[Expression], Expression]
) -> Expression:
    condition, *branches = arguments
    return Call("if", (condition, *map(inner, branches)))


RULES = {name: _rule(special) for name, special in SPECIAL.items() if special.slopes} | {
    "if": _branches
}
"""How each function is derived: by the chain rule, a choice in each of its branches."""
