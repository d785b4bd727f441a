"""What a gate could see: the smallest gap and the smallest moves, by the rows of a day."""

from __future__ import annotations

from functools import partial

from mlefit.report import numbers
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Grid, Section, TidyTable, View
from mlefit.results.check import Sensitivity
from mlefit.results.power import PowerResult, TermSensitivity


def view(result: PowerResult) -> View:
    """What a report of power shows."""
    base = result.baseline
    return View(
        title=["What the gate sees on 95% of days", f"{base.title}, {base.formula}"],
        ledger=f"baseline {base.source}, {base.rows:,.0f} rows",
        sections=partial(_sections, result),
        tables={
            "gaps": partial(TidyTable.of, Sensitivity, result.gaps),
            "terms": partial(TidyTable.of, TermSensitivity, result.terms),
        },
    )


def _sections(result: PowerResult, options: ReportOptions) -> list[Section]:
    parts = {"gaps": _gaps(result), "terms": _terms(result)}
    return [part for name, part in parts.items() if options.table in (None, name)]


def _gaps(result: PowerResult) -> Section:
    rows = [
        (one.condition, f"{one.rows:,.0f}", f"{one.gap:.3g}", f"{one.shift:.3g}")
        for one in result.gaps
    ]
    cells = [*zip(*rows, strict=True)] if rows else [(), (), (), ()]
    columns = [cells[0], *(numbers.aligned(list(column)) for column in cells[1:])]
    headings = ("condition", "rows a day", "gap, nats a row", "shift, sd")
    grid = Grid(headings, tuple(zip(*columns, strict=True)), 1)
    return Section("Smallest gap", grid=grid)


def _terms(result: PowerResult) -> Section:
    """A row for each estimate, a column for each number of rows."""
    steps = list(dict.fromkeys(one.rows for one in result.terms))
    by_term: dict[tuple[str, str], dict[float, str]] = {}
    for one in result.terms:
        by_term.setdefault((one.condition, one.term), {})[one.rows] = f"{one.change:.3g}"
    rows = [
        (condition, term, *(found.get(step, "") for step in steps))
        for (condition, term), found in by_term.items()
    ]
    headings = ("condition", "estimate", *(f"{step:,.0f} rows" for step in steps))
    title = "Smallest move of an estimate, on the link scale"
    return Section(title, grid=Grid(headings, tuple(rows), 2))
