"""Forward and backward substitution against the definition."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit.triangular import solve_lower, solve_upper


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 200])
@pytest.mark.parametrize("columns", [(), (3,)])
def test_the_solution_solves(size, columns):
    rng = np.random.default_rng(size)
    L = np.tril(rng.normal(size=(size, size)) / 10) + np.eye(size)
    B = rng.normal(size=(size, *columns))
    lower, upper = solve_lower(L, B), solve_upper(L.T, B)
    np.testing.assert_allclose(L @ lower, B, atol=1e-11)
    np.testing.assert_allclose(L.T @ upper, B, atol=1e-11)


def test_what_is_asked_stays_as_it_was():
    L, b = np.eye(3), np.ones(3)
    solve_lower(2 * L, b)
    assert (b == 1).all()
