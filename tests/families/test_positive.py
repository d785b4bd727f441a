"""What is special about families of positive values: members that equal each other, and edges."""

from __future__ import annotations

import mpmath
import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.families._compound import log_series
from mlefit.families._exponential_series import second_order
from mlefit.families._gamma_tails import log_gamma_tails
from mlefit.families._stirling import remainder
from mlefit.fitting import fit
from mlefit.special import log_complement, log_ratio

Y = np.array([1e-6, 0.03, 0.5, 1.0, 1.9, 2.0, 7.0, 40.0])
# one family at some parameters, and another that is the same distribution there
SAME = [
    ("exponential", (2.0,), "gamma", (2.0, 1.0)),
    ("exponential", (2.0,), "weibull", (2.0, 1.0)),
    ("rayleigh", (1.3,), "weibull", (1.3 * np.sqrt(2), 2.0)),
    ("generalised-gamma", (0.4, 0.7, 0.0), "lognormal", (0.4, 0.7)),
    ("generalised-gamma", (0.4, 0.7, 1.0), "weibull", (np.exp(0.4), 1 / 0.7)),
    ("generalised-gamma", (0.4, 0.7, 0.7), "gamma", (np.exp(0.4), 1 / 0.49)),
]
TARGETS = ["exponential", "gamma", "inverse-gaussian", "lognormal", "weibull", "loglogistic"]


@pytest.fixture(autouse=True)
def _infinities_are_told_by_name():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize(("one", "theta", "other", "phi"), SAME)
def test_a_special_case_is_the_family_it_is_called(one, theta, other, phi):
    for method in ("log_density", "log_cdf", "log_sf"):
        claims = [
            getattr(families.load(name), method)(Y, *(np.full(len(Y), v) for v in values))
            for name, values in ((one, theta), (other, phi))
        ]
        np.testing.assert_allclose(claims[0], claims[1], rtol=2e-13, atol=2e-15)


def test_the_generalised_gamma_goes_smoothly_through_the_lognormal():
    family = families.load("generalised-gamma")
    for Q in (1e-12, -1e-7, 1e-4):
        theta = [np.full(len(Y), value) for value in (0.4, 0.7, Q)]
        here = family.score(Y, *theta)[2]
        there = family.score(Y, *theta[:2], np.zeros(len(Y)))[2]
        bend = family.observed(Y, *theta[:2], np.zeros(len(Y)))[2, 2]
        np.testing.assert_allclose(here, there - Q * bend, rtol=0.02 * abs(Q) ** 0.25, atol=1e-12)


@pytest.mark.parametrize("shape", [1e3, 1e8, 1e14])
def test_gamma_keeps_its_digits_where_the_shape_is_large(shape):
    family = families.load("gamma")
    z = np.array([-2.0, 0.3, 1.7])
    y = 5.0 * (1 + z / np.sqrt(shape))
    claimed = family.log_density(y, np.full(3, 5.0), np.full(3, shape))
    with mpmath.workdps(60):
        k, mu = mpmath.mpf(shape), mpmath.mpf(5)
        for one, value in zip(claimed, y, strict=True):
            x = mpmath.mpf(float(value))
            exact = k * mpmath.log(k / mu) - mpmath.loggamma(k) + (k - 1) * mpmath.log(x)
            # what is lost is the rounding of y, seen through sqrt(shape)
            assert one == pytest.approx(float(exact - k * x / mu), abs=3e-16 * shape**0.5 + 1e-14)


def test_lgamma_without_its_large_part():
    k = np.array([1e-8, 0.01, 0.7, 3.0, 15.9, 16.1, 1e3, 1e12])
    claimed = remainder(k)
    with mpmath.workdps(50):
        for i, value in enumerate(k):
            x = mpmath.mpf(float(value))
            exact = (
                mpmath.loggamma(x) - (x - 0.5) * mpmath.log(x) + x - mpmath.log(2 * mpmath.pi) / 2,
                mpmath.psi(0, x) - mpmath.log(x) + 1 / (2 * x),
                mpmath.psi(1, x) - 1 / x - 1 / (2 * x**2),
            )
            for one, other in zip(claimed, exact, strict=True):
                assert one[i] == pytest.approx(float(other), rel=2e-12, abs=2e-15)


def test_the_exponential_less_its_first_terms():
    v = np.array([-40.0, -1.6, -1.4, -1e-9, 0.3, 1.49, 1.51, 30.0])
    claimed = second_order(v)
    with mpmath.workdps(60):
        for order in range(3):
            for one, at in zip(claimed[order], v, strict=True):
                exact = mpmath.nsum(
                    lambda n, at=at, order=order: (
                        mpmath.ff(n + order, order)
                        * mpmath.mpf(float(at)) ** n
                        / mpmath.factorial(n + order + 2)
                    ),
                    [0, 200],
                )
                assert one == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("q", [0.0, 1e-6, 9e-3, 1.1e-2, 0.4])
def test_both_gamma_tails_against_mpmath(q):
    w = np.array([-7.0, -1.0, 0.4, 6.0])
    below, above = log_gamma_tails(w, np.full(len(w), q))
    with mpmath.workdps(40):
        for i, at in enumerate(w):

            def density(t):
                if q == 0:
                    return mpmath.npdf(t)
                a = mpmath.mpf(q) ** -2
                height = a * mpmath.log(a) - mpmath.loggamma(a) + mpmath.log(q)
                return mpmath.exp(height + a * (q * t - mpmath.exp(q * t)))

            for sign, claimed in ((-1, below[i]), (1, above[i])):
                steps = [at + sign * s for s in (0, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 20)]
                exact = abs(mpmath.quad(density, steps))
                assert claimed == pytest.approx(float(mpmath.log(exact)), rel=1e-12)


