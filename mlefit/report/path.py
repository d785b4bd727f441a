"""The strengths of a prior that were tried, as a table short enough to read."""

from __future__ import annotations

from collections.abc import Sequence

from mlefit.report import numbers, tables
from mlefit.report.sections import Grid
from mlefit.results.fit import FitResult, StrengthSearch, StrengthStep

_MOST_ROWS = 12
_MOST_TERMS = 6


def lines(search: StrengthSearch) -> list[list[str]]:
    """What was varied, what decided, and what the table leaves out."""
    found = [
        [f"{search.prior} on {search.term}", f"chosen by {search.chosen_by}: {search.rule}"]
        if search.chosen_by != "user"
        else [f"{search.prior} on {search.term}", f"the fit is at strength {search.strength:.6g}"]
    ]
    if search.folds is not None:
        found.append([f"{search.folds} folds", f"seed {search.seed}", "NLL per row held out"])
    if search.optimality_residual is not None:
        residual = numbers.small(search.optimality_residual)
        found.append([f"optimality conditions hold to {residual} wherever the search converged"])
    hidden = len(search.steps) - len(_shown(search))
    if hidden or len(_terms(search)) < len(search.terms):
        estimates = ", every estimate" if search.steps[0].estimates else ""
        found.append([f"all {len(search.steps)} strengths{estimates}: --table path -f csv"])
    return found


def grid(search: StrengthSearch) -> Grid:
    """Some of the strengths, among them the chosen one and the best."""
    steps = _shown(search)
    columns = {
        "strength": [numbers.significant(step.strength, 4) for step in steps],
        "scale": [_scale(step) for step in steps],
        # only a corner holds coefficients at the centre
        "nonzero": [str(step.nonzero) if step.log_evidence is None else "" for step in steps],
        "log evidence": [_height(step.log_evidence) for step in steps],
        "held-out NLL": [_decimals(step.mean_nll) for step in steps],
        "std error": [_decimals(step.std_error) for step in steps],
    }
    for index, term in enumerate(_terms(search)):
        columns[term] = [numbers.significant(step.estimates[index], 4) for step in steps]
    kept = {name: numbers.aligned(cells) for name, cells in columns.items() if any(cells)}
    kept["note"] = [_mark(step, search) for step in steps]
    return Grid(tuple(kept), tuple(zip(*kept.values(), strict=True)), 0)


def whole(result: FitResult) -> Grid:
    """Every strength, or every strength and term, at the width that takes.

    Raises:
        UsageError: no strength was varied.
    """
    rows = tables.path(result)
    columns = {name: [_cell(row[name]) for row in rows] for name in tables.PATH_COLUMNS}
    kept = {name: numbers.aligned(cells) for name, cells in columns.items() if any(cells)}
    return Grid(tuple(kept), tuple(zip(*kept.values(), strict=True)), 0)


def _cell(value: str | float | None) -> str:
    return value if isinstance(value, str) else numbers.significant(value)


def _shown(search: StrengthSearch) -> Sequence[StrengthStep]:
    """Evenly spaced steps with the chosen and the best one."""
    steps = search.steps
    if len(steps) <= _MOST_ROWS:
        return steps
    last = len(steps) - 1
    keep = {round(last * i / (_MOST_ROWS - 3)) for i in range(_MOST_ROWS - 2)}
    keep |= {i for i, step in enumerate(steps) if _mark(step, search)}
    return [steps[i] for i in sorted(keep)]


def _terms(search: StrengthSearch) -> Sequence[str]:
    few = len(search.terms) <= _MOST_TERMS and search.steps[0].estimates
    return search.terms if few else ()


def _mark(step: StrengthStep, search: StrengthSearch) -> str:
    chosen = "chosen" if step.strength == search.strength else ""
    least = "least" if search.folds is not None and step.strength == search.best else ""
    trouble = "" if step.status == "converged" else step.status
    return ", ".join(filter(None, [chosen, least, trouble]))


def _scale(step: StrengthStep) -> str:
    """Empty where the prior is written by its strength."""
    return "" if step.number == step.strength else numbers.significant(step.number, 4)


def _height(value: float | None) -> str:
    return "" if value is None else numbers.height(value)


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"
