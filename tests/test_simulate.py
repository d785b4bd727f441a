"""Draws: what they come from can be found again in them, and a seed repeats them."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats

from mlefit import families, fit
from mlefit.errors import UsageError
from mlefit.prediction import simulating
from mlefit.prediction.simulating import prepare, simulate
from mlefit.request import SimulateRequest
from mlefit.source import batches

VISITS = "sample_data/doctor_visits.csv"


@pytest.fixture(scope="module")
def visits():
    return fit(VISITS, "visits ~ age + illness", family="negbinom", model="k ~ gender")


def test_a_fit_of_draws_finds_the_fit_they_are_of(visits):
    drawn = simulate(VISITS, visits, keep="all", seed=3)
    assert drawn.columns[-1] == "visits"
    assert drawn.schema["visits"] == pl.Int64
    assert drawn.height == visits.data.rows_used
    again = fit(drawn, "visits ~ age + illness", family="negbinom", model="k ~ gender")
    for old, new in zip(visits.coefficients, again.coefficients, strict=True):
        assert new.estimate == pytest.approx(old.estimate, abs=4 * old.std_error)
    assert abs(again.fit.mean_nll - visits.fit.mean_nll) < 0.1


@pytest.mark.parametrize(
    ("family", "at", "frozen"),
    [
        ("normal", "mu=170,sigma=10", stats.norm(170, 10)),
        ("gamma", "mu=2,k=3", stats.gamma(3, scale=2 / 3)),
        ("weibull", "scale=2,k=1.5", stats.weibull_min(1.5, scale=2)),
    ],
)
def test_draws_by_hand_have_the_distribution(family, at, frozen):
    drawn = simulate(family=family, at=at, rows=2000)
    assert drawn.columns == ["y"]
    assert stats.kstest(drawn["y"].to_numpy(), frozen.cdf).pvalue > 0.01


@pytest.mark.parametrize("name", families.NAMES)
def test_every_saved_sample_can_be_drawn(name):
    family = families.load(name)
    theta, known, facts = family.examples[0]
    bound = family.bound(facts)
    options = {} if not facts.levels else {"levels": facts.levels}
    at = [f"{p.name}={v!r}" for p, v in zip(bound.parameters, theta, strict=True)]
    label = f"{name}:{facts.least!r}" if name == "pareto" else family.label
    drawn = simulate(family=label, at=at, rows=300, trials=known.get("trials"), **options)
    assert drawn.height == 300
    assert drawn["y"].null_count() == 0
    trials = {"trials": "t"} if known else {}
    frame = drawn.with_columns(t=pl.lit(known.get("trials", 1)))
    result = fit(frame, "y ~ 1", family=label, **trials)
    if result.certificate.status != "converged":
        assert name in ("zinb", "hurdle-negbinom", "student")
        return
    saved = simulate(model=result, rows=50, trials=known.get("trials"))
    assert (saved.height, saved["y"].null_count()) == (50, 0)
    assert saved.schema == drawn.schema


def test_a_seed_repeats_whatever_the_runs(visits, monkeypatch):
    frame = pl.read_csv(VISITS)
    whole = simulate(frame, visits, replications=2, uncertainty=True)
    assert whole.columns == ["replication", "visits"]
    assert whole["replication"].to_list() == [1] * len(frame) + [2] * len(frame)
    assert_frame_equal(simulate(VISITS, visits, replications=2, uncertainty=True), whole)
    other = simulate(frame, visits, replications=2, uncertainty=True, seed=2)
    assert not other.equals(whole)
    assert not whole.filter(replication=1).equals(whole.filter(replication=2))
    # polars may hand rows over in any pieces
    pieces = pl.concat([frame[:7], frame[7:2000], frame[2000:]], rechunk=False)
    assert_frame_equal(simulate(pieces, visits, replications=2, uncertainty=True), whole)
    monkeypatch.setattr(simulating, "RUN", 100)
    monkeypatch.setattr(simulating, "batches", partial(batches, most_rows=100))
    assert simulate(family="poisson", at="mu=3", rows=250).height == 250


def test_estimates_are_drawn_from_their_normal_approximation():
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"y": rng.normal(5, 2, 40)})
    result = fit(frame, "y ~ 1", family="normal")
    drawn = simulate(model=result, rows=200, replications=400, uncertainty=True)
    means = drawn.group_by("replication").agg(pl.col("y").mean())["y"].to_numpy()
    sigma = result.parameters[1].estimate
    # the error of the estimate, and that of the mean of 200 draws
    spread = np.sqrt(result.parameters[0].std_error ** 2 + sigma**2 / 200)
    assert means.std() == pytest.approx(spread, rel=0.12)
    sure = simulate(model=result, rows=200, replications=400)
    means = sure.group_by("replication").agg(pl.col("y").mean())["y"].to_numpy()
    assert means.std() == pytest.approx(sigma / np.sqrt(200), rel=0.12)


def test_a_truncated_distribution_stays_in_its_range_however_far_out():
    frame = pl.DataFrame({"y": 6 + np.random.default_rng(1).exponential(0.2, 400)})
    result = fit(frame, "y ~ 1", family="normal", truncated_below=6.0, fix="mu=0")
    drawn = simulate(model=result, rows=1000)["y"]
    assert drawn.to_numpy().min() > 6
    assert drawn.mean() == pytest.approx(frame["y"].mean(), rel=0.02)


def test_levels_and_events_come_back_by_name():
    frame = pl.DataFrame({"a": ["no", "yes", "yes"] * 30, "x": range(90)})
    drawn = simulate(frame, fit(frame, "a ~ 1", family="bernoulli"))
    assert set(drawn["a"]) == {"no", "yes"}
    by_hand = simulate(family="ordinal", levels=["s", "m"], at=["mu=0", "s|m=0.3"], rows=40)
    assert set(by_hand["y"]) == {"s", "m"}


def test_rows_that_lack_something_are_null_and_counted(visits):
    frame = pl.DataFrame(
        {"age": [0.5, None, 0.2], "illness": [1, 1, 1], "gender": ["female", "male", "other"]}
    )
    simulation = prepare(
        SimulateRequest(frame, visits, unseen="null", keep=("gender",), replications=2)
    )
    found = pl.concat(list(simulation.frames()))
    assert found["visits"].is_null().to_list() == [False, True, True] * 2
    assert simulation.tally.lost == {"missing:age": 1, "unseen:gender": 1}


def test_what_is_drawn_is_before_censoring():
    rng = np.random.default_rng(1)
    time = rng.weibull(1.5, 200) * 3
    frame = pl.DataFrame({"time": np.minimum(time, 3.0), "seen": (time < 3).astype(int)})
    result = fit(frame, "time ~ 1", family="weibull", event="seen")
    simulation = prepare(SimulateRequest(model=result))
    assert simulation.notes == ("values are drawn as they are, before any censoring",)
    assert pl.concat(list(simulation.frames()))["time"].to_numpy().max() > 3


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "what is to be drawn"),
        ({"family": "normal", "at": "mu=0,sigma=1"}, "how many rows are to be drawn"),
        ({"family": "normal", "at": "mu=0", "rows": 3}, "no value for sigma"),
        ({"family": "binomial", "at": "mu=0.5", "rows": 3}, "needs the number of trials"),
        ({"family": "normal", "at": "mu=0,sigma=1", "rows": 3, "keep": "x"}, "and none was given"),
        (
            {"family": "normal", "at": "mu=0,sigma=1", "rows": 3, "uncertainty": True},
            "--at gives numbers that are certain",
        ),
        ({"model": "visits"}, "so it needs a table of them"),
        ({"model": "visits", "data": VISITS, "at": "mu=1"}, "so --at gives them twice"),
        ({"model": "visits", "data": VISITS, "rows": 3}, "a table has its own rows"),
        ({"model": "visits", "data": VISITS, "keep": "visits"}, "beside the one that is drawn"),
        ({"model": "visits", "data": "sample_data/rivers.csv"}, "no column 'age'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(request_, message, visits):
    if "model" in request_:
        request_ = request_ | {"model": visits}
    with pytest.raises(UsageError, match=message):
        simulate(**request_)
