"""A solution over a changing support is that of the whole system, however it was come by."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit.search.support import Curvature, Inverse

P = 60


def problem(seed: int) -> tuple[np.random.Generator, Curvature]:
    """A curvature of correlated columns, corrected along a few steps."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(90, P)) + 2 * rng.normal(size=(90, 1))
    curvature = Curvature.of(A.T @ A)
    truth = A.T @ (A * rng.uniform(0.5, 1.5, size=(90, 1)))
    for _ in range(4):
        step = rng.normal(size=P)
        curvature = curvature.corrected(step, truth @ step)
    return rng, curvature


@pytest.mark.parametrize("seed", range(6))
def test_a_kept_inverse_follows_its_support(seed):
    rng, curvature = problem(seed)
    whole = curvature.among(np.arange(P))
    inverse = Inverse(curvature.base)
    held = rng.random(P) < 0.5
    for _ in range(40):
        held[rng.integers(0, P, size=4)] ^= True
        support = np.flatnonzero(~held)
        right = rng.normal(size=len(support))
        found = inverse.solve(curvature, support, right)
        wanted = np.linalg.solve(whole[np.ix_(support, support)], right)
        np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-12)


def test_a_copy_goes_its_own_way():
    rng, curvature = problem(1)
    first = Inverse(curvature.base)
    some, others = np.arange(20), np.arange(3, 24)
    right = rng.normal(size=20)
    before = first.solve(curvature, some, right)
    first.copy().solve(curvature, others, rng.normal(size=21))
    np.testing.assert_array_equal(first.solve(curvature, some, right), before)


def test_corrections_show_the_curvature_along_the_last_step():
    rng, curvature = problem(2)
    step = rng.normal(size=P)
    change = 3.0 * (curvature @ step)
    corrected = curvature.corrected(step, change)
    np.testing.assert_allclose(corrected @ step, change, rtol=1e-10)
    everything = corrected.among(np.arange(P))
    np.testing.assert_allclose(corrected.diagonal, np.diag(everything), rtol=1e-12)
    np.testing.assert_allclose(corrected @ step, everything @ step, rtol=1e-9)
    assert corrected.corrected(step, -change) is corrected  # a slope that falls shows nothing


@pytest.mark.parametrize("at_once", [True, False])
def test_columns_that_repeat_each_other_have_no_solution(at_once):
    A = np.random.default_rng(3).normal(size=(30, 8))
    A[:, 7] = A[:, 2]
    curvature = Curvature.of(A.T @ A)
    inverse = Inverse(curvature.base)
    if not at_once:
        assert inverse.solve(curvature, np.arange(7), np.ones(7)) is not None
    right = np.arange(8.0)  # not in the range of the matrix
    assert inverse.solve(curvature, np.arange(8), right) is None
    assert inverse.solve(curvature, np.arange(7), np.ones(7)) is not None


def test_an_empty_support_has_an_empty_solution():
    _, curvature = problem(4)
    found = Inverse(curvature.base).solve(curvature, np.arange(0), np.zeros(0))
    assert found is not None
    assert not len(found)
