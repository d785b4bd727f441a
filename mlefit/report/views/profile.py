"""Profiles: the two intervals of every quantity, and each curve beside Wald's parabola."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter

from mlefit.report import numbers, wording
from mlefit.report.options import ReportOptions
from mlefit.report.pictures import Curve, Frame, Picture
from mlefit.report.sections import Grid, Section, TidyTable, View
from mlefit.results.profile import (
    ProfileInterval,
    ProfilePoint,
    ProfileResult,
    ProfileTest,
)

# The picture ends this much below the lowest cut.
_BELOW = 1.6
_NO_END = "none"
_WIDE = 10.0


def view(result: ProfileResult) -> View:
    """What a report of profiles shows."""
    return View(
        title=_title(result),
        ledger=wording.rows_line(result.data),
        sections=partial(_sections, result),
        tables={
            "intervals": partial(TidyTable.of, ProfileInterval, result.intervals),
            "curve": partial(TidyTable.of, ProfilePoint, result.curves),
            "tests": partial(TidyTable.of, ProfileTest, result.tests),
        },
    )


def _title(result: ProfileResult) -> list[str]:
    links = list(dict.fromkeys(result.links.values()))
    formulas = list(result.formulas.values()) or [f"{result.data.target} ~ 1"]
    return [f"Profile {result.objective} of {result.title}", *formulas, f"{links[0]} link"]


def _sections(result: ProfileResult, options: ReportOptions) -> list[Section]:
    if options.table == "curve":
        return [_numbers(name, points) for name, points in _by_name(result.curves)]
    whole = Section(grid=_intervals(result.intervals), after=list(_why(result)))
    if options.table == "intervals":
        return [whole]
    if options.table == "tests":
        return [Section(grid=_tests(result.tests))]
    height = numbers.height(result.log_likelihood)
    depths = [f"{-cut:.4g} ({level}%)" for level, cut in _cuts(result)]
    ends = f"the ends of an interval lie {' and '.join(depths)} below it"
    head = Section(before=[[f"log-likelihood at the maximum {height}", ends]])
    curves = [_curve(result, name, points) for name, points in _by_name(result.curves)]
    tests = [Section("Is it zero? (likelihood ratio)", grid=_tests(result.tests))]
    return [head, whole, *(tests if result.tests else []), *curves]


def _by_name(points: Sequence[ProfilePoint]) -> Iterator[tuple[str, list[ProfilePoint]]]:
    for name, group in groupby(points, attrgetter("name")):
        yield name, list(group)


def _cuts(result: ProfileResult) -> list[tuple[str, float]]:
    return [(f"{100 * float(level):g}", cut) for level, cut in result.cuts.items()]


def _intervals(intervals: Sequence[ProfileInterval]) -> Grid:
    several = len({one.level for one in intervals}) > 1
    rows = []
    for one in intervals:
        values = [one.estimate, one.std_error, one.conf_low, one.conf_high]
        values += [one.wald_low, one.wald_high]
        estimate, error, *ends = numbers.rounded(values, one.std_error)
        shown = [end or _NO_END for end in ends]
        level = [numbers.percent(one.level)] if several else []
        rows.append([one.name, *level, estimate, error, *shown])
    columns = list(zip(*rows, strict=True))
    words = 2 if several else 1
    cells = [*columns[:words], *(numbers.aligned(list(column)) for column in columns[words:])]
    percent = "" if several else f"{numbers.percent(intervals[0].level)} "
    joined = [*cells[:-4], *_joined(cells[-4:])]
    headings = ["quantity", *(["level"] if several else []), "estimate", "std error"]
    headings += [f"{percent}by the profile", f"{percent}by Wald"]
    return Grid(tuple(headings), tuple(zip(*joined, strict=True)), words)


def _joined(ends: Sequence[Sequence[str]]) -> list[list[str]]:
    """Lower and upper ends in one cell, twice."""
    return [
        ["   ".join(pair) for pair in zip(low, high, strict=True)]
        for low, high in (ends[:2], ends[2:])
    ]


def _why(result: ProfileResult) -> Iterator[list[str]]:
    """Why an end is missing, or is where it is; and on which scales Wald's are symmetric."""
    for one in result.intervals:
        for side, end, reason in (
            ("lower", one.conf_low, one.low_reason),
            ("upper", one.conf_high, one.high_reason),
        ):
            if reason:
                where = f"no {side} end: {reason}" if end is None else f"{side} end where {reason}"
                yield [f"{one.name}: {where}"]
    scales: dict[str, list[str]] = {}
    for one in result.intervals:
        if one.wald_scale != "own" and one.name not in scales.get(one.wald_scale, ()):
            scales.setdefault(one.wald_scale, []).append(one.name)
    for scale, names in scales.items():
        yield [f"Wald's is symmetric on the {scale} scale for {', '.join(names)}"]


