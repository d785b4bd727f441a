"""One line for each group; of many groups the first ones, and what all of them say together."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial

from mlefit.report import numbers, wording
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Grid, Section, TidyTable, View
from mlefit.report.tables import tidy
from mlefit.results.groups import GroupEstimate, GroupFit, GroupsResult

# A person reads no more of them; files and other programs get all.
_MOST_SHOWN = 30
# Quartiles of fewer say less than their list.
_FEWEST = 5
_TERMS = ("group", "parameter", "term", "estimate", "std_error", "conf_low", "conf_high", "status")
_GROUPS = ("group", "rows", "nobs", "status", "message", "log_likelihood", "n_params", "aic")


def view(result: GroupsResult) -> View:
    """What a report of groups shows."""
    links = list(dict.fromkeys(result.links.values()))
    return View(
        title=[f"{result.title}, a fit for each {result.by}", result.formula, f"{links[0]} link"],
        ledger=wording.rows_line(result.data),
        sections=partial(_sections, result),
        tables={"terms": partial(_terms, result), "groups": partial(_groups, result)},
    )


def _sections(result: GroupsResult, options: ReportOptions) -> list[Section]:
    shown = result.groups if options.table is not None else _first(result.groups)
    left = len(result.groups) - len(shown)
    more = [[f"and {left:,} more groups", "--table groups -f csv shows all"]] if left else []
    listed = Section(grid=_grid(result, shown), after=more)
    if options.table is not None or len(result.groups) < _FEWEST:
        return [listed]
    return [listed, Section(f"Over all {len(result.groups):,} groups", grid=_summary(result))]


def _first(groups: Sequence[GroupFit]) -> list[GroupFit]:
    """Those without a fit to be trusted first."""
    odd = [one for one in groups if one.status != "converged"]
    rest = [one for one in groups if one.status == "converged"]
    return [*odd[: _MOST_SHOWN // 2], *rest][:_MOST_SHOWN]


def _grid(result: GroupsResult, shown: Sequence[GroupFit]) -> Grid:
    names = _names(result)
    rows = []
    for one in shown:
        found = {_name(e): e for e in one.estimates}
        cells = [_cell(found.get(name)) for name in names]
        rows.append((one.group, one.status, f"{one.rows:,}", *cells))
    columns = [list(column) for column in zip(*rows, strict=True)]
    aligned = [*columns[:2], *(numbers.aligned(column) for column in columns[2:])]
    headings = (result.by, "status", "rows", *names)
    return Grid(headings, tuple(zip(*aligned, strict=True)), 2)


def _cell(one: GroupEstimate | None) -> str:
    if one is None or one.estimate is None:
        return ""
    return numbers.rounded([one.estimate], one.std_error)[0]


def _names(result: GroupsResult) -> list[str]:
    return list(dict.fromkeys(_name(e) for group in result.groups for e in group.estimates))


def _name(one: GroupEstimate) -> str:
    return one.parameter if one.term is None else one.term


def _summary(result: GroupsResult) -> Grid:
    """How each estimate varies from group to group."""
    rows = []
    for name in _names(result):
        values = sorted(
            e.estimate
            for group in result.groups
            if group.status == "converged"
            for e in group.estimates
            if _name(e) == name and e.estimate is not None
        )
        if len(values) < 3:
            continue
        low, middle, high = statistics.quantiles(values, n=4)
        shown = [values[0], low, middle, high, values[-1]]
        rows.append((name, *(f"{value:.4g}" for value in shown)))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(6)]
    cells = [columns[0], *(numbers.aligned(column) for column in columns[1:])]
    headings = ("estimate", "least", "lower quartile", "median", "upper quartile", "largest")
    return Grid(headings, tuple(zip(*cells, strict=True)), 1)


def _terms(result: GroupsResult) -> TidyTable:
    rows = [
        {
            "group": group.group,
            "status": group.status,
            **{
                name: tidy(getattr(one, name)) for name in _TERMS if name not in ("group", "status")
            },
        }
        for group in result.groups
        for one in group.estimates
    ]
    return TidyTable(_TERMS, rows)


def _groups(result: GroupsResult) -> TidyTable:
    rows = [{name: tidy(getattr(one, name)) for name in _GROUPS} for one in result.groups]
    return TidyTable(_GROUPS, rows)
