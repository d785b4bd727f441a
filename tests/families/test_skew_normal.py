"""The skew normal where it is something simpler, and its tails."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from mlefit import families
from mlefit.families._slanted import mills

SKEW_NORMAL = families.load("skew-normal")


def tails(z, alpha):
    y, theta = np.array([z]), [np.array([value]) for value in (0.0, 1.0, alpha)]
    below, above = SKEW_NORMAL.log_cdf(y, *theta), SKEW_NORMAL.log_sf(y, *theta)
    assert below is not None
    assert above is not None
    return float(below[0]), float(above[0])


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


def test_without_slant_it_is_normal_and_cannot_tell_location_from_slant():
    y = np.linspace(-4, 7, 12)
    xi, omega, none = np.full(12, 1.0), np.full(12, 2.0), np.zeros(12)
    normal = families.load("normal")
    np.testing.assert_allclose(
        SKEW_NORMAL.log_density(y, xi, omega, none),
        normal.log_density(y, xi, omega),
        rtol=1e-14,
    )
    location, _, slant = SKEW_NORMAL.score(y, xi, omega, none)
    np.testing.assert_allclose(slant, location * 2.0 * np.sqrt(2 / np.pi), atol=1e-15)
