"""Rows for people: columns side by side, numbers rounded; a run of rows at a time."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from mlefit.report.clean import clean
from mlefit.report.numbers import aligned, significant


class RowPage:
    """Lines of a table whose end is not known: the first run sets the widths.

    A cell that needs more later has it, since a line that is too long can be read.

    Args:
        ascii_only: whether every character must be ASCII.
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        self._ascii_only = ascii_only
        self._widths: list[int] = []

    def text(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
        """The lines of a run, under their headings if it is the first."""
        cells = [self._cells([row[i] for row in rows]) for i in range(len(columns))]
        is_word = [any(isinstance(row[i], str) for row in rows) for i in range(len(columns))]
        lines = []
        if not self._widths:
            headings = [clean(name, ascii_only=self._ascii_only) for name in columns]
            self._widths = [
                max(map(cell_len, (heading, *own)))
                for heading, own in zip(headings, cells, strict=True)
            ]
            lines.append(self._line(headings, is_word))
        lines += [self._line(line, is_word) for line in zip(*cells, strict=True)]
        return "".join(f"{line}\n" for line in lines)

    def _cells(self, values: Sequence[object]) -> list[str]:
        """The cells of a column: numbers to six digits, on their decimal point."""
        if any(isinstance(value, float) for value in values):
            return aligned([significant(_number(value)) for value in values])
        return ["" if v is None else clean(str(v), ascii_only=self._ascii_only) for v in values]

    def _line(self, cells: Sequence[str], is_word: Sequence[bool]) -> str:
        padded = []
        for cell, width, word in zip(cells, self._widths, is_word, strict=True):
            blanks = " " * max(width - cell_len(cell), 0)
            padded.append(cell + blanks if word else blanks + cell)
        return "  ".join(padded).rstrip()


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
