"""Conditions on what a check saw, as words: `{ above = 0.02 }`, `{ z_above = 4, ... }`.

The keys of one condition are joined by `and`. `QUANTITY_WORD` is about one of the check's
quantities, `WORD` alone about its first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen

Ends = tuple[float, float]
Bound = float | Ends | bool
Value = float | Ends | None
"""What a check measured: a number, the ends of an interval, or nothing."""


@frozen
class Word:
    """A comparison.

    Attributes:
        kind: what stands on the right of the equals sign.
        holds: whether an interval is so; a number is one of no length.
        text: how the condition is said.
    """

    kind: str
    holds: Callable[[Ends, Any], bool]
    text: str


WORDS: Mapping[str, Word] = {
    "above": Word("a number", lambda ends, bound: ends[0] > bound, "above {}"),
    "below": Word("a number", lambda ends, bound: ends[1] < bound, "below {}"),
    "outside": Word(
        "[low, high]",
        lambda ends, band: ends[0] < band[0] or ends[1] > band[1],
        "outside {} to {}",
    ),
    "inside": Word(
        "[low, high]",
        lambda ends, band: band[0] <= ends[0] and ends[1] <= band[1],
        "inside {} to {}",
    ),
    "misses": Word(
        "[low, high]",
        lambda ends, band: ends[1] < band[0] or ends[0] > band[1],
        "wholly outside {} to {}",
    ),
    "is": Word("true or false", lambda ends, bound: bool(ends[0]) is bound, "it is {}"),
}


@frozen
class Part:
    """One key of a condition and its bound."""

    quantity: str
    word: str
    bound: Bound

    def holds(self, value: float | Ends) -> bool:
        """Whether a value is so."""
        ends = value if isinstance(value, tuple) else (float(value), float(value))
        return WORDS[self.word].holds(ends, self.bound)


@frozen
class Condition:
    """Everything that has to hold.

    Attributes:
        parts: what is compared; none holds for nothing.
        main: the quantity whose name need not be said.
    """

    parts: tuple[Part, ...]
    main: str

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether all of it is so.

        Raises:
            LookupError: a quantity that it is about has no number.
        """
        for part in self.parts:
            value = values.get(part.quantity)
            if value is None or np.isnan(value).any():
                raise LookupError(part.quantity)
            if not part.holds(value):
                return False
        return True

    def bound_above(self, quantity: str) -> float | None:
        """The bound that it puts above a quantity; None if it puts none."""
        for part in self.parts:
            if part.quantity == quantity and part.word == "above":
                return float(part.bound)  # type: ignore[arg-type]
        return None

    def __str__(self) -> str:
        said = []
        for part in self.parts:
            ends = part.bound if isinstance(part.bound, tuple) else (part.bound,)
            text = WORDS[part.word].text.format(*map(_shown, ends))
            said.append(text if part.quantity == self.main else f"{part.quantity} {text}")
        return " and ".join(said)


def condition(table: Mapping[str, Any], quantities: Sequence[str], where: str) -> Condition:
    """The condition that a table of the checks file is.

    Args:
        table: its keys and values.
        quantities: of the check, the main one first.
        where: what an error calls the table.

    Raises:
        UsageError: an unknown key, or a bound of another kind.
    """
    known = [key for quantity in quantities for key in _keys(quantity, quantity == quantities[0])]
    if not table:
        raise UsageError(f"{where} is empty", f"it takes: {', '.join(known)}")
    parts = []
    for key, value in table.items():
        if key not in known:
            close = did_you_mean(key, known)
            raise UsageError(
                f"{where} has no key '{key}'",
                f"it takes: {', '.join(known)}",
                tries=[f"{word} = ..." for word in close],
            )
        quantity, _, word = key.rpartition("_")
        parts.append(Part(quantity or quantities[0], word, _bound(value, word, key, where)))
    return Condition(tuple(parts), quantities[0])


def _keys(quantity: str, is_main: bool) -> list[str]:
    return [name for word in WORDS for name in ([word] if is_main else []) + [f"{quantity}_{word}"]]


def _bound(value: Any, word: str, key: str, where: str) -> Bound:
    kind = WORDS[word].kind
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "true or false" and isinstance(value, bool):
        return value
    if kind == "a number" and number and not math.isnan(value):
        return float(value)
    if kind == "[low, high]" and _are_ends(value):
        return float(value[0]), float(value[1])
    raise UsageError(f"'{key}' of {where} must be {kind}, and it is {value!r}")


def _are_ends(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in value)
    return numbers and bool(value[0] <= value[1])


def _shown(bound: Any) -> str:
    return str(bound).lower() if isinstance(bound, bool) else f"{bound:g}"
