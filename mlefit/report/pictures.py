"""What a picture shows, before anybody draws it: curves, and what stands around them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import field

from mlefit.frozen import frozen


@frozen
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


@frozen
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
        ticks: words for places on the horizontal axis without a line.
    """

    left: str
    right: str
    marks: Mapping[float, str] = field(default_factory=dict)
    height: int = 12
    least: float = -math.inf
    across: str = ""
    up: str = ""
    ticks: Mapping[float, str] = field(default_factory=dict)


@frozen
class Surface:
    """Heights over a rectangle, of which the rims at a few levels are drawn.

    Attributes:
        x: to the right, rising.
        y: up, rising.
        z: a row for each y; NaN where there is none.
        rims: levels of z, rising, each with what lies within it.
        marks: places with a sign of one letter.
    """

    x: Sequence[float]
    y: Sequence[float]
    z: Sequence[Sequence[float]]
    rims: Sequence[tuple[float, str]]
    marks: Sequence[tuple[float, float, str]] = ()


@frozen
class Picture:
    """Curves, or a surface, in one frame.

    Attributes:
        heading: what they are, in a line.
        curves: drawn in this order.
        frame: what stands around them.
        surface: drawn instead of curves.
    """

    heading: str
    curves: Sequence[Curve]
    frame: Frame
    surface: Surface | None = None
