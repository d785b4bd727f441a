"""Columns with a part besides target and features: weights, offset, exposure, trials, clusters."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit import families
from mlefit.design.coding import TRIALS
from mlefit.design.columns import OFFSET, PRECISION, WEIGHT
from mlefit.design.levels import ranked
from mlefit.design.values import contents, is_number, plain
from mlefit.errors import DataError, UsageError
from mlefit.families._base import Family
from mlefit.request import Request
from mlefit.source import Rows

_SHOWN_ROWS = 2


def without_zero_weights(request: Request, rows: Rows) -> Rows:
    """Check the weights; a row of weight zero is as good as absent and is left out.

    Raises:
        UsageError: the column does not hold numbers.
        DataError: a negative weight, a frequency that is no whole number, or only zeros.
    """
    for flag in ("freq_weights", "precision_weights", "sampling_weights"):
        name = getattr(request, flag)
        if name is not None:
            return _with_positive(_checked_weights(name, flag, rows), name, rows)
    return rows


def _checked_weights(name: str, flag: str, rows: Rows) -> pl.Series:
    weight = _role(name, flag, rows)
    _refuse(weight < 0, weight, rows, f"weights {name!r} has negative values")
    if flag == "freq_weights":
        problem = f"frequency weights {name!r} count rows, but some are not whole numbers"
        _refuse(weight != weight.floor(), weight, rows, problem)
    return weight


def _with_positive(weight: pl.Series, name: str, rows: Rows) -> Rows:
    zero = weight == 0
    if zero.all():
        raise DataError(f"every weight in {name!r} is zero")
    return rows.only(~zero, f"weight 0:{name}") if zero.any() else rows


def weights_of(request: Request, rows: Rows) -> dict[str, pl.Series]:
    """The weights by key, checked already; precision weights as their logarithm.

    Sampling weights are divided by their mean: only their ratios mean anything, and so
    a row still counts for about one when the search compares what is left in nats.
    """
    if request.precision_weights is not None:
        weight = _role(request.precision_weights, "precision_weights", rows)
        return {PRECISION: weight.cast(pl.Float64).log()}
    if request.sampling_weights is not None:
        weight = _role(request.sampling_weights, "sampling_weights", rows).cast(pl.Float64)
        return {WEIGHT: weight / weight.mean()}
    if request.freq_weights is not None:
        return {WEIGHT: _role(request.freq_weights, "freq_weights", rows)}
    return {}


def offset_of(request: Request, rows: Rows) -> dict[str, pl.Series]:
    """What is added to the first linear predictor: the offset and the log of the exposure.

    Raises:
        UsageError: a column does not hold numbers.
        DataError: an exposure that is not positive.
    """
    parts = []
    if request.offset is not None:
        parts.append(_role(request.offset, "offset", rows))
    if request.exposure is not None:
        exposure = _role(request.exposure, "exposure", rows)
        problem = f"exposure {request.exposure!r} has values that are not > 0"
        _refuse(exposure <= 0, exposure, rows, problem)
        parts.append(exposure.cast(pl.Float64).log())
    if not parts:
        return {}
    return {OFFSET: parts[0] if len(parts) == 1 else parts[0] + parts[1]}


def trials_of(request: Request, rows: Rows, family: Family) -> dict[str, pl.Series]:
    """The number of trials, for a family that counts successes.

    Raises:
        UsageError: trials are missing, or mean nothing to the family.
        DataError: a number of trials that is no count.
    """
    if TRIALS not in family.known:
        if request.trials is None:
            return {}
        counting = [other.name for other in families.every() if TRIALS in other.known]
        counting.sort(key=len)
        raise UsageError(
            f"--trials is for {' and '.join(counting)}, not for {family.name}",
            tries=[f"--family {name}" for name in counting],
        )
    if request.trials is None:
        raise UsageError(
            f"{family.name} needs the number of trials of each row: --trials COL",
            "for one trial a row, the family is bernoulli",
        )
    trials = _role(request.trials, "trials", rows)
    problem = f"trials {request.trials!r} has values that are no counts"
    _refuse((trials < 0) | (trials != trials.floor()), trials, rows, problem)
    return {TRIALS: trials}


def clusters_of(request: Request, rows: Rows) -> NDArray[np.intp] | None:
    """The code (n,) of each row's cluster, whatever the type of its column."""
    if request.cluster is None:
        return None
    values = rows.frame.get_column(request.cluster)
    if values.dtype.is_nested():
        raise UsageError(f"--cluster: column {request.cluster!r} holds {contents(values.dtype)}")
    return ranked(values)[0].to_numpy().astype(np.intp)


def _role(name: str, flag: str, rows: Rows) -> pl.Series:
    series = rows.frame.get_column(name)
    if not is_number(series.dtype):
        raise UsageError(
            f"--{flag.replace('_', '-')} needs numbers, and column {name!r} holds "
            f"{contents(series.dtype)}"
        )
    return plain(series)


def _refuse(wrong: pl.Series, values: pl.Series, rows: Rows, problem: str) -> None:
    found = wrong.arg_true()
    if len(found):
        shown = ", ".join(
            f"row {rows.row_number(at)} = {values[at]:.12g}" for at in found.head(_SHOWN_ROWS)
        )
        raise DataError(problem, f"first: {shown} ({len(found)} of {len(values)} rows)")
