"""The report a person reads, which must also read well in a pipe.

Every line is built from pieces, so that a narrow terminal breaks it between facts.
Colour only repeats what the words say. rich folds what does not fit into a column, and
is loaded for nothing else: it takes longer to load than a small fit.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.cells import cell_len

from mlefit.report.clean import clean
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Grid, Section

if TYPE_CHECKING:
    from mlefit.report.pictures import Picture

_UNBOUNDED = 10_000  # columns of a pipe: more than any report needs
_NARROWEST_NAME = 12
_PICTURE_WIDTH = 80  # of a picture when nothing sets a width
_TITLE_WIDTH = 98  # where the row ledger ends when nothing sets a width


# what a terminal is told before a line of this style
_STYLES = {"bold": "1", "bold red": "1;31", "dim": "2"}


@dataclass
class Page:
    """Lines and grids, put together for one set of options."""

    options: ReportOptions
    lines: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Columns a line may take."""
        return self.options.width or _UNBOUNDED

    def line(
        self,
        pieces: Sequence[str] = (),
        separator: str = "   ",
        *,
        indent: int = 0,
        style: str = "",
    ) -> None:
        """Pieces on one line, or on more where the width asks for it."""
        cleaned = [clean(piece, ascii_only=self.options.ascii_only) for piece in pieces]
        between = clean(separator, ascii_only=self.options.ascii_only)
        for text in fold(cleaned, between, self.width, indent):
            self.drawn(text, style)

    def drawn(self, line: str, style: str = "") -> None:
        """A line that fits already and whose blanks matter, but for those at its end."""
        line = line.rstrip()
        if line and style and self.options.colour:
            line = f"\x1b[{_STYLES[style]}m{line}\x1b[0m"
        self.lines.append(line)

    def picture(self, picture: Picture) -> bool:
        """A picture under its heading; whether there was anything to draw."""
        from mlefit.report import canvas, heat  # most reports draw nothing

        ascii_only = self.options.ascii_only
        width = min(self.options.width or _PICTURE_WIDTH, _TITLE_WIDTH)
        if picture.surface is not None:
            lines = heat.picture(picture.surface, picture.frame, width=width, ascii_only=ascii_only)
        else:
            lines = canvas.picture(
                picture.curves, picture.frame, width=width, ascii_only=ascii_only
            )
        if lines:
            for line in [picture.heading, *lines]:
                self.drawn(clean(line, ascii_only=ascii_only))
        return bool(lines)

    def grid(self, grid: Grid) -> None:
        """A table without lines: headings and names fold, numbers never break."""
        safe = [
            [clean(cell, ascii_only=self.options.ascii_only) for cell in row] for row in grid.rows
        ]
        headings = [clean(cell, ascii_only=self.options.ascii_only) for cell in grid.headings]
        widths = column_widths(headings, safe, grid.words, self.width)
        sides = [grid.words <= index < len(headings) - 1 for index in range(len(headings))]
        self._row(headings, widths, sides, indent=2, heads=True)
        for row in safe:
            self._row(row, widths, sides, indent=2)

    def _row(
        self,
        row: Sequence[str],
        widths: Sequence[int],
        right: Sequence[bool],
        *,
        indent: int = 0,
        heads: bool = False,
    ) -> None:
        """A row of a table, on more lines than one where a cell is wider than its column."""
        cells = [_folded(cell.rstrip(), width) for cell, width in zip(row, widths, strict=True)]
        if heads:  # which stand on the table, the others hang from the row above
            height = max(map(len, cells))
            cells = [[""] * (height - len(lines)) + lines for lines in cells]
        for line in itertools.zip_longest(*cells, fillvalue=""):
            padded = []
            for cell, width, is_right in zip(line, widths, right, strict=True):
                blanks = " " * (width - _wide(cell))
                padded.append(blanks + cell if is_right else cell + blanks)
            self.drawn(" " * indent + "  ".join(padded), "dim" if heads else "")

    def words(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table of words, or one block for each row where the width cannot hold it."""
        safe = [[clean(cell, ascii_only=self.options.ascii_only) for cell in row] for row in rows]
        widths = [max(map(_wide, column)) for column in zip(headings, *safe, strict=True)]
        if sum(width + 2 for width in widths) - 2 > self.width:
            self._blocks(headings, safe)
            return
        sides = [False] * len(headings)
        self._row(headings, widths, sides, heads=True)
        for row in safe:
            self._row(row, widths, sides)

    def _blocks(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            self.line([row[0]], style="bold")
            for heading, cell in zip(headings[1:], row[1:], strict=True):
                if cell:
                    self.line([f"{heading}: {cell}"], indent=2)

    def section(self, part: Section) -> None:
        """A part of the report: its heading, lines, picture, table, lines."""
        if part.title:
            self.line([part.title], style="bold")
        indent = 2 if part.title or part.grid else 0
        for pieces in part.before:
            self.line(pieces, " · ", indent=indent)
        if part.picture is not None and self.options.plot and self.picture(part.picture):
            self.line()
        if part.grid is not None:
            self.grid(part.grid)
        for pieces in part.after:
            self.line(pieces, " · ", indent=2)

    def text(self) -> str:
        """All lines so far."""
        return "".join(f"{line}\n" for line in self.lines)


def sections(
    title: Sequence[str], ledger: str, parts: Sequence[Section], options: ReportOptions
) -> str:
    """A report of several tables; one of them alone has no title."""
    page = Page(options)
    if options.table is None and title:
        heading(page, title, ledger)
    for number, part in enumerate(parts):
        if number and (part.title or part.grid):
            page.line()
        page.section(part)
    return page.text()


def _wide(cell: str) -> int:
    """Columns that a cell takes; most are plain, which is told at once."""
    return len(cell) if cell.isascii() else cell_len(cell)


def _folded(cell: str, width: int) -> list[str]:
    """The lines of a cell in a column of this width: broken between words, or inside a long one."""
    if _wide(cell) <= width:
        return [cell]
    from rich.console import Console
    from rich.text import Text

    return [line.plain.rstrip() for line in Text(cell).wrap(Console(), width, overflow="fold")]


def column_widths(
    headings: Sequence[str], rows: Sequence[Sequence[str]], words: int, available: int
) -> list[int]:
    """Widths that fit, if they can: first the last heading folds, then the names do.

    Where even that is not enough the table is wider than the terminal, since a
    line that wraps can be read and a number that is cut cannot.
    """
    cells = [max(map(_wide, column)) for column in zip(*rows, strict=True)]
    widths = [max(cell, _wide(h)) for cell, h in zip(cells, headings, strict=True)]
    longest_word = max(map(cell_len, headings[-1].split()))
    least = {len(widths) - 1: max(cells[-1], longest_word)}
    least |= {index: max(_NARROWEST_NAME, cell_len(headings[index])) for index in range(words)}
    excess = 2 + sum(widths) + 2 * (len(widths) - 1) - available
    for index, narrowest in least.items():
        cut = min(max(excess, 0), max(widths[index] - narrowest, 0))
        widths[index] -= cut
        excess -= cut
    return widths


def fold(pieces: Sequence[str], separator: str, width: int, indent: int) -> list[str]:
    """Lines no wider than `width`: broken between pieces, inside one only if it is too long."""
    first, later = " " * indent, " " * (indent + 2)
    lines = [""]
    for index, piece in enumerate(pieces):
        ending = separator.rstrip() if index < len(pieces) - 1 else ""
        start = f"{lines[-1]}{separator}" if index else first
        if len(start + piece + ending) <= width:
            lines[-1] = start + piece
            continue
        if index:
            lines[-1] += separator.rstrip()
        start = later if index else first
        folded = textwrap.wrap(
            piece, width, initial_indent=start, subsequent_indent=later, break_on_hyphens=False
        )
        lines = [*lines, *folded] if index else folded
    return lines


def heading(page: Page, pieces: Sequence[str], ledger: str) -> None:
    """What the report is of, and the rows at the end of the line if it holds them."""
    title = " · ".join(pieces)
    gap = min(page.width, _TITLE_WIDTH) - len(title) - len(ledger)
    if gap >= 4:
        page.line([f"{title}{' ' * gap}{ledger}"], style="bold")
    else:
        page.line(pieces, " · ", style="bold")
        page.line([ledger] if ledger else [])
