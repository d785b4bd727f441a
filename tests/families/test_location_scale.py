"""Tails and shapes of the location-scale families, held against 50 digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import polars as pl
import pytest
from mpmath import mp, mpf
from scipy import stats

from mlefit import families, fit


def _cdf_student(z, df):
    half = mp.betainc(df / 2, 0.5, 0, df / (df + z**2), regularized=True) / 2
    return half if z < 0 else 1 - half


def _rate(z, xi):
    return mp.exp(-z) if xi == 0 else (1 + xi * z) ** (-1 / mpf(xi))


# name -> P(Z <= z) with the shapes after z
CDF: dict[str, Callable[..., Any]] = {
    "logistic": lambda z: 1 / (1 + mp.exp(-z)),
    "cauchy": lambda z: mp.atan2(1, -z) / mp.pi,
    "gumbel": lambda z: mp.exp(-mp.exp(-z)),
    "hyperbolic-secant": lambda z: 2 / mp.pi * mp.atan(mp.exp(mp.pi * z / 2)),
    "student": _cdf_student,
    "gev": lambda z, xi: mp.exp(-_rate(z, xi)),
}
TWO = ("logistic", "cauchy", "gumbel", "hyperbolic-secant")
AT = [
    *[
        (name, (), z)
        for name in list(CDF)[:4]
        for z in (-300.0, -40.0, -6.0, -1e-3, 0.4, 3.0, 400.0)
    ],
    *[("student", (df,), z) for df in (0.7, 29.9, 1e6) for z in (-1e3, -12.0, -1e-3, 2.0, 30.0)],
    *[("gev", (xi,), z) for xi in (-0.3, 0.0, 1e-7, 0.4) for z in (-2.0, -0.5, 0.4, 3.0)],
    ("gev", (0.4,), 1e6),
]


@pytest.fixture(autouse=True)
def _infinities_are_told_by_name():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize(("name", "shape", "z"), AT)
def test_both_tails_have_their_digits(name, shape, z):
    family = families.load(name)
    theta = [np.array([value]) for value in (0.0, 1.0, *shape)]
    with mp.workdps(400):
        below = CDF[name](mpf(z), *map(mpf, shape))
        exact = (float(mp.log(below)), float(mp.log(1 - below)))
    y = np.array([z])
    claimed = (family.log_cdf(y, *theta), family.log_sf(y, *theta))
    for tail, log_probability in zip(claimed, exact, strict=True):
        assert tail is not None
        # a probability below the smallest float is 0
        wanted = log_probability if log_probability > -700 else -math.inf
        found = float(tail[0])
        assert found == pytest.approx(wanted, rel=2e-13) or (wanted < -700 and found < -700)


@pytest.mark.parametrize("df", [0.3, 3.0, 29.999, 30.0, 1e3, 1e7, 1e12])
@pytest.mark.parametrize("z", [0.0, 1e-3, 1.3, -4.0, 60.0])
def test_student_keeps_its_digits_on_the_way_to_the_normal(df, z):
    def height(df):
        normaliser = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(mp.pi * df) / 2
        return normaliser - (df + 1) / 2 * mp.log1p(mpf(z) ** 2 / df)

    family = families.load("student")
    y, theta = np.array([z]), [np.array([value]) for value in (0.0, 1.0, df)]
    with mp.workdps(120):
        exact = [float(mp.diff(height, mpf(df), n, h=mpf(10) ** -25)) for n in range(3)]
    assert family.log_density(y, *theta)[0] == pytest.approx(exact[0], rel=1e-13)
    # against the size of the parts that make them up
    part = (1 + z**4) / df**2 if df > 1 else 1 / df**2
    assert family.score(y, *theta)[2][0] == pytest.approx(exact[1], rel=1e-11, abs=1e-15 * part)
    curvature = -family.observed(y, *theta)[2, 2][0]
    assert curvature == pytest.approx(exact[2], rel=1e-10, abs=1e-14 * part / df)


@pytest.mark.parametrize(("shape", "simple"), [(1.0, "cauchy"), (1e16, "normal")])
def test_student_has_the_cauchy_and_the_normal_at_its_ends(shape, simple):
    y = np.linspace(-20, 30, 41)
    mu, sigma, df = (np.full(41, value) for value in (1.5, 2.5, shape))
    student, other = families.load("student"), families.load(simple)
    np.testing.assert_allclose(
        student.log_density(y, mu, sigma, df), other.log_density(y, mu, sigma), rtol=1e-13
    )
    for j, one in enumerate(other.score(y, mu, sigma)):
        np.testing.assert_allclose(student.score(y, mu, sigma, df)[j], one, rtol=1e-12)


@pytest.mark.parametrize("df", [50.0, 1e4, 1e8])
def test_the_expected_information_of_large_df_does_not_cancel(df):
    with mp.workdps(80):
        nu = mpf(df)
        own = (mp.psi(1, nu / 2) - mp.psi(1, (nu + 1) / 2)) / 4
        own -= (nu + 5) / (2 * nu * (nu + 1) * (nu + 3))
    pairs = families.load("student").expected(*(np.array([v]) for v in (0.0, 1.0, df)))
    assert pairs is not None
    assert pairs[2, 2][0] == pytest.approx(float(own), rel=1e-7)


def test_gev_has_the_gumbel_at_index_zero_and_nothing_outside_its_support():
    y = np.linspace(-3, 12, 31)
    mu, sigma, none = np.full(31, 1.0), np.full(31, 2.0), np.zeros(31)
    gev, gumbel = families.load("gev"), families.load("gumbel")
    for xi in (none, none + 1e-12):
        np.testing.assert_allclose(
            gev.log_density(y, mu, sigma, xi), gumbel.log_density(y, mu, sigma), rtol=1e-9
        )
    low = gev.log_density(y, mu, sigma, none + 0.5)
    high = gev.log_density(y, mu, sigma, none - 0.5)
    np.testing.assert_array_equal(np.isneginf(low), y <= 1 - 2 / 0.5)
    np.testing.assert_array_equal(np.isneginf(high), y >= 1 + 2 / 0.5)


@pytest.mark.parametrize("u", [-0.999, -0.2, -0.199, 1e-300, 1e-5, 0.0, 0.199, 0.2, 3.0, 1e9])
def test_the_logarithm_over_its_argument_is_smooth_through_zero(u):
    from mlefit.families._log1p import log1p_ratio

    with mp.workdps(400):
        exact = mpmath.taylor(lambda v: mp.log1p(v) / v, mpf(u), 2) if u else [1, -0.5, mpf(1) / 3]
        wanted = [float(exact[0]), float(exact[1]), 2 * float(exact[2])]
    found = log1p_ratio(np.array([u]))
    np.testing.assert_allclose([part[0] for part in found], wanted, rtol=3e-14)


@pytest.mark.parametrize("name", ["logistic", "hyperbolic-secant"])
@pytest.mark.parametrize("far", [-1e6, 1e6])
def test_one_value_far_out_does_not_make_the_search_swing(name, far):
    # all others lie at the peak, where the curvature is not what it is on average
    y = np.append(np.random.default_rng(5).normal(size=500), far)
    result = fit(pl.DataFrame({"y": y}), "y ~ 1", family=name)
    assert result.certificate.status == "converged"
    assert result.certificate.iterations < 20


def test_tails_lighter_than_normal_leave_df_untold():
    y = np.linspace(-1, 1, 12) ** 3 + np.linspace(-1, 1, 12)
    result = fit(pl.DataFrame({"y": y}), "y ~ 1", family="student")
    told = any("do not tell the size of df" in warning for warning in result.warnings)
    assert told or result.certificate.status != "converged"


def test_a_log_cosh_loss_in_units_of_the_target_is_a_held_standard_deviation():
    y, mu = np.array([-800.0, -1.0, 0.3, 7.0]), np.array([0.0, 0.2, 0.3, -2.0])
    family = families.load("hyperbolic-secant")
    sigma = np.full(4, math.pi / 2)
    with mp.workdps(30):
        loss = [float(mp.log(mp.cosh(mpf(a) - mpf(b)))) for a, b in zip(y, mu, strict=True)]
    np.testing.assert_allclose(
        -family.log_density(y, mu, sigma), np.array(loss) + math.log(math.pi), rtol=1e-14
    )


@pytest.mark.parametrize("name", ["evenly spaced", "normal"])
def test_tails_no_heavier_than_normal_end_a_student_at_the_normal_edge(name):
    shares = (np.arange(60) + 0.5) / 60
    y = shares if name == "evenly spaced" else stats.norm.ppf(shares)
    frame = pl.DataFrame({"y": y, "x": np.tile([0.0, 1.0, 2.0], 20)})
    result = fit(frame, "y ~ x", family="student")
    normal = fit(frame, "y ~ x", family="normal")
    assert result.certificate.status == "boundary"
    assert "df goes to infinity, where student becomes normal" in result.warnings[0]
    assert result.fit.log_likelihood == pytest.approx(normal.fit.log_likelihood, rel=1e-12)
    sigma, df = result.parameters
    assert (df.parameter, df.estimate, df.std_error) == ("df", None, None)
    assert sigma.estimate == pytest.approx(normal.parameters[0].estimate, rel=1e-10)
    for row, other in zip(result.coefficients, normal.coefficients, strict=True):
        assert row.estimate == pytest.approx(other.estimate, rel=1e-9)
        assert row.std_error == pytest.approx(other.std_error, rel=1e-6)


def test_heavy_tails_keep_a_student_off_the_edge():
    y = stats.t.ppf((np.arange(60) + 0.5) / 60, 2)
    result = fit(pl.DataFrame({"y": y}), "y ~ 1", family="student")
    assert result.certificate.status == "converged"
