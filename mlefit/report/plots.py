"""Pictures as files, SVG or PNG, drawn by matplotlib, which is loaded for nothing else.

The same numbers give the same bytes: no date, no random names, one font setting. Several pictures
stand below each other in one file.
"""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlefit.errors import UsageError
from mlefit.report.clean import clean
from mlefit.report.files import check_writable, write_atomically
from mlefit.report.pictures import Curve, Frame, Picture, Surface

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 7.2, 4.2  # of a picture, in inches
_DPI = 160
_SETTINGS: Any = {
    "svg.hashsalt": "mlefit",
    "svg.fonttype": "none",  # text stays text
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}
_LINE_OF_TEXT, _NEAR = 0.045, 0.12  # shares of a picture's height and width
_INK, _RULE = "#222222", "#888888"
_LINES = ("#1f5fa8", "#c4501b", "#2e8b57", "#7b4ea3", "#8c6d1f", "#357f8c", "#a83253", "#555555")
# from the innermost region outwards
_SHADES = ("#3f7fc4", "#7fabda", "#b9d2ec", "#e6eff8")


def check_picture_file(path: Path) -> None:
    """Refuse before the work what could not be drawn after it.

    Raises:
        UsageError: matplotlib is missing, or the file cannot be written.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            f"--plot {path} needs matplotlib, which is not installed",
            tries=["pip install 'mlefit[plot]'", "--plot always  for pictures in text"],
        )
    check_writable(path)


def write(pictures: Sequence[Picture], path: Path) -> None:
    """Draw pictures into a file.

    Raises:
        UsageError: there is nothing to draw.
        DataError: the file system refuses.
    """
    if not pictures:
        raise UsageError(f"--plot {path}: there is no curve to draw here")
    write_atomically(path, _drawn(pictures, path.suffix.lower().removeprefix(".")))


def _drawn(pictures: Sequence[Picture], form: str) -> bytes:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(_WIDTH, _HEIGHT * len(pictures)), layout="constrained")
        FigureCanvasAgg(figure)
        for picture, axes in zip(
            pictures, figure.subplots(len(pictures), squeeze=False)[:, 0], strict=True
        ):
            _draw(picture, axes)
        file = io.BytesIO()
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(file, format=form, dpi=_DPI, metadata=metadata, facecolor="white")
    return file.getvalue()


def _draw(picture: Picture, axes: Axes) -> None:
    frame = picture.frame
    axes.set_title(clean(picture.heading), loc="left", fontsize=9, color=_INK)
    if picture.surface is not None:
        _draw_surface(picture.surface, axes)
    else:
        for index, curve in enumerate(picture.curves):
            _draw_curve(curve, axes, _LINES[index % len(_LINES)], frame.least)
        _draw_names(picture, axes)
    _draw_marks(frame, axes)
    if frame.across:
        axes.set_xlabel(clean(frame.across))
        if frame.ticks:
            axes.set_xticks(list(frame.ticks), [clean(words) for words in frame.ticks.values()])
    else:  # places are known by the words at the ends only
        axes.set_xticks(list(axes.get_xlim()), [clean(frame.left), clean(frame.right)])
        left, right = axes.get_xticklabels()
        left.set_horizontalalignment("left")
        right.set_horizontalalignment("right")
    if frame.up:
        axes.set_ylabel(clean(frame.up))


def _draw_curve(curve: Curve, axes: Axes, colour: str, least: float) -> None:
    y = [value if math.isfinite(value) and value >= least else math.nan for value in curve.y]
    if curve.base is not None:
        axes.fill_between(curve.x, y, curve.base, color=colour, alpha=0.35, linewidth=0)
        return
    axes.plot(curve.x, y, color=colour, linewidth=1.5)


def _draw_names(picture: Picture, axes: Axes) -> None:
    """The name of each curve behind its end, moved apart where they would cover each other."""
    axes.margins(x=0.02)
    low, high = axes.get_ylim()
    least = picture.frame.least
    if abs(low - least) < _NEAR * (high - low):  # what is cut off there begins there
        axes.set_ylim(bottom=least)
        low = least
    ends = []
    for index, curve in enumerate(picture.curves):
        known = [p for p in zip(curve.x, curve.y, strict=True) if math.isfinite(p[1])]
        if curve.name and known:
            x, y = known[-1]
            ends.append(((y - low) / (high - low), x, curve.name, _LINES[index % len(_LINES)]))
    last = -math.inf
    for share, x, name, colour in sorted(ends):
        last = max(share, last + _LINE_OF_TEXT)
        axes.annotate(
            clean(name), (x, last), xycoords=("data", "axes fraction"), xytext=(4, 0),
            textcoords="offset points", va="center", fontsize=8, color=colour,
            annotation_clip=False,
        )  # fmt: skip


def _draw_marks(frame: Frame, axes: Axes) -> None:
    """Lines at places, with their words at the top; lower where the one before is near."""
    low, high = axes.get_xlim()
    last, depth = -math.inf, 0
    for x, words in sorted(frame.marks.items()):
        axes.axvline(x, color=_RULE, linewidth=0.8, linestyle=(0, (3, 3)), zorder=1)
        depth = depth + 1 if (x - last) / (high - low) < _NEAR else 0
        last = x
        at_end = (x - low) / (high - low) > 1 - _NEAR
        axes.annotate(
            clean(words), (x, 1.0), xycoords=("data", "axes fraction"),
            xytext=(-3 if at_end else 3, -3 - 10 * depth), textcoords="offset points",
            ha="right" if at_end else "left", va="top", fontsize=8, color=_INK,
        )  # fmt: skip


def _draw_surface(surface: Surface, axes: Axes) -> None:
    levels = [level for level, _ in surface.rims]
    names = dict(surface.rims)
    shades = _SHADES[: len(levels)]
    axes.set(xlim=(surface.x[0], surface.x[-1]), ylim=(surface.y[0], surface.y[-1]))
    if not any(z <= levels[-1] for row in surface.z for z in row):
        return  # every place is outside the outermost rim
    axes.contourf(surface.x, surface.y, surface.z, levels=[-1e-9, *levels], colors=shades)
    rims = axes.contour(surface.x, surface.y, surface.z, levels=levels, colors=_INK, linewidths=0.6)
    axes.clabel(rims, fmt=lambda level: clean(names[level]), fontsize=7)
    for x, y, sign in surface.marks:
        axes.annotate(
            clean(sign), (x, y), ha="center", va="center", fontsize=9, fontweight="bold",
            color=_INK, bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": _RULE, "lw": 0.5},
        )  # fmt: skip
