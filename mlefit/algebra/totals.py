"""Sums over rows: what belongs to a row stands behind the sigma, everything else before it.

y log(mu) - mu    ->    sum(y) log(mu) - n mu
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from fractions import Fraction
from typing import Any

from mlefit.algebra.evaluate import value
from mlefit.algebra.terms import Terms, added, multiplied, product_tree, terms_of, tree_of
from mlefit.algebra.trees import replaced, uses
from mlefit.expression import Binary, Call, Expression, Name, Number, Unary, walk

ROWS = Name("n")


def total(tree: Expression, of_rows: Set[str]) -> Expression:
    """The sum of a formula over all rows.

    Args:
        tree: a formula of one row.
        of_rows: letters that differ from row to row.
    """
    match tree:
        case Unary(_, operand):
            return Unary("-", total(operand, of_rows))
        case Binary("+" | "-", left, right):
            return Binary(tree.operator, total(left, of_rows), total(right, of_rows))
        case Binary("/", Binary("+" | "-") as left, right) if not uses(right, of_rows):
            return Binary("/", total(left, of_rows), right)
        case Binary("/", Binary("*", left, Binary("+" | "-") as sum_), right) if not (
            uses(left, of_rows) or uses(right, of_rows)
        ):
            return Binary("/", Binary("*", left, total(sum_, of_rows)), right)
        case Binary("*", left, Binary("+" | "-") as right) if not uses(left, of_rows):
            return Binary("*", left, total(right, of_rows))
        case _:
            return _of_product(tree, of_rows)


def _of_product(tree: Expression, of_rows: Set[str]) -> Expression:
    """What does not differ from row to row stands before the sigma."""
    terms: Terms = {}
    for product, coefficient in terms_of(tree, expand=False).items():
        inside = tuple((a, e) for a, e in product if uses(a, of_rows))
        outside = tuple((a, e) for a, e in product if not uses(a, of_rows))
        whole: Expression = Call("sum", (product_tree(inside, Fraction(1)),)) if inside else ROWS
        terms = added(terms, {multiplied(outside, ((whole, Fraction(1)),)): coefficient})
    return tree_of(terms)


def with_sums(tree: Expression, rows: Mapping[str, Any], n: float) -> Expression | None:
    """The same with the sums over given rows; None if a parameter stands inside one.

    Numbers that stand alone are added up.
    """
    known = set(rows)

    def number_for(node: Expression) -> Expression:
        return signed(float(value(node, rows)))

    given: dict[Expression, Expression] = {ROWS: Number(float(n))}
    for node in walk(tree):
        if isinstance(node, Call) and node.function == "sum":
            letters = {one.name for one in walk(node) if isinstance(one, Name)}
            if not letters <= known | {"pi"}:
                return None
            given[node] = number_for(node)
    return replaced(tree, given)


def signed(number: float) -> Expression:
    """A number of either sign."""
    return Number(number) if number >= 0 else Unary("-", Number(-number))
