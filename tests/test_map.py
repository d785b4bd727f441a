"""Fits under priors: against 50 digits (tests/reference/map.json), and the laws they obey."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlefit import fitting
from mlefit.errors import UsageError

ROOT = Path(__file__).parents[1]
REFERENCE = json.loads((ROOT / "tests" / "reference" / "map.json").read_text(encoding="utf-8"))
MODELS = [pytest.param(model, id=model["id"]) for model in REFERENCE["models"]]
TARGETS = {"normal": "y", "bernoulli": "hit", "poisson": "count", "binomial": "wins"}
PRIORS = ["normal(0, 0.4)", "laplace(0, 0.2)", "elasticnet(6, 0.5)", "student(3, 0, 0.3)"]

every_model = pytest.mark.parametrize("model", MODELS)
every_family = pytest.mark.parametrize("family", TARGETS)
every_prior = pytest.mark.parametrize("prior", PRIORS)
seeds = st.integers(0, 10_000)


def test_a_lasso_that_can_fit_every_row_is_no_maximum_unless_sigma_is_held():
    """With more columns than rows and a free sigma the density grows as sigma goes to 0."""
    rng = np.random.default_rng(5)
    frame = pl.DataFrame(rng.normal(size=(20, 30)), schema=[f"x{j}" for j in range(30)])
    frame = frame.with_columns(y=pl.Series(rng.normal(size=20)))
    free = fit(frame, "y ~ .", family="normal", l1=3.0)
    assert free.certificate.status != "converged"
    held = fit(frame, "y ~ .", family="normal", l1=3.0, fix="sigma=1")
    assert held.certificate.status == "converged"


# ---- against 50 digits ----


@every_model
def test_the_mode_has_nine_digits(model):
    result = fitted(model)
    assert result.certificate.status == "converged"
    assert column(result, "estimate") == {
        name: approx(digits, 1e-9) for name, digits in expected(model, "estimate").items()
    }


@every_model
def test_credible_standard_errors_have_eight_digits(model):
    assert column(fitted(model), "std_error") == {
        name: approx(digits, 1e-8) for name, digits in expected(model, "std_error").items()
    }


@every_model
def test_likelihood_and_prior_have_ten_digits_and_every_constant(model):
    summary = fitted(model).fit
    assert summary.log_likelihood == approx(model["log_likelihood"], 1e-10)
    assert summary.log_prior == approx(model["log_prior"], 1e-10)


def test_the_reference_spans_seven_data_sets_and_four_families():
    assert len({model["data"] for model in REFERENCE["models"]}) >= 7
    assert {model["family"] for model in REFERENCE["models"]} == set(TARGETS)


# ---- laws ----


@every_family
@every_prior
def test_on_doubled_rows_the_same_prior_weighs_half_as_much(family, prior):
    frame = table(3)
    once = model(frame, family, prior=tempered(prior, 0.5))
    twice = model(pl.concat([frame, frame]), family, prior=prior)
    if prior.startswith("student"):
        return assert_heavier_pull(family, frame, prior)
    return assert_same_mode(once, twice)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, strength=st.floats(0.01, 100))
def test_rows_doubled_and_l2_doubled_is_the_same_fit(seed, strength):
    frame = table(seed)
    once = model(frame, "poisson", l2=strength)
    twice = model(pl.concat([frame, frame]), "poisson", l2=2 * strength)
    assert_same_mode(once, twice)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, factor=st.floats(0.01, 100), family=st.sampled_from(list(TARGETS)))
def test_a_column_times_c_and_its_scale_over_c_is_the_same_fit(seed, factor, family):
    frame = table(seed)
    for name in ("normal", "laplace", "cauchy"):
        before = model(frame, family, prior=["normal(0, 1)", f"x1 ~ {name}(0.1, 0.3)"])
        turned = frame.with_columns(x1=pl.col("x1") * factor)
        scaled = f"x1 ~ {name}({0.1 / factor!r}, {0.3 / factor!r})"
        after = model(turned, family, prior=["normal(0, 1)", scaled])
        assert before.fit.log_likelihood == pytest.approx(after.fit.log_likelihood, rel=1e-9)
        assert mode(after)["mu:x1"] * factor == pytest.approx(mode(before)["mu:x1"], abs=1e-7)


@settings(max_examples=10, deadline=None)
@given(seed=seeds, family=st.sampled_from(list(TARGETS)))
def test_a_prior_of_huge_scale_is_maximum_likelihood(seed, family):
    frame = table(seed)
    plain = model(frame, family)
    for prior in ("normal(0, 1e8)", "laplace(3, 1e8)", "student(3, 0, 1e8)", "cauchy(0, 1e8)"):
        assert_same_mode(model(frame, family, prior=prior), plain, 1e-7)


@every_family
def test_an_elastic_net_has_ridge_and_lasso_as_its_ends(family):
    frame = table(5)
    net = model(frame, family, prior="elasticnet(7, 0)")
    assert_same_mode(net, model(frame, family, l2=7.0), 1e-9)
    net = model(frame, family, prior="elasticnet(7, 1)")
    assert_same_mode(net, model(frame, family, l1=7.0), 1e-9)
    net = model(frame, family, prior="elasticnet(7, 0.25)")
    assert_same_mode(net, model(frame, family, l1=1.75, l2=5.25), 1e-9)


@every_family
def test_a_cauchy_prior_is_students_with_one_degree_of_freedom(family):
    frame = table(5)
    cauchy = model(frame, family, prior="cauchy(0, 0.2)")
    assert_same_mode(cauchy, model(frame, family, prior="student(1, 0, 0.2)"), 1e-9)


@every_family
def test_a_prior_of_tiny_scale_puts_the_slopes_at_its_centre(family):
    result = model(table(5), family, prior="normal(0.25, 1e-6)")
    slopes = [mode(result)[name] for name in ("mu:x1", "mu:x2", "mu:x3")]
    assert slopes == pytest.approx([0.25] * 3, abs=1e-8)
    result = model(table(5), family, prior="laplace(0.25, 1e-6)")
    assert [mode(result)[name] for name in ("mu:x1", "mu:x2", "mu:x3")] == [0.25] * 3


def test_priors_in_any_order_are_the_same_fit():
    priors = ["normal(0, 1)", "x1 ~ laplace(0, 0.5)", "sigma ~ normal(0, 0.1)"]
    one, other = (model(table(5), "normal", prior=words) for words in (priors, priors[::-1]))
    assert_same_mode(one, other, 1e-12)


# ---- who is pulled ----


@every_family
@pytest.mark.parametrize("prior", ["normal(0, 0.05)", "laplace(0, 0.02)"])
def test_the_intercept_and_sigma_are_free_unless_named(family, prior):
    frame = table(11)
    result = model(frame, family, prior=prior)
    scores = score_of(frame, family, result)
    assert scores["Intercept"] == pytest.approx(0, abs=1e-7)
    assert abs(scores["x1"]) > 1
    if family == "normal":
        residual = frame["y"].to_numpy() - linear_predictor(frame, result)
        sigma = result.parameters[0].estimate
        assert sigma == pytest.approx(math.sqrt(np.mean(residual**2)), rel=1e-9)


@every_family
def test_a_prior_of_one_term_leaves_the_score_of_the_others_at_zero(family):
    frame = table(11)
    scores = score_of(frame, family, model(frame, family, prior="x2 ~ normal(0, 0.05)"))
    pulled = scores.pop("x2")
    assert abs(pulled) > 0.01
    assert list(scores.values()) == pytest.approx([0, 0, 0], abs=1e-7)


def test_a_named_intercept_is_pulled():
    result = model(table(11), "poisson", prior="Intercept ~ normal(-4, 0.001)")
    assert mode(result)["mu:Intercept"] == pytest.approx(-4, abs=0.01)


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
def test_a_prior_on_log_sigma_pulls_only_sigma(scale):
    frame = table(11)
    result = model(frame, "normal", prior=f"sigma ~ normal(2, {scale})")
    plain = model(frame, "normal")
    for name in ("mu:Intercept", "mu:x1"):
        assert mode(result)[name] == pytest.approx(mode(plain)[name], rel=1e-8)
    eta = math.log(result.parameters[0].estimate)
    squares = np.sum((frame["y"].to_numpy() - linear_predictor(frame, result)) ** 2)
    slope = len(frame) - squares * math.exp(-2 * eta) + (eta - 2) / scale**2
    assert slope == pytest.approx(0, abs=1e-5)


# ---- closed forms ----


@pytest.mark.parametrize(("shape", "rate"), [(2.0, 1.0), (50.0, 4.0), (1.0, 0.5), (1e4, 1e3)])
def test_gamma_and_poisson_are_conjugate(shape, rate):
    y = table(2)["count"].to_numpy()
    result = fit(table(2), "count ~ 1", family="poisson", prior=f"mu ~ gamma({shape}, {rate})")
    expected = (shape + y.sum() - 1) / (rate + len(y))
    assert result.parameters[0].estimate == pytest.approx(expected, rel=1e-9)
    log_prior = stats.gamma.logpdf(expected, shape, scale=1 / rate)
    assert result.fit.log_prior == pytest.approx(log_prior, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("centre", "scale", "sigma"), [(0, 1, 2), (5, 0.1, 0.5), (-3, 10, 1)])
def test_normal_and_normal_are_conjugate(centre, scale, sigma):
    y = table(2)["y"].to_numpy()
    result = fit(
        table(2),
        "y ~ 1",
        family="normal",
        fix=f"sigma={sigma}",
        prior=f"mu ~ normal({centre}, {scale})",
    )
    precision = len(y) / sigma**2 + 1 / scale**2
    posterior = (y.sum() / sigma**2 + centre / scale**2) / precision
    row = result.parameters[0]
    assert row.estimate == pytest.approx(posterior, rel=1e-9)
    assert row.std_error == pytest.approx(precision**-0.5, rel=1e-9)
    for end, quantile in ((row.conf_low, 0.025), (row.conf_high, 0.975)):
        reach = stats.norm.ppf(quantile, posterior, precision**-0.5)
        assert end == pytest.approx(reach, rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "rate"),
    [
        (2.0, 1.0),
        (1.0, 3.0),
        pytest.param(20.0, 1.0, id="strong"),
        pytest.param(
            2000.0,
            1e5,
        ),
    ],
)
def test_a_gamma_prior_of_sigma_meets_its_stationary_equation(shape, rate):
    frame = table(2)
    result = fit(frame, "y ~ x1", family="normal", prior=f"sigma ~ gamma({shape}, {rate})")
    assert result.certificate.status == "converged"
    sigma = result.parameters[0].estimate
    plain = fit(frame, "y ~ x1", family="normal")
    squares = len(frame) * plain.parameters[0].estimate ** 2
    slope = -len(frame) + squares / sigma**2 + (shape - 1) - rate * sigma
    assert slope == pytest.approx(0, abs=1e-4)


def test_weighted_rows_count_against_the_prior():
    frame = table(2).with_columns(times=pl.Series(np.resize([1, 2, 3], 80)))
    weighted = model(frame, "poisson", l2=5.0, freq_weights="times")
    repeated = frame.select(pl.all().repeat_by("times")).explode(frame.columns)
    assert_same_mode(weighted, model(repeated, "poisson", l2=5.0), 1e-9)
    assert weighted.fit.effective_params == pytest.approx(
        model(repeated, "poisson", l2=5.0).fit.effective_params, rel=1e-9
    )


# ---- what is refused ----


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_sandwich_errors_do_not_know_of_a_prior(kind):
    with pytest.raises(UsageError, match=f"{kind} standard errors do not know of the prior"):
        model(table(2), "normal", l2=1.0, se=kind)


# ---- helpers ----


def table(seed: int, n: int = 80) -> pl.DataFrame:
    """Correlated columns with means away from zero, and a target for each family."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(n, 3))
    x1, x2, x3 = base[:, 0] + 2, 0.6 * base[:, 0] + base[:, 1], 3 * base[:, 2] - 1
    eta = 0.3 + 0.5 * (x1 - 2) - 0.4 * x2 + 0.1 * x3
    trials = rng.integers(1, 9, size=n)
    p = 1 / (1 + np.exp(-eta))
    return pl.DataFrame(
        {
            "x1": x1,
            "x2": x2,
            "x3": x3,
            "trials": trials,
            "y": eta + rng.normal(size=n),
            "hit": (rng.random(n) < p).astype(int),
            "count": rng.poisson(np.exp(eta)),
            "wins": rng.binomial(trials, p),
        }
    )


