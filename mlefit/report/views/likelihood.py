"""What a report of a likelihood shows: the points, the readings of each, the curve, the surface."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from mlefit.report import numbers, wording
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Grid, Section, TidyTable, View
from mlefit.report.tables import Row, tidy
from mlefit.report.views._landscape import (
    curve_section,
    curve_table,
    grid_of,
    surface_section,
    surface_table,
)
from mlefit.results.likelihood import (
    Direction,
    LikelihoodResult,
    Point,
    Reading,
    RowTerm,
)

_SHOWN_VALUES = 6
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
            "curve": lambda: curve_table(result),
            "surface": lambda: surface_table(result),
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
        yield curve_section(result, result.curve)
    if wanted in (None, "surface") and result.surface is not None:
        yield surface_section(result, result.surface)
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
    return grid_of(columns, 1)


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
    return grid_of(_with_content(columns), 2)


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
    return grid_of(columns, 3)


def _rows(result: LikelihoodResult) -> Section:
    found = result.rows
    columns = {
        "row": [str(one.row) for one in found],
        "value": [one.value for one in found],
        "point": [str(one.point) for one in found],
        "density": numbers.aligned([f"{one.density:.6g}" for one in found]),
        "log": numbers.aligned([_log(one.log_density) for one in found]),
    }
    return Section(grid=grid_of(columns, 2))


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


def _with_content(columns: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: cells for name, cells in columns.items() if any(cell.strip() for cell in cells)}


def _significant(value: float | None, digits: int) -> str:
    return numbers.significant(value, digits)
