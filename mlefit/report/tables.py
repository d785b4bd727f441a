"""The two tidy tables, at full precision: one row per term, one row per fit."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TypeAlias

from mlefit.results import Coefficient, FitResult

Cell: TypeAlias = str | float | None
Row: TypeAlias = dict[str, Cell]

TERM_COLUMNS = tuple(field.name for field in fields(Coefficient))


def terms(result: FitResult) -> list[Row]:
    """One row for each coefficient, then one for each parameter without covariates.

    Coefficients are on the link scale. A parameter without covariates is on its
    natural scale and has no term, statistic or p-value.
    """
    rows = [*result.coefficients, *result.parameters]
    return [{name: tidy(getattr(row, name, None)) for name in TERM_COLUMNS} for row in rows]


def fit(result: FitResult) -> Row:
    """The fit as one row: what was assumed, whether it can be trusted, how high it is."""
    head: Row = {"family": result.model.family, "status": result.certificate.status}
    return head | {
        field.name: tidy(getattr(result.fit, field.name)) for field in fields(result.fit)
    }


def tidy(value: Cell) -> Cell:
    """The value, or None where it is not a number anyone can use."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
