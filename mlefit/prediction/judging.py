"""What a saved model is worth on rows that it was not fitted to: their NLL."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np

import mlefit
from mlefit._types import Rows
from mlefit.design.columns import WEIGHT
from mlefit.errors import DataError
from mlefit.prediction.predicting import prepare
from mlefit.request import PredictRequest
from mlefit.results.predict import SCHEMA, HeldOut
from mlefit.telling import Tell, unheard

_OUTSIDE = "outside:"


def held_out(request: PredictRequest, tell: Tell = unheard) -> HeldOut:
    """What a saved model is worth on the rows of a table.

    Args:
        request: the words of the command.
        tell: takes how many rows are judged.

    Raises:
        MlefitError: the model or the data make no sum possible.
    """
    prediction = prepare(replace(request, what=("nll",), keep=(), quantiles=(), aggregate=True))
    sums = _Sums(prediction.saved.record.fit.mean_nll or 0.0)
    for rows, columns in prediction.runs():
        tell("judging, rows", prediction.tally.read, 0)
        if rows.columns is None:
            continue
        weight = rows.columns.whole(WEIGHT) if WEIGHT in rows.columns else None
        sums.add(columns["nll"][rows.scored], None if weight is None else weight[rows.scored])
    tally, record = prediction.tally, prediction.saved.record
    if not sums.rows:
        raise DataError(f"no row of {prediction.source.name} can be judged", *tally.notes())
    impossible = sums.impossible + sum(
        count for cause, count in tally.unscored.items() if cause.startswith(_OUTSIDE)
    )
    left_out = Counter(tally.lost)
    left_out.update({k: v for k, v in tally.unscored.items() if not k.startswith(_OUTSIDE)})
    mean, error = (None, None) if impossible else (sums.mean, sums.std_error)
    return HeldOut(
        schema=SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.command,
        source=prediction.source.name,
        model=prediction.saved.name,
        family=record.model.family,
        formula=record.model.formula,
        target=record.data.target,
        rows_read=tally.read,
        rows_used=sums.rows,
        rows_left_out=dict(left_out),
        rows_impossible=impossible,
        weights=next(iter(prediction.saved.layout.weights), None),
        nobs=sums.weight,
        nll=None if impossible else sums.total,
        mean_nll=mean,
        std_error=error,
        bits_per_row=None if mean is None else mean / math.log(2),
        fit_mean_nll=record.fit.mean_nll,
        warnings=_impossible(impossible, record.model.family),
        notes=prediction.notes,
    )


class _Sums:
    """Sums of an NLL over rows, about a value near its mean, where squares keep their digits."""

    def __init__(self, centre: float) -> None:
        self.rows, self.impossible = 0, 0
        self.weight, self._first, self._second = 0.0, 0.0, 0.0
        self._centre = centre

    def add(self, nll: Rows, weight: Rows | None) -> None:
        """Add some rows."""
        possible = np.isfinite(nll)
        self.impossible += int((~possible).sum())
        weight = np.ones(len(nll)) if weight is None else weight
        nll, weight = nll[possible] - self._centre, weight[possible]
        self.rows += len(nll)
        self.weight += float(weight.sum())
        self._first += float((weight * nll).sum())
        self._second += float((weight * nll**2).sum())

    @property
    def total(self) -> float:
        """The sum."""
        return self._first + self.weight * self._centre

    @property
    def mean(self) -> float:
        """The mean."""
        return self._first / self.weight + self._centre

    @property
    def std_error(self) -> float | None:
        """Of the mean; None for a single row."""
        n = self.weight
        if n <= 1:
            return None
        variance = (self._second - self._first**2 / n) / (n - 1)
        return math.sqrt(max(variance, 0.0) / n)


def _impossible(count: int, family: str) -> tuple[str, ...]:
    if not count:
        return ()
    rows = "1 row has a target" if count == 1 else f"{count:,} rows have targets"
    return (f"{rows} that {family} cannot have under this model: the NLL is infinite",)
