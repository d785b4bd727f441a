"""The tidy tables of a fit, at full precision: a row per term, fit, strength, derived quantity."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TypeAlias

from mlefit.errors import UsageError
from mlefit.results.fit import Coefficient, Derived, FitResult, StrengthStep

Cell: TypeAlias = str | float | None
Row: TypeAlias = dict[str, Cell]

TERM_COLUMNS = tuple(field.name for field in fields(Coefficient))
_STEP_COLUMNS = tuple(field.name for field in fields(StrengthStep) if field.name != "estimates")
PATH_COLUMNS = (*_STEP_COLUMNS, "parameter", "term", "estimate")


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


def derived(result: FitResult) -> list[Row]:
    """One row for each function of the parameters.

    Raises:
        UsageError: none was asked for.
    """
    if not result.derived:
        example = "b[Intercept]" if result.coefficients else result.parameters[0].parameter
        raise UsageError(
            "nothing is derived: no function of the parameters was asked for",
            tries=[f"--derive 'NAME = exp({example})' --table derived"],
        )
    return [_record(row) for row in result.derived]


def elsewhere(result: FitResult) -> list[Row]:
    """One row for each parameter of the fitted distribution in another system.

    Raises:
        UsageError: rows have distributions of their own, or there is no such system.
    """
    if result.coefficients:
        raise UsageError(
            "there is no table 'elsewhere': with covariates every row has a distribution of its "
            "own, and no single one to write down",
            tries=[f"'{result.data.target} ~ 1'"],
        )
    if not result.elsewhere:
        raise UsageError(
            f"there is no table 'elsewhere': no distribution of {result.model.family} was fitted "
            "that another system has",
            tries=["mlefit list families"],
        )
    rows: list[Row] = []
    for one in result.elsewhere:
        for argument in one.arguments:
            row = _record(argument)
            head: Row = {"system": one.system, "call": one.template, "argument": row.pop("name")}
            rows.append(head | row)
    return rows


def _record(row: Derived) -> Row:
    return {field.name: tidy(getattr(row, field.name)) for field in fields(row)}


def path(result: FitResult) -> list[Row]:
    """One row for each strength and term; for each strength where no estimates were kept.

    Raises:
        UsageError: no strength was varied.
    """
    search = result.path
    if search is None:
        raise UsageError(
            "there is no path: no strength of a prior was varied",
            tries=["--prior 'laplace(0, auto)' --cv 10 --path 50 --table path"],
        )
    rows: list[Row] = []
    for step in search.steps:
        head = {name: tidy(getattr(step, name)) for name in _STEP_COLUMNS}
        named = zip(search.terms, step.estimates, strict=True) if step.estimates else [("", None)]
        for name, estimate in named:
            parameter, _, term = name.partition(":")
            rows.append(head | {"parameter": parameter, "term": term, "estimate": tidy(estimate)})
    return rows


def tidy(value: Cell) -> Cell:
    """The value, or None where it is not a number anyone can use."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
