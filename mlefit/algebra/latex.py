r"""A tree for a blackboard: \frac{\mu^{y} e^{-\mu}}{y!}."""

from __future__ import annotations

import re

from mlefit.algebra.functions import SPECIAL
from mlefit.algebra.plain import ATOM, GREEK, POWER, PRODUCT, SUM, Show, begins_with_sign
from mlefit.expression import Binary, Call, Comparison, Expression, Name, Number, Unary

_RELATIONS = {"==": "=", "<=": r"\le", ">=": r"\ge", "!=": r"\ne"}


def latex(tree: Expression, show: Show = lambda value: f"{value:.5g}") -> str:
    """The formula between two dollar signs, without them."""
    return _text(tree, show)[0]


def letter(name: str) -> str:
    """A name as a letter."""
    bare = name.removesuffix("_hat")
    plain, digits = re.fullmatch(r"(.*?)(\d*)", bare).groups()  # type: ignore[union-attr]
    if plain == "euler":
        shown = r"\gamma"
    elif plain in GREEK:
        shown = f"\\{plain}"
    else:
        shown = plain if len(plain) == 1 else rf"\mathrm{{{plain}}}"
    if bare != name:
        shown = rf"\hat{{{shown}}}"
    return f"{shown}_{{{digits}}}" if digits else shown


def _text(tree: Expression, show: Show) -> tuple[str, int]:
    def grouped(part: Expression, least: int) -> str:
        text, level = _text(part, show)
        return text if level >= least else rf"\left({text}\right)"

    match tree:
        case Number():
            return decimal(show(tree.value)), ATOM
        case Name():
            return letter(tree.name), ATOM
        case Unary(_, operand):
            return f"-{grouped(operand, PRODUCT)}", SUM
        case Binary("^", base, exponent):
            return f"{grouped(base, ATOM)}^{{{_text(exponent, show)[0]}}}", POWER
        case Binary("/", left, right):
            return rf"\frac{{{_text(left, show)[0]}}}{{{_text(right, show)[0]}}}", POWER
        case Binary("*", left, right):
            one = grouped(left, SUM if begins_with_sign(left) else PRODUCT)
            other = grouped(right, PRODUCT)
            between = r" \cdot " if other[0].isdigit() else r" \, " if _is_call(right) else " "
            return f"{one}{between}{other}", PRODUCT
        case Binary(sign, left, right):
            other = grouped(right, SUM if sign == "+" else PRODUCT)
            other = rf"\left({other}\right)" if other.startswith("-") else other
            return f"{grouped(left, SUM)} {sign} {other}", SUM
        case Comparison(operator, left, right):
            relation = _RELATIONS.get(operator, operator)
            return f"{grouped(left, SUM)} {relation} {grouped(right, SUM)}", 1
    assert isinstance(tree, Call)
    return _call(tree, show)


def decimal(text: str) -> str:
    """A number, with its power of ten written out."""
    mantissa, e, exponent = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else text


def _is_call(tree: Expression) -> bool:
    return isinstance(tree, Call) and tree.function not in ("exp", "sqrt", "factorial")


def _call(tree: Call, show: Show) -> tuple[str, int]:
    texts = [_text(one, show) for one in tree.arguments]
    text, level = texts[0]
    inside = text if level >= ATOM else rf"\left({text}\right)"
    if tree.function in ("sum", "mean"):
        return _of_rows(tree, text, inside, level)
    match tree.function:
        case "if":
            condition, yes, no = (one for one, _ in texts)
            rows = rf"{yes} & \text{{if }} {condition} \\ {no} & \text{{otherwise}}"
            return rf"\begin{{cases}} {rows} \end{{cases}}", ATOM
        case "exp":
            return f"e^{{{text}}}", POWER
        case "sqrt":
            return rf"\sqrt{{{text}}}", ATOM
        case "factorial":
            return f"{inside}!", ATOM
        case "log":
            return rf"\log {inside}", POWER
        case name if name in SPECIAL:
            return SPECIAL[name].latex.format(*(one for one, _ in texts)), ATOM
        case name:
            shown = rf"\{name}" if name in _OPERATORS else rf"\operatorname{{{name}}}"
            return rf"{shown}\left({', '.join(one for one, _ in texts)}\right)", ATOM


_OPERATORS = ("sin", "cos", "tanh")


def _of_rows(tree: Call, text: str, inside: str, level: int) -> tuple[str, int]:
    """Sums and means over all rows; of a condition the number of rows that meet it."""
    row = tree.arguments[0]
    total = rf"\sum {text if level >= PRODUCT else inside}"
    if isinstance(row, Comparison):
        total = rf"\#\{{{text}\}}"
    if tree.function == "sum":
        return total, PRODUCT
    if isinstance(row, Name):
        return rf"\bar{{{text}}}", ATOM
    return rf"\frac{{1}}{{n}} {total}", PRODUCT
