"""Flags and formulas that would work, spelt as they must be typed in a shell."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterable

from mlefit.expression import Span
from mlefit.frozen import frozen


def word(text: str) -> str:
    """A text as one word of a shell; double quotes keep a text with single ones readable."""
    if "'" in text and not set(text) & set('"$`\\!'):
        return f'"{text}"'
    return shlex.quote(text)


def listed(names: Iterable[str]) -> str:
    """Column names as one word for `-x`, quoted where a name has a comma."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return word(line.getvalue())


@frozen
class Place:
    """A part of a formula that may have to be written differently.

    Attributes:
        text: the whole formula.
        at: the part; empty where the formula does not spell it out, as behind a `.`.
        flag: "--model" for the formula of a further parameter, else empty.
    """

    text: str
    at: Span
    flag: str = ""

    def instead(self, new: str) -> str:
        """The formula with something else in this place, ready to be typed."""
        return self.respelt(self.text[: self.at.start] + new + self.text[self.at.end :])

    def without(self, label: str) -> str:
        """The formula less a term, ready to be typed."""
        return self.respelt(f"{self.text} - {label}")

    def respelt(self, text: str) -> str:
        """Another formula for the same parameter, ready to be typed."""
        return f"{self.flag} {word(text)}".strip()
