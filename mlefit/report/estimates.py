"""The two tables of estimates as cells of text, before any layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlefit.report import numbers, wording
from mlefit.report.sections import Grid
from mlefit.results.fit import (
    Coefficient,
    Derived,
    FitResult,
    ParameterEstimate,
)

_DERIVED = ("estimate", "std error")


def coefficients(result: FitResult) -> Grid | None:
    """Coefficients on the link scale; names the parameter when there are several."""
    rows = result.coefficients
    if not rows:
        return None
    several = len({row.parameter for row in rows}) > 1
    names = [[row.parameter, row.term] if several else [row.term] for row in rows]
    estimate, error, interval = _estimates(rows, result)
    columns = {
        "estimate": estimate,
        "debiased": _debiased(rows, result),
        "std error": error,
        wording.statistic_heading(result.model): numbers.aligned(
            [numbers.statistic(row.statistic) for row in rows]
        ),
        "p": numbers.aligned([numbers.p_value(row.p_value) for row in rows]),
        wording.interval_heading(result.model): interval,
    }
    if result.debiased is None:
        del columns["debiased"]
    shown = _shown(columns, result)
    headings = [*(["parameter", "term"] if several else ["term"]), *shown]
    return _grid(headings, names, list(shown.values()))


def parameters(result: FitResult) -> Grid | None:
    """Parameters without covariates, on their natural scale."""
    rows = result.parameters
    if not rows:
        return None
    estimate, error, interval = _estimates(rows, result)
    columns = {"estimate": estimate, "std error": error}
    shown = _shown(columns | {wording.interval_heading(result.model): interval}, result)
    names = [[row.parameter] for row in rows]
    return _grid(["parameter", *shown], names, list(shown.values()))


def _shown(columns: Mapping[str, list[str]], result: FitResult) -> dict[str, list[str]]:
    """Without what a prior leaves empty: a posterior has no p-values, a corner no intervals."""
    return {
        heading: cells
        for heading, cells in columns.items()
        if not result.model.prior or any(cell.strip() for cell in cells)
    }


def _debiased(rows: Sequence[Coefficient], result: FitResult) -> list[str]:
    """The estimates that intervals are about, if those are not the modes."""
    values = [(result.debiased or {}).get(f"{row.parameter}:{row.term}") for row in rows]
    return numbers.aligned(
        [
            numbers.rounded([value], row.std_error)[0]
            for value, row in zip(values, rows, strict=True)
        ]
    )


def every(result: FitResult) -> list[Grid]:
    """All tables of estimates that have rows."""
    found = (coefficients(result), parameters(result), derived(result))
    return [grid for grid in found if grid is not None]


def derived(result: FitResult) -> Grid | None:
    """Functions of the parameters: what each is called and by which formula."""
    rows = result.derived
    if not rows:
        return None
    words = {
        "derived": [row.name for row in rows],
        "formula": [row.expression for row in rows],
        "scale": [row.scale or "" for row in rows],
    }
    if not any(words["scale"]):  # a profile or a bootstrap is the same on every scale
        del words["scale"]
    headings = [*words, *_DERIVED, wording.interval_heading(result.model)]
    return _grid(headings, list(zip(*words.values(), strict=True)), _of_derived(rows))


def elsewhere(result: FitResult) -> Iterator[tuple[str, Grid]]:
    """Each way of writing the distribution elsewhere, with the parameters it has there."""
    headings = ["argument", "formula", *_DERIVED, wording.interval_heading(result.model)]
    for one, call in zip(result.elsewhere, wording.reparameterised(result), strict=True):
        names = [[row.name, row.expression] for row in one.arguments]
        yield call, _grid(headings, names, _of_derived(one.arguments))


def _of_derived(rows: Sequence[Derived]) -> list[list[str]]:
    """Estimate, error and interval."""
    cells = [
        numbers.rounded([row.estimate, row.std_error, row.conf_low, row.conf_high], row.std_error)
        for row in rows
    ]
    error, low, high = (numbers.aligned([one[at] for one in cells]) for at in (1, 2, 3))
    estimate = numbers.aligned([one[0] or "none" for one in cells])
    return [estimate, error, ["   ".join(ends) for ends in zip(low, high, strict=True)]]


def _grid(
    headings: Sequence[str], names: Sequence[Sequence[str]], columns: Sequence[Sequence[str]]
) -> Grid:
    rows = zip(names, zip(*columns, strict=True), strict=True)
    return Grid(tuple(headings), tuple((*name, *cells) for name, cells in rows), len(names[0]))


def _estimates(
    rows: Sequence[Coefficient] | Sequence[ParameterEstimate], result: FitResult
) -> list[list[str]]:
    cells = [
        numbers.rounded([row.estimate, row.std_error, row.conf_low, row.conf_high], row.std_error)
        for row in rows
    ]
    reasons = [wording.held(row, result) for row in rows]
    estimate = [cell[0] or reason for cell, reason in zip(cells, reasons, strict=True)]
    error = [
        cell[1] or ("" if cell[0] == "" else reason)
        for cell, reason in zip(cells, reasons, strict=True)
    ]
    low = numbers.aligned([cell[2] for cell in cells])
    high = numbers.aligned([cell[3] for cell in cells])
    interval = ["   ".join(ends) for ends in zip(low, high, strict=True)]
    return [numbers.aligned(estimate), numbers.aligned(error), interval]
