"""What a report says of a prior: uncertainty, what it is worth, where the rows disagree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from mlefit import fitting

N = 90
NAMES = ("x1", "x2", "x3")
FORMULA = "x1 + x2 + x3"
TARGETS = {"normal": "y", "bernoulli": "hit", "poisson": "count", "binomial": "wins"}
GLMS = ["bernoulli", "binomial", "poisson"]

# A prior of the slopes and scipy's density of one of them.
DENSITIES = [
    ("normal(0.1, 0.4)", stats.norm(0.1, 0.4)),
    ("laplace(0.1, 0.4)", stats.laplace(0.1, 0.4)),
    ("student(3, 0.1, 0.4)", stats.t(3, 0.1, 0.4)),
    ("cauchy(0.1, 0.4)", stats.cauchy(0.1, 0.4)),
]


# ---- the height of the prior ----


@pytest.mark.parametrize(("prior", "density"), DENSITIES)
@pytest.mark.parametrize("family", TARGETS)
def test_the_log_prior_is_the_sum_of_scipys(prior, density, family):
    result = model(family, prior=prior)
    expected = density.logpdf(slopes(result)).sum()
    assert result.fit.log_prior == pytest.approx(expected, rel=1e-10)
    (record,) = result.model.prior
    assert record["log_density"] == pytest.approx(expected, rel=1e-10)
    peak = len(NAMES) * density.logpdf(0.1)
    assert record["penalty_value"] == pytest.approx(peak - expected, rel=1e-9)


def test_several_priors_add_up():
    result = model("normal", prior=["normal(0, 1)", "x1 ~ laplace(0, 2)", "sigma ~ gamma(2, 3)"])
    b1, b2, b3 = slopes(result)
    expected = [
        stats.norm(0, 1).logpdf([b2, b3]).sum(),
        stats.laplace(0, 2).logpdf(b1),
        stats.gamma(2, scale=1 / 3).logpdf(result.parameters[0].estimate),
    ]
    assert [record["log_density"] for record in result.model.prior] == pytest.approx(expected)
    assert result.fit.log_prior == pytest.approx(sum(expected), rel=1e-12)
    assert [record["scale"] for record in result.model.prior] == ["link", "link", "natural"]


def test_without_a_prior_its_height_is_zero_and_the_objective_the_likelihood():
    result = model("poisson")
    assert result.fit.log_prior == 0
    assert result.model.prior == []
    assert result.model.objective == "likelihood"
    assert result.fit.effective_params == result.fit.n_params


# ---- uncertainty ----


@pytest.mark.parametrize("family", GLMS)
def test_the_covariance_is_the_inverse_of_the_penalised_information(family):
    result = model(family, prior="normal(0, 0.2)")
    expected = np.linalg.inv(information(result, family) + np.diag([0, 25, 25, 25]))
    np.testing.assert_allclose(result.covariance.matrix, expected, rtol=1e-8, atol=1e-12)


def test_with_sigma_held_ridge_has_its_textbook_covariance():
    result = model("normal", prior="normal(0, 0.2)", fix="sigma=0.7")
    X = design()
    expected = np.linalg.inv(X.T @ X / 0.49 + np.diag([0, 25, 25, 25]))
    np.testing.assert_allclose(result.covariance.matrix, expected, rtol=1e-9)


def test_with_sigma_free_the_covariance_counts_the_cross_terms():
    result = model("normal", prior="normal(0, 0.2)")
    expected = np.linalg.inv(normal_information(result) + np.diag([0, 25, 25, 25, 0]))
    np.testing.assert_allclose(result.covariance.matrix, expected, rtol=1e-8)


@pytest.mark.parametrize("family", TARGETS)
def test_intervals_are_credible_and_there_is_no_p_value(family):
    result = model(family, prior="normal(0, 0.2)", conf_level=0.9)
    assert result.model.objective == "posterior"
    assert result.model.interval.method == "laplace"
    for row in result.coefficients:
        assert row.p_value is None
        reach = stats.norm.ppf(0.95) * row.std_error
        assert (row.conf_low, row.conf_high) == pytest.approx(
            (row.estimate - reach, row.estimate + reach)
        )


@pytest.mark.parametrize("family", TARGETS)
def test_under_a_corner_there_are_no_standard_errors_and_one_sentence_why(family):
    result = model(family, prior=["normal(0, 1)", "x1 ~ laplace(0, 0.5)"])
    for row in (*result.coefficients, *result.parameters):
        assert (row.std_error, row.conf_low, row.conf_high) == (None, None, None)
    assert result.covariance.matrix == []
    assert sum("prior with a corner" in note for note in result.notes) == 1


@pytest.mark.parametrize("family", TARGETS)
@pytest.mark.parametrize("prior", ["normal(0, 1)", "laplace(0, 1)"])
def test_a_posterior_mode_has_no_information_criterion(family, prior):
    summary = model(family, prior=prior).fit
    assert (summary.aic, summary.aicc, summary.bic) == (None, None, None)


# ---- how many parameters the rows decide ----


def test_effective_parameters_of_ridge_are_the_trace_of_the_hat_matrix():
    result = model("normal", prior="normal(0, 0.2)", fix="sigma=0.7")
    X = design()
    hat = X @ np.linalg.inv(X.T @ X + 0.49 * np.diag([0, 25, 25, 25])) @ X.T
    assert result.fit.effective_params == pytest.approx(np.trace(hat), rel=1e-9)


def test_a_free_sigma_counts_as_one_more():
    result = model("normal", prior="normal(0, 0.2)")
    X, sigma = design(), result.parameters[0].estimate
    hat = X @ np.linalg.inv(X.T @ X + sigma**2 * np.diag([0, 25, 25, 25])) @ X.T
    assert result.fit.effective_params == pytest.approx(np.trace(hat) + 1, rel=1e-9)


@pytest.mark.parametrize("prior", ["student(3, 0, 0.01)", "cauchy(3, 0.1)", "normal(9, 0.1)"])
@pytest.mark.parametrize("family", TARGETS)
def test_effective_parameters_are_never_more_than_all_nor_less_than_the_free_ones(family, prior):
    summary = model(family, prior=prior).fit
    assert summary.n_params - 3 <= summary.effective_params <= summary.n_params


@pytest.mark.parametrize("family", GLMS)
def test_effective_parameters_are_the_trace_of_the_share_of_the_rows(family):
    result = model(family, prior="normal(0, 0.2)")
    H = information(result, family)
    trace = np.trace(np.linalg.solve(H + np.diag([0, 25, 25, 25]), H))
    assert result.fit.effective_params == pytest.approx(trace, rel=1e-8)


@pytest.mark.parametrize("family", TARGETS)
def test_effective_parameters_go_from_all_to_those_without_a_prior(family):
    counts = [
        model(family, prior=f"normal(0, {scale})").fit.effective_params
        for scale in (1e4, 1.0, 0.1, 1e-4)
    ]
    others = 2 if family == "normal" else 1
    assert counts[0] == pytest.approx(others + 3, abs=1e-5)
    assert counts[-1] == pytest.approx(others, abs=1e-4)
    assert counts == sorted(counts, reverse=True)


def test_a_prior_is_worth_the_rows_that_tell_as_much():
    """Under a standardised column with sigma held, a row tells 1/sigma^2 of a slope."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    frame = pl.DataFrame({"x": (x - x.mean()) / x.std(), "y": rng.normal(size=200)})
    result = fit(frame, "y ~ x", family="normal", fix="sigma=2", prior="normal(0, 0.25)")
    (record,) = result.model.prior
    assert record["worth_rows"] == pytest.approx(4 / 0.0625, rel=1e-9)


