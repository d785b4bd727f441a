"""The density from its logarithm: exp(a log(b) + c) = b^a exp(c)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce

from mlefit.algebra.terms import Product, product_tree, terms_of
from mlefit.algebra.trees import ONE, number
from mlefit.expression import Binary, Call, Expression, Name, Number, Unary


def exponential(tree: Expression) -> Expression:
    """exp of a formula, with what stands under a logarithm taken out of the exponent."""
    match tree:
        case Call("if", (condition, *branches)):
            return Call("if", (condition, *map(exponential, branches)))
        case Call("log", (inside,)):
            return inside
    above: list[Expression] = []
    below: list[Expression] = []
    rest: list[tuple[bool, Expression]] = []
    for positive, addend in addends(tree):
        terms = terms_of(addend, expand=False)
        product, coefficient = next(iter(terms.items()))
        coefficient *= 1 if positive else -1
        logs = [atom for atom, e in product if isinstance(atom, Call) and atom.function == "log"]
        if len(terms) != 1 or len(logs) != 1 or dict(product)[logs[0]] != 1:
            rest.append((positive, addend))
            continue
        base = logs[0].arguments[0]
        others = tuple((atom, e) for atom, e in product if atom is not logs[0])
        if coefficient == 1 and not others:
            over, under = _fraction(base)
            above += over
            below += under
            continue
        (above if coefficient > 0 else below).append(_raised(base, others, abs(coefficient)))
    if rest:
        above.append(Call("exp", (sum_of(rest),)))
    top = reduce(lambda u, v: Binary("*", u, v), above) if above else ONE
    if not below:
        return top
    below.sort(key=lambda factor: not isinstance(factor, Name | Number))
    return Binary("/", top, reduce(lambda u, v: Binary("*", u, v), below))


def _fraction(tree: Expression) -> tuple[list[Expression], list[Expression]]:
    """The factors of a tree above and below its line."""
    match tree:
        case Binary("*", left, right):
            (over, under), (more, less) = _fraction(left), _fraction(right)
            return over + more, under + less
        case Binary("/", left, right):
            (over, under), (more, less) = _fraction(left), _fraction(right)
            return over + less, under + more
        case _:
            return ([] if tree == ONE else [tree]), []


def _raised(base: Expression, others: Product, coefficient: Fraction) -> Expression:
    if not others:
        if coefficient == 1:
            return base
        if coefficient == Fraction(1, 2):
            return Call("sqrt", (base,))
        return Binary("^", base, number(coefficient))
    return Binary("^", base, product_tree(others, coefficient))


def addends(tree: Expression, positive: bool = True) -> Iterator[tuple[bool, Expression]]:
    """What a sum adds up, each with whether its sign is plus."""
    match tree:
        case Unary(_, operand):
            yield from addends(operand, not positive)
        case Binary("+" | "-", left, right):
            yield from addends(left, positive)
            yield from addends(right, positive == (tree.operator == "+"))
        case Binary("/" | "*", Unary(_, operand), right):
            yield not positive, Binary(tree.operator, operand, right)
        case _:
            yield positive, tree


def sum_of(parts: Sequence[tuple[bool, Expression]]) -> Expression:
    """The sum of what has a plus sign, less the others."""
    (positive, first), *others = sorted(parts, key=lambda part: not part[0])
    total = first if positive else Unary("-", first)
    for plus, addend in others:
        total = Binary("+" if plus else "-", total, addend)
    return total
