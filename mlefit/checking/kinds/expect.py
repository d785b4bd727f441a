"""A condition in words of one's own: `b[x] > 0.2`, `sigma < 2*mu`, `fit_gap < 0.01`, `rows >= 100`.

Names are the estimates of today, as `--derive` has them, and the checks, each standing for what it
measures first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from mlefit.checking import kinds
from mlefit.checking._base import Check, Sight, UnseenError
from mlefit.checking.day import Day
from mlefit.checking.estimates import Estimate, estimates
from mlefit.checking.measured import can_be_asked, seen_by
from mlefit.checking.options import Option
from mlefit.errors import UsageError, did_you_mean
from mlefit.expression import (
    Comparison,
    Leaf,
    Name,
    NoValueError,
    Reference,
    evaluate,
    parse,
    render,
    stray_comparison,
    walk,
)

_COMPARED = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
_COEFFICIENT = "b"
_MOST_LISTED = 12


class Expectation(Check):
    """See the module's docstring."""

    name = "expect"
    summary = "a comparison of estimates and checks: --expect 'b[x] > 0.2'"
    quantities = {"holds": "true or false", "left": "left side", "right": "right side"}
    options = {"expr": Option("text", "the comparison", example="rows >= 100", needed=True)}
    example = {"is": False}
    baseline = False
    order = 9

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        comparison = compared(given["expr"])
        leaves = [node for node in walk(comparison) if isinstance(node, Name | Reference)]
        at = {leaf: _value(leaf, day) for leaf in leaves}
        try:
            left, right = (
                evaluate(side, {}, at).value for side in (comparison.left, comparison.right)
            )
        except NoValueError as error:
            raise UsageError(error.problem, *error.evidence) from error
        said = ", ".join(f"{render(leaf)} = {value:.6g}" for leaf, value in at.items())
        yield Sight(
            {"holds": _COMPARED[comparison.operator](left, right), "left": left, "right": right},
            f"{render(comparison)}: {said}" if said else render(comparison),
        )


def compared(text: str) -> Comparison:
    """The comparison that a text is.

    Raises:
        UsageError: it is none.
    """
    tree = parse(text)
    sides = (tree.left, tree.right) if isinstance(tree, Comparison) else ()
    if not isinstance(tree, Comparison) or any(stray_comparison(side) for side in sides):
        raise UsageError(
            f"'{text}' is no comparison of two numbers", "for example 'b[x] > 0', 'fit_gap < 0.01'"
        )
    return tree


def _value(leaf: Leaf, day: Day) -> float:
    """Of an estimate, or of what a check measures first."""
    if isinstance(leaf, Name) and can_be_asked(leaf.name):
        return _measured(leaf.name, day)
    known = estimates(day.today.record)
    key = leaf.key if isinstance(leaf, Reference) and leaf.name == _COEFFICIENT else render(leaf)
    found: Estimate | None = known.get(key)
    if found is None:
        raise UsageError(
            f"there is no estimate and no check {render(leaf)}",
            "estimates: " + ", ".join(list(known)[:_MOST_LISTED]),
            "checks: " + ", ".join(kinds.NAMES),
            tries=did_you_mean(key, [*known, *kinds.NAMES]),
        )
    return found.value


def _measured(name: str, day: Day) -> float:
    sights, first = seen_by(name, day)
    if len(sights) != 1:
        raise UsageError(f"'{name}' is about several terms, so it is no number")
    value = sights[0].values[first]
    if not isinstance(value, int | float):
        raise UnseenError(f"'{name}' has no value")
    return float(value)


CHECK = Expectation()
