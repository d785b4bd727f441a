"""The debiased lasso: against its formula, least squares, and the truth it is to cover."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlefit.errors import UsageError
from mlefit.fitting import fit

TRUTH = np.array([0.8, -0.5, 0.0, 0.3])


def table(seed, family, n=150):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(n, 4))
    X = base @ np.array([[1, 0.4, 0, 0], [0, 1, 0.3, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) + 0.5
    eta = 0.2 + X @ TRUTH
    y = {
        "normal": lambda: eta + rng.normal(size=n),
        "bernoulli": lambda: (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int),
        "poisson": lambda: rng.poisson(np.exp(0.5 * eta)),
    }[family]()
    return pl.DataFrame(X, schema=["a", "b", "c", "d"]).with_columns(y=pl.Series(y))


def stepped(frame, family, prior="laplace(0, 0.03)", **options):
    return fit(frame, "y ~ a + b + c + d", family=family, prior=prior, se="debiased", **options)


@pytest.mark.parametrize("prior", ["laplace(0, 0.3)", "laplace(0, 0.02)", "elasticnet(9, 0.5)"])
def test_for_a_normal_mean_it_is_least_squares(prior):
    frame = table(1, "normal")
    result = stepped(frame, "normal", prior)
    plain = fit(frame, "y ~ a + b + c + d", family="normal", se="expected")
    # the errors are those of least squares times the ratio of the two sigmas
    ratio = result.parameters[0].estimate / plain.parameters[0].estimate
    for row, other in zip(result.coefficients, plain.coefficients, strict=True):
        assert result.debiased[f"mu:{row.term}"] == pytest.approx(other.estimate, rel=1e-8)
        assert row.std_error == pytest.approx(other.std_error * ratio, rel=1e-8)


@pytest.mark.parametrize("family", ["bernoulli", "poisson"])
def test_it_is_one_step_of_the_expected_information_from_the_mode(family):
    frame = table(2, family)
    result = stepped(frame, family)
    X = np.column_stack([np.ones(len(frame)), frame.select("a", "b", "c", "d").to_numpy()])
    beta = np.array([row.estimate for row in result.coefficients])
    assert (beta == 0).any()
    eta = X @ beta
    mu = np.exp(eta) if family == "poisson" else 1 / (1 + np.exp(-eta))
    weight = mu if family == "poisson" else mu * (1 - mu)
    covariance = np.linalg.inv((X.T * weight) @ X)
    centre = beta + covariance @ X.T @ (frame["y"].to_numpy() - mu)
    np.testing.assert_allclose(list(result.debiased.values()), centre, rtol=1e-8)
    np.testing.assert_allclose(result.covariance.matrix, covariance, rtol=1e-8)
    for row, middle, error in zip(
        result.coefficients, centre, np.sqrt(np.diag(covariance)), strict=True
    ):
        assert row.statistic == pytest.approx(middle / error, rel=1e-7)
        assert row.conf_low + row.conf_high == pytest.approx(2 * middle, rel=1e-7)
        assert 0 <= row.p_value <= 1


@pytest.mark.parametrize("family", ["bernoulli", "poisson"])
def test_under_a_weak_prior_it_is_maximum_likelihood(family):
    frame = table(3, family)
    result = stepped(frame, family, "laplace(0, 1e9)")
    plain = fit(frame, "y ~ a + b + c + d", family=family, se="expected")
    for row, other in zip(result.coefficients, plain.coefficients, strict=True):
        for name in ("std_error", "conf_low", "conf_high"):
            assert getattr(row, name) == pytest.approx(getattr(other, name), rel=1e-6)


def test_its_intervals_cover_the_truth_as_often_as_they_say():
    repeats, truth = 120, np.array([0.1, *(0.5 * TRUTH)])
    inside = np.zeros(5)
    below = 0
    for seed in range(repeats):
        rows = stepped(table(100 + seed, "poisson"), "poisson", "laplace(0, 0.05)").coefficients
        inside += [row.conf_low < b < row.conf_high for row, b in zip(rows, truth, strict=True)]
        below += rows[1].estimate < truth[1]
    # a share of 120 has a standard error of 0.02; three of them either way
    assert (inside / repeats > 0.89).all()
    assert inside.mean() / repeats == pytest.approx(0.95, abs=0.02)
    assert below > 0.75 * repeats, "the mode itself is pulled towards zero"


def test_who_does_not_ask_is_told_how():
    frame = table(4, "poisson")
    without = fit(frame, "y ~ a + b", family="poisson", prior="laplace(0, 0.1)")
    (note,) = [note for note in without.notes if "no standard errors" in note]
    assert note.endswith("; --se debiased gives those of an estimate without its pull")
    assert without.debiased is None
    asked = stepped(frame, "poisson")
    assert (asked.model.se_kind, asked.model.interval.method) == ("debiased", "debiased")
    assert any("not about the ones that the prior pulled" in note for note in asked.notes)


@pytest.mark.parametrize("prior", [["laplace(0, 1)", "a ~ normal(0, 1)"], ["laplace(0, 1)"]])
def test_the_way_is_not_offered_where_it_does_not_lead(prior):
    rows = 80 if len(prior) == 2 else 4
    result = fit(
        table(5, "normal", rows), "y ~ a+b+c+d", family="normal", prior=prior, fix="sigma=1"
    )
    assert any("no standard errors" in note for note in result.notes)
    assert not any("debiased" in note for note in result.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "and there is none"),
        ({"prior": "normal(0, 1)"}, r"and normal\(0, 1\) is none"),
        ({"prior": "laplace(0, 1)", "sampling_weights": "w"}, "sampling weights"),
        ({"prior": "laplace(0, 1)", "where": "i < 4"}, "fewer coefficients than rows, not 5 for 4"),
        ({"prior": "laplace(0, 1)", "family": "laplace"}, "has a corner at its location"),
    ],
)
def test_what_cannot_be_debiased_is_refused(options, message):
    frame = table(6, "poisson").with_columns(w=pl.lit(2.0), i=pl.int_range(150))
    with pytest.raises(UsageError, match=message):
        fit(frame, "y ~ a + b + c + d", **({"family": "poisson", "se": "debiased"} | options))
