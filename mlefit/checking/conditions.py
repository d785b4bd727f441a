"""Conditions on what a check saw, as words: `{ above = 0.02 }`, `{ z_above = 4, ... }`.

The keys of one condition are joined by `and`. `QUANTITY_WORD` is about one of the check's
quantities, `WORD` alone about its first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlefit.errors import UsageError, did_you_mean

Bound = float | tuple[float, float] | bool


@dataclass(frozen=True)
class Word:
    """A comparison.

    Attributes:
        kind: what stands on the right of the equals sign.
        holds: whether a value is so.
        text: how the condition is said.
    """

    kind: str
    holds: Callable[[float, Any], bool]
    text: str


WORDS: Mapping[str, Word] = {
    "above": Word("a number", lambda value, bound: value > bound, "above {}"),
    "below": Word("a number", lambda value, bound: value < bound, "below {}"),
    "outside": Word("[low, high]", lambda v, ends: not ends[0] <= v <= ends[1], "outside {} to {}"),
    "inside": Word("[low, high]", lambda v, ends: ends[0] <= v <= ends[1], "inside {} to {}"),
    "is": Word("true or false", lambda value, bound: bool(value) is bound, "{}"),
}


@dataclass(frozen=True)
class Part:
    """One key of a condition and its bound."""

    quantity: str
    word: str
    bound: Bound

    def holds(self, values: Mapping[str, float | None]) -> bool:
        """Whether a sight is so; what has no value is not."""
        value = values.get(self.quantity)
        return value is not None and WORDS[self.word].holds(value, self.bound)


@dataclass(frozen=True)
class Condition:
    """Everything that has to hold.

    Attributes:
        parts: what is compared; none holds for nothing.
        main: the quantity whose name need not be said.
    """

    parts: tuple[Part, ...]
    main: str

    def holds(self, values: Mapping[str, float | None]) -> bool:
        """Whether all of it is so.

        Raises:
            LookupError: a quantity that it is about has no number.
        """
        for part in self.parts:
            value = values.get(part.quantity)
            if value is None or math.isnan(value):
                raise LookupError(part.quantity)
        return all(part.holds(values) for part in self.parts)

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
    if kind == "[low, high]" and isinstance(value, list) and len(value) == 2:
        if all(isinstance(end, int | float) and not isinstance(end, bool) for end in value):
            low, high = map(float, value)
            if low <= high:
                return low, high
    raise UsageError(f"'{key}' of {where} must be {kind}, and it is {value!r}")


def _shown(bound: Any) -> str:
    return str(bound).lower() if isinstance(bound, bool) else f"{bound:g}"
