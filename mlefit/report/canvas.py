"""Curves in a terminal: dots of braille, two by four to a character, or plain letters.

A picture is lines of text: ticks on the left, the name of each curve at its right end, marks
and the ends of the horizontal axis below. Nothing needs colour to be read, and the numbers
themselves belong in a table beneath.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from rich.cells import cell_len, set_cell_size

from mlefit.frozen import frozen
from mlefit.report.pictures import Curve, Frame

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_WIDEST_NAME = 18
_NARROWEST = 16


def picture(
    curves: Sequence[Curve], frame: Frame, *, width: int, ascii_only: bool = False
) -> list[str]:
    """The lines of a picture no wider than `width`; none if there is nothing to draw."""
    across = [x for curve in curves for x in curve.x if math.isfinite(x)]
    heights = [y for curve in curves for y in curve.y if math.isfinite(y) and y >= frame.least]
    heights += [curve.base for curve in curves if curve.base is not None]
    if not across or not heights:
        return []
    grid = _Grid.around(across, heights, frame.height)
    ticks = grid.ticks()
    gutter = max(map(len, ticks.values()))
    names = {
        index: (f"{_LETTERS[index % 26]} {curve.name}" if ascii_only else curve.name)
        for index, curve in enumerate(curves)
        if curve.name
    }
    margin = min(max(map(cell_len, names.values()), default=0), _WIDEST_NAME)
    columns = max(width - gutter - margin - 4, _NARROWEST)
    field_ = _Field(grid, columns, ascii_only)
    for x in frame.marks:
        field_.rule(x)
    for index, curve in enumerate(curves):
        field_.draw(curve, _LETTERS[index % 26], frame.least)
    at_end = _spread(field_, curves, names, frame)
    wall, tick = ("|", "+") if ascii_only else ("│", "┤")
    lines = []
    for row, cells in enumerate(field_.rows()):
        label = ticks.get(row, "").rjust(gutter)
        name = set_cell_size(at_end[row], margin).rstrip() if row in at_end else ""
        lines.append(f"{label} {tick if row in ticks else wall}{cells} {name}".rstrip())
    lines += _axis(field_, frame, gutter, ascii_only)
    return lines


@frozen
class _Grid:
    """The rectangle of the data, and how many lines show it."""

    left: float
    right: float
    low: float
    high: float
    height: int

    @classmethod
    def around(cls, xs: Sequence[float], ys: Sequence[float], height: int) -> _Grid:
        left, right, low, high = min(xs), max(xs), min(ys), max(ys)
        if left == right:
            left, right = left - 0.5, right + 0.5
        if low == high:
            low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
        return cls(left, right, low, high, height)

    def across(self, x: float, steps: int) -> int:
        """The step, of so many, that a place belongs to."""
        return round((x - self.left) / (self.right - self.left) * (steps - 1))

    def down(self, y: float, steps: int) -> int:
        """The step from the top that a height belongs to."""
        return round((self.high - y) / (self.high - self.low) * (steps - 1))

    def ticks(self) -> dict[int, str]:
        """Numbers at the top, the bottom, and at zero or half way, by line."""
        between = 0.0 if self.low < 0 < self.high else (self.low + self.high) / 2
        row = self.down(between, self.height)
        values = {0: self.high, self.height - 1: self.low}
        if 1 < row < self.height - 2:
            values[row] = between
        # as many digits as it takes to tell them apart
        for digits in range(3, 12):
            shown = {row: f"{value:.{digits}g}" for row, value in values.items()}
            if len(set(shown.values())) == len(shown):
                break
        return shown


class _Field:
    """The cells between the axes."""

    def __init__(self, grid: _Grid, columns: int, ascii_only: bool) -> None:
        self.grid = grid
        self.columns = columns
        self._ascii = ascii_only
        self._dots = [[0] * columns for _ in range(grid.height)]
        self._signs = [[" "] * columns for _ in range(grid.height)]
        if grid.low < 0 < grid.high:
            self._signs[grid.down(0.0, grid.height)] = ["-" if ascii_only else "┈"] * columns

    def rule(self, x: float) -> None:
        """A vertical line behind the curves."""
        for row in self._signs:
            row[self.grid.across(x, self.columns)] = ":" if self._ascii else "┊"

    def draw(self, curve: Curve, letter: str, least: float) -> None:
        """Join the points of a curve."""
        wide, tall = (1, 1) if self._ascii else (2, 4)
        steps = (self.columns * wide, self.grid.height * tall)
        places = [
            (self.grid.across(x, steps[0]), self.grid.down(y, steps[1]))
            if math.isfinite(x) and math.isfinite(y) and y >= least
            else None
            for x, y in zip(curve.x, curve.y, strict=True)
        ]
        floor = None if curve.base is None else self.grid.down(curve.base, steps[1])
        for column, top in _joined(places):
            for row in (top,) if floor is None else range(top, floor + 1):
                if self._ascii:
                    self._signs[row][column] = letter
                else:
                    self._dots[row // 4][column // 2] |= _DOTS[column % 2][row % 4]

    def rows(self) -> Iterator[str]:
        """The cells line by line."""
        for dots, signs in zip(self._dots, self._signs, strict=True):
            yield "".join(
                chr(0x2800 + dot) if dot else sign for dot, sign in zip(dots, signs, strict=True)
            )


def _joined(places: Sequence[tuple[int, int] | None]) -> Iterator[tuple[int, int]]:
    """Every step on straight lines between places that follow each other."""
    yield from (place for place in places if place is not None)
    for one, other in pairwise(places):
        if one is None or other is None:
            continue
        count = max(abs(other[0] - one[0]), abs(other[1] - one[1]))
        for i in range(1, count):
            share = i / count
            yield (
                round(one[0] + share * (other[0] - one[0])),
                round(one[1] + share * (other[1] - one[1])),
            )


def _spread(
    field_: _Field, curves: Sequence[Curve], names: Mapping[int, str], frame: Frame
) -> dict[int, str]:
    """Names by line: each as near the end of its curve as those before it leave room."""
    height = field_.grid.height
    taken: dict[int, str] = {}
    for index, name in names.items():
        ends = [y for y in curves[index].y if math.isfinite(y) and y >= frame.least]
        if not ends or len(taken) == height:
            continue
        wanted = field_.grid.down(ends[-1], height)
        free = [row for row in range(height) if row not in taken]
        taken[min(free, key=lambda row: (abs(row - wanted), row))] = name
    return taken


def _axis(field_: _Field, frame: Frame, gutter: int, ascii_only: bool) -> list[str]:
    """The horizontal axis, the words of the marks, and those at its ends."""
    corner, dash, tee = ("+", "-", "+") if ascii_only else ("└", "─", "┴")
    line = [dash] * field_.columns
    named = {**frame.ticks, **frame.marks}
    places = {field_.grid.across(x, field_.columns): words for x, words in named.items()}
    for column in places:
        line[column] = tee
    start = " " * (gutter + 2)
    lines = [f"{' ' * (gutter + 1)}{corner}{''.join(line)}"]
    written: list[str] = []
    for column, words in sorted(places.items()):
        # to the left of its mark where there is no room to the right
        at = column if column + cell_len(words) <= field_.columns else column + 1 - cell_len(words)
        if not written or cell_len(written[-1]) >= at:
            written.append("")
        written[-1] += " " * (at - cell_len(written[-1])) + words
    lines += [f"{start}{line}" for line in written]
    if not frame.left and not frame.right:
        return lines
    gap = max(field_.columns - cell_len(frame.left) - cell_len(frame.right), 1)
    return [*lines, f"{start}{frame.left}{' ' * gap}{frame.right}"]
