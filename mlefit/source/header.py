"""The first row of a CSV or TSV file: separator, column names, or already data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from mlefit.errors import DataError
from mlefit.source.types import NULL_TOKENS

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
_SPOKEN = {";": "semicolon", "\t": "tab"}


def separator_of(first_line: str, format_name: str) -> tuple[str, tuple[str, ...]]:
    """The separator, with a note when it is not the one its format is named after."""
    if format_name == "tsv":
        if "\t" in first_line or not _outside_quotes(first_line, ","):
            return "\t", ()
        return ",", ("the first line has no tab: columns are separated by commas",)
    counts = {mark: first_line.count(mark) for mark in _SPOKEN}
    mark = max(counts, key=lambda key: counts[key])
    if _outside_quotes(first_line, ",") or not counts[mark]:
        return ",", ()
    return mark, (f"the first line has no comma: columns are separated by {_SPOKEN[mark]}s",)


def is_data(cells: Sequence[str | None]) -> bool:
    """Whether a first row holds numbers only (and words for missing), so is no header."""
    texts = [(cell or "").strip() for cell in cells]
    numbers = [bool(_NUMBER.match(text)) for text in texts]
    words = [text in NULL_TOKENS and text != "" for text in texts]
    return any(numbers) and all(a or b for a, b in zip(numbers, words, strict=True))


def headerless_names(width: int) -> tuple[list[str], tuple[str, ...]]:
    """Names for the columns of a file without a header, and the note that says so."""
    names = [f"column_{k}" for k in range(1, width + 1)]
    shown = names[0] if width == 1 else f"{names[0]} to {names[-1]}"
    verb = "the column is" if width == 1 else "columns are"
    return names, (f"the first row holds numbers only, so there is no header: {verb} {shown}",)


def header_names(cells: Sequence[str | None], source: str) -> tuple[list[str], tuple[str, ...]]:
    """Column names from a header row, and notes about those that were changed.

    Raises:
        DataError: two columns have one name.
    """
    raw = [cell or "" for cell in cells]
    names = [cell.strip() or f"column_{k}" for k, cell in enumerate(raw, start=1)]
    notes = []
    blank = [name for name, cell in zip(names, raw, strict=True) if not cell.strip()]
    if blank:
        notes.append(f"the header has a blank name: the column is called {', '.join(blank)}")
    if any(cell.strip() and cell != cell.strip() for cell in raw):
        notes.append("blanks around column names were removed")
    _refuse_duplicates(names, source)
    return names, tuple(notes)


def _refuse_duplicates(names: list[str], source: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            positions = [str(k) for k, other in enumerate(names, start=1) if other == name]
            raise DataError(
                f"{source} has {times} columns named {name!r}",
                f"at positions {', '.join(positions)} of {len(names)}",
            )


def _outside_quotes(line: str, mark: str) -> bool:
    return mark in re.sub(r'"[^"]*"', "", line)
