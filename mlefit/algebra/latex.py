r"""A tree for a blackboard: \frac{\mu^{y} e^{-\mu}}{y!}."""

from __future__ import annotations

import re
from collections.abc import Callable

from mlefit.algebra.functions import SPECIAL
from mlefit.algebra.plain import begins_with_sign
from mlefit.expression import Binary, Call, Comparison, Expression, Name, Number, Unary

_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "eta",
        "theta",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
)
_SUM, _PRODUCT, _POWER, _ATOM = 2, 3, 5, 6
_RELATIONS = {"==": "=", "<=": r"\le", ">=": r"\ge", "!=": r"\ne"}

Show = Callable[[float], str]


def latex(tree: Expression, show: Show = lambda value: f"{value:.5g}") -> str:
    """The formula between two dollar signs, without them."""
    return _text(tree, show)[0]


def letter(name: str) -> str:
    """A name as a letter."""
    bare = name.removesuffix("_hat")
    plain, digits = re.fullmatch(r"(.*?)(\d*)", bare).groups()  # type: ignore[union-attr]
    if plain == "euler":
        shown = r"\gamma"
    elif plain in _GREEK:
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
            return decimal(show(tree.value)), _ATOM
        case Name():
            return letter(tree.name), _ATOM
        case Unary(_, operand):
            return f"-{grouped(operand, _PRODUCT)}", _SUM
        case Binary("^", base, exponent):
            return f"{grouped(base, _ATOM)}^{{{_text(exponent, show)[0]}}}", _POWER
        case Binary("/", left, right):
            return rf"\frac{{{_text(left, show)[0]}}}{{{_text(right, show)[0]}}}", _POWER
        case Binary("*", left, right):
            one = grouped(left, _SUM if begins_with_sign(left) else _PRODUCT)
            other = grouped(right, _PRODUCT)
            between = r" \cdot " if other[0].isdigit() else r" \, " if _is_call(right) else " "
            return f"{one}{between}{other}", _PRODUCT
        case Binary(sign, left, right):
            other = grouped(right, _SUM if sign == "+" else _PRODUCT)
            other = rf"\left({other}\right)" if other.startswith("-") else other
            return f"{grouped(left, _SUM)} {sign} {other}", _SUM
        case Comparison(operator, left, right):
            relation = _RELATIONS.get(operator, operator)
            return f"{grouped(left, _SUM)} {relation} {grouped(right, _SUM)}", 1
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
    inside = text if level >= _ATOM else rf"\left({text}\right)"
    if tree.function in ("sum", "mean"):
        return _of_rows(tree, text, inside, level)
    match tree.function:
        case "if":
            condition, yes, no = (one for one, _ in texts)
            rows = rf"{yes} & \text{{if }} {condition} \\ {no} & \text{{otherwise}}"
            return rf"\begin{{cases}} {rows} \end{{cases}}", _ATOM
        case "exp":
            return f"e^{{{text}}}", _POWER
        case "sqrt":
            return rf"\sqrt{{{text}}}", _ATOM
        case "factorial":
            return f"{inside}!", _ATOM
        case "log":
            return rf"\log {inside}", _POWER
        case name if name in SPECIAL:
            return SPECIAL[name].latex.format(*(one for one, _ in texts)), _ATOM
        case name:
            shown = rf"\{name}" if name in _OPERATORS else rf"\operatorname{{{name}}}"
            return rf"{shown}\left({', '.join(one for one, _ in texts)}\right)", _ATOM


_OPERATORS = ("sin", "cos", "tanh")


def _of_rows(tree: Call, text: str, inside: str, level: int) -> tuple[str, int]:
    """Sums and means over all rows; of a condition the number of rows that meet it."""
    row = tree.arguments[0]
    total = rf"\sum {text if level >= _PRODUCT else inside}"
    if isinstance(row, Comparison):
        total = rf"\#\{{{text}\}}"
    if tree.function == "sum":
        return total, _PRODUCT
    if isinstance(row, Name):
        return rf"\bar{{{text}}}", _ATOM
    return rf"\frac{{1}}{{n}} {total}", _PRODUCT