def _tests(tests: Sequence[ProfileTest]) -> Grid:
    columns = [
        [one.name for one in tests],
        numbers.aligned([numbers.statistic(one.signed_root) for one in tests]),
        numbers.aligned([numbers.p_value(one.p_value) for one in tests]),
    ]
    return Grid(("quantity", "root LR", "p"), tuple(zip(*columns, strict=True)), 1)


def _curve(result: ProfileResult, name: str, points: Sequence[ProfilePoint]) -> Section:
    """The picture of one profile, and what it has at the ends of both intervals."""
    intervals = [one for one in result.intervals if one.name == name]
    return Section(
        name if intervals[0].expression is None else f"{name} = {intervals[0].expression}",
        grid=_at_ends(result, intervals),
        picture=_picture(result, name, points, intervals),
    )


def _picture(
    result: ProfileResult,
    name: str,
    points: Sequence[ProfilePoint],
    intervals: Sequence[ProfileInterval],
) -> Picture:
    scale = _scale(points, intervals[0])
    across = [scale(point.value) for point in points]
    least = _BELOW * min(result.cuts.values())
    curves = [
        _above(least, across, [point.drop for point in points], "profile"),
        _above(least, across, [point.wald_drop for point in points], "Wald"),
    ]
    for level, cut in _cuts(result):
        curves.append(Curve([across[0], across[-1]], [cut, cut], f"{level}% cut"))
    widest = max(intervals, key=attrgetter("level"))
    ends = [end for end in (widest.conf_low, widest.conf_high) if end is not None]
    shown = numbers.rounded([*ends, points[0].value, points[-1].value], widest.std_error)
    on_scale = ", on a log scale" if scale is math.log else ""
    return Picture(
        f"log-likelihood below its maximum, {name} held and the rest at its best{on_scale}",
        curves,
        Frame(
            left=f"{name} {shown[-2]}",
            right=shown[-1],
            marks=dict(zip(map(scale, ends), shown[:-2], strict=True)),
            least=least,
        ),
    )


def _scale(points: Sequence[ProfilePoint], interval: ProfileInterval) -> Callable[[float], float]:
    """Of the horizontal axis: logarithms of what is positive where it goes far."""
    far = interval.wald_scale == "log" and points[-1].value > _WIDE * points[0].value
    return math.log if far else float


def _above(
    least: float, across: Sequence[float], drops: Sequence[float | None], name: str
) -> Curve:
    """The part of a curve that the frame has room for, so that its name stands at its end."""
    shown = [(x, y) for x, y in zip(across, drops, strict=True) if y is not None and y >= least]
    return Curve([x for x, _ in shown], [y for _, y in shown], name)


def _at_ends(result: ProfileResult, intervals: Sequence[ProfileInterval]) -> Grid:
    """What the log-likelihood has lost at the ends of both intervals."""
    rows = []
    for one in intervals:
        cut = result.cuts[f"{one.level:g}"]
        level = numbers.percent(one.level)
        places = [
            (f"{level} profile, lower", one.conf_low, cut),
            (f"{level} Wald, lower", one.wald_low, one.wald_low_drop),
            (f"{level} Wald, upper", one.wald_high, one.wald_high_drop),
            (f"{level} profile, upper", one.conf_high, cut),
        ]
        for words, value, drop in places:
            if value is None:
                continue
            lost = "" if drop is None else f"{-drop:z.3f}"
            ratio = "" if drop is None else f"{math.exp(drop):.4f}"
            rows.append([words, *numbers.rounded([value], one.std_error), lost, ratio])
    columns = list(zip(*rows, strict=True))
    cells = [columns[0], *(numbers.aligned(list(column)) for column in columns[1:])]
    headings = ("end", "value", "log-likelihood lost", "likelihood ratio")
    return Grid(headings, tuple(zip(*cells, strict=True)), 1)


def _numbers(name: str, points: Sequence[ProfilePoint]) -> Section:
    """Every point of a curve."""
    columns = [
        numbers.aligned([f"{point.value:.6g}" for point in points]),
        numbers.aligned(["" if p.drop is None else f"{p.drop:z.4f}" for p in points]),
        numbers.aligned(["" if p.signed_root is None else f"{p.signed_root:z.4f}" for p in points]),
        numbers.aligned(["" if p.wald_drop is None else f"{p.wald_drop:z.4f}" for p in points]),
    ]
    headings = (name, "profile", "signed root", "Wald")
    return Section(name, grid=Grid(headings, tuple(zip(*columns, strict=True)), 0))
