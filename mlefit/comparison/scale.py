"""One scale for models of a column and of functions of it.

A model of g(y) says of y itself

    log f_y(y) = log f_g(g(y)) + log |g'(y)|
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.comparison.candidates import Candidate
from mlefit.design.values import numbers
from mlefit.errors import DataError, UsageError
from mlefit.expression import Name, derivative, names, render
from mlefit.fitting import Prepared
from mlefit.source import Rows as Held


def on_one_scale(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with the change from the target of each to the column they share.

    Raises:
        UsageError: a target that is no scale of its column.
    """
    responses = {render(one.prepared.roles.response) for one in candidates}
    if len(responses) == 1:
        return list(candidates)
    common = candidates[0].prepared.request
    unseen = (
        common.event,
        common.censored_below,
        common.censored_above,
        common.truncated_below,
        common.truncated_above,
    )
    if any(flag is not None for flag in unseen):
        raise UsageError(
            "what was not seen is told on the scale of one target, and the formulas have "
            f"several: {', '.join(sorted(responses))}"
        )
    shifts: dict[str, Any] = {}
    moved = []
    for one in candidates:
        label = render(one.prepared.roles.response)
        if one.measure != "density":
            raise UsageError(
                f"{one.family} gives values a probability, which has no other scale: "
                f"{', '.join(sorted(responses))} cannot be compared under it",
                tries=["--families normal,lognormal"],
            )
        if label not in shifts:
            shifts[label] = change_of_scale(one.prepared)
        moved.append(replace(one, shift=shifts[label]))
    return moved


def change_of_scale(prepared: Prepared) -> Rows:
    """log |g'| of every row for a target g(y).

    Raises:
        UsageError: g has no derivative, or several columns.
        DataError: g turns around or stands still among the rows.
    """
    response = prepared.roles.response
    label = render(response)
    columns = names(response)
    if len(columns) != 1:
        raise UsageError(f"{label} is made of {len(columns)} columns, so it is no scale of one")
    slope = derivative(response, Name(columns[0]))
    rows = prepared.table.rows
    assert isinstance(rows, Held)  # a comparison reads its rows into memory
    values = np.broadcast_to(
        numbers(slope, rows).to_numpy().astype(float), prepared.table.columns.rows
    )
    turned = np.flatnonzero(values * values[0] <= 0)
    if len(turned):
        raise DataError(
            f"{label} is not one-to-one over these rows, so it is no other scale of {columns[0]!r}",
            f"its slope is {values[0]:.6g} in row {rows.row_number(0)} and "
            f"{values[turned[0]]:.6g} in row {rows.row_number(int(turned[0]))}",
        )
    return np.log(np.abs(values))