def fit(data, formula, **options) -> Any:
    return fitting.fit(data, formula, **options)


def model(frame, family, **options) -> Any:
    if family == "binomial":
        options["trials"] = "trials"
    return fit(frame, f"{TARGETS[family]} ~ x1 + x2 + x3", family=family, **options)


def mode(result):
    rows = {f"{row.parameter}:{row.term}": row.estimate for row in result.coefficients}
    return rows | {row.parameter: row.estimate for row in result.parameters}


def assert_same_mode(one, other, tolerance=1e-8):
    assert one.certificate.status == other.certificate.status == "converged"
    assert mode(one) == pytest.approx(mode(other), rel=tolerance, abs=tolerance)


def tempered(prior: str, power: float) -> str | list[str]:
    """The prior whose log-density is this share of the given one's, up to a constant."""
    name, _, words = prior.rstrip(")").partition("(")
    first, second = map(float, words.split(",")[-2:])
    return {
        "normal": f"normal({first!r}, {second / math.sqrt(power)!r})",
        "laplace": f"laplace({first!r}, {second / power!r})",
        "elasticnet": f"elasticnet({first * power!r}, {second!r})",
        "student": prior,
    }[name]


def assert_heavier_pull(family, frame, prior):
    """No Student prior is half of another, so only the direction is a law."""
    single = mode(model(frame, family, prior=prior))
    double = mode(model(pl.concat([frame, frame]), family, prior=prior))
    plain = mode(model(frame, family))
    names = ("mu:x1", "mu:x2", "mu:x3")
    distance = [sum((m[name] - plain[name]) ** 2 for name in names) for m in (single, double)]
    assert distance[1] < distance[0]


