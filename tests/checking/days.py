"""A baseline and days to check against it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl

import mlefit
from mlefit.checking import gate
from mlefit.request import CheckRequest, Request
from mlefit.results.check import CheckResult, Outcome
from mlefit.results.fit import FitResult

_OF_THE_FIT = ("where", "family", "formula", "target")


@cache
def day(seed: int, shift: float = 0.0, rows: int = 1000) -> pl.DataFrame:
    """Counts with a column and a factor of three levels."""
    rng = np.random.default_rng(seed)
    x, g = rng.normal(size=rows), rng.integers(3, size=rows)
    mean = np.exp(0.8 + shift + 0.3 * x + np.array([0.0, 0.2, -0.2])[g])
    return pl.DataFrame({"x": x, "g": np.array(list("abc"))[g], "y": rng.poisson(mean)})


@cache
def baseline(seed: int = 1, rows: int = 1000) -> FitResult:
    """The fit of a day."""
    return mlefit.fit(day(seed, rows=rows), "y ~ x + g", family="poisson")


def checked(data: object, model: object = None, **fields: Any) -> CheckResult:
    """The gate's report of a day against a baseline, by default `baseline()`; `()` for none.

    Further fields are those of the request.
    """
    common = Request(**{name: fields.pop(name) for name in _OF_THE_FIT if name in fields})
    model = baseline() if model is None else model
    return gate.run(CheckRequest(data=data, baseline=model or None, common=common, **fields))


def outcome(result: CheckResult, name: str, subject: str = "") -> Outcome:
    """The one outcome of this name and subject."""
    (found,) = (one for one in result.outcomes if (one.name, one.subject) == (name, subject))
    return found
