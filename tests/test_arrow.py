"""A matrix with a large diagonal block is the matrix it stands for, and so is its inverse."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit.arrow import Arrow, ArrowInverse, among, block_of, diagonal_of, written
from mlefit.symmetric import condition_number, factorised, inverse, is_definite, largest_inflation

SIZE, LARGE = 31, 22


@pytest.fixture(scope="module")
def pair() -> tuple[Arrow, np.ndarray]:
    """An arrow, and the same written out; its first column is an intercept's."""
    rng = np.random.default_rng(4)
    codes = rng.integers(0, LARGE + 1, 400)
    X = np.zeros((SIZE, 400))
    at = np.array([2, 3, *range(6, 6 + LARGE - 2)])
    rest = np.setdiff1d(np.arange(SIZE), at)
    X[rest] = rng.standard_normal((len(rest), 400))
    X[0] = 1.0
    inside = codes < LARGE
    X[at[codes[inside]], np.flatnonzero(inside)] = 1.0
    M = X @ X.T
    return Arrow(at, rest, np.diag(M)[at], M[np.ix_(rest, rest)], M[np.ix_(rest, at)]), M


def test_it_can_be_used_as_the_matrix_it_is(pair):
    arrow, M = pair
    v = np.arange(1.0, SIZE + 1)
    close(arrow, M)
    close(arrow + arrow, 2 * M)
    close(arrow + np.eye(SIZE), M + np.eye(SIZE))
    close(np.eye(SIZE) + arrow, M + np.eye(SIZE))
    close(3 * arrow, 3 * M)
    close(arrow @ v, M @ v)
    close(arrow @ M, M @ M)
    close(M @ arrow, M @ M)
    close(arrow.scaled(v), M * np.outer(v, v))
    close(arrow.damped(0.5), M + 0.5 * np.eye(SIZE))
    close(diagonal_of(arrow), np.diag(M))
    close(arrow[3, 3], M[3, 3])
    close(arrow[2:9, 1], M[2:9, 1])
    rows, columns = np.array([9, 0, 2]), np.array([2, 30, 9, 1])
    close(block_of(arrow, rows, columns), M[np.ix_(rows, columns)])
    for kept in (np.arange(SIZE), np.array([0, 1, 3, 5, 8, 9, 30]), np.array([0, 4, 5])):
        close(among(arrow, kept), M[np.ix_(kept, kept)])


def test_its_factor_solves_systems(pair):
    arrow, M = pair
    factor, b = factorised(arrow, 0.5), np.arange(1.0, SIZE + 1)
    half = factor.forward(b)
    close(factor.backward(half), np.linalg.solve(M + 0.5 * np.eye(SIZE), b))
    close(half @ half, b @ np.linalg.solve(M + 0.5 * np.eye(SIZE), b))


def test_its_inverse_is_the_inverse(pair):
    arrow, M = pair
    spread, N = inverse(arrow), np.linalg.inv(M)
    assert isinstance(spread, ArrowInverse)
    close(spread, N)
    close(diagonal_of(spread), np.diag(N))
    close(spread[7, 7], N[7, 7])
    close(spread.scaled(np.arange(1.0, SIZE + 1)), N * np.outer(*[np.arange(1.0, SIZE + 1)] * 2))
    close(2 * spread, 2 * N)
    close(np.vstack(list(spread.panels())), N)
    rows, columns = np.array([9, 0, 2]), np.array([2, 30, 9, 1])
    close(block_of(spread, rows, columns), N[np.ix_(rows, columns)])
    matrix = written(spread)
    assert len(matrix) == SIZE
    close(list(matrix), N)
    close(matrix[-1], N[-1])
    close(matrix[2:4], N[2:4])
    with pytest.raises(IndexError):
        matrix[SIZE]


def test_other_coordinates_of_the_rest(pair):
    arrow, M = pair
    T = np.eye(SIZE)
    T[0, 1], T[0, 4] = -0.3, 2.0
    spread = inverse(arrow)
    assert isinstance(spread, ArrowInverse)
    turned = spread.turned(T[np.ix_(arrow.rest, arrow.rest)])
    close(turned, T @ np.linalg.inv(M) @ T.T)


@pytest.mark.parametrize("spoil", ["large", "rest"])
def test_what_is_not_positive_definite_has_no_factor(pair, spoil):
    arrow, M = pair
    j = arrow.at[0] if spoil == "large" else arrow.rest[1]
    worse = Arrow(
        arrow.at,
        arrow.rest,
        arrow.large - (M[j, j] + 1) * (arrow.at == j),
        arrow.inner - np.diag((M[j, j] + 1) * (arrow.rest == j)),
        arrow.arms,
    )
    assert is_definite(arrow)
    assert not is_definite(worse)
    assert inverse(worse) is None
    assert condition_number(worse) == largest_inflation(worse, []) == np.inf


@pytest.mark.parametrize("intercepts", [[], [0]])
def test_condition_numbers_are_those_of_the_matrix(pair, intercepts):
    arrow, M = pair
    expected = condition_number(M, intercepts)
    left = np.delete(np.arange(SIZE), intercepts)
    V = M[:, intercepts] / np.sqrt(M[0, 0])
    rest = (M - V @ V.T)[np.ix_(left, left)]
    unit = rest / np.sqrt(np.outer(np.diag(rest), np.diag(rest)))
    close(expected, np.linalg.norm(unit, 1) * np.linalg.norm(np.linalg.inv(unit), 1))
    close(condition_number(arrow, intercepts), expected)
    close(largest_inflation(arrow, intercepts), np.diag(np.linalg.inv(unit)).max())


def test_of_several_intercepts_the_condition_number_is_an_upper_bound(pair):
    arrow, M = pair
    exact = condition_number(M, [0, 1])
    assert exact <= condition_number(arrow, [0, 1]) * (1 + 1e-12) < 2 * exact


def close(ours, theirs) -> None:
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-9, atol=1e-11)
