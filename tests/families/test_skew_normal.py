"""The skew normal where it is something simpler, and its tails."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from mpmath import mp, mpf
from scipy.stats import skew, skewnorm

from mlefit import families, fit
from mlefit.families._slanted import log_share, mills

SKEW_NORMAL = families.load("skew-normal")


def tails(w, alpha):
    """Logarithms of P(W <= w) and P(W > w) in the direct parameters."""
    one = np.array([w]), np.array([alpha])
    return float(log_share(*one)[0]), float(log_share(-one[0], -one[1])[0])


@pytest.mark.parametrize("alpha", [-4.0, 0.3, 1e4])
def test_the_family_has_its_mean_at_mu_and_the_direct_parameters_of_scipy(alpha):
    y = np.linspace(-3, 9, 25)
    theta = [np.full(25, value) for value in (1.5, 2.0, alpha)]
    b = math.sqrt(2 / math.pi) * alpha / math.sqrt(1 + alpha**2)
    omega = 2 / math.sqrt(1 - b**2)
    direct = skewnorm(a=alpha, loc=1.5 - omega * b, scale=omega)
    np.testing.assert_allclose(SKEW_NORMAL.log_density(y, *theta), direct.logpdf(y), rtol=1e-12)
    assert direct.mean() == pytest.approx(1.5, rel=1e-12)
    assert direct.std() == pytest.approx(2, rel=1e-12)


@pytest.mark.parametrize("z", [-20.0, -4.0, -0.1, 0.0, 0.7, 3.0, 30.0])
def test_with_slant_one_it_is_the_larger_of_two_normal_draws(z):
    with mp.workdps(500):
        below = mp.ncdf(mpf(z)) ** 2
        exact = float(mp.log(below)), float(mp.log(1 - below))
    assert tails(z, 1.0) == pytest.approx(exact, rel=1e-13)
    # and with slant -1 the smaller
    assert tails(-z, -1.0) == pytest.approx(exact[::-1], rel=1e-13)


@pytest.mark.parametrize(
    ("z", "alpha"), [(-0.5, 6.4), (-3.0, 3.0), (-8.0, 0.5), (0.0, 1e6), (0.05, 25.0), (0.3, 25.0)]
)
def test_the_small_tail_is_the_integral_of_the_density(z, alpha):
    reach = 1 / (abs(z) * (1 + alpha**2) + alpha + 1)
    with mp.workdps(40):
        points = [z - reach * k for k in (60, 40, 25, 17, 12, 8, 5, 3, 2, 1, 0.3, 0)]
        if z > 0:
            points = [-18 / alpha, *(z * k / 12 for k in range(-12, 13))]
        below = mp.quad(lambda t: 2 * mp.npdf(t) * mp.ncdf(alpha * t), points)
        exact = float(mp.log(below))
    assert tails(z, alpha)[0] == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("x", [-1e8, -300.0, -4.001, -3.999, 0.0, 2.0, 20.0])
def test_the_ratio_of_density_to_share_does_not_cancel(x):
    with mp.workdps(30):
        # further out than mpmath can go, the first two terms of the continued fraction
        exact = mp.npdf(x) / mp.ncdf(x) if x > -1e4 else -mpf(x) - 1 / mpf(x)
        beyond = float(exact + mpf(x))
    found = mills(np.array([x]))
    assert found[0][0] == pytest.approx(float(exact), rel=2e-14)
    assert found[1][0] == pytest.approx(beyond, rel=2e-14)


def test_without_slant_it_is_normal_and_nothing_tells_of_slant():
    y = np.linspace(-4, 7, 12)
    mu, sigma, none = np.full(12, 1.0), np.full(12, 2.0), np.zeros(12)
    normal = families.load("normal")
    np.testing.assert_allclose(
        SKEW_NORMAL.log_density(y, mu, sigma, none), normal.log_density(y, mu, sigma), rtol=1e-14
    )
    np.testing.assert_allclose(SKEW_NORMAL.score(y, mu, sigma, none)[2], 0, atol=1e-15)
    np.testing.assert_allclose(SKEW_NORMAL.observed(y, mu, sigma, none)[2, 2], 0, atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_a_covariate_more_skewed_than_the_errors_leads_no_search_astray(seed):
    rng = np.random.default_rng(seed)
    x = 3 * rng.exponential(size=400)
    y = x - np.abs(rng.normal(size=400)) + rng.normal(size=400) / 3
    assert skew(y) > 0
    result = fit(pl.DataFrame({"x": x, "y": y}), "y ~ x", family="skew-normal")
    assert result.certificate.status == "converged"
    slant = result.parameters[-1].estimate
    assert slant is not None
    assert slant < -1
