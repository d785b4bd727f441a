"""The fit gap: its value, its chance, and what it can see."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import mlefit
from mlefit.checking.gap import Gap, Spread
from tests.checking.days import baseline, checked, day, outcome


def test_a_plain_sample_has_the_gap_that_its_two_means_say():
    """Of Poisson counts the gap is n1 times m1 log(m1/m0) - (m1 - m0), by hand."""
    old, new = pl.DataFrame({"y": [1, 2, 3, 4, 5, 6]}), pl.DataFrame({"y": [4, 7, 5, 6, 8, 9]})
    model = mlefit.fit(old, "y ~ 1", family="poisson")
    found = outcome(checked(new, model), "fit_gap")
    m0, m1 = 3.5, 6.5
    assert found.observed["gap"] == pytest.approx(m1 * math.log(m1 / m0) - (m1 - m0), rel=1e-9)
    assert found.observed["shift"] == pytest.approx(math.sqrt(2 * found.observed["gap"]))


def test_the_gap_is_the_rise_of_the_log_likelihood_by_a_fit():
    today = day(3, 0.3)
    own = mlefit.fit(today, "y ~ x + g", family="poisson")
    model = baseline()
    coefficients = {c.term: c.estimate for c in model.coefficients}
    eta = coefficients["Intercept"] + coefficients["x"] * today["x"].to_numpy()
    for level in "bc":
        eta += coefficients[f"g[{level}]"] * (today["g"] == level).to_numpy()
    kept = stats.poisson.logpmf(today["y"].to_numpy(), np.exp(eta)).sum()
    expected = (own.fit.log_likelihood - kept) / today.height
    assert outcome(checked(today, model), "fit_gap").observed["gap"] == pytest.approx(expected)


def test_chance_counts_the_uncertainty_of_both_days():
    """2 n1 gap/(1 + n1/n0) on k df, against F with n0 + n1 - 2k."""
    gap = Gap(value=0.02, parameters=3, rows=400, rows_before=600)
    statistic = 2 * 400 * 0.02 / (1 + 400 / 600)
    assert gap.statistic == pytest.approx(statistic)
    assert gap.p_value == pytest.approx(stats.f.sf(statistic / 3, 3, 994))
    exact = Gap(value=0.02, parameters=3, rows=400, rows_before=math.inf)
    assert exact.p_value == pytest.approx(stats.f.sf(16 / 3, 3, 397))
    assert exact.p_value < gap.p_value


def test_extra_spread_is_matched_in_mean_and_variance():
    eigenvalues = np.array([1.0, 2.0, 5.0])
    spread = Spread.of(eigenvalues)
    # c f and 2 c^2 f are mean and variance of the weighted sum of squares
    assert spread.stretch * spread.df == pytest.approx(eigenvalues.sum())
    assert spread.stretch**2 * spread.df == pytest.approx((eigenvalues**2).sum())
    assert Spread.of(np.array([0.5, 0.5])) == pytest.approx((1.0, 2.0))


def test_the_smallest_gap_is_seen_on_95_percent_of_days():
    gap = Gap(value=0.0, parameters=2, rows=1000, rows_before=1000)
    smallest = gap.smallest(0.02, 0.001)
    scale = 2 * 1000 / (1 + 1)
    least = max(0.02 * scale, 2 * stats.f.isf(0.001, 2, 1996))
    assert stats.ncx2.sf(least, 2, smallest * scale) == pytest.approx(0.95, abs=1e-6)


def test_a_row_that_the_baseline_cannot_produce_makes_the_gap_infinite():
    """With the identity link the mean of a Poisson count turns negative beyond the old rows."""
    old = pl.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [9, 6, 5, 1]})
    new = pl.DataFrame({"x": [0.0, 1.0, 2.0, 9.0], "y": [9, 6, 5, 1]})
    model = mlefit.fit(old, "y ~ x", family="poisson", link="identity")
    result = checked(new, model)
    assert outcome(result, "fit_gap").status == "fail"
    assert outcome(result, "fit_gap").observed["gap"] == math.inf
    assert outcome(result, "nll").observed["nll"] == math.inf


def test_weights_count_as_repeated_rows():
    rng = np.random.default_rng(5)
    old = pl.DataFrame({"x": rng.normal(size=200), "w": rng.integers(1, 4, size=200)})
    old = old.with_columns(y=rng.poisson(np.exp(0.5 + 0.3 * old["x"].to_numpy())))
    new = old.sample(fraction=1.0, with_replacement=True, seed=7)
    long = [frame.select(pl.all().repeat_by("w").explode()) for frame in (old, new)]
    plain = checked(long[1], mlefit.fit(long[0], "y ~ x", family="poisson"))
    model = mlefit.fit(old, "y ~ x", family="poisson", freq_weights="w")
    seen, expected = (outcome(one, "fit_gap") for one in (checked(new, model), plain))
    assert seen.observed["gap"] == pytest.approx(expected.observed["gap"], rel=1e-9)
    assert seen.p_value == pytest.approx(expected.p_value, rel=1e-6)
