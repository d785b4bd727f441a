"""A fit whose rows pass through a temporary file is the fit of rows in memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit import reading, room
from mlefit.design.columns import TARGET
from mlefit.design.spill import Spill, temporary_folder
from mlefit.errors import DataError, UsageError

N = 6000
_rng = np.random.default_rng(11)


def _table() -> pl.DataFrame:
    x, z = _rng.normal(size=(2, N))
    g = _rng.integers(0, 4, N)
    eta = 0.3 + 0.4 * x - 0.2 * (g == 2)
    gaps = _rng.uniform(size=N) < 0.02
    return pl.DataFrame(
        {
            "y": _rng.poisson(np.exp(eta)),
            "t": np.exp(eta) * _rng.exponential(size=N),
            "u": eta + _rng.normal(size=N),
            "yes": np.where(_rng.uniform(size=N) < 1 / (1 + np.exp(-eta)), "yes", "no"),
            "size": np.array(["low", "mid", "top"])[
                np.digitize(eta + _rng.logistic(size=N), [-0.5, 1.0])
            ],
            "x": [None if gap else value for gap, value in zip(gaps, x, strict=True)],
            "z": z.astype(np.float32),
            "g": [f"level {code}" for code in g],
            "w": _rng.integers(0, 3, N),
            "seen": (_rng.uniform(size=N) < 0.8).astype(int),
            "id": [f"id {code}" for code in _rng.integers(0, 300, N)],
        }
    )


DATA = _table()


@pytest.fixture
def small_runs(monkeypatch):
    """Runs and pieces so short that a small table has many."""
    monkeypatch.setattr(reading, "_MOST_ROWS", 700)
    monkeypatch.setattr(reading, "_FEWEST_ROWS", 700)
    monkeypatch.setattr("mlefit.design.spill._FEWEST_ROWS", 1000)


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ x + g", {"family": "poisson"}),
        ("y ~ C(g, ref='level 3')*x + log(t)", {"family": "poisson", "where": "z < 1.5"}),
        ("y ~ x + z", {"family": "negbinom", "freq_weights": "w"}),
        ("u ~ x + g", {"family": "normal", "sampling_weights": "w", "se": "HC1"}),
        ("u ~ x", {"family": "normal", "se": "cluster", "cluster": "id"}),
        ("t ~ x + g", {"family": "weibull", "event": "seen"}),
        ("u ~ x", {"family": "normal", "censored_above": 1.0}),
        ("yes ~ x + g", {"family": "bernoulli", "levels": ("yes", "no")}),
        ("size ~ x", {"family": "ordinal"}),
        ("size ~ x + z", {"family": "categorical"}),
        ("u ~ x", {"family": "laplace"}),
        ("u ~ x + z", {"family": "normal", "model": "sigma ~ x", "l2": 1.0}),
        ("u ~ x + z + g", {"family": "normal", "l1": 20.0}),
        ("u ~ x + z", {"family": "normal", "prior": "normal(0, auto)"}),
        ("u ~ x + z", {"family": "normal", "prior": "normal(0, auto)", "cv": 3}),
        ("u ~ x", {"family": "normal", "se": "bootstrap", "replications": 20}),
        ("u ~ x", {"family": "normal", "se": "bootstrap", "cluster": "id", "replications": 20}),
        ("t ~ 1", {"family": "gamma", "gof": True, "replications": 9}),
        ("y ~ .", {"family": "poisson", "where": "id <> 'id 7'"}),
    ],
)
def test_every_answer_is_that_of_rows_in_memory(small_runs, formula, options):
    # a million rows in memory are one run; what is drawn for a row must not depend on the runs
    if "." in formula.split():
        options = {**options, "formula": None, "target": "y", "features": ["x", "z", "g"]}
        formula = options.pop("formula")
    whole = mlefit.fit(DATA, formula, **options)
    streamed = mlefit.fit(DATA, formula, max_memory="1MB", **options)
    assert (whole.certificate.engine, streamed.certificate.engine) == ("memory", "streamed")
    assert streamed.fit.log_likelihood == pytest.approx(whole.fit.log_likelihood, rel=1e-12)
    estimates: list[list[Any]] = [
        [*result.coefficients, *result.parameters] for result in (whole, streamed)
    ]
    for one, other in zip(*estimates, strict=True):
        scale = one.std_error or 1.0
        assert abs(one.estimate - other.estimate) <= 1e-9 * scale, one
        if one.std_error is not None:
            assert other.std_error == pytest.approx(one.std_error, rel=1e-6)
    assert dict(whole.data.rows_dropped) == dict(streamed.data.rows_dropped)
    assert [note for note in streamed.notes if note not in whole.notes] == [streamed.notes[0]]
    assert "the rows pass through a file in" in streamed.notes[0]
    assert whole.warnings == streamed.warnings
