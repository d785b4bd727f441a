"""How often a fit looks at its rows: nothing else of its speed is the same on every machine.

Every row that is read counts, for whatever: search, start on a few rows, rank, goodness of fit,
standard errors, warnings. Divided by the rows of the data that is a number of passes, which a
bound holds from above. A change that needs fewer lowers its bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlefit import fitting
from mlefit.design.blocks import Reader
from mlefit.request import Request

ROWS = 100_000

# data of benchmarks/generators.py, rows, options of the fit, passes at most: rounded up to halves
BOUNDS: dict[str, tuple[str, int, dict[str, Any], float]] = {
    "poisson": ("poisson20", ROWS, {"family": "poisson"}, 7),
    "logistic": ("logit50", ROWS // 2, {"family": "bernoulli"}, 9),
    "least squares": ("gauss100", ROWS // 10, {"family": "normal"}, 5),
    "gamma": ("gamma10", ROWS, {"family": "gamma"}, 7),
    "negative binomial": ("negbinom10", ROWS, {"family": "negbinom"}, 7),
    "categorical": ("categorical20", ROWS // 10, {"family": "categorical"}, 8),
    "ordinal": ("categorical20", ROWS // 10, {"family": "ordinal"}, 9),
    "student": ("lad10", ROWS // 5, {"family": "student"}, 56),
    "least absolute deviations": ("lad10", ROWS, {"family": "laplace"}, 9.5),
    "sigma ~ z": ("scale", ROWS, {"family": "normal", "models": ("sigma ~ z",)}, 11),
    "lasso": ("lasso500", 1_000, {"family": "bernoulli", "l1": 20.0}, 19),
    "factors": ("factors", ROWS // 50, {"family": "bernoulli"}, 49),
    "cells": ("cells", ROWS, {"family": "poisson"}, 7),
    "gamma sample": ("gamma-sample", ROWS, {"family": "gamma", "formula": "y ~ 1"}, 6),
    "weibull sample": ("weibull-sample", ROWS, {"family": "weibull", "formula": "y ~ 1"}, 6),
}


@pytest.fixture(scope="module")
def table() -> Iterator[object]:
    """What makes the data of a name: those of the benchmarks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
        import generators  # type: ignore[import-not-found]

        yield generators.table


@pytest.mark.parametrize("name", BOUNDS)
def test_a_fit_looks_at_its_rows_no_more_often_than_it_did(name, table, monkeypatch):
    data, rows, options, bound = BOUNDS[name]
    words: dict[str, Any] = {"formula": "y ~ .", **options}
    seen = 0

    def read(self, span):
        nonlocal seen
        seen += span.rows
        return original(self, span)

    original = Reader.read
    monkeypatch.setattr(Reader, "read", read)
    request = Request(data=table(data, rows), threads=1, **words)
    result = fitting.run(request)
    assert result.certificate.status == "converged"
    assert seen / rows <= bound