def linear_predictor(frame, result):
    beta = mode(result)
    slopes = sum(beta[f"mu:{x}"] * frame[x].to_numpy() for x in ("x1", "x2", "x3"))
    return beta["mu:Intercept"] + slopes


def score_of(frame, family, result):
    """Score of the rows alone in each coefficient of the mean, from the raw columns."""
    eta, y = linear_predictor(frame, result), frame[TARGETS[family]].to_numpy()
    if family == "normal":
        residual = (y - eta) / result.parameters[0].estimate ** 2
    elif family == "poisson":
        residual = y - np.exp(eta)
    else:
        trials = frame["trials"].to_numpy() if family == "binomial" else 1
        residual = y - trials / (1 + np.exp(-eta))
    columns = {name: frame[name].to_numpy() for name in ("x1", "x2", "x3")}
    return {
        name: float(residual @ x) for name, x in ({"Intercept": np.ones(len(y))} | columns).items()
    }


def fitted(reference):
    name = reference["data"]
    data = pl.DataFrame(REFERENCE["tables"][name]) if name in REFERENCE["tables"] else None
    return fit(
        ROOT / "sample_data" / name if data is None else data,
        reference["formula"],
        family=reference["family"],
        prior=reference["prior"],
        **reference["options"],
    )


def expected(reference, kind):
    rows = [*reference["coefficients"], *reference["parameters"]]
    return {(row["parameter"], row.get("term")): row[kind] for row in rows}


def column(result, kind):
    rows = {(row.parameter, row.term): getattr(row, kind) for row in result.coefficients}
    return rows | {(row.parameter, None): getattr(row, kind) for row in result.parameters}


def approx(digits, relative):
    return pytest.approx(float(digits), rel=relative, abs=0)
