"""Columns with a part besides target and features: weights, offset, exposure, trials, clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit import families
from mlefit.design.coding import TRIALS
from mlefit.design.columns import CLUSTER, GROUP, OFFSET, PRECISION, WEIGHT
from mlefit.design.levels import Levels
from mlefit.design.values import contents, is_number, plain
from mlefit.errors import DataError, UsageError
from mlefit.families._base import Family
from mlefit.request import Request
from mlefit.source import Rows
from mlefit.source.learnt import Learnt, at_once

_DIGITS = ".12g"


def without_zero_weights(request: Request, rows: Rows, learnt: Learnt | None = None) -> Rows:
    """Check the weights; a row of weight zero is as good as absent and is left out.

    Raises:
        UsageError: the column does not hold numbers.
        DataError: a negative weight, a frequency that is no whole number, or only zeros.
    """
    for flag in ("freq_weights", "precision_weights", "sampling_weights"):
        name = getattr(request, flag)
        if name is not None:
            with at_once(learnt) as seen:
                return _with_positive(_checked_weights(name, flag, rows, seen), name, rows, seen)
    return rows


def _checked_weights(name: str, flag: str, rows: Rows, learnt: Learnt) -> pl.Series:
    weight = _role(name, flag, rows)
    told = rows.told(weight, _DIGITS)
    learnt.watch(f"weights {name!r} has negative values", weight < 0, told)
    if flag == "freq_weights":
        problem = f"frequency weights {name!r} count rows, but some are not whole numbers"
        learnt.watch(problem, weight != weight.floor(), told)
    return weight


@dataclass
class _Sum:
    """The sum of the weights, and of how many."""

    name: str
    total: float = 0.0
    rows: int = 0

    def see(self, weight: pl.Series) -> None:
        """Look at a run of weights that are not zero."""
        self.total += float(weight.sum())
        self.rows += len(weight)

    def error(self) -> DataError | None:
        """Refuse weights of which none counts."""
        return None if self.rows else DataError(f"every weight in {self.name!r} is zero")


def _with_positive(weight: pl.Series, name: str, rows: Rows, learnt: Learnt) -> Rows:
    zero = weight == 0
    kept = rows.only(~zero, f"weight 0:{name}") if zero.any() else rows
    learnt.of("weights", lambda: _Sum(name)).see(weight.filter(~zero) if zero.any() else weight)
    return kept


def mean_weight(request: Request, learnt: Learnt) -> float | None:
    """What sampling weights are divided by: only their ratios mean anything.

    So a row still counts for about one when the search compares what is left in nats.
    """
    name = request.sampling_weights
    if name is None:
        return None
    found = learnt.of("weights", lambda: _Sum(name))
    return found.total / found.rows


def weights_of(request: Request, rows: Rows) -> dict[str, pl.Series]:
    """The weights by key, checked already; precision weights as their logarithm.

    Sampling weights are still to be divided by their mean.
    """
    if request.precision_weights is not None:
        weight = _role(request.precision_weights, "precision_weights", rows)
        return {PRECISION: weight.cast(pl.Float64).log()}
    if request.sampling_weights is not None:
        weight = _role(request.sampling_weights, "sampling_weights", rows)
        return {WEIGHT: weight.cast(pl.Float64)}
    if request.freq_weights is not None:
        return {WEIGHT: _role(request.freq_weights, "freq_weights", rows)}
    return {}


def offset_of(request: Request, rows: Rows, learnt: Learnt) -> dict[str, pl.Series]:
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
        learnt.watch(problem, exposure <= 0, rows.told(exposure, _DIGITS))
        parts.append(exposure.cast(pl.Float64).log())
    if not parts:
        return {}
    return {OFFSET: parts[0] if len(parts) == 1 else parts[0] + parts[1]}


def trials_of(request: Request, rows: Rows, family: Family, learnt: Learnt) -> dict[str, pl.Series]:
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
    wrong = (trials < 0) | (trials != trials.floor())
    learnt.watch(problem, wrong, rows.told(trials, _DIGITS))
    return {TRIALS: trials}


def kin_of(request: Request, rows: Rows, learnt: Learnt) -> dict[str, pl.Series]:
    """A code (m,) for each row's cluster and group, in order of appearance, of any type.

    Raises:
        UsageError: a column whose values cannot be told apart.
    """
    series: dict[str, pl.Series] = {}
    for key, flag, name in _kin(request):
        values = rows.frame.get_column(name)
        if values.dtype.is_nested():
            raise UsageError(f"--{flag}: column {name!r} holds {contents(values.dtype)}")
        series[key] = learnt.of(key, Levels).codes(values)
    return series


def kin_places(request: Request, learnt: Learnt) -> dict[str, NDArray[np.uint32]]:
    """For every code of a run the place of its cluster, or group, among all, sorted.

    What is drawn of clusters must not depend on the order in which they appear.
    """
    return {key: learnt.of(key, Levels).order.astype(np.uint32) for key, _, _ in _kin(request)}


def group_names(request: Request, learnt: Learnt) -> tuple[str, ...]:
    """The groups as they are written, sorted; none if rows are not grouped."""
    return () if request.by is None else tuple(learnt.of(GROUP, Levels).texts)


def _kin(request: Request) -> Iterator[tuple[str, str, str]]:
    """Key, flag and column of what says which rows belong together."""
    for key, flag, name in ((CLUSTER, "cluster", request.cluster), (GROUP, "by", request.by)):
        if name is not None:
            yield key, flag, name


def _role(name: str, flag: str, rows: Rows) -> pl.Series:
    series = rows.frame.get_column(name)
    if not is_number(series.dtype):
        raise UsageError(
            f"--{flag.replace('_', '-')} needs numbers, and column {name!r} holds "
            f"{contents(series.dtype)}"
        )
    return plain(series)
