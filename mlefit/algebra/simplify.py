"""The shortest of the forms that a sum of products can take.

    y/mu - 1          or (y - mu)/mu          as it is, or over one denominator
    2 z^2 - 2 z       or 2 z (z - 1)          as it is, or with what is common taken out
    a/u + b/u + c     or (a + b)/u + c        or taken out of some of the products

Each is tried with sums multiplied out and with sums kept together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache

from mlefit.algebra.terms import (
    Product,
    Terms,
    content,
    divided,
    multiplied,
    primitive,
    product_tree,
    scaled,
    shared,
    terms_of,
    tree_of,
)
from mlefit.algebra.trees import replaced, size
from mlefit.expression import Binary, Call, Expression, Unary, walk

_DEEPEST = 3
# of a longer sum nobody sees which form is the shortest
_MANY = 10


def simplified(tree: Expression) -> Expression:
    """A shorter tree of the same value wherever both have one; cases stand outermost."""
    return by_cases(tree, lambda branch: _best(branch, _DEEPEST))


def by_cases(tree: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """What becomes of a formula that tells cases apart, if each case is changed by itself."""
    case = next((node for node in walk(tree) if isinstance(node, Call) and _is_case(node)), None)
    if case is None:
        return change(tree)
    yes, no = (by_cases(branch_of(tree, case, at), change) for at in (1, 2))
    return yes if yes == no else Call("if", (case.arguments[0], yes, no))


def branch_of(tree: Expression, case: Call, position: int) -> Expression:
    """The tree where a condition holds (position 1) or does not (2)."""
    given: dict[Expression, Expression] = {
        node: node.arguments[position]
        for node in walk(tree)
        if isinstance(node, Call) and _is_case(node) and node.arguments[0] == case.arguments[0]
    }
    found = replaced(tree, given)
    return found if found == tree or not given else branch_of(found, case, position)


def _is_case(node: Call) -> bool:
    return node.function == "if"


@cache
def _best(tree: Expression, depth: int) -> Expression:
    found: list[Expression] = []
    for expand in (False, True):
        terms = terms_of(_with_simple_parts(tree, depth), expand=expand)
        found += _forms(terms, depth)
    return min(found, key=size)


def _with_simple_parts(tree: Expression, depth: int) -> Expression:
    """The tree with what stands inside calls made simple first."""
    match tree:
        case Call(function, arguments):
            return Call(function, tuple(_best(one, depth) for one in arguments))
        case Unary(_, operand):
            return Unary("-", _with_simple_parts(operand, depth))
        case Binary(operator, left, right):
            return Binary(
                operator, _with_simple_parts(left, depth), _with_simple_parts(right, depth)
            )
        case _:
            return tree


def _forms(terms: Terms, depth: int) -> Iterator[Expression]:
    yield tree_of(terms)
    if len(terms) < 2 or not depth:
        return
    for denominators in (False, True):
        common = shared(terms, denominators=denominators)
        rest = divided(terms, common)
        factor = content(rest)
        if common or factor not in (1, -1):
            inside = _best(tree_of(scaled(rest, 1 / factor)), depth - 1)
            yield _product_with(common, factor, inside)
    denominators_apart = _by_denominator(terms) if len(terms) <= _MANY else ()
    for groups in (_by_calls(terms), *denominators_apart):
        if 1 < len(groups) < len(terms):
            yield _sum_of([min(_forms(group, depth - 1), key=size) for group in groups])


def _by_calls(terms: Terms) -> list[Terms]:
    """The products apart by the functions they hold, since only the rest of them can cancel."""
    groups: dict[Product, Terms] = {}
    for product, coefficient in terms.items():
        calls = tuple((a, e) for a, e in product if isinstance(a, Call) and a.function != "sqrt")
        groups.setdefault(calls, {})[product] = coefficient
    return list(groups.values())


def _by_denominator(terms: Terms) -> Iterator[list[Terms]]:
    """The products that are divided by one thing, and the others."""
    for atom in _met_more_than_once(terms):
        within = {p: c for p, c in terms.items() if dict(p).get(atom, 0) < 0}
        yield [within, {p: c for p, c in terms.items() if p not in within}]


def _met_more_than_once(terms: Terms) -> list[Expression]:
    atoms = [atom for product in terms for atom, exponent in product if exponent < 0]
    return [atom for atom in dict.fromkeys(atoms) if atoms.count(atom) > 1]


def _product_with(common: Product, factor: Fraction, inside: Expression) -> Expression:
    """A number times a product times a sum, as one fraction."""
    if isinstance(inside, Unary):
        return _product_with(common, -factor, inside.operand)
    more, found, rest = primitive(terms_of(inside, expand=False))
    whole = product_tree(multiplied(multiplied(common, found), _kept(rest)), factor * more)
    as_it_is = product_tree(multiplied(common, ((inside, Fraction(1)),)), factor)
    return min(whole, as_it_is, key=size)


def _kept(terms: Terms) -> Product:
    """A sum that is one factor of a product; nothing of it is left where it was one product."""
    return ((tree_of(terms), Fraction(1)),) if set(terms) != {()} else ()


def _sum_of(parts: list[Expression]) -> Expression:
    """The sum of some trees, those with a plus sign first."""
    first, *others = sorted(parts, key=_is_negative)
    total = first
    for part in others:
        if _is_negative(part):
            total = Binary("-", total, _turned(part))
        else:
            total = Binary("+", total, part)
    return total


def _is_negative(tree: Expression) -> bool:
    return isinstance(tree, Unary) or (
        isinstance(tree, Binary) and tree.operator != "^" and _is_negative(tree.left)
    )


def _turned(tree: Expression) -> Expression:
    """Minus a tree that begins with a minus sign."""
    if isinstance(tree, Unary):
        return tree.operand
    assert isinstance(tree, Binary)
    if tree.operator in "*/":
        return Binary(tree.operator, _turned(tree.left), tree.right)
    other = "-" if tree.operator == "+" else "+"
    return Binary(other, _turned(tree.left), tree.right)
