"""The beta family where its gamma functions cancel, and at the ends of its interval."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from mlefit import families
from mlefit.families._base import Probability

BETA = families.load("beta")


def rows(y, mu, phi):
    return np.array([y]), Probability(np.array([mu]), np.array([1 - mu])), np.array([phi])


# (y, mu, phi): narrow and wide, near both ends, y near mu and far from it
POINTS = [
    (0.5 + 1e-7, 0.5, 1e13),
    (0.3001, 0.3, 1e8),
    (0.25, 0.3, 2000.0),
    (0.99999, 0.9999, 1e5),
    (1e-12, 1e-9, 3e9),
    (1e-200, 0.01, 0.3),
    (0.7, 0.4, 1e-3),
    (0.5, 0.2, 40.0),
]


@pytest.fixture(autouse=True)
def _infinities_are_told_by_name():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize(("y", "mu", "phi"), POINTS)
def test_height_slopes_and_bends_keep_their_digits(y, mu, phi):
    with mp.workdps(120):

        def height(mu, phi):
            a, b = mu * phi, (1 - mu) * phi
            normaliser = mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)
            return normaliser + (a - 1) * mp.log(mpf(y)) + (b - 1) * mp.log1p(-mpf(y))

        at = mpf(mu), mpf(phi)
        step = mp.mpf(10) ** -30
        exact = float(height(*at))
        slopes = [float(mp.diff(height, at, n, h=step)) for n in ((1, 0), (0, 1))]
        bends = [-float(mp.diff(height, at, n, h=step)) for n in ((2, 0), (1, 1), (0, 2))]
    given = rows(y, mu, phi)
    assert BETA.log_density(*given)[0] == pytest.approx(exact, rel=1e-12, abs=1e-13)
    for found, wanted in zip(BETA.score(*given), slopes, strict=True):
        assert found[0] == pytest.approx(wanted, rel=2e-9)
    pairs = BETA.observed(*given)
    for pair, wanted in zip(((0, 0), (0, 1), (1, 1)), bends, strict=True):
        assert pairs[pair][0] == pytest.approx(wanted, rel=2e-9)


@pytest.mark.parametrize(
    ("y", "mu", "phi"), [(1e-30, 0.2, 20.0), (0.01, 0.5, 200.0), (0.999, 0.5, 60.0)]
)
def test_both_tails_have_their_digits(y, mu, phi):
    given = rows(y, mu, phi)
    with mp.workdps(200):
        shapes = mpf(mu) * mpf(phi), mpf(1 - mu) * mpf(phi)
        below = mp.betainc(*shapes, 0, mpf(y), regularized=True)
        exact = float(mp.log(below)), float(mp.log(1 - below))
    tails = BETA.log_cdf(*given), BETA.log_sf(*given)
    for tail, wanted in zip(tails, exact, strict=True):
        assert tail is not None
        assert tail[0] == pytest.approx(wanted, rel=1e-12)


def test_a_uniform_distribution_is_flat():
    y = np.linspace(0.01, 0.99, 9)
    mu, phi = Probability(np.full(9, 0.5), np.full(9, 0.5)), np.full(9, 2.0)
    np.testing.assert_allclose(BETA.log_density(y, mu, phi), 0, atol=1e-14)
