"""Products of weighted columns, whatever is narrow, and whatever stood in the memory before."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit.gram import scratch, weighted_products, weighted_squares


@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("others", [0, 1, 2, 7])
def test_products_are_those_of_the_weighted_columns(columns, others):
    rng = np.random.default_rng(columns + others)
    X, Y = rng.normal(size=(columns, 30)), rng.normal(size=(others, 30))
    weight = rng.normal(size=30)
    scratch(9, 30)[:] = np.nan
    np.testing.assert_allclose(weighted_products(X, weight, Y), X * weight @ Y.T, rtol=1e-12)
    squares = weighted_squares(X, np.abs(weight))
    np.testing.assert_allclose(squares, X * np.abs(weight) @ X.T, rtol=1e-12, atol=1e-14)
    assert (squares == squares.T).all()
    constant = np.broadcast_to(2.5, 30)
    np.testing.assert_allclose(weighted_squares(X, constant), 2.5 * X @ X.T, rtol=1e-12)


def test_a_product_does_not_share_the_memory_of_the_next():
    X = np.random.default_rng(1).normal(size=(3, 50))
    first = weighted_squares(X, np.ones(50))
    before = first.copy()
    weighted_squares(2 * X, np.ones(50))
    np.testing.assert_array_equal(first, before)
