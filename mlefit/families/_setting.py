"""A number that is part of a family's name, as in huber:1.35 or pinball:0.9."""

from __future__ import annotations

import math

from mlefit.errors import UsageError
from mlefit.frozen import frozen


@frozen
class Setting:
    """The number behind NAME:NUMBER. It chooses a family of a kind; no fit estimates it.

    Where a parameter of the family has the setting's name, the number holds that
    parameter, as --fix would. Otherwise the density itself is made with it.

    Attributes:
        name: the letter of the formula, in ASCII.
        default: the number where none is written; None if the parameter of this name is
            then estimated.
        meaning: finishes the sentence "it is the ...".
        lower: end of the open interval it lies in.
        upper: the other end.
        examples: further numbers at which the contract is tested.
    """

    name: str
    default: float | None
    meaning: str
    lower: float = 0.0
    upper: float = math.inf
    examples: tuple[float, ...] = ()

    def require(self, value: float, written: str) -> None:
        """Refuse a number outside the interval.

        Raises:
            UsageError: it is outside; `written` is what the user wrote.
        """
        if not self.lower < value < self.upper:
            raise UsageError(
                f"'{written}': {self.name}, the {self.meaning}, must be {self.bounds}",
                tries=[] if self.default is None else [_with(written, self.default)],
            )

    @property
    def bounds(self) -> str:
        """The interval in words."""
        ends = [
            f"{word} {end:g}"
            for word, end in (("above", self.lower), ("below", self.upper))
            if math.isfinite(end)
        ]
        return " and ".join(ends) or "a number"


def label(name: str, value: float | None) -> str:
    """NAME:NUMBER, which reads back as the same number; NAME without one."""
    return name if value is None else f"{name}:{repr(float(value)).removesuffix('.0')}"


def parts(written: str) -> tuple[str, str | None]:
    """What stands before the last colon and after it; None without a colon."""
    name, colon, number = written.rpartition(":")
    return (name, number) if colon else (written, None)


def number(text: str, written: str) -> float:
    """The number of a setting.

    Raises:
        UsageError: it is none, or not finite.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(
            f"'{written}': '{text}' is not a number", tries=[f"--family {parts(written)[0]}"]
        )
    return value


def _with(written: str, value: float) -> str:
    return f"--family {label(parts(written)[0], value)}"
