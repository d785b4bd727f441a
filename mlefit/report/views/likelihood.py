"""What a report of a likelihood shows: the points, the readings of each, the curve, the surface."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from mlefit.report import numbers, wording
from mlefit.report.options import ReportOptions
from mlefit.report.pictures import Curve, Frame, Picture, Surface
from mlefit.report.sections import Grid, Section, TidyTable, View
from mlefit.report.tables import Row, tidy
from mlefit.results.likelihood import (
    CurveInfo,
    Direction,
    LikelihoodResult,
    Point,
    Reading,
    RowTerm,
    SurfaceInfo,
)

_SHOWN_VALUES = 6
_SHOWN_ROWS = 20
_TEN = math.log(10)
# A double that is smaller loses digits, then vanishes.
_SMALLEST = 1e-300
_READINGS = {
    "height": "height: 2 (l max - l)",
    "slope": "slope: U' I^-1 U",
    "distance": "distance: d' J d",
}


def view(result: LikelihoodResult) -> View:
    """What a report of a likelihood shows."""
    by_hand = bool(result.sample.values)
    title = () if by_hand else (f"{result.sample.title} sample", result.data.target)
    return View(
        title,
        "" if by_hand else wording.rows_line(result.data),
        lambda options: list(_sections(result, options)),
        {
            "points": lambda: _points_table(result),
            "directions": lambda: TidyTable.of(Direction, result.directions),
            "readings": lambda: TidyTable.of(Reading, result.readings),
            "curve": lambda: _curve_table(result),
            "surface": lambda: _surface_table(result),
            "rows": lambda: TidyTable.of(RowTerm, result.rows),
        },
    )


def _sections(result: LikelihoodResult, options: ReportOptions) -> Iterator[Section]:
    wanted = options.table
    if wanted in (None, "points"):
        yield from _points(result)
    if wanted in (None, "directions", "readings") and _has_readings(result):
        yield from _readings(result, wanted)
    if wanted in (None, "curve") and result.curve is not None:
        yield _curve(result, result.curve)
    if wanted in (None, "surface") and result.surface is not None:
        yield _surface(result, result.surface)
    if wanted == "rows":
        yield _rows(result)


def _has_readings(result: LikelihoodResult) -> bool:
    """Whether the tests mean anything: not of a single value."""
    return result.sample.rows > 1 and bool(result.readings)


def _points(result: LikelihoodResult) -> Iterator[Section]:
    if not result.points:
        return
    yield Section(before=[[line] for line in _lines(result)])
    after = []
    lost = [p for p in result.points if p.log_likelihood is not None and p.likelihood < _SMALLEST]
    if lost:
        factors = "probabilities" if result.sample.discrete else "densities"
        product = f"the product of {result.sample.rows:,.10g} {factors}"
        after.append(
            [f"why the log: {product} is too small for a double; its log is the sum of theirs"]
        )
    top = result.maximum
    if top.log_likelihood is None:
        if top.message and result.sample.rows > 1:
            after.append([f"no maximum to compare with: {top.message}"])
    elif result.points:
        grid = _support(result)
        yield Section("Against the maximum", [[top.message]] if top.message else (), grid, after)
        return
    if after:
        yield Section(before=after)


def _lines(result: LikelihoodResult) -> list[str]:
    """L(mu = 170, sigma = 10 | X = 185) = 0.0129518, and what supports which how much better."""
    points, data = result.points, _data(result)
    columns = {name: _flush([f"{p.at[name]:.10g}" for p in points]) for name in points[0].at}
    several = result.sample.rows > 1
    heads = [
        ", ".join(f"{name} = {cells[i]}" for name, cells in columns.items())
        for i in range(len(points))
    ]
    bodies = [_product(point) for point in points]
    width = max(map(len, bodies))
    logs = numbers.aligned([_log(point.log_likelihood) for point in points])
    tails = [f"   ln L = {log}" if several else "" for log in logs]
    notes = _remarks(points)
    return [
        f"L({head} | {data}) = {body.ljust(width) if tail or note else body}{tail}{note}"
        for head, body, tail, note in zip(heads, bodies, tails, notes, strict=True)
    ]


def _flush(cells: Sequence[str]) -> list[str]:
    width = max(map(len, cells))
    return [cell.rjust(width) for cell in cells]


def _data(result: LikelihoodResult) -> str:
    values = result.sample.values
    if not values:
        return result.data.target
    if len(values) <= _SHOWN_VALUES:
        return f"X = {', '.join(values)}"
    return f"X = {values[0]}, {values[1]}, ... {len(values)} values"


def _product(point: Point) -> str:
    if point.log_likelihood is None:
        return "0"
    if point.likelihood < _SMALLEST:
        return numbers.power_of_ten(point.log_likelihood / _TEN)
    total = numbers.significant(point.likelihood)
    if not point.factors:
        return total
    return f"{' x '.join(numbers.significant(f, 4) for f in point.factors)} = {total}"


def _log(height: float | None) -> str:
    return "-inf" if height is None else numbers.height(height)


def _remarks(points: Sequence[Point]) -> list[str]:
    """Behind the best point: by how much it is better supported than the next."""
    notes = [""] * len(points)
    known = sorted((p.below_best, i) for i, p in enumerate(points) if p.below_best is not None)
    if len(known) < 2 or known[1][0] == 0:
        return notes
    (_, best), (behind, _) = known[:2]
    than = " than the next" if len(points) > 2 else ""
    notes[best] = f"     <- {_times(behind)} times better supported{than}"
    return notes


def _times(nats: float) -> str:
    """A ratio of likelihoods: 3.17, or 10^12.3 where it has too many digits."""
    return f"{math.exp(nats):.3g}" if nats < 6 * _TEN else f"10^{nats / _TEN:.1f}"


def _support(result: LikelihoodResult) -> Grid:
    top, free = result.maximum, result.sample.free
    shown = [("maximum", top.at, top.log_likelihood, 0.0, 1.0)] + [
        (f"point {p.point}", p.at, p.log_likelihood, p.below_maximum, p.relative_support)
        for p in result.points
    ]
    columns: dict[str, list[str]] = {"": [name for name, *_ in shown]}
    for name in free:
        columns[name] = numbers.aligned(
            [f"{at[name]:.6g}" if name in at else "" for _, at, *_ in shown]
        )
    columns["ln L"] = numbers.aligned([_log(height) for _, _, height, *_ in shown])
    columns["below the top"] = numbers.aligned(
        ["inf" if below is None else f"{below:.4f}" for *_, below, _ in shown]
    )
    columns["relative support"] = [
        "" if share is None else _share(share, below) for *_, below, share in shown
    ]
    return _grid(columns, 1)


def _share(share: float, below: float | None) -> str:
    if share >= 1e-4 or below is None:
        return f"{share:.4f}"
    return numbers.power_of_ten(-below / _TEN) if share < _SMALLEST else f"{share:.1e}"


def _readings(result: LikelihoodResult, wanted: str | None) -> Iterator[Section]:
    if wanted in (None, "directions"):
        title = "Slope and distance of each parameter" if wanted is None else ""
        yield Section(title, (), _directions(result))
    if wanted in (None, "readings"):
        kinds = {one.reading: one.information for one in result.readings}
        after = [
            [f"all three are about chi2({result.readings[0].df}) if the point is true"],
            [
                f"I: {kinds['slope']} information at the point",
                f"J: {kinds['distance']} information at the maximum",
            ],
        ]
        yield Section(
            "Three readings of one curve: could the point be true?" if wanted is None else "",
            (),
            _tests(result),
            after,
        )


def _directions(result: LikelihoodResult) -> Grid:
    found = result.directions
    columns = {
        "point": [str(one.point) for one in found],
        "parameter": [one.parameter for one in found],
        "value": numbers.aligned([f"{one.value:.6g}" for one in found]),
        "slope": numbers.aligned([_significant(one.slope, 5) for one in found]),
        "maximum": numbers.aligned(
            [numbers.rounded([one.estimate], one.std_error)[0] for one in found]
        ),
        "std error": numbers.aligned(
            [numbers.rounded([one.std_error], one.std_error)[0] for one in found]
        ),
        "distance in errors": numbers.aligned([numbers.statistic(one.z) for one in found]),
    }
    return _grid(_with_content(columns), 2)


def _tests(result: LikelihoodResult) -> Grid:
    found = [one for one in result.readings if one.statistic is not None]
    columns = {
        "point": [str(one.point) for one in found],
        "reading": [_READINGS[one.reading] for one in found],
        "test": [one.test for one in found],
        "chi2": numbers.aligned([f"{one.statistic:.4f}" for one in found]),
        "df": [str(one.df) for one in found],
        "p": numbers.aligned([numbers.p_value(one.p_value) for one in found]),
    }
    return _grid(columns, 3)


def _curve(result: LikelihoodResult, curve: CurveInfo) -> Section:
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


def _curve_grid(curve: CurveInfo) -> Grid:
    """Some of the values, evenly spread, and the exact ones among them."""
    known = [p for p in curve.points if p.below_maximum is not None]
    step = max(1, math.ceil(len(known) / _SHOWN_ROWS * 2))
    exact = {curve.low, curve.high, min(known, key=lambda p: p.below_maximum or 0.0).value}
    shown = [p for i, p in enumerate(known) if i % step == 0 or p.value in exact]
    names = list(shown[0].others)
    columns = {
        curve.parameter: numbers.aligned([f"{p.value:.6g}" for p in shown]),
        "ln L": numbers.aligned([_log(p.log_likelihood) for p in shown]),
        "below the top": numbers.aligned([f"{p.below_maximum or 0.0:.4f}" for p in shown]),
        **{name: numbers.aligned([f"{p.others[name]:.6g}" for p in shown]) for name in names},
    }
    return _grid(columns, 0)


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


def _surface(result: LikelihoodResult, surface: SurfaceInfo) -> Section:
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
    return _grid(columns, 1)


def _rows(result: LikelihoodResult) -> Section:
    found = result.rows
    columns = {
        "row": [str(one.row) for one in found],
        "value": [one.value for one in found],
        "point": [str(one.point) for one in found],
        "density": numbers.aligned([f"{one.density:.6g}" for one in found]),
        "log": numbers.aligned([_log(one.log_density) for one in found]),
    }
    return Section(grid=_grid(columns, 2))


def _points_table(result: LikelihoodResult) -> TidyTable:
    """A row for each point: its parameters, its height, and the three tests."""
    names = list(result.points[0].at) if result.points else list(result.maximum.at)
    kept = ("likelihood", "log_likelihood", "below_best", "below_maximum", "relative_support")
    tests = [f"{r}{end}" for r in _READINGS for end in ("", "_p")]
    rows: list[Row] = []
    for point in result.points:
        row: Row = {"point": point.point, **{name: point.at[name] for name in names}}
        row |= {name: tidy(getattr(point, name)) for name in kept}
        for one in result.readings:
            if one.point == point.point:
                row |= {one.reading: tidy(one.statistic), f"{one.reading}_p": tidy(one.p_value)}
        rows.append(row)
    return TidyTable(["point", *names, *kept, *tests], rows)


def _curve_table(result: LikelihoodResult) -> TidyTable:
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


def _surface_table(result: LikelihoodResult) -> TidyTable:
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


def _with_content(columns: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: cells for name, cells in columns.items() if any(cell.strip() for cell in cells)}


def _grid(columns: Mapping[str, Sequence[str]], words: int) -> Grid:
    return Grid(tuple(columns), tuple(zip(*columns.values(), strict=True)), words)


def _significant(value: float | None, digits: int) -> str:
    return numbers.significant(value, digits)
