"""What a picture shows, before anybody draws it: curves, and what stands around them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Curve:
    """Points to join, in order; a gap where one is not finite.

    Attributes:
        x: where.
        y: how high.
        name: written at the right end; none if empty.
        base: height down to which the area under it is filled; None for a line.
    """

    x: Sequence[float]
    y: Sequence[float]
    name: str = ""
    base: float | None = None


@dataclass(frozen=True)
class Frame:
    """What stands around the curves.

    Attributes:
        left: words for the left end of the horizontal axis.
        right: words for its right end.
        marks: words for places on it, each with a vertical line.
        height: lines of the picture without the axis.
        least: curves are cut off below this.
        across: name of the horizontal axis where x is a number a reader knows; empty where it
            is only a position between the words at the ends.
        up: name of the vertical axis.
    """

    left: str
    right: str
    marks: Mapping[float, str] = field(default_factory=dict)
    height: int = 12
    least: float = -math.inf
    across: str = ""
    up: str = ""


@dataclass(frozen=True)
class Picture:
    """Curves in one frame.

    Attributes:
        heading: what they are, in a line.
        curves: drawn in this order.
        frame: what stands around them.
    """

    heading: str
    curves: Sequence[Curve]
    frame: Frame
