"""Counts: one family inside another, far tails, rare draws, and two stages that are one."""

from __future__ import annotations

from pathlib import Path

import mpmath
import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.families._base import Probability
from mlefit.families.negbinom import below_and_above
from mlefit.fitting import fit

SAMPLES = Path(__file__).parents[2] / "sample_data" / "doctor_visits.csv"


@pytest.fixture(autouse=True)
def _infinities_are_told_by_name():
    """A fit lets numpy divide by zero: what comes of it is looked at, not warned of."""
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("k", [1e-6, 0.3, 40.0, 1e8, 1e14])
def test_the_negative_binomial_keeps_its_digits_at_any_size(k):
    y = np.array([0.0, 1, 2, 7, 60, 4000])
    mu = np.full(len(y), 5.5)
    found = families.load("negbinom").log_density(y, mu, np.full(len(y), k))
    with mpmath.workdps(60):
        exact = [float(negbinom(mpmath.mpf(v), mpmath.mpf(5.5), mpmath.mpf(k))) for v in y]
    np.testing.assert_allclose(found, exact, rtol=1e-12)


def negbinom(y, mu, k):
    ways = mpmath.loggamma(y + k) - mpmath.loggamma(k) - mpmath.loggamma(y + 1)
    return ways - k * mpmath.log1p(mu / k) + y * mpmath.log(mu / (k + mu))


def test_the_geometric_is_the_negative_binomial_of_size_one():
    y, mu = np.arange(40.0), np.full(40, 3.2)
    one, other = families.load("geometric"), families.load("negbinom")
    ones = np.ones(40)
    np.testing.assert_allclose(one.log_density(y, mu), other.log_density(y, mu, ones), rtol=1e-13)
    np.testing.assert_allclose(one.log_sf(y, mu), other.log_sf(y, mu, ones), rtol=1e-12)


def test_both_negative_binomials_are_one_without_covariates():
    nb2, nb1 = (fit(SAMPLES, "visits ~ 1", family=name) for name in ("negbinom", "negbinom1"))
    (mu, k), (mean, alpha) = nb2.parameters, nb1.parameters
    assert nb1.fit.log_likelihood == pytest.approx(nb2.fit.log_likelihood, rel=1e-13)
    assert mean.estimate == pytest.approx(mu.estimate, rel=1e-11)
    assert alpha.estimate == pytest.approx(mu.estimate / k.estimate, rel=1e-10)


@pytest.mark.parametrize("name", ["poisson", "negbinom"])
def test_a_hurdle_is_a_share_of_zeros_and_a_truncated_sample(name):
    data = pl.read_csv(SAMPLES)
    whole = fit(data, "health ~ age + illness", family=f"hurdle-{name}", model="zero ~ income")
    first = fit(
        data.with_columns(none=(pl.col("health") == 0).cast(int)),
        "none ~ income",
        family="bernoulli",
    )
    second = fit(
        data.filter(pl.col("health") > 0), "health ~ age + illness", family=f"truncated-{name}"
    )
    heights = (first.fit.log_likelihood or 0) + (second.fit.log_likelihood or 0)
    assert whole.fit.log_likelihood == pytest.approx(heights, rel=1e-13)
    parts = [*second.coefficients, *first.coefficients]
    for one, other in zip(whole.coefficients, parts, strict=True):
        assert one.term == other.term
        assert one.estimate == pytest.approx(other.estimate, rel=1e-9)
        assert one.std_error == pytest.approx(other.std_error, rel=1e-8)


def test_a_zero_inflated_sample_is_its_hurdle_in_other_words():
    inflated, hurdle = (
        fit(SAMPLES, "visits ~ 1", family=name) for name in ("zip", "hurdle-poisson")
    )
    assert inflated.fit.log_likelihood == pytest.approx(hurdle.fit.log_likelihood, rel=1e-13)
    assert inflated.parameters[0].estimate == pytest.approx(
        hurdle.parameters[0].estimate, rel=1e-10
    )


@pytest.mark.parametrize(("mu", "k"), [(1e-9, 2.0), (1e-3, 0.5), (0.05, 1e6), (300.0, 1e-3)])
def test_counts_that_are_rarely_seen_can_still_be_drawn(mu, k):
    family = families.load("truncated-negbinom")
    n = 3000
    y = family.sample(np.random.default_rng(4), np.full(n, mu), np.full(n, k))
    assert y.min() == 1
    one = float(np.exp(family.log_density(np.ones(1), np.array([mu]), np.array([k])))[0])
    spread = np.sqrt(n * one * (1 - one)) + 1
    assert abs((y == 1).sum() - n * one) < 4.5 * spread


def test_a_truncated_mean_near_one_keeps_its_digits():
    family = families.load("truncated-poisson")
    y, mu = np.array([1.0, 2.0]), np.array([1e-10, 1e-10])
    with mpmath.workdps(50):
        small = mpmath.mpf(1e-10)
        exact = [
            float(mpmath.log(small**v / mpmath.factorial(v) / mpmath.expm1(small))) for v in (1, 2)
        ]
    np.testing.assert_allclose(family.log_density(y, mu), exact, rtol=1e-12, atol=1e-14)
    assert family.mean(mu)[0] == pytest.approx(1 + 0.5e-10, rel=1e-15)


def test_successes_far_out_have_both_tails():
    family = families.load("beta-binomial")
    mu = Probability(np.full(3, 0.01), np.full(3, 0.99))
    rho = Probability(np.full(3, 0.001), np.full(3, 0.999))
    trials = np.full(3, 200.0)
    y = np.array([0.0, 60.0, 199.0])
    found = family.log_sf(y, mu, rho, trials=trials)
    with mpmath.workdps(60):
        exact = [float(mpmath.log(tail(int(v), 200))) for v in y]
    np.testing.assert_allclose(found, exact, rtol=1e-11)


def tail(y, trials):
    t = mpmath.mpf(0.001) / mpmath.mpf(0.999)
    a, b = mpmath.mpf(0.01) / t, mpmath.mpf(0.99) / t
    return mpmath.fsum(
        mpmath.binomial(trials, j) * mpmath.beta(j + a, trials - j + b) / mpmath.beta(a, b)
        for j in range(y + 1, trials + 1)
    )


@pytest.mark.parametrize("k", [0.05, 1.0, 7.0, 1e4])
@pytest.mark.parametrize("odds", [1e-3, 0.5, 24.0])
def test_few_rows_have_the_compound_count_tails_that_many_have(k, odds):
    y = np.array([-1.0, 0, 1, 2, 5, 10, 30, 90, 199, 0.5, 7.9])
    few = below_and_above(y, np.full(len(y), odds), np.array([k]))
    many = below_and_above(np.resize(y, 9009), np.array([odds]), np.array([k]))
    for one, other in zip(few, many, strict=True):
        smaller = np.minimum(*few) == one
        np.testing.assert_allclose(one, other[: len(y)], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(one[smaller], other[: len(y)][smaller], rtol=3e-12, atol=1e-290)
