"""A tree as a sum of products, in which equal things cancel, and back.

A product is a rational number times powers of atoms; an atom is a name, a call, a power
whose exponent has letters, or a sum that is kept together. Sums are either multiplied out
or kept: `simplify` tries both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache, reduce
from math import gcd

from mlefit.algebra.trees import ONE, ZERO, exactly, number
from mlefit.expression import (
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    Unary,
    render,
)

Product = tuple[tuple[Expression, Fraction], ...]
"""Atoms with their exponents, in one order for equal products."""

Terms = dict[Product, Fraction]
"""Products with their coefficients, in the order they were met; none of them zero."""

_LARGEST_POWER = 3


def terms_of(tree: Expression, *, expand: bool) -> Terms:
    """The sum of products that a tree is.

    Args:
        tree: a formula.
        expand: whether products of sums are multiplied out.
    """
    return dict(_terms_of(tree, expand))


@cache
def _terms_of(tree: Expression, expand: bool) -> Terms:
    match tree:
        case Number():
            return _constant(exactly(tree.value))
        case Unary(_, operand):
            return scaled(terms_of(operand, expand=expand), -1)
        case Binary("+", left, right):
            return added(terms_of(left, expand=expand), terms_of(right, expand=expand))
        case Binary("-", left, right):
            away = scaled(terms_of(right, expand=expand), -1)
            return added(terms_of(left, expand=expand), away)
        case Binary("*", left, right):
            return _times(
                terms_of(left, expand=expand), terms_of(right, expand=expand), expand=expand
            )
        case Binary("/", left, right):
            # sums below a line stay together: what they cancel with is a sum as well
            below = _power(terms_of(right, expand=False), Fraction(-1), expand=False)
            return _times(terms_of(left, expand=expand), below, expand=expand)
        case Binary("^", base, exponent):
            return _of_power(base, exponent, expand=expand)
        case Call(function, arguments):
            return _of_call(function, arguments, expand=expand)
        case Comparison(operator, left, right):
            return {((Comparison(operator, left, right), Fraction(1)),): Fraction(1)}
        case _:
            return _atom(tree)


def tree_of(terms: Terms) -> Expression:
    """The tree of a sum of products, those with a plus sign first."""
    if not terms:
        return ZERO
    ordered = sorted(terms.items(), key=lambda item: item[1] < 0)
    total = product_tree(*ordered[0])
    for product, coefficient in ordered[1:]:
        sign = "+" if coefficient > 0 else "-"
        total = Binary(sign, total, product_tree(product, abs(coefficient)))
    return total


def product_tree(product: Product, coefficient: Fraction) -> Expression:
    """The tree of one product: what has a negative exponent stands below the line."""
    if coefficient < 0:
        return Unary("-", product_tree(product, -coefficient))
    product = _roots_joined(_powers_joined(product))
    above = [_powered(atom, exponent) for atom, exponent in product if exponent > 0]
    below = [_powered(atom, -exponent) for atom, exponent in product if exponent < 0]
    if coefficient.numerator != 1 or not above:
        above.insert(0, number(coefficient.numerator))
    if coefficient.denominator != 1:
        below.insert(0, number(coefficient.denominator))
    top = reduce(lambda u, v: Binary("*", u, v), above)
    if not below:
        return top
    return Binary("/", top, reduce(lambda u, v: Binary("*", u, v), below))


def _powers_joined(product: Product) -> Product:
    """mu mu^-p as mu^(1 - p), and what is raised to minus something below the line."""
    left = dict(product)
    joined: list[tuple[Expression, Fraction]] = []
    for atom, exponent in product:
        match atom:
            case Binary("^", base, Unary(_, raised)) if exponent == 1:
                if base in left:
                    rest = Binary("-", number(left.pop(base)), raised)
                    joined.append((Binary("^", base, rest), exponent))
                else:
                    joined.append((Binary("^", base, raised), -exponent))
                del left[atom]
    return (*left.items(), *joined)


def _roots_joined(product: Product) -> Product:
    """Several square roots as one: sqrt(mu)/sqrt(n) is sqrt(mu/n)."""
    roots = [(atom, exponent) for atom, exponent in product if abs(exponent) == Fraction(1, 2)]
    if len(roots) < 2:
        return product
    others = tuple(factor for factor in product if factor not in roots)
    negative = all(exponent < 0 for _, exponent in roots)
    inside = tuple((atom, 2 * abs(e) if negative else 2 * e) for atom, e in roots)
    root = (product_tree(inside, Fraction(1)), Fraction(-1 if negative else 1, 2))
    return (*others, root)


def added(one: Terms, other: Terms) -> Terms:
    """The sum of two sums."""
    total = dict(one)
    for product, coefficient in other.items():
        total[product] = total.get(product, Fraction(0)) + coefficient
        if not total[product]:
            del total[product]
    return total


def scaled(terms: Terms, factor: Fraction | int) -> Terms:
    """The sum times a number."""
    return {product: coefficient * factor for product, coefficient in terms.items() if factor}


def multiplied(one: Product, other: Product) -> Product:
    """The product of two products."""
    exponents = dict(one)
    for atom, exponent in other:
        exponents[atom] = exponents.get(atom, Fraction(0)) + exponent
    return _product((atom, exponent) for atom, exponent in exponents.items() if exponent)


def content(terms: Terms) -> Fraction:
    """The largest number that all coefficients are whole multiples of, with the first's sign."""
    if not terms:
        return Fraction(1)
    above = reduce(gcd, (abs(c.numerator) for c in terms.values()))
    below = reduce(lambda a, b: a * b // gcd(a, b), (c.denominator for c in terms.values()))
    leads = next((c for c in terms.values() if c > 0), None)
    return Fraction(above, below) * (1 if leads is not None else -1)


def shared(terms: Terms, *, denominators: bool) -> Product:
    """What all products have in common.

    Args:
        terms: a sum.
        denominators: whether one that some products are divided by counts for all.
    """
    atoms = dict.fromkeys(atom for product in terms for atom, _ in product)
    found: list[tuple[Expression, Fraction]] = []
    for atom in atoms:
        exponents = [dict(product).get(atom, Fraction(0)) for product in terms]
        least, most = min(exponents), max(exponents)
        if least > 0:
            found.append((atom, least))
        elif most < 0:
            found.append((atom, least if denominators else most))
        elif denominators and least < 0:
            found.append((atom, least))
    return _product(found)


def divided(terms: Terms, product: Product) -> Terms:
    """The sum over one product."""
    inverse = _product((atom, -exponent) for atom, exponent in product)
    return {multiplied(one, inverse): coefficient for one, coefficient in terms.items()}


def _powered(atom: Expression, exponent: Fraction) -> Expression:
    if exponent == 1:
        return atom
    if exponent == Fraction(1, 2):
        return Call("sqrt", (atom,))
    return Binary("^", atom, number(exponent))


def _product(factors: Iterable[tuple[Expression, Fraction]]) -> Product:
    return tuple(sorted(factors, key=lambda factor: _rank(factor[0])))


@cache
def _rank(atom: Expression) -> tuple[int, str]:
    """The number of rows, letters, sums, calls: the order in which people write products."""
    match atom:
        case Number():
            kind = -1
        case Name("n"):
            kind = 0
        case Name() | Binary("^", _, _):
            kind = 1
        case Call(function, _):
            kind = 3 if function == "sum" else 4
        case _:
            kind = 2
    return kind, render(atom)


def _constant(value: Fraction) -> Terms:
    return {(): value} if value else {}


def _atom(tree: Expression) -> Terms:
    return {((tree, Fraction(1)),): Fraction(1)}


def _times(one: Terms, other: Terms, *, expand: bool) -> Terms:
    if not expand:
        one, other = _kept(one), _kept(other)
    total: Terms = {}
    for left, a in one.items():
        for right, b in other.items():
            total = added(total, {multiplied(left, right): a * b})
    return total


def _kept(terms: Terms) -> Terms:
    """A sum as one atom, apart from what all its products share."""
    if len(terms) < 2:
        return terms
    factor, common, inside = primitive(terms)
    return {multiplied(common, ((tree_of(inside), Fraction(1)),)): factor}


def primitive(terms: Terms) -> tuple[Fraction, Product, Terms]:
    """A number, a product and a sum of no fractions, whose product the sum is."""
    common = shared(terms, denominators=True)
    rest = divided(terms, common)
    factor = content(rest)
    return factor, common, scaled(rest, 1 / factor)


def _power(terms: Terms, exponent: Fraction, *, expand: bool) -> Terms:
    if not terms:
        return _constant(Fraction(1)) if exponent == 0 else {}
    if len(terms) == 1:
        [(product, coefficient)] = terms.items()
        return _product_power(product, coefficient, exponent)
    whole = exponent.denominator == 1
    if expand and whole and 1 <= exponent <= _LARGEST_POWER:
        total = terms
        for _ in range(int(exponent) - 1):
            total = _times(total, terms, expand=True)
        return total
    factor, common, inside = primitive(terms)
    if not whole and factor < 0:
        factor, inside = -factor, scaled(inside, -1)
    outside = _product_power(common, factor, exponent)
    return _times(outside, {((tree_of(inside), exponent),): Fraction(1)}, expand=True)


def _product_power(product: Product, coefficient: Fraction, exponent: Fraction) -> Terms:
    if exponent.denominator == 1:
        raised = _product((atom, e * exponent) for atom, e in product)
        return {raised: coefficient ** int(exponent)}
    # of a root only what is surely positive comes out: here every square root is of a variance
    raised = _product((atom, e * exponent) for atom, e in product)
    if coefficient == 1:
        return {raised: Fraction(1)}
    root = _exact_root(coefficient, exponent)
    if root is not None:
        return {raised: root}
    parts = ((coefficient.numerator, exponent), (coefficient.denominator, -exponent))
    numbers = tuple((number(part), power) for part, power in parts if part != 1)
    return {multiplied(raised, numbers): Fraction(1)}


def _exact_root(value: Fraction, exponent: Fraction) -> Fraction | None:
    if value < 0:
        return None
    found = Fraction(float(value) ** float(exponent)).limit_denominator(1000)
    return found if found**exponent.denominator == value**exponent.numerator else None


def _of_power(base: Expression, exponent: Expression, *, expand: bool) -> Terms:
    power = terms_of(exponent, expand=True)
    if not power:
        return _constant(Fraction(1))
    inner = terms_of(base, expand=expand)
    if set(power) == {()}:
        return _power(inner, power[()], expand=expand)
    # base^(a + 2) is base^a base^2, so that powers with letters cancel too
    whole = power.pop((), Fraction(0))
    lettered = _atom(Binary("^", tree_of(inner), tree_of(power)))
    return (
        _times(lettered, _power(inner, whole, expand=expand), expand=expand) if whole else lettered
    )


_AT_ZERO: Mapping[str, int] = {"exp": 1, "sin": 0, "tanh": 0, "cos": 1, "sqrt": 0, "abs": 0}


def _of_call(function: str, arguments: tuple[Expression, ...], *, expand: bool) -> Terms:
    if function == "if":  # cases are taken apart before
        return _atom(Call("if", arguments))
    inner = [terms_of(argument, expand=expand) for argument in arguments]
    if function == "I":
        return inner[0]
    if function == "sqrt":
        return _power(inner[0], Fraction(1, 2), expand=expand)
    simple = [tree_of(one) for one in inner]
    match function, simple[0]:
        case ("log", Call("exp", (inside,))) | ("exp", Call("log", (inside,))):
            return terms_of(inside, expand=expand)
        case "log", one if one == ONE:
            return {}
        case _, nothing if nothing == ZERO and function in _AT_ZERO:
            return _constant(Fraction(_AT_ZERO[function]))
        case _:
            return _atom(Call(function, tuple(simple)))


def factors(product: Product) -> Iterator[Expression]:
    """The atoms of a product."""
    return (atom for atom, _ in product)
