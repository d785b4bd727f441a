"""Small special functions against SciPy."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, xlogy

from mlefit.special import log_factorial, ratio, reciprocal, times_log


def test_log_factorials_agree_with_scipy_on_both_sides_of_the_table():
    k = np.array([0, 1, 2, 20, 170, 1023, 1024, 1025, 5000, 1e6, 1e12])
    np.testing.assert_allclose(log_factorial(k), gammaln(k + 1), rtol=3e-15, atol=1e-15)


def test_zero_times_the_log_of_zero_is_zero():
    a, b = np.array([0.0, 0.0, 2.0]), np.array([0.0, 3.0, 5.0])
    np.testing.assert_array_equal(times_log(a, b), xlogy(a, b))


def test_nothing_over_nothing_is_nothing():
    np.testing.assert_array_equal(ratio(np.array([0.0, 3.0]), np.array([0.0, 2.0])), [0.0, 1.5])


def test_a_reciprocal_is_finite_at_zero_and_exact_elsewhere():
    a = np.array([0.0, 1e-300, 0.25, 3.0])
    found = reciprocal(a)
    assert np.isfinite(found).all()
    assert (found[1:] == 1 / a[1:]).all()
    assert found[0] * 0.0 == 0.0
