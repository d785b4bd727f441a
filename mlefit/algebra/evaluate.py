"""A tree at numbers: what makes sure that no formula is written down that nothing runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlefit.algebra.functions import CONSTANTS, SPECIAL
from mlefit.expression import Binary, Call, Comparison, Expression, Name, Number, Unary

_ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in ("cos", "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "sqrt", "tanh")
    },
    "I": lambda u: u,
    "sum": np.sum,
    "mean": np.mean,
    "median": np.median,
    "quantile": lambda y, share: np.quantile(y, share, method="inverted_cdf"),
    "if": np.where,
    "min": lambda *all_: np.minimum.reduce(np.broadcast_arrays(*all_)),
    "max": lambda *all_: np.maximum.reduce(np.broadcast_arrays(*all_)),
}


def value(tree: Expression, at: Mapping[str, Any]) -> Any:
    """The value of a formula.

    Args:
        tree: the formula.
        at: arrays or numbers for its letters.
    """
    match tree:
        case Number():
            return np.float64(tree.value)
        case Name():
            return np.asarray(at[tree.name] if tree.name in at else CONSTANTS[tree.name])
        case Unary(_, operand):
            return -value(operand, at)
        case Binary(operator, left, right) | Comparison(operator, left, right):
            return _ARITHMETIC[operator](value(left, at), value(right, at))
        case Call():
            return _call(tree, at)
    raise AssertionError(f"no formula of a density holds {tree}")


def _call(tree: Call, at: Mapping[str, Any]) -> Any:
    match tree:
        case Call("log", (Call(inner, arguments),)) if _log_of(inner) is not None:
            known = _log_of(inner)
        case Call(function, arguments) if function in SPECIAL:
            known = SPECIAL[function].value
        case Call(function, arguments):
            known = _FUNCTIONS[function]
    given = [value(one, at) for one in arguments]
    if tree.function in ("sum", "mean"):  # of all rows, also what is the same in each
        given = [np.broadcast_to(one, np.shape(at["y"])) for one in given]
    assert known is not None
    return known(*given)


def _log_of(function: str) -> Callable[..., Any] | None:
    return SPECIAL[function].log_value if function in SPECIAL else None
