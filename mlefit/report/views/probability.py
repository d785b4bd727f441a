"""What a report of probabilities shows: one line for each event, and the density above them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlefit.report import numbers
from mlefit.report.options import ReportOptions
from mlefit.report.pictures import Curve, Frame, Picture
from mlefit.report.sections import Section, TidyTable, View
from mlefit.results.probability import Answer, DensityPoint, DistributionInfo, ProbabilityResult


def view(result: ProbabilityResult) -> View:
    """What a report of probabilities shows."""
    return View(
        (),
        "",
        lambda options: _sections(result, options),
        {
            "answers": lambda: TidyTable.of(Answer, result.answers),
            "density": lambda: TidyTable.of(DensityPoint, result.curve),
        },
    )


def given(at: DistributionInfo) -> str:
    """What stands behind the bar: mu = 170, sigma = 10."""
    return ", ".join(f"{name} = {value:.10g}" for name, value in at.at.items())


def _sections(result: ProbabilityResult, options: ReportOptions) -> Sequence[Section]:
    lines = [[line] for line in _lines(result)]
    return [Section(picture=_picture(result)), Section(before=lines)]


def _lines(result: ProbabilityResult) -> list[str]:
    shown = given(result.distribution)
    heads = [_head(one) for one in result.answers]
    width = max(map(len, heads))
    return [
        f"{head.ljust(width)} | {shown}) = {_number(one)}"
        for head, one in zip(heads, result.answers, strict=True)
    ]


def _head(one: Answer) -> str:
    if one.question == "quantile":
        return f"quantile({one.asked}"
    return f"{'P' if one.density is None else 'f'}({one.event}"


def _number(one: Answer) -> str:
    if one.density is not None:
        return numbers.chance(one.density, one.log_density)
    if one.question == "quantile":
        reached = numbers.chance(one.probability, one.log_probability, one.complement)
        return f"{one.event.removeprefix('X <= ')}   P({one.event}) = {reached}"
    return numbers.chance(one.probability, one.log_probability, one.complement)


def _picture(result: ProbabilityResult) -> Picture:
    """The density, or a bar for each value, with what was asked filled."""
    own, curve = result.distribution, result.curve
    outline = _outline(curve, own)
    regions = [
        _outline([p for p in curve if _inside(p, one, own)], own, base=0.0)
        for one in result.answers
        if one.question in ("below", "above", "between") and not one.aside
    ]
    marks = {
        one.upper: one.event.removeprefix("X <= ").removeprefix("X = ")
        for one in result.answers
        if one.question in ("quantile", "equal") and one.upper is not None and not own.levels
    }
    shown = {y: words for y, words in marks.items() if curve[0].y <= y <= curve[-1].y}
    what = "probability" if own.discrete else "density"
    filled = ", what was asked filled" if regions else ""
    left, right = ("" if own.levels else f"{p.y:.6g}" for p in (curve[0], curve[-1]))
    ticks = {float(code): level for code, level in enumerate(own.levels)}
    return Picture(
        f"{what} of {own.title}({given(own)}){filled}",
        [outline, *regions],
        Frame(left, right, shown, least=0.0, across="x", up=what, ticks=ticks),
    )


def _inside(point: DensityPoint, one: Answer, own: DistributionInfo) -> bool:
    at_end = one.lower_in or not own.discrete  # the edge of an area
    above = one.lower is None or point.y > one.lower or (point.y == one.lower and at_end)
    return above and (one.upper is None or point.y <= one.upper)


def _outline(
    curve: Sequence[DensityPoint], own: DistributionInfo, *, base: float | None = None
) -> Curve:
    heights = [math.nan if p.density is None else p.density for p in curve]
    places = [p.y for p in curve]
    if not own.discrete:
        return Curve(places, heights, base=base)
    # a bar for each value, as wide as there is room
    half = 0.4 * (places[1] - places[0] if len(places) > 1 else 1.0)
    x = [end for y in places for end in (y - half, y - half, y + half, y + half, math.nan)]
    tops = [h for height in heights for h in (0.0, height, height, 0.0, math.nan)]
    return Curve(x, tops, base=base)
