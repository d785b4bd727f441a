"""A search over many rows begins at the maximum of a few, and ends where it would without."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit.design.columns import TARGET, Columns
from mlefit.engines.local import LocalEngine
from mlefit.fitting import run
from mlefit.request import Request
from mlefit.results.fit import FitResult
from mlefit.search import begin, start
from mlefit.search.few import thinned

ROWS = 120_000
MODELS: dict[str, tuple[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]]] = {
    "poisson": ("poisson", lambda rng, eta: rng.poisson(np.exp(eta))),
    "negbinom": ("negbinom", lambda rng, eta: rng.negative_binomial(2, 2 / (2 + np.exp(eta)))),
    "gamma": ("gamma", lambda rng, eta: rng.gamma(2, np.exp(eta))),
    "student": ("student", lambda rng, eta: eta + rng.standard_t(4, size=len(eta))),
    "categorical": (
        "categorical",
        lambda rng, eta: np.array(["a", "b", "c"])[(eta + rng.logistic(size=len(eta)) > 0) * 2],
    ),
}


def rows(model: str) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(ROWS, 3))
    return pl.DataFrame(
        {"x": x[:, 0], "z": x[:, 1], "w": x[:, 2], "y": MODELS[model][1](rng, x @ [0.5, -0.3, 0])}
    )


def from_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(begin, "thinned", lambda engine, rows: None)
    monkeypatch.setattr(start, "runs", lambda engine, rows: None)


def fit(data: pl.DataFrame, family: str) -> FitResult:
    return mlefit.fit(data, "y ~ x + z + w", family=family)


@pytest.mark.parametrize("model", MODELS)
def test_the_answer_is_the_same_and_costs_fewer_passes(model, monkeypatch):
    data, family = rows(model), MODELS[model][0]
    short = fit(data, family)
    from_all_rows(monkeypatch)
    long = fit(data, family)
    assert short.certificate.status == long.certificate.status == "converged"
    assert short.certificate.passes < long.certificate.passes
    for one, other in zip(short.coefficients, long.coefficients, strict=True):
        assert one.estimate == pytest.approx(other.estimate, abs=1e-9 * other.std_error)
        assert one.std_error == pytest.approx(other.std_error, rel=1e-9)


def test_starts_that_meet_on_the_few_are_one_search():
    lines: list[str] = []
    result = run(Request(rows("student"), "y ~ x + z + w", family="student"), log=lines.append)
    assert sum(line.startswith("start from 5,") for line in lines) == 5
    assert sum(line.startswith("step 0:") for line in lines) == 1
    assert result.certificate.starts == 5


def test_rows_that_are_not_among_the_few_are_heard(monkeypatch):
    """Every row of one level, and the only counts above 0 of another, stand between the few."""
    step = ROWS // begin._FEW_ROWS
    level = np.where(np.arange(ROWS) % 3 == 1, "b", "a")
    level[1 : 50 * step : step] = "c"
    y = (np.random.default_rng(1).random(ROWS) < 0.3).astype(float)
    y[(level == "b") & (np.arange(ROWS) % step == 0)] = 0
    data = pl.DataFrame({"g": level, "y": y})
    short = mlefit.fit(data, "y ~ g", family="bernoulli")
    assert short.certificate.status == "converged"
    for name, found in zip(("b", "c"), short.coefficients[1:], strict=True):
        share, base = (y[level == one].mean() for one in (name, "a"))
        log_odds = np.log(share / (1 - share)) - np.log(base / (1 - base))
        assert found.estimate == pytest.approx(log_odds, rel=1e-10)


def test_separation_is_still_seen():
    x = np.linspace(-1, 1, ROWS)
    result = mlefit.fit(
        pl.DataFrame({"x": x, "y": (x > 0).astype(int)}), "y ~ x", family="bernoulli"
    )
    assert result.certificate.status == "no-maximum"


def test_a_level_without_events_is_still_seen():
    rng = np.random.default_rng(3)
    level = np.where(rng.random(ROWS) < 0.001, "rare", "usual")
    y = (rng.random(ROWS) < 0.4) & (level == "usual")
    data = pl.DataFrame({"g": level, "y": y.astype(int)})
    assert mlefit.fit(data, "y ~ g", family="bernoulli").certificate.status == "no-maximum"


def test_few_rows_are_spread_over_all_and_few_enough_to_pay():
    engine = LocalEngine(Columns({TARGET: [np.arange(100.0)]}), [])
    few = thinned(engine, 20)
    assert few is not None
    assert few.whole(TARGET).tolist() == list(range(0, 100, 5))
    assert thinned(engine, 21) is None
