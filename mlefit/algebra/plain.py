"""A tree as a line of plain mathematics: y ln μ − μ − ln y!"""

from __future__ import annotations

import re
from collections.abc import Callable

from mlefit.algebra.functions import SPECIAL
from mlefit.expression import Binary, Call, Comparison, Expression, Name, Number, Unary

GREEK = dict(
    zip(
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
            "euler",
        ],
        "αβγδεηθκλμνξπρστφχψωγ",
        strict=True,
    )
)
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUM, PRODUCT, POWER, ATOM = 2, 3, 5, 6
"""How tightly a text holds together."""

MINUS = "\N{MINUS SIGN}"
_RELATIONS = {"==": "=", "<=": "≤", ">=": "≥", "!=": "≠"}

Show = Callable[[float], str]


def plain(tree: Expression, show: Show = lambda value: f"{value:.5g}") -> str:
    """One line; every number as `show` writes it."""
    return _text(tree, show)[0]


def letter(name: str) -> str:
    """A name as a letter: mu is μ, t1 is t₁, a longer word stays one."""
    bare = name.removesuffix("_hat")
    hat = "\N{COMBINING CIRCUMFLEX ACCENT}" if bare != name else ""
    stem, digits = re.fullmatch(r"(.*?)(\d*)", bare).groups()  # type: ignore[union-attr]
    return GREEK.get(stem, stem) + hat + digits.translate(_SUBSCRIPT)


def _text(tree: Expression, show: Show) -> tuple[str, int]:
    """The text and how tightly it holds together."""

    def grouped(part: Expression, least: int) -> str:
        text, level = _text(part, show)
        return text if level >= least else f"({text})"

    match tree:
        case Number():
            text = signed(show(tree.value))
            return text, PRODUCT if "·" in text else ATOM
        case Name():
            return letter(tree.name), ATOM
        case Unary(_, operand):
            return f"{MINUS}{grouped(operand, PRODUCT)}", SUM
        case Binary("^", base, exponent):
            return _power(grouped(base, ATOM), exponent, show), POWER
        case Binary("*" | "/", left, right):
            one = grouped(left, _leading(left))
            if tree.operator == "/":
                return f"{one}/{grouped(right, POWER)}", _leading(left)
            other = grouped(right, PRODUCT)
            return f"{one}{_between(left, one, other)}{other}", _leading(left)
        case Binary(sign, left, right):
            other = grouped(right, SUM if sign == "+" else PRODUCT)
            other = f"({other})" if other.startswith(MINUS) else other
            return f"{grouped(left, SUM)} {sign.replace('-', MINUS)} {other}", SUM
        case Comparison(operator, left, right):
            relation = _RELATIONS.get(operator, operator)
            return f"{grouped(left, SUM)} {relation} {grouped(right, SUM)}", 1
    assert isinstance(tree, Call)
    return _call(tree, show)


def _leading(left: Expression) -> int:
    """A sign may begin a product without a parenthesis."""
    return SUM if begins_with_sign(left) else PRODUCT


def begins_with_sign(tree: Expression) -> bool:
    """Whether a product begins with a minus sign."""
    if isinstance(tree, Binary) and tree.operator in "*/":
        return begins_with_sign(tree.left)
    return isinstance(tree, Unary)


def _between(left: Expression, one: str, other: str) -> str:
    if one[-1].isdigit() and other[0].isdigit():
        return "·"
    if other[0].isdigit() or (isinstance(left, Call) and left.function == "sum"):
        return "·"
    is_word = re.match(r"[A-Za-z]{2}", other) is not None
    return "" if isinstance(left, Number) and not is_word else " "


def _power(base: str, exponent: Expression, show: Show) -> str:
    text, level = _text(exponent, show)
    if re.fullmatch(r"\d+", text):
        return base + text.translate(_SUPERSCRIPT)
    return f"{base}^{text}" if level >= ATOM else f"{base}^({text})"


def _call(tree: Call, show: Show) -> tuple[str, int]:
    texts = [_text(one, show) for one in tree.arguments]
    text, level = texts[0]
    inside = text if level >= ATOM else f"({text})"
    match tree.function:
        case "if":
            return _cases(tree, show), 0
        case "exp":
            return f"e^{inside}", POWER
        case "sqrt":
            return f"√{inside}", ATOM
        case "mean":
            return _mean(tree.arguments[0], show), PRODUCT
        case "sum":
            return _sum(tree.arguments[0], text, level), POWER
        case "factorial":
            return f"{inside}!", ATOM
        case "log":
            return f"ln {inside}" if level >= ATOM else f"ln{inside}", POWER
        case name if name in SPECIAL:
            return SPECIAL[name].plain.format(*(one for one, _ in texts)), ATOM
        case name:
            return f"{name}({', '.join(one for one, _ in texts)})", ATOM


def _mean(row: Expression, show: Show) -> str:
    """The sum over the number of rows; of a condition the share of rows that meet it."""
    total = _text(Call("sum", (row,)), show)[0]
    return f"({total})/n" if total.startswith("Σ ") else f"{total}/n"


def _sum(row: Expression, text: str, level: int) -> str:
    """The sigma close to what it sums; of a condition the number of rows that meet it."""
    if isinstance(row, Comparison):
        return f"#[{text}]"
    if isinstance(row, Call) and row.function != "if":
        is_word = re.match(r"ln|[a-z]{2}", text) is not None
        return f"Σ {text}" if is_word else f"Σ{text}"
    return f"Σ{text}" if level >= POWER else f"Σ({text})"


def _cases(tree: Call, show: Show) -> str:
    condition, yes, no = tree.arguments
    return f"{_text(yes, show)[0]} if {_text(condition, show)[0]}, else {_text(no, show)[0]}"


def signed(number: str) -> str:
    """A number with the minus sign of mathematics, and powers of ten written out."""
    mantissa, e, exponent = number.partition("e")
    raised = f"·10{exponent.translate(_SUPERSCRIPT)}" if e and exponent[-1:].isdigit() else ""
    return (mantissa if raised else number).replace("-", MINUS) + raised