def test_logarithms_that_a_subtraction_would_lose():
    close = 3.0 * (1 + np.array([0.0, 1e-15, -3e-9, 0.2]))
    with mpmath.workdps(40):
        exact = [float(mpmath.log(mpmath.mpf(float(one)) / 3)) for one in close]
        complement = float(mpmath.log(-mpmath.expm1(mpmath.mpf(-0.1))))
    np.testing.assert_allclose(log_ratio(close, np.full(4, 3.0)), exact, rtol=4e-16)
    np.testing.assert_allclose(
        log_complement(np.array([-1e-20, -0.1, -50.0])),
        [np.log(1e-20), complement, -np.exp(-50.0)],
        rtol=1e-15,
    )


@pytest.mark.parametrize("k", [1.05, 2.0, 30.0])
def test_the_compound_series_against_dunn_and_smyth_in_mpmath(k):
    sizes = [1e-8, 0.4, 12.0, 99.0, 101.0, 800.0]
    many = np.concatenate([sizes, np.geomspace(1e-8, 800, 3000)])
    claimed = [
        series.value[: len(sizes)]
        for series in (
            log_series(many, np.array([k])),  # interpolated between panels
            log_series(many, np.full(len(many), k)),  # added row by row
        )
    ]
    with mpmath.workdps(40):
        for i, size in enumerate(sizes):
            lam, b = mpmath.mpf(size), mpmath.mpf(k) - 1
            reach = 15 * mpmath.sqrt(lam / k) + 60
            terms = [
                mpmath.exp(
                    j * (mpmath.log(lam) + b * mpmath.log(lam * b))
                    - lam * k
                    - mpmath.loggamma(j + 1)
                    - mpmath.loggamma(j * b)
                )
                for j in range(max(1, int(lam - reach)), int(lam + reach))
            ]
            exact = float(mpmath.log(mpmath.fsum(terms)))
            for one in claimed:
                assert one[i] == pytest.approx(exact, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
@pytest.mark.parametrize("name", [*TARGETS, "rayleigh", "half-normal", "generalised-gamma"])
def test_other_units_of_the_target_give_the_same_fit(name, factor):
    rng = np.random.default_rng(3)
    x = rng.normal(size=60)
    y = np.exp(0.5 * x) * rng.weibull(1.7, 60)
    one, other = (
        fit(pl.DataFrame({"x": x, "y": y * scale}), "y ~ x", family=name) for scale in (1, factor)
    )
    assert other.certificate.status == "converged"
    slope, error = one.coefficients[1].estimate, one.coefficients[1].std_error
    assert other.coefficients[1].estimate == pytest.approx(slope, rel=1e-9)
    assert other.coefficients[1].std_error == pytest.approx(error, rel=1e-8)
    shift = -60 * np.log(factor)
    assert other.fit.log_likelihood == pytest.approx(one.fit.log_likelihood + shift, rel=1e-11)


@pytest.mark.parametrize("name", ["exponential", "half-normal", "tweedie"])
def test_a_group_of_nothing_but_zeros_has_no_maximum(name):
    rng = np.random.default_rng(4)
    y = rng.gamma(1.5, 2.0, 60)
    frame = pl.DataFrame({"y": np.where(np.arange(60) < 20, 0.0, y), "g": ["a"] * 20 + ["b"] * 40})
    result = fit(frame, "y ~ g", family=name, fix=("p=1.5",) if name == "tweedie" else ())
    assert result.certificate.status == "no-maximum"
    assert "'y' is 0 in every row of g[a]" in result.warnings[0]


@pytest.mark.parametrize(
    ("y", "end", "remedy"),
    [
        ([0.0, 2, 4, 2, 6, 0, 2, 8, 4, 2, 0, 4], 1, "--fix p=1.01"),
        ([0.4, 2.1, 3.7, 1.2, 0.9, 5.5, 2.8, 1.6, 0.7, 3.1], 2, "--family gamma"),
    ],
    ids=["a lattice", "no zero"],
)
def test_a_power_that_runs_to_an_end_is_named(y, end, remedy):
    result = fit(pl.DataFrame({"y": y}), "y ~ 1", family="tweedie")
    assert result.certificate.status == "boundary"
    assert f"as p nears {end}" in result.warnings[0]
    assert remedy in result.warnings[0]
    power = result.parameters[-1]
    assert (power.parameter, power.estimate, power.std_error) == ("p", end, None)


def test_tweedie_tails_at_an_edge_of_the_power_are_undefined_and_harm_no_other_row():
    family = families.load("tweedie")
    y, mu, phi = np.array([0.5, 0.5, 0.5]), np.ones(3), np.ones(3)
    p = np.array([1.5, 2.0, 1.2])
    with np.errstate(all="ignore"):
        both = family.log_cdf(y, mu, phi, p), family.log_sf(y, mu, phi, p)
    for tail in both:
        assert np.isnan(tail[1])
        assert np.isfinite(tail[[0, 2]]).all()


@pytest.mark.parametrize("shape", [0.112, 0.5, 2.0, 30.0, 9990.0])
def test_few_rows_have_the_gamma_tails_that_many_have(shape):
    q = shape**-0.5
    w = np.concatenate(
        [np.linspace(-8, 8, 65), np.log1p(1 / shape + np.array([-1e-9, 0, 1e-9])) / q]
    )
    w = np.concatenate([w, [-np.inf, -1e5, 1e5, 1e300, np.inf]])
    few = log_gamma_tails(w, np.full(len(w), q))
    many = log_gamma_tails(np.resize(w, 9000), np.array([q]))
    for one, other in zip(few, many, strict=True):
        inside = other[: len(w)] > -600
        np.testing.assert_allclose(one[inside], other[: len(w)][inside], rtol=3e-13, atol=1e-300)
        assert not np.isnan(one).any()
