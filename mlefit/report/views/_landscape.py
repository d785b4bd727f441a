"""The likelihood along a parameter and over two: pictures, their numbers, and tidy tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mlefit.report import numbers
from mlefit.report.pictures import Curve, Frame, Picture, Surface
from mlefit.report.sections import Grid, Section, TidyTable
from mlefit.report.tables import Row, tidy
from mlefit.results.likelihood import CurveInfo, LikelihoodResult, SurfaceInfo

_SHOWN = 10  # values of a curve, besides its top and its ends


def curve_section(result: LikelihoodResult, curve: CurveInfo) -> Section:
    """The profile of a parameter, with the cut of its interval."""
    name = curve.parameter
    others = [one for one in result.sample.free if one != name]
    best = f", {' and '.join(others)} at {'its' if len(others) == 1 else 'their'} best for each"
    held = ", ".join(f"{key} held at {value:g}" for key, value in result.sample.fixed.items())
    what = "profile likelihood" if others else "likelihood"
    title = f"The {what} of {name}{best if others else ''}{f', {held}' if held else ''}"
    level = numbers.percent(curve.level)
    ends = [
        f"{numbers.significant(end)}" if end is not None else f"none ({reason})"
        for end, reason in ((curve.low, curve.low_reason), (curve.high, curve.high_reason))
    ]
    after = [
        [
            f"{level} interval of {name}: {ends[0]} to {ends[1]}",
            f"where the curve is {curve.cut:.4f} below the top",
        ]
    ]
    return Section(title, (), _curve_grid(curve), after, _curve_picture(result, curve))


def _curve_grid(curve: CurveInfo) -> Grid | None:
    """Some of the values, evenly spread, and the exact ones among them."""
    known = [p for p in curve.points if p.below_maximum is not None]
    if not known:
        return None
    step = max(1, math.ceil(len(known) / _SHOWN))
    exact = {curve.low, curve.high, min(known, key=lambda p: p.below_maximum or 0.0).value}
    shown = [p for i, p in enumerate(known) if i % step == 0 or p.value in exact]
    names = list(shown[0].others)
    columns = {
        curve.parameter: numbers.aligned([f"{p.value:.6g}" for p in shown]),
        "ln L": numbers.aligned(
            ["" if p.log_likelihood is None else numbers.height(p.log_likelihood) for p in shown]
        ),
        "below the top": numbers.aligned([f"{p.below_maximum or 0.0:.4f}" for p in shown]),
        **{name: numbers.aligned([f"{p.others[name]:.6g}" for p in shown]) for name in names},
    }
    return grid_of(columns, 0)


def _curve_picture(result: LikelihoodResult, curve: CurveInfo) -> Picture:
    x = [p.value for p in curve.points]
    y = [math.nan if p.below_maximum is None else 0.0 - p.below_maximum for p in curve.points]
    ends = [x[0] if curve.low is None else curve.low, x[-1] if curve.high is None else curve.high]
    marks = {
        **{point.at[curve.parameter]: str(point.point) for point in result.points},
        **({} if curve.low is None else {curve.low: f"{curve.low:.5g}"}),
        **({} if curve.high is None else {curve.high: f"{curve.high:.5g}"}),
    }
    shown = {at: words for at, words in marks.items() if x[0] <= at <= x[-1]}
    deepest = min((one for one in y if math.isfinite(one)), default=0.0)
    level = numbers.percent(curve.level)
    return Picture(
        f"ln L less its top, cut {curve.cut:.3g} below it for the {level} interval",
        [Curve(x, y), Curve(ends, [-curve.cut, -curve.cut], level)],
        Frame(
            f"{curve.parameter} {x[0]:.5g}",
            f"{x[-1]:.5g}",
            shown,
            least=max(deepest, -8 * curve.cut),
            across=curve.parameter,
            up="ln L less its top",
        ),
    )


def surface_section(result: LikelihoodResult, surface: SurfaceInfo) -> Section:
    """The joint regions of two parameters."""
    first, second = surface.parameters
    others = [one for one in result.sample.free if one not in surface.parameters]
    best = f", {' and '.join(others)} at {'its' if len(others) == 1 else 'their'} best"
    z = [[math.nan if v is None else v for v in row] for row in surface.below_maximum]
    top = result.maximum.at
    marks = [(p.at[first], p.at[second], str(p.point)) for p in result.points]
    drawn = Surface(
        surface.first,
        surface.second,
        z,
        [(one.below, numbers.percent(one.level)) for one in surface.levels],
        [*marks, (top[first], top[second], "x")],
    )
    frame = Frame(
        f"{first} {surface.first[0]:.5g}",
        f"{surface.first[-1]:.5g}",
        height=17,
        across=first,
        up=second,
    )
    heading = f"{second} (up) against {first}: joint regions, x the maximum"
    picture = Picture(heading, (), frame, drawn)
    title = f"The likelihood over {first} and {second}{best if others else ''}"
    return Section(title, (), _regions(surface, z), (), picture)


def _regions(surface: SurfaceInfo, z: Sequence[Sequence[float]]) -> Grid:
    first, second = surface.parameters
    columns: dict[str, list[str]] = {"region": [], "below the top": [], first: [], second: []}
    for level in surface.levels:
        inside = [
            (a, b)
            for b, row in zip(surface.second, z, strict=True)
            for a, value in zip(surface.first, row, strict=True)
            if value <= level.below
        ]
        columns["region"].append(numbers.percent(level.level))
        columns["below the top"].append(f"{level.below:.4f}")
        for name, axis in ((first, 0), (second, 1)):
            places = [place[axis] for place in inside]
            columns[name].append(f"{min(places):.4g} to {max(places):.4g}" if places else "")
    return grid_of(columns, 1)


def curve_table(result: LikelihoodResult) -> TidyTable:
    """A row for each value, with the others at their best."""
    curve = result.curve
    if curve is None:
        return TidyTable(["value", "log_likelihood", "below_maximum"], [])
    others = [name for name in result.sample.free if name != curve.parameter]
    rows: list[Row] = [
        {
            curve.parameter: p.value,
            "log_likelihood": tidy(p.log_likelihood),
            "below_maximum": tidy(p.below_maximum),
            **{name: p.others.get(name) for name in others},
        }
        for p in curve.points
    ]
    return TidyTable([curve.parameter, "log_likelihood", "below_maximum", *others], rows)


def surface_table(result: LikelihoodResult) -> TidyTable:
    """A row for each pair of values."""
    surface, top = result.surface, result.maximum.log_likelihood
    if surface is None or top is None:
        return TidyTable(["log_likelihood", "below_maximum"], [])
    first, second = surface.parameters
    rows: list[Row] = [
        {
            first: a,
            second: b,
            "log_likelihood": None if value is None else top - value,
            "below_maximum": value,
        }
        for b, row in zip(surface.second, surface.below_maximum, strict=True)
        for a, value in zip(surface.first, row, strict=True)
    ]
    return TidyTable([first, second, "log_likelihood", "below_maximum"], rows)


def grid_of(columns: Mapping[str, Sequence[str]], words: int) -> Grid:
    """A table from its columns, the first of them words."""
    return Grid(tuple(columns), tuple(zip(*columns.values(), strict=True)), words)
