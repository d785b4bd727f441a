"""Small special functions against SciPy."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import mpmath
import numpy as np
import pytest
from scipy.special import gammainc, gammaincc, gammaln, ndtr, xlogy

from mlefit.special import (
    log_factorial,
    log_normal_cdf,
    normal_quantile,
    once_a_run,
    poisson_tails,
    ratio,
    recalled,
    reciprocal,
    times_log,
    times_log_ratio,
)


def test_a_count_times_the_logarithm_of_its_ratio():
    a = np.array([0.0, 0.0, 1.0, 7.0, 2.0])
    for b in ([0.5, 2.0, 3.0, 7.0, 1e-300], [0.0, 2.0, 3.0, 7.0, 1e305], [1.0, 2.0, 3.0, 7.0, 8.0]):
        exact = [x * math.log(x / y) if x else 0.0 for x, y in zip(a, b, strict=True)]
        np.testing.assert_allclose(times_log_ratio(a, np.array(b)), exact, rtol=4e-16)
    with np.errstate(divide="ignore"):
        assert times_log_ratio(np.array([3.0]), np.array([0.0]))[0] == np.inf
        assert times_log_ratio(np.array([3.0]), np.array([np.inf]))[0] == -np.inf


def test_log_factorials_agree_with_scipy_on_both_sides_of_the_table():
    k = np.array([0, 1, 2, 20, 170, 1023, 1024, 1025, 5000, 1e6, 1e12])
    np.testing.assert_allclose(log_factorial(k), gammaln(k + 1), rtol=3e-15, atol=1e-15)


def test_zero_times_the_log_of_zero_is_zero():
    a, b = np.array([0.0, 0.0, 2.0]), np.array([0.0, 3.0, 5.0])
    np.testing.assert_array_equal(times_log(a, b), xlogy(a, b))


def test_nothing_over_nothing_is_nothing():
    np.testing.assert_array_equal(ratio(np.array([0.0, 3.0]), np.array([0.0, 2.0])), [0.0, 1.5])


def test_the_normal_tail_has_its_digits_everywhere():
    z = np.array([-1e5, -200.0, -38.0, -30.001, -29.999, -8.0, -1.0, 0.0, 1.0, 6.0, 9.0])
    with mpmath.workdps(60):
        exact = [float(mpmath.log(mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2)) for x in z]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(log_normal_cdf(z), exact, rtol=4e-15)
        np.testing.assert_allclose(log_normal_cdf(np.tile(z, 1000))[: len(z)], exact, rtol=1e-13)


def test_a_normal_quantile_undoes_both_tails():
    z = np.array([-9.0, -0.3, 0.0, 2.0, 8.5])
    np.testing.assert_allclose(normal_quantile(ndtr(z), ndtr(-z)), z, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("mu", [1e-8, 0.2, 3.7, 60.0, 199.0, 5000.0])
def test_poisson_tails_are_exact_where_they_are_small(mu):
    k = np.unique(np.round(mu + np.sqrt(mu) * np.arange(-8, 9) + np.arange(17)).clip(-1))
    below, above = poisson_tails(k, np.full(len(k), mu))
    inside = k >= 0
    np.testing.assert_allclose(below[inside], gammaincc(k[inside] + 1, mu), rtol=2e-13)
    np.testing.assert_allclose(above[inside], gammainc(k[inside] + 1, mu), rtol=2e-13)
    assert (below[~inside] == 0).all()
    assert (above[~inside] == 1).all()


def test_a_reciprocal_is_finite_at_zero_and_exact_elsewhere():
    a = np.array([0.0, 1e-300, 0.25, 3.0])
    found = reciprocal(a)
    assert np.isfinite(found).all()
    assert (found[1:] == 1 / a[1:]).all()
    assert found[0] * 0.0 == 0.0


class _Pair(NamedTuple):
    one: np.ndarray
    two: np.ndarray


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        (np.repeat([2.0, 3.0, 2.0], 20), 3),  # a value that comes again is a run of its own
        (np.repeat([1.0, np.nan], [40, 2]), 3),  # no NaN is like another
        (np.full(1, 5.0), 1),
        (np.arange(30.0), 30),
        (np.zeros(0), 0),
        (np.ones((4, 30)), 120),
    ],
)
def test_what_runs_of_rows_share_is_computed_once(values, asked):
    seen = []

    def function(x):
        seen.append(x.size)
        return _Pair(2 * x, x - 1)

    found = once_a_run(function)(values)
    assert isinstance(found, _Pair)
    np.testing.assert_array_equal(found.one, 2 * values)
    np.testing.assert_array_equal(found.two, values - 1)
    assert seen == [asked]


def test_what_was_asked_for_last_is_given_again():
    seen = []

    def function(pair, y, *, twice):
        seen.append(y.size)
        return (pair[0] + y, pair[1] * y)

    once = recalled(function)
    pair, y = (np.arange(3.0), np.ones(3)), np.full(3, 2.0)
    first = once(pair, y, twice=True)
    assert once((pair[0].copy(), pair[1].copy()), y.copy(), twice=True) is first
    assert len(seen) == 1
    y[1] = 7.0  # a buffer that the next block has overwritten
    np.testing.assert_array_equal(once(pair, y, twice=True)[1], y)
    assert once(pair, np.full(3, 2.0), twice=True) is first
    pair[1][0] = 5.0
    assert once(pair, y, twice=True)[1][0] == 10.0
    once(pair, y, twice=False)
    once(pair, y.astype(np.longdouble), twice=False)
    once(pair, y[:1], twice=False)
    assert len(seen) == 6
    with pytest.raises(ValueError, match="read-only"):
        first[0][0] = 1.0


def test_each_thread_recalls_its_own():
    seen = []

    def called(y):
        seen.append(y)
        return (y + len(seen),)

    once = recalled(called)
    once(np.ones(2))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(once, np.ones(2)).result()
    assert len(seen) == 2
