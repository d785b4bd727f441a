"""A day is the same wherever its rows are: in memory, in a file, on the workers of a cluster."""

from __future__ import annotations

import dataclasses

import pytest

from mlefit.checking import gate
from mlefit.errors import UsageError
from mlefit.grouped import grouping
from mlefit.request import CheckRequest, Request
from mlefit.results.check import CheckResult
from tests.checking.days import baseline, day, outcome
from tests.engines.conftest import several, workers  # noqa: F401 - fixtures

ELSEWHERE = [{"max_memory": "1MB"}, {"engine": "dask", "threads": 2}]


@pytest.fixture(params=ELSEWHERE, ids=["streamed", "dask"])
def elsewhere(request, several, tmp_path):  # noqa: F811
    """Words of a request that send the rows somewhere else, and a table that is there."""
    path = tmp_path / "today.csv"
    day(3, 0.1, 3000).with_columns(k=(day(3, 0.1, 3000)["x"] * 3).round().cast(int)).write_csv(path)
    return path, request.param


def run(path, where, **fields) -> CheckResult:
    common = Request(data=path, **where)
    return gate.run(CheckRequest(data=str(path), baseline=baseline(), common=common, **fields))


@pytest.mark.parametrize("by", [None, "g"])
def test_the_same_is_seen_of_rows_that_are_elsewhere(elsewhere, by):
    path, words = elsewhere
    here, there = run(path, {}, by=by), run(path, words, by=by)
    assert (there.status, there.verdict) == (here.status, here.verdict)
    assert there.today == here.today
    assert len(there.outcomes) == len(here.outcomes)
    for one in here.outcomes:
        other = outcome(there, one.name, one.subject)
        assert other.status == one.status
        for quantity, value in one.observed.items():
            assert other.observed[quantity] == pytest.approx(value, rel=1e-9, abs=1e-12)
    if "max_memory" in words:
        assert any("the rows pass through a file" in note for note in there.notes)


def test_groups_are_fitted_to_the_same_digits(elsewhere):
    path, words = elsewhere
    asked = Request(data=str(path), formula="y ~ x + g", family="poisson", by="k")
    here, there = (grouping.run(one) for one in (asked, dataclasses.replace(asked, **words)))
    assert [one.group for one in there.groups] == [one.group for one in here.groups]
    for one, other in zip(here.groups, there.groups, strict=True):
        assert (other.rows, other.status, other.n_params) == (one.rows, one.status, one.n_params)
        if one.log_likelihood is not None:
            assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-10)
        for a, b in zip(one.estimates, other.estimates, strict=True):
            assert (a.parameter, a.term) == (b.parameter, b.term)
            close = a.estimate if a.estimate is None else pytest.approx(a.estimate, rel=1e-7)
            assert b.estimate == close


@pytest.mark.parametrize("known", [True, False], ids=["with a baseline", "without"])
def test_an_engine_that_is_not_there_is_told_once_and_no_check_is_blamed(known, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    common = Request(data=None, engine="dask", formula="y ~ x", family="poisson")
    given = baseline() if known else None
    with pytest.raises(UsageError, match="which is not installed") as refused:
        gate.run(CheckRequest(data=day(3, 0.1, 300), baseline=given, common=common))
    assert refused.value.tries == ("pip install 'mlefit[dask]'",)
