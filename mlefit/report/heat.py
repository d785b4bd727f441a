"""A surface in a terminal: a block for every place, darker the nearer it is to the top.

The shades are those of the regions between the rims, so that they are told apart without
colour; marks stand above them, and a key below says which shade is which region.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from mlefit.report.pictures import Frame, Surface

_BLOCKS, _LETTERS = "█▓▒░", "#+-."
_WIDEST = 66
_DIGITS = 4


def picture(surface: Surface, frame: Frame, *, width: int, ascii_only: bool = False) -> list[str]:
    """The lines of a picture no wider than `width`; none if there is nothing to draw."""
    if not any(math.isfinite(z) for row in surface.z for z in row):
        return []
    shades = (_LETTERS if ascii_only else _BLOCKS)[: len(surface.rims)]
    rows, ticks = _rows(surface, frame, shades, width)
    gutter = max(map(len, ticks.values()))
    wall, tick, corner, dash = ("|", "+", "+", "-") if ascii_only else ("│", "┤", "└", "─")
    lines = [
        f"{ticks.get(i, '').rjust(gutter)} {tick if i in ticks else wall}{row}".rstrip()
        for i, row in enumerate(rows)
    ]
    columns = len(rows[0])
    gap = max(columns - len(frame.left) - len(frame.right), 1)
    key = [f"{shade} {name}" for shade, (_, name) in zip(shades, surface.rims, strict=False)]
    start = " " * (gutter + 2)
    return [
        *lines,
        f"{' ' * (gutter + 1)}{corner}{dash * columns}",
        f"{start}{frame.left}{' ' * gap}{frame.right}",
        f"{start}{'   '.join(key)}",
    ]


def _rows(
    surface: Surface, frame: Frame, shades: str, width: int
) -> tuple[list[str], dict[int, str]]:
    x, y, height = surface.x, surface.y, frame.height
    ticks = {0: f"{y[-1]:.{_DIGITS}g}", height - 1: f"{y[0]:.{_DIGITS}g}"}
    ticks[(height - 1) // 2] = (
        f"{y[-1] + (y[0] - y[-1]) * ((height - 1) // 2) / (height - 1):.{_DIGITS}g}"
    )
    columns = min(width - max(map(len, ticks.values())) - 3, _WIDEST)
    levels = [level for level, _ in surface.rims]
    across = [x[0] + (x[-1] - x[0]) * i / (columns - 1) for i in range(columns)]
    up = [y[-1] + (y[0] - y[-1]) * i / (height - 1) for i in range(height)]
    cells = [[_shade(_between(surface, a, b), levels, shades) for a in across] for b in up]
    for a, b, sign in surface.marks:
        column = round((a - x[0]) / (x[-1] - x[0]) * (columns - 1))
        row = round((y[-1] - b) / (y[-1] - y[0]) * (height - 1))
        if 0 <= row < height and 0 <= column < columns:
            cells[row][column] = sign
    return ["".join(row) for row in cells], ticks


def _shade(z: float, levels: Sequence[float], shades: str) -> str:
    place = bisect_right(levels, z) if math.isfinite(z) else len(levels)
    return shades[place] if place < len(shades) else " "


def _between(surface: Surface, a: float, b: float) -> float:
    """The height at a place, from the four around it."""
    i, s = _cell(surface.x, a)
    j, t = _cell(surface.y, b)
    z = surface.z
    below = z[j][i] * (1 - s) + z[j][i + 1] * s
    above = z[j + 1][i] * (1 - s) + z[j + 1][i + 1] * s
    return below * (1 - t) + above * t


def _cell(places: Sequence[float], at: float) -> tuple[int, float]:
    """The gap between two places that a value is in, and how far along."""
    i = min(max(bisect_right(places, at) - 1, 0), len(places) - 2)
    return i, min(max((at - places[i]) / (places[i + 1] - places[i]), 0.0), 1.0)
