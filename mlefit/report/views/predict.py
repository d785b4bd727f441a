"""What a saved model is worth on rows: its NLL, and which rows are in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mlefit.report import numbers
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Section, TidyTable, View
from mlefit.results.predict import HeldOut

_COLUMNS = (
    "model",
    "family",
    "formula",
    "source",
    "rows_read",
    "rows_used",
    "rows_impossible",
    "nobs",
    "nll",
    "mean_nll",
    "std_error",
    "bits_per_row",
    "fit_mean_nll",
)


def view(result: HeldOut) -> View:
    """What a report of a judged model shows."""
    return View(
        title=[f"Rows of {result.source}", result.formula, result.family],
        ledger=_ledger(result),
        sections=partial(_sections, result),
        tables={"fit": partial(_table, result)},
    )


def _ledger(result: HeldOut) -> str:
    if result.rows_used == result.rows_read:
        return f"{result.rows_used:,} rows"
    causes = ", ".join(f"{count:,} {cause}" for cause, count in result.rows_left_out.items())
    return f"{result.rows_used:,} of {result.rows_read:,} rows" + (f" ({causes})" if causes else "")


def _sections(result: HeldOut, options: ReportOptions) -> Sequence[Section]:
    lines = [[f"model {result.model}"]]
    if result.nll is None or result.mean_nll is None:
        lines.append(["the negative log-likelihood is infinite"])
    else:
        error = "" if result.std_error is None else f" +- {result.std_error:.4f}"
        lines.append([f"negative log-likelihood {numbers.height(result.nll)}"])
        lines.append(
            [
                f"{result.mean_nll:.4f}{error} nats per row",
                f"{result.bits_per_row:.4f} bits",
            ]
        )
    if result.fit_mean_nll is not None:
        lines.append([f"the rows it was fitted to: {result.fit_mean_nll:.4f} nats per row"])
    if result.weights is not None:
        lines.append([f"rows count as {result.weights} says: {result.nobs:,g} in all"])
    return [Section(before=lines)]


def _table(result: HeldOut) -> TidyTable:
    return TidyTable(_COLUMNS, [{name: getattr(result, name) for name in _COLUMNS}])
