"""Products of weighted columns, whatever is narrow, and whatever stood in the memory before."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit.gram import scratch, weighted_product


@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("others", [0, 1, 2, 7])
def test_products_are_those_of_the_weighted_columns(columns, others):
    rng = np.random.default_rng(columns + others)
    X, Y = rng.normal(size=(columns, 30)), rng.normal(size=(others, 30))
    weight = rng.normal(size=30)
    scratch(9, 30)[:] = np.nan
    np.testing.assert_allclose(weighted_product(X, weight, Y), X * weight @ Y.T, atol=1e-13)
    for own in (weight, np.abs(weight), np.broadcast_to(2.5, 30), np.broadcast_to(-2.5, 30)):
        squares = weighted_product(X, own, X)
        np.testing.assert_allclose(squares, X * own @ X.T, atol=1e-13)
        if own.min() >= 0:
            assert (squares == squares.T).all()


def test_a_product_does_not_share_the_memory_of_the_next():
    X = np.random.default_rng(1).normal(size=(3, 50))
    first = weighted_product(X, np.full(50, 3.0), X)
    before = first.copy()
    weighted_product(2 * X, np.full(50, 3.0), X.copy())
    np.testing.assert_array_equal(first, before)
