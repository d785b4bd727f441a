"""Quantile residuals are standard normal under the truth, and do not depend on the blocks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.diagnosis import goodness
from mlefit.diagnosis.residuals import PowerSums, quantile_residuals
from mlefit.engines import local
from mlefit.fitting import fit
from tests.families.test_contract import DRAWS, draws, offers, packed_theta, points_of, rows


@points_of(offers("log_cdf"))
def test_residuals_of_draws_are_standard_normal(family, theta, known):
    y = draws(family, theta, known)
    packed, extra = packed_theta(family, theta, DRAWS), rows(known, DRAWS)
    with np.errstate(all="ignore"):
        residuals = quantile_residuals(family, y, packed, extra, np.arange(DRAWS))
    assert residuals is not None
    moments = PowerSums.of(residuals, np.ones(DRAWS)).moments()
    # five standard errors of each moment of normal numbers
    errors = {"mean": 1.0, "sd": 0.7, "skewness": 6**0.5, "kurtosis": 24**0.5}
    normal = {"mean": 0.0, "sd": 1.0, "skewness": 0.0, "kurtosis": 3.0}
    for name, value in moments.items():
        assert abs(value - normal[name]) < 5 * errors[name] / DRAWS**0.5, name


def test_a_normal_residual_is_the_standardised_error():
    y = np.array([-40.0, -3.0, 0.5, 7.0])
    mu, sigma = np.full(4, 0.5), np.full(4, 1.25)
    with np.errstate(divide="ignore"):
        residuals = quantile_residuals(families.load("normal"), y, [mu, sigma], {}, np.arange(4))
    assert residuals is not None
    np.testing.assert_allclose(residuals, (y - mu) / sigma, rtol=1e-12)


def test_a_row_at_the_edge_has_none_and_an_outlier_has_one():
    y = np.array([0.0, 1.0, 1e5])
    exponential = families.load("exponential")
    with np.errstate(divide="ignore"):
        residuals = quantile_residuals(exponential, y, [np.ones(3)], {}, np.arange(3))
    assert residuals is not None
    assert list(np.isnan(residuals)) == [True, False, False]
    assert residuals[2] > 30
    sums = PowerSums.of(residuals, np.array([2.0, 1.0, 1.0]))
    assert (sums.sums[0], sums.without) == (2.0, 2.0)
    frame = pl.DataFrame({"y": np.random.default_rng(5).pareto(3.0, 200) + 2})
    facts = fit(frame, "y ~ 1", family="pareto").diagnostics
    assert facts["rows_without_residual"] == 1
    assert abs(facts["quantile_residuals"]["sd"] - 1) < 0.3


def test_the_moments_do_not_depend_on_the_threads():
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"x": rng.normal(size=120_000)})
    frame = frame.with_columns(y=pl.Series(rng.poisson(np.exp(0.3 * frame["x"].to_numpy()))))
    one, three = (
        fit(frame, "y ~ x", family="poisson", threads=threads).diagnostics for threads in (1, 3)
    )
    assert one["quantile_residuals"] == pytest.approx(three["quantile_residuals"], rel=1e-9)
    seen = sum(row["observed"] for row in three["counts"])
    assert seen == frame.height
    assert sum(row["expected"] for row in three["counts"]) == pytest.approx(frame.height)


def test_the_moments_do_not_depend_on_the_blocks(monkeypatch):
    """Also where the first block has but one row whose residual is looked at."""
    monkeypatch.setattr(goodness, "_RESIDUALS", 100)
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"x": rng.normal(size=1000)})
    frame = frame.with_columns(y=5 * pl.col("x") + pl.Series(rng.normal(size=1000)))
    whole = fit(frame, "y ~ x", family="normal").diagnostics["quantile_residuals"]
    monkeypatch.setattr(local, "block_rows", lambda *args, **options: 8)
    blocks = fit(frame, "y ~ x", family="normal").diagnostics["quantile_residuals"]
    assert blocks == pytest.approx(whole, rel=1e-9)


def test_a_perfect_fit_has_no_residuals_with_a_shape():
    x = np.arange(30.0)
    result = fit(pl.DataFrame({"y": x, "x": x}), "y ~ x", family="normal")
    assert result.certificate.status == "perfect-fit"
    assert "quantile_residuals" not in result.diagnostics
