"""Quantiles and quasi errors against R: tests/reference/witness_settings.R and .json."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import QuantileRegressor

from mlefit.errors import UsageError
from mlefit.fitting import fit

ROOT = Path(__file__).parents[1]
WITNESS = json.loads((ROOT / "tests/reference/witness_settings.json").read_text(encoding="utf-8"))


def frame(name):
    return pl.read_csv(ROOT / "sample_data" / name, infer_schema_length=None)


def numbers(texts):
    return np.array([float(text) for text in texts])


def column(rows, name):
    return np.array([getattr(row, name) for row in rows])


every_quantile = pytest.mark.parametrize(
    "case", WITNESS["quantiles"], ids=lambda case: f"{float(case['tau']):g}"
)


@every_quantile
def test_a_quantile_is_that_of_quantreg(case):
    tau = float(case["tau"])
    result = fit(frame(case["data"]), case["formula"], family=f"pinball:{tau!r}")
    np.testing.assert_allclose(
        column(result.coefficients, "estimate"), numbers(case["estimate"]), rtol=1e-10
    )
    (loss,) = result.losses
    cost = float(case["mean_pinball_loss"])
    assert loss.value == pytest.approx(cost, rel=1e-12)
    # with b at its maximum, the mean cost, the height is a closed form
    height = np.log(tau * (1 - tau) / cost) - 1
    assert result.fit.mean_nll == pytest.approx(-height, rel=1e-12)
    assert result.parameters[0].estimate == pytest.approx(cost, rel=1e-12)


@every_quantile
def test_a_quantile_is_that_of_scikit_learn(case):
    data = frame(case["data"])
    result = fit(data, case["formula"], family=f"quantile:{float(case['tau'])!r}")
    setting = result.losses[0].apis["scikit-learn"]
    assert setting == f"QuantileRegressor(quantile={float(case['tau'])}, alpha=0)"
    X = data.select("lotsize", "bedrooms").to_numpy().astype(float)
    elsewhere = QuantileRegressor(quantile=float(case["tau"]), alpha=0, solver="highs-ds")
    elsewhere.fit(X / X.std(axis=0), data["price"].to_numpy())
    found = column(result.coefficients, "estimate")
    np.testing.assert_allclose(elsewhere.coef_ / X.std(axis=0), found[1:], rtol=1e-8)
    assert elsewhere.intercept_ == pytest.approx(found[0], rel=1e-8)


def test_the_errors_of_a_quantile_are_those_of_its_density_and_say_so():
    data = frame("house_prices.csv")
    result = fit(data, "price ~ lotsize", family="pinball:0.9")
    X = np.column_stack([np.ones(len(data)), data["lotsize"].to_numpy()])
    b = result.parameters[0].estimate
    exact = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) / (0.9 * 0.1)) * b
    np.testing.assert_allclose(column(result.coefficients, "std_error"), exact, rtol=1e-9)
    (note,) = result.notes
    assert note == (
        "the standard errors hold if the rows are asymmetric-laplace:0.9 with this mu; as an "
        "estimate of the tau-quantile mu does not need that"
    )


@pytest.mark.parametrize("case", WITNESS["quasi"], ids=lambda case: case["call"])
def test_quasi_errors_are_those_of_glm(case):
    options = case.get("options") or {}
    result = fit(frame(case["data"]), case["formula"], family=case["family"], se="quasi", **options)
    assert result.model.se_kind == "quasi"
    assert result.model.interval.distribution == f"t({result.fit.df_residual})"
    assert result.diagnostics["dispersion"] == pytest.approx(float(case["dispersion"]), rel=1e-9)
    rows = result.coefficients
    for name, ours in {"estimate": "estimate", "std_error": "std_error", "t": "statistic"}.items():
        np.testing.assert_allclose(column(rows, ours), numbers(case[name]), rtol=1e-8)
    # a tail that is small magnifies what is left between the statistics
    np.testing.assert_allclose(
        np.log(column(rows, "p_value")), np.log(numbers(case["p_value"])), rtol=1e-7
    )
    for end in ("conf_low", "conf_high"):
        np.testing.assert_allclose(column(rows, end), numbers(case[end]), rtol=1e-8)


def test_a_spread_beyond_the_family_is_answered_by_quasi_errors():
    data = frame("doctor_visits.csv")
    plain = fit(data, "visits ~ age", family="poisson")
    assert any("--se quasi or --se HC0 does not assume it" in w for w in plain.warnings)
    quasi = fit(data, "visits ~ age", family="poisson", se="quasi")
    assert not any("standard errors are too small" in w for w in quasi.warnings)
    ratio = column(quasi.coefficients, "std_error") / column(plain.coefficients, "std_error")
    np.testing.assert_allclose(ratio**2, quasi.diagnostics["dispersion"], rtol=1e-9)


def test_without_rows_to_spare_there_is_no_dispersion():
    data = pl.DataFrame({"y": [1, 5], "x": [0.0, 1.0]})
    result = fit(data, "y ~ x", family="poisson", se="quasi")
    assert [row.std_error for row in result.coefficients] == [None, None]


CORNER = "where only the expected information has a curvature to use"
ZERO_ONE = "the mean of 0 and 1 sets their variance, whatever their distribution"
# family, options -> problem, suggestions
REFUSED = [
    ("normal", {}, "no dispersion can be estimated beside normal: sigma already sets the spread",
     ("--small-sample",)),
    ("bernoulli", {}, f"no dispersion can be estimated beside bernoulli: {ZERO_ONE}",
     ("--se observed", "--se HC0")),
    ("laplace", {}, f"laplace has a corner at its location, {CORNER}", ("--se expected",)),
    ("poisson", {"sampling_weights": "w"},
     "quasi errors take every row for one row, and sampling weights say it stands for more",
     ("--se HC0",)),
    ("poisson", {"l2": 1.0}, "quasi standard errors do not know of the prior",
     ("the same without --se, for those that do",)),
]  # fmt: skip


@pytest.mark.parametrize(("family", "options", "problem", "suggestions"), REFUSED)
def test_quasi_errors_are_refused_where_they_mean_nothing(family, options, problem, suggestions):
    data = pl.DataFrame({"y": [0, 1, 0, 1], "x": [1.0, 2.0, 3.0, 4.0], "w": [1.0, 2.0, 1.0, 1.0]})
    with pytest.raises(UsageError) as caught:
        fit(data, "y ~ x", family=family, se="quasi", **options)
    assert (caught.value.problem, caught.value.tries) == (problem, suggestions)
