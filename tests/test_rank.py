"""Which columns are redundant, decided without squaring the condition number."""

from __future__ import annotations

import operator
from functools import reduce

import numpy as np
import polars as pl
import pytest

from mlefit.fitting import fit
from mlefit.search.rank import Triangle, redundant_columns
from mlefit.symmetric import condition_number


def test_the_triangle_of_blocks_is_that_of_the_whole():
    X = np.random.default_rng(0).normal(size=(4, 103))
    R = reduce(operator.add, (Triangle.of(X[:, i : i + 10]) for i in range(0, 103, 10))).R
    np.testing.assert_allclose(R.T @ R, X @ X.T, rtol=1e-12)


@pytest.mark.parametrize("units", [1e-10, 1.0, 1e10])
def test_an_exact_dependency_is_named_in_any_units(units):
    rng = np.random.default_rng(1)
    x1, x2 = rng.normal(5, 1, 50) * units, rng.normal(-3, 2, 50)
    X = np.array([np.ones(50), x1, x2, x1 / units + 2 * x2])
    (found,) = find(X)
    assert found.index == 3
    assert dict(found.parts) == pytest.approx({1: 1 / units, 2: 2.0}, rel=1e-9)
    assert found.constant == pytest.approx(0, abs=1e-9)


def test_a_constant_column_is_a_multiple_of_the_intercept():
    X = np.array([np.ones(40), np.full(40, 0.1), np.arange(40.0)])
    (found,) = find(X)
    assert (found.index, found.parts) == (1, ())
    assert found.constant == pytest.approx(0.1)


@pytest.mark.parametrize(
    "column",
    [1.7e9 + np.arange(60.0), 1e-10 * np.arange(60.0), 1e10 * np.arange(60.0) ** 2],
    ids=["timestamps", "tiny", "huge"],
)
def test_odd_units_are_no_dependency(column):
    rng = np.random.default_rng(2)
    assert find(np.array([np.ones(60), rng.normal(size=60), column])) == []


def test_a_polynomial_of_degree_ten_keeps_its_columns():
    x = np.linspace(-9, -3, 82)
    assert find(np.array([x**k for k in range(11)])) == []


def test_more_columns_than_rows_leave_as_many_as_there_are_rows():
    X = np.vstack([np.ones(5), np.random.default_rng(3).normal(size=(8, 5))])
    assert [found.index for found in find(X)] == [5, 6, 7, 8]


def test_the_condition_number_does_not_know_units():
    H = np.array([[2.0, 1.0], [1.0, 2.0]])
    D = np.diag([1e-8, 1e8])
    assert condition_number(D @ H @ D) == pytest.approx(condition_number(H))
    assert condition_number(np.array([[1.0, 1.0], [1.0, 1.0]])) > 1e15


def find(X):
    centre = X.mean(axis=1)
    centre[0] = 0
    R = Triangle.of(X - centre[:, None]).R
    return redundant_columns(R, np.linalg.norm(X, axis=1), centre)


def plainly(X):
    """What is redundant among columns, shape (n, p), as they are."""
    R = Triangle.of(X.T).R
    return redundant_columns(R, np.linalg.norm(X, axis=0), np.zeros(X.shape[1]))


def test_hundreds_of_columns_are_judged_as_well_as_few():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(400, 300))
    made_of = {70: (3, 5), 128: (0, 127), 250: (70, 71), 299: (298, 2)}
    for j, (a, b) in made_of.items():
        X[:, j] = 2 * X[:, a] - X[:, b]
    found = plainly(X)
    assert [column.index for column in found] == list(made_of)
    for column, (a, b) in zip(found, made_of.values(), strict=True):
        kept = {3: 4.0, 5: -2.0, 71: -1.0} if column.index == 250 else {a: 2.0, b: -1.0}
        assert dict(column.parts) == pytest.approx(kept, abs=1e-12)


def test_wide_designs_are_of_the_rank_of_their_rows():
    X = np.random.default_rng(4).normal(size=(50, 400))
    found = plainly(X)
    assert [column.index for column in found] == list(range(50, 400))
    for column in found:
        again = sum(factor * X[:, k] for k, factor in column.parts)
        np.testing.assert_allclose(again, X[:, column.index], atol=1e-9)


@pytest.mark.parametrize("family", ["normal", "laplace", "poisson"])
def test_a_model_of_nothing_but_a_column_of_zeros_is_one_without_columns(family):
    frame = pl.DataFrame({"y": [1, 2, 4, 3], "x": [0.0] * 4})
    result = fit(frame, "y ~ 0 + x", family=family)
    assert result.certificate.status == "converged"
    assert [c.estimate for c in result.coefficients if c.parameter == "mu"] == [None]
    assert result.warnings[0] == "x is left out: x = 0"
