"""Groups: the fit of each, the gap of each, and the false discoveries of many."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import mlefit
from mlefit.checking.bygroup import GroupGap, adjusted
from mlefit.checking.day import Day
from mlefit.checking.file import by_default
from mlefit.checking.kinds.fit_gap import FitGap
from mlefit.grouped import grouping
from mlefit.report import document
from mlefit.request import Request
from mlefit.results.groups import GroupsResult
from tests.checking.days import checked, day, outcome


def groups(data: pl.DataFrame, formula: str, family: str, **fields) -> GroupsResult:
    return grouping.run(Request(data=data, formula=formula, family=family, by="k", **fields))


def table(seed: int, shifts: tuple[float, ...] = (0.0,) * 5, rows: int = 150) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for number, shift in enumerate(shifts):
        frame = day(1000 * seed + number, shift + 0.1 * number, rows)
        weight, log_n = rng.integers(1, 4, size=rows), rng.normal(0, 0.3, size=rows)
        parts.append(frame.with_columns(k=pl.lit(f"k{number}"), w=weight, o=log_n))
    return pl.concat(parts).sample(fraction=1.0, shuffle=True, seed=seed)


@pytest.mark.parametrize(
    ("formula", "family", "fields"),
    [
        ("y ~ x + g", "poisson", {}),
        ("y ~ x", "negbinom", {}),
        ("y ~ 1", "normal", {}),
        ("y ~ x", "normal", {"models": ("sigma ~ x",)}),
        ("y ~ x + g", "poisson", {"freq_weights": "w", "offset": "o"}),
        ("y ~ 0 + x", "normal", {}),
        ("y ~ x", "poisson", {"se": "HC1"}),
        ("y ~ x", "normal", {"priors": ("normal(0, 0.1)",)}),
        ("y ~ x", "laplace", {}),
        ("I(min(y, 2)) ~ x", "categorical", {}),
    ],
)
def test_every_group_has_the_fit_of_its_rows_alone(formula, family, fields):
    data = table(1, (0.0, 0.2, 0.4))
    found = groups(data, formula, family, **fields)
    assert [one.group for one in found.groups] == ["k0", "k1", "k2"]
    for one in found.groups:
        rows = data.filter(pl.col("k") == one.group).drop("k")
        own = mlefit.fitting.run(Request(data=rows, formula=formula, family=family, **fields))
        assert one.status == own.certificate.status
        assert one.log_likelihood == pytest.approx(own.fit.log_likelihood, rel=1e-10)
        assert (one.n_params, one.nobs) == (own.fit.n_params, own.fit.nobs)
        assert one.aic == (None if own.fit.aic is None else pytest.approx(own.fit.aic, rel=1e-9))
        expected: dict[Any, Any] = {(c.parameter, c.term): c for c in own.coefficients}
        expected |= {(p.parameter, None): p for p in own.parameters}
        assert {(e.parameter, e.term) for e in one.estimates} == set(expected)
        for estimate in one.estimates:
            reference = expected[estimate.parameter, estimate.term]
            for name in ("estimate", "std_error", "conf_low", "conf_high"):
                value = getattr(reference, name)
                close = value if value is None else pytest.approx(value, rel=1e-6, abs=1e-9)
                assert getattr(estimate, name) == close, (one.group, estimate, name)


def test_a_level_that_a_group_lacks_has_no_estimate_there():
    data = table(2, (0.0, 0.0)).filter((pl.col("k") != "k0") | (pl.col("g") != "c"))
    first, second = groups(data, "y ~ x + g", "poisson").groups
    estimates = {e.term: e.estimate for e in first.estimates}
    assert estimates["g[c]"] is None
    own = mlefit.fit(data.filter(pl.col("k") == "k0"), "y ~ x + g", family="poisson")
    assert estimates["g[b]"] == pytest.approx(
        next(c.estimate for c in own.coefficients if c.term == "g[b]"), rel=1e-8
    )
    assert first.n_params == 3
    assert second.n_params == 4


def test_a_group_without_a_maximum_is_told_and_leaves_the_others():
    data = table(3, (0.0, 0.0, 0.0)).with_columns(
        y=pl.when(pl.col("k") == "k1").then(0).otherwise("y")
    )
    found = groups(data, "y ~ x", "poisson")
    assert [one.status for one in found.groups] == ["converged", "no-maximum", "converged"]
    assert found.groups[1].message
    (warning,) = found.warnings
    assert warning.startswith("1 of 3 groups: no-maximum\n  first: k1: ")


def test_a_document_of_groups_comes_back_as_it_was():
    found = groups(table(4, (0.0, 0.0)), "y ~ x", "poisson")
    from mlefit import documents

    text = document.dumps(found)
    assert document.dumps(documents.loads(text, "it")) == text
    assert json.loads(text)["pooled"]["schema"] == "mlefit/fit/1"


def test_the_p_values_are_those_of_benjamini_and_hochberg():
    p_values = np.random.default_rng(1).uniform(size=50) ** 2
    expected = stats.false_discovery_control(p_values)
    np.testing.assert_allclose(adjusted(p_values), expected, rtol=1e-12)


def test_the_gap_of_a_group_is_that_of_its_rows():
    old, new = table(5, (0.0,) * 3), table(6, (0.0, 0.6, 0.0))
    before = groups(old, "y ~ x + g", "poisson")
    result = checked(new, before, by="k")
    for name in ("k0", "k1", "k2"):
        parts = [frame.filter(pl.col("k") == name) for frame in (old, new)]
        model = mlefit.fit(parts[0], "y ~ x + g", family="poisson")
        alone = outcome(checked(parts[1], model), "fit_gap")
        found = outcome(result, "fit_gap", f"k={name}")
        assert found.observed["gap"] == pytest.approx(alone.observed["gap"], rel=1e-6, abs=1e-9)
        assert found.status == ("fail" if name == "k1" else "pass")
    assert result.exit_code == 1


def test_groups_may_be_held_against_one_baseline_of_all_rows():
    old, new = table(7, (0.0,) * 3), table(8, (0.0, 0.6, 0.0))
    pooled = mlefit.fit(old, "y ~ x + g", family="poisson")
    result = checked(new, pooled, by="k")
    statuses = [outcome(result, "fit_gap", f"k={name}").status for name in ("k0", "k1", "k2")]
    assert statuses[1] == "fail"


def test_few_of_many_unchanged_groups_are_called():
    rng = np.random.default_rng(11)
    codes = np.repeat(np.arange(300), 50)
    frames = [pl.DataFrame({"k": codes, "y": rng.poisson(3.0, size=len(codes))}) for _ in range(2)]
    before = groups(frames[0], "y ~ 1", "poisson")
    result = checked(frames[1], before, by="k")
    assert [one.subject for one in result.outcomes if one.status == "fail"] == []


def test_groups_without_any_fit_are_told_and_nothing_is_said_to_be_seen():
    today = Day(None, by="k")
    today.__dict__["group_gaps"] = [GroupGap("k0", None, "failed", "no search can begin")]
    planned = by_default(FitGap(), 0.01)
    (seen,) = FitGap().observe_groups(today, {})
    assert (seen.subject, seen.message) == ("k=k0", "no fit: no search can begin")
    assert set(seen.values.values()) == {None}
    assert list(FitGap().sensitivity(planned, today)) == []