# ---- conflict ----


@pytest.mark.parametrize("family", TARGETS)
def test_a_conflict_names_what_the_rows_would_say_alone(family):
    plain = slopes(model(family))[0]
    result = model(family, prior=f"x1 ~ normal({plain + 3}, 0.2)")
    (note,) = [note for note in result.notes if "disagree" in note]
    assert "of mu:x1" in note
    alone = float(note.split("alone they would say ")[1].split(",")[0])
    # one Newton step from the posterior mode, so only the side of the prior is sure
    assert alone < slopes(result)[0]


@pytest.mark.parametrize("distance", [1, 2, 6])
@pytest.mark.parametrize("options", [{}, {"fix": "sigma=1"}])
def test_under_the_normal_family_the_rows_alone_are_maximum_likelihood(distance, options):
    plain = slopes(model("normal"))[0]
    result = model("normal", prior=f"x1 ~ normal({plain + distance}, 0.2)", **options)
    (note,) = result.notes
    assert f"alone they would say {plain:.3g}" in note


@pytest.mark.parametrize("family", TARGETS)
def test_without_a_conflict_there_is_no_note(family):
    plain = slopes(model(family))[0]
    result = model(family, prior=f"x1 ~ normal({plain}, 0.2)")
    assert not [note for note in result.notes if "disagree" in note]


# ---- what a prior makes possible ----


def test_separated_data_have_a_mode_and_no_maximum():
    frame = separated()
    honest = fit(frame, "hit ~ x1", family="bernoulli")
    assert honest.certificate.status == "no-maximum"
    assert "--prior 'normal(0, 2.5)'" in honest.warnings[0]
    result = fit(frame, "hit ~ x1", family="bernoulli", prior="normal(0, 2.5)")
    assert result.certificate.status == "converged"
    x, hit = frame["x1"].to_numpy(), frame["hit"].to_numpy()
    intercept, slope = (row.estimate for row in result.coefficients)
    residual = hit - 1 / (1 + np.exp(-intercept - slope * x))
    assert residual.sum() == pytest.approx(0, abs=1e-8)
    assert residual @ x == pytest.approx(slope / 6.25, abs=1e-8)


