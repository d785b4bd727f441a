"""The gate: the worst first, why, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from mlefit.report import numbers
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Grid, Section, TidyTable, View
from mlefit.report.tables import tidy
from mlefit.results.check import CheckResult, Outcome, Sensitivity

# A person reads no more subjects of one check; files and other programs get all.
_MOST_ALIKE, _MOST_ODD = 12, 25
_ORDER = ("fail", "error", "warn", "pass", "skip")
_COLUMNS = ("name", "type", "subject", "status", "p_value", "alpha", "warn", "fail", "message")


def view(result: CheckResult) -> View:
    """What a report of a gate shows."""
    return View(
        title=_title(result),
        ledger=_ledger(result),
        sections=partial(_sections, result),
        tables={
            "outcomes": partial(_outcomes, result),
            "measured": partial(_measured, result),
            "sensitivity": partial(TidyTable.of, Sensitivity, result.sensitivity),
        },
    )


def _title(result: CheckResult) -> list[str]:
    title = [result.status.upper()]
    if result.baseline is not None:
        base = result.baseline
        title += [f"{base.title}, {base.formula}", f"baseline {base.source}"]
    return title


def _ledger(result: CheckResult) -> str:
    if result.today is None:
        return ""
    used = f"{result.today.rows_used:,} of {result.today.rows_read:,} rows"
    if result.baseline is None:
        return used
    exact = ", exact" if result.baseline.exact else ""
    return f"{used} (baseline {result.baseline.rows:,.0f}{exact})"


def _sections(result: CheckResult, options: ReportOptions) -> list[Section]:
    if options.table == "sensitivity":
        return [_sensitivity(result)]
    checks = Section(grid=_grid(result.outcomes), after=list(_evidence(result.outcomes)))
    if options.table is not None:
        return [checks]
    seen = [_sensitivity(result)] if result.sensitivity else []
    last = [[f"{result.status.upper()}: {result.verdict}"]]
    if result.next_command is not None:
        last.append([f"next, if the change is meant: {result.next_command}"])
    return [checks, *seen, Section(before=last)]


def _sorted(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda one: _ORDER.index(one.status))


def _grid(outcomes: Sequence[Outcome]) -> Grid | None:
    if not outcomes:
        return None
    rows = [
        (
            one.status.upper(),
            _called(one),
            one.message,
            "" if one.p_value is None else numbers.p_value(one.p_value),
        )
        for one in _folded(_sorted(outcomes))
    ]
    return Grid(("", "check", "seen", "p"), tuple(rows), 3)


def _folded(outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    """Of many subjects of one check that ended alike the first, and how many more there are."""
    alike: dict[tuple[str, str], list[Outcome]] = {}
    for one in outcomes:
        alike.setdefault((one.status, one.name), []).append(one)
    for (status, _), found in alike.items():
        few = _MOST_ALIKE if status == "pass" else _MOST_ODD
        yield from found[:few]
        if len(found) > few:
            more = f"and {len(found) - few:,} more"
            yield replace(found[few], subject="", message=more, p_value=None)


def _called(one: Outcome) -> str:
    return f"{one.name} {one.subject}".strip()


def _evidence(outcomes: Sequence[Outcome]) -> Iterator[list[str]]:
    """Why a check did not pass."""
    told: set[tuple[str, ...]] = set()
    told_odd: Counter[str] = Counter()
    for one in _sorted(outcomes):
        limit = {"fail": one.fail, "warn": one.warn}.get(one.status)
        verb = {"fail": "fails", "warn": "warns"}.get(one.status)
        where = [] if one.line is None else [f"line {one.line} of the checks file"]
        if told_odd[one.name] >= _MOST_ODD:
            continue
        told_odd[one.name] += 1
        needs = [] if one.alpha is None else [f"with p below {one.alpha:g}"]
        if limit is not None:
            yield [f"{_called(one)}: {verb} if {limit}", *needs, *where, *one.evidence]
        elif one.status == "error" and (one.message, *one.evidence) not in told:
            # what cannot be read keeps many checks from looking
            told.add((one.message, *one.evidence))
            yield [f"{_called(one)}: could not look", *where, *one.evidence]


def _sensitivity(result: CheckResult) -> Section:
    lines = [
        [
            f"{one.condition}: a gap of {one.gap:.3g} nats per row",
            f"a shift by {one.shift:.2g} standard deviations",
        ]
        for one in result.sensitivity
    ]
    rows = f"{result.sensitivity[0].rows:,.0f}" if result.sensitivity else "these"
    return Section(
        f"The smallest drift that this gate sees at {rows} rows, on 95% of days", before=lines
    )


def _outcomes(result: CheckResult) -> TidyTable:
    rows = [{name: tidy(getattr(one, name)) for name in _COLUMNS} for one in result.outcomes]
    return TidyTable(_COLUMNS, rows)


def _measured(result: CheckResult) -> TidyTable:
    """One row for each quantity of each outcome."""
    rows: list[dict[str, Any]] = []
    for one in result.outcomes:
        for quantity, value in one.observed.items():
            ends = value if isinstance(value, Sequence) else (value, value)
            rows.append(
                {
                    "name": one.name,
                    "subject": one.subject,
                    "quantity": quantity,
                    "low": tidy(ends[0]),
                    "high": tidy(ends[1]),
                }
            )
    return TidyTable(("name", "subject", "quantity", "low", "high"), rows)
