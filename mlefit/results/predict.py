"""What a saved model is worth on rows: the document of `mlefit predict --aggregate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated

from mlefit.frozen import frozen

SCHEMA = "mlefit/predict/1"


@frozen
class HeldOut:
    """A model of one set of rows, judged by another."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    source: Annotated[str, "path as given, 'stdin' or 'frame'"]
    model: Annotated[str, "document of the fit"]
    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    formula: Annotated[str, "formula of the first parameter"]
    target: Annotated[str, "column or expression on the left side"]
    rows_read: Annotated[int, "rows in the source"]
    rows_used: Annotated[int, "rows the sum is over"]
    rows_left_out: Annotated[Mapping[str, int], "rows that are in no sum, by cause"]
    rows_impossible: Annotated[int, "rows of infinite NLL: the model gives them no probability"]
    weights: Annotated[str | None, "column that says how much a row counts"]
    nobs: Annotated[float, "rows, or the sum of their weights"]
    nll: Annotated[float | None, "negative log-likelihood of all rows; null if it is infinite"]
    mean_nll: Annotated[float | None, "the same for each row, in nats"]
    std_error: Annotated[float | None, "of mean_nll, from its spread over the rows"]
    bits_per_row: Annotated[float | None, "mean_nll in bits"]
    fit_mean_nll: Annotated[float | None, "mean_nll of the rows that the model was fitted to"]
    warnings: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())


RECORD = HeldOut