@pytest.mark.parametrize("prior", ["laplace(0, 1)", "student(3, 0, 2.5)", "cauchy(0, 2.5)"])
def test_every_proper_prior_holds_separated_data(prior):
    result = fit(separated(), "hit ~ x1", family="bernoulli", prior=prior)
    assert result.certificate.status == "converged"
    assert 0 < slopes(result)[0] < 100


@pytest.mark.parametrize("prior", ["x2 ~ normal(0, 1)", "x2 ~ laplace(0, 1)"])
def test_a_prior_of_another_column_leaves_no_maximum(prior):
    result = fit(separated(), "hit ~ x1 + x2", family="bernoulli", prior=prior)
    assert result.certificate.status == "no-maximum"
    assert result.coefficients[1].estimate is None


def test_redundant_columns_stay_under_a_prior_of_all_slopes():
    frame = table().with_columns(again=pl.col("x1"))
    result = fit(frame, "y ~ x1 + again + x2", family="normal", prior="normal(0, 0.5)")
    assert result.certificate.status == "converged"
    assert result.coefficients[1].estimate == pytest.approx(result.coefficients[2].estimate)
    # two equal coefficients of scale s are one of scale s sqrt(2)
    priors = ["normal(0, 0.5)", f"x1 ~ normal(0, {0.5 * math.sqrt(2)!r})"]
    single = fit(frame, "y ~ x1 + x2", family="normal", prior=priors)
    both = result.coefficients[1].estimate + result.coefficients[2].estimate
    assert both == pytest.approx(single.coefficients[1].estimate, rel=1e-8)


def test_a_redundant_column_that_no_prior_resolves_is_left_out():
    frame = table().with_columns(again=pl.col("x1"))
    result = fit(frame, "y ~ x1 + again + x2", family="normal", prior="x2 ~ normal(0, 0.5)")
    assert result.coefficients[2].estimate is None


def test_a_prior_of_one_of_three_equal_columns_resolves_only_one():
    frame = table().with_columns(again=pl.col("x1"), more=pl.col("x1"))
    result = fit(frame, "y ~ x1 + again + more", family="normal", prior="x1 ~ normal(0, 0.5)")
    assert result.certificate.status == "converged"
    assert [row.estimate is None for row in result.coefficients] == [False, False, False, True]


# ---- helpers ----


def fit(frame: pl.DataFrame, formula: str, **options) -> Any:
    return fitting.fit(frame, formula, **options)


def table() -> pl.DataFrame:
    rng = np.random.default_rng(17)
    base = rng.normal(size=(N, 3))
    x1, x2, x3 = base[:, 0], 0.5 * base[:, 0] + base[:, 1] + 1, base[:, 2]
    eta = 0.2 + 0.6 * x1 - 0.3 * x2 + 0.1 * x3
    trials = rng.integers(1, 6, size=N)
    chance = 1 / (1 + np.exp(-eta))
    return pl.DataFrame(
        {
            "x1": x1,
            "x2": x2,
            "x3": x3,
            "trials": trials,
            "y": eta + rng.normal(size=N),
            "hit": (rng.random(N) < chance).astype(int),
            "count": rng.poisson(np.exp(eta)),
            "wins": rng.binomial(trials, chance),
        }
    )


def separated() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    x1 = rng.normal(size=40)
    return pl.DataFrame({"x1": x1, "x2": rng.normal(size=40), "hit": (x1 > 0.1).astype(int)})


def model(family: str, **options) -> Any:
    if family == "binomial":
        options["trials"] = "trials"
    return fit(table(), f"{TARGETS[family]} ~ {FORMULA}", family=family, **options)


def slopes(result) -> list[float]:
    return [row.estimate for row in result.coefficients[1:]]


def design() -> np.ndarray:
    frame = table()
    return np.column_stack([np.ones(N), *(frame[name].to_numpy() for name in NAMES)])


def information(result, family: str) -> np.ndarray:
    """Of the rows alone, for the canonical links."""
    X = design()
    eta = X @ [row.estimate for row in result.coefficients]
    p = 1 / (1 + np.exp(-eta))
    trials = table()["trials"].to_numpy() if family == "binomial" else 1
    weight = np.exp(eta) if family == "poisson" else trials * p * (1 - p)
    return (X.T * weight) @ X


def normal_information(result) -> np.ndarray:
    """Of the rows alone, observed, in the coefficients and log sigma."""
    X, y = design(), table()["y"].to_numpy()
    residual = y - X @ [row.estimate for row in result.coefficients]
    precision = result.parameters[0].estimate ** -2
    cross = 2 * precision * X.T @ residual
    corner = 2 * precision * residual @ residual
    return np.block(
        [[precision * X.T @ X, cross[:, None]], [cross[None, :], np.full((1, 1), corner)]]
    )
