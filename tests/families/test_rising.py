"""Rising factorials against mpmath, where the differences they stand for lose every digit."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from mlefit.families._rising import log1p_lag, rise, rise_bend, rise_slope

COUNTS = np.array([2, 3, 5, 15, 16, 17, 18, 40, 1000, 123456, 1e9])
EXACT = {
    rise: lambda y, k: mpmath.loggamma(y + k) - mpmath.loggamma(k) - y * mpmath.log(k),
    rise_slope: lambda y, k: y / k - mpmath.digamma(y + k) + mpmath.digamma(k),
    rise_bend: lambda y, k: mpmath.psi(1, y + k) - mpmath.psi(1, k) + y / k**2,
}
every_function = pytest.mark.parametrize("function", EXACT, ids=lambda f: f.__name__)


@every_function
@pytest.mark.parametrize("k", [1e-100, 1e-8, 1e-3, 0.3, 1.0, 15.9, 16.0, 333.0, 1e6, 1e8, 1e12])
def test_every_digit_is_there_however_large_the_size(function, k):
    found = function(COUNTS, np.full(len(COUNTS), k))
    with mpmath.workdps(60):
        exact = [float(EXACT[function](mpmath.mpf(y), mpmath.mpf(k))) for y in COUNTS]
    np.testing.assert_allclose(found, exact, rtol=1e-13)


@every_function
def test_no_count_and_a_single_one_have_no_factors(function):
    k = np.array([1e-6, 2.0, 40.0, 1e9])
    np.testing.assert_array_equal(function(np.zeros(4), k), 0)
    np.testing.assert_allclose(function(np.ones(4), k), 0, atol=1e-17)


@every_function
def test_one_size_for_all_rows_gives_what_each_row_gives(function):
    y = np.array([0.0, 3, 3, 1, 4, 0, 2, 2, 1])
    one_by_one = [function(np.array([v]), np.array([2.5]))[0] for v in y]
    np.testing.assert_array_equal(function(y, np.full(len(y), 2.5)), one_by_one)


@pytest.mark.parametrize("x", [0.0, 1e-12, 1e-5, 0.0999, 0.1, 3.0, 1e8])
def test_what_a_logarithm_lags_behind_keeps_its_digits(x):
    with mpmath.workdps(60):
        exact = float(mpmath.mpf(x) - mpmath.log1p(mpmath.mpf(x)))
    assert log1p_lag(np.array([x]))[0] == pytest.approx(exact, rel=1e-14)
