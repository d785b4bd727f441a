"""The report a person reads: rich lays it out, and it must also read well in a pipe.

Every line is built from pieces, so that a narrow terminal breaks it between facts.
Colour only repeats what the words say.
"""

from __future__ import annotations

import io
import itertools
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from mlefit.report import canvas, heat
from mlefit.report.clean import clean
from mlefit.report.options import ReportOptions
from mlefit.report.pictures import Picture
from mlefit.report.sections import Grid, Section

_UNBOUNDED = 10_000  # columns of a pipe: more than any report needs
_NARROWEST_NAME = 12
_PICTURE_WIDTH = 80  # of a picture when nothing sets a width
_TITLE_WIDTH = 98  # where the row ledger ends when nothing sets a width


@dataclass
class Page:
    """Lines and grids, printed into a string for one set of options."""

    options: ReportOptions
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        self.console = Console(
            file=io.StringIO(),
            width=_UNBOUNDED,  # lines and tables come folded already
            color_system="standard" if self.options.colour else None,
            force_terminal=self.options.colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            _environ={},
        )

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
            self.console.print(Text(text, style=style))

    def drawn(self, line: str) -> None:
        """A line that fits already and whose blanks matter."""
        self.console.print(Text(line))

    def picture(self, picture: Picture) -> bool:
        """A picture under its heading; whether there was anything to draw."""
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
                # what fits already, and whose blanks matter
                self.console.print(Text(clean(line, ascii_only=ascii_only)))
        return bool(lines)

    def grid(self, grid: Grid) -> None:
        """A table without lines: headings and names fold, numbers never break."""
        safe = [
            [clean(cell, ascii_only=self.options.ascii_only) for cell in row] for row in grid.rows
        ]
        headings = [clean(cell, ascii_only=self.options.ascii_only) for cell in grid.headings]
        widths = column_widths(headings, safe, grid.words, self.width)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(width=0)  # the two blanks every line of the table starts with
        for index, (heading, width) in enumerate(zip(headings, widths, strict=True)):
            is_right = grid.words <= index < len(headings) - 1
            justify: JustifyMethod = "right" if is_right else "left"
            table.add_column(Text(heading), width=width, justify=justify, overflow="fold")
        self.console.print(table)
        sides = [grid.words <= index < len(headings) - 1 for index in range(len(headings))]
        for row in safe:
            self._row(row, widths, sides)

    def _row(self, row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> None:
        """A row of a table, written as it is: of thousands the layout would take seconds."""
        cells = [cell.rstrip() for cell in row]
        folded = [self._folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for line in itertools.zip_longest(*folded, fillvalue=""):
            padded = (
                " " * (width - _wide(cell)) + cell
                if is_right
                else cell + " " * (width - _wide(cell))
                for cell, width, is_right in zip(line, widths, right, strict=True)
            )
            self.console.file.write(f"  {'  '.join(padded)}\n")

    def _folded(self, cell: str, width: int) -> list[str]:
        if _wide(cell) <= width:
            return [cell]
        return [line.plain for line in Text(cell).wrap(self.console, width, overflow="fold")]

    def words(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table of words, or one block for each row where the width cannot hold it."""
        safe = [[clean(cell, ascii_only=self.options.ascii_only) for cell in row] for row in rows]
        columns = zip(headings, *safe, strict=True)
        if sum(max(map(cell_len, column)) + 2 for column in columns) - 2 > self.width:
            self._blocks(headings, safe)
            return
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for heading in headings:
            table.add_column(Text(heading))
        for row in safe:
            table.add_row(*map(Text, row))
        self.console.print(table)

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
        """Everything printed so far, without trailing blanks."""
        file = self.console.file
        assert isinstance(file, io.StringIO)
        return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


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


def column_widths(
    headings: Sequence[str], rows: Sequence[Sequence[str]], words: int, available: int
) -> list[int]:
    """Widths that fit, if they can: first the last heading folds, then the names do.

    Where even that is not enough the table is wider than the terminal, since a
    line that wraps can be read and a number that is cut cannot.
    """
    cells = [max(map(_wide, column)) for column in zip(*rows, strict=True)]
    widths = [max(cell, cell_len(h)) for cell, h in zip(cells, headings, strict=True)]
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
