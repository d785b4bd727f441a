"""The exact minimiser of the pinball loss, against linear programming, brute force and R."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from mlefit.pinball import Pass, Run, Vertex, minimise, minimise_pinball

TAUS = (0.1, 0.5, 0.9)

STACKLOSS = np.array(
    [
        [80, 80, 75, 62, 62, 62, 62, 62, 58, 58, 58, 58, 58, 58, 50, 50, 50, 50, 50, 56, 70],
        [27, 27, 25, 24, 22, 23, 24, 24, 23, 18, 18, 17, 18, 19, 18, 18, 19, 19, 20, 20, 20],
        [89, 88, 90, 87, 87, 87, 93, 93, 87, 80, 89, 88, 82, 93, 89, 86, 72, 79, 80, 82, 91],
        [42, 37, 37, 28, 18, 18, 19, 20, 15, 14, 14, 13, 11, 12, 8, 7, 8, 8, 9, 15, 15],
    ],
    dtype=float,
)
"""R's `stackloss`: Air.Flow, Water.Temp, Acid.Conc., stack.loss."""

# R 4.2.2, quantreg 5.94:
#   f <- rq(stack.loss ~ ., tau = t, data = stackloss); sprintf("%.15g", coef(f))
#   sprintf("%.12g", sum(f$resid * (t - (f$resid < 0))))
# and for the last one, with weights = 1 + seq_len(21) %% 3, sum(w * abs(r) / 2).
STACKLOSS_BY_RQ = [
    (
        0.1,
        None,
        [-29.0140186915888, 0.315420560747665, 1.22429906542056, -0.0280373831775709],
        8.5464953271,
    ),
    (
        0.5,
        None,
        [-39.6898550724638, 0.831884057971014, 0.573913043478265, -0.0608695652173913],
        21.0405797101,
    ),
    (
        0.9,
        None,
        [-58.5433186490455, 0.79295154185022, 1.30543318649045, 0.0381791483113074],
        8.36167400881,
    ),
    (
        0.5,
        1.0 + np.arange(1, 22) % 3,
        [-40.1917808219178, 0.835616438356164, 0.561643835616439, -0.0547945205479456],
        35.1712328767,
    ),
]


@pytest.mark.parametrize(("tau", "w", "beta", "objective"), STACKLOSS_BY_RQ)
def test_stackloss_agrees_with_quantreg(tau, w, beta, objective):
    X = np.vstack([np.ones(21), STACKLOSS[:3]])
    vertex = minimise_pinball(blocks_of(X, STACKLOSS[3], w), 4, 21, tau)
    assert vertex.optimal
    assert vertex.objective == pytest.approx(objective, rel=1e-11)
    np.testing.assert_allclose(vertex.beta, beta, rtol=1e-12)


@pytest.mark.parametrize("kind", ["smooth", "integer", "binary", "zero-heavy", "decimal", "heavy"])
@pytest.mark.parametrize("tau", TAUS)
def test_small_designs_agree_with_linear_programming(kind, tau):
    for seed in range(15):
        X, y, w = design(kind, seed)
        vertex = minimise_pinball(blocks_of(X, y, w, size=7), len(X), len(y), tau)
        assert_optimal(vertex, X, y, w, tau)
        assert_agrees_with_linprog(vertex, X, y, w, tau)


@pytest.mark.parametrize("kind", ["smooth", "integer", "binary", "zero-heavy", "decimal", "heavy"])
@pytest.mark.parametrize("tau", TAUS)
def test_sampling_and_summing_rows_changes_nothing(kind, tau, monkeypatch):
    for seed in range(8):
        X, y, w = design(kind, 100 + seed, rows=150)
        direct = minimise_pinball(blocks_of(X, y, w), len(X), len(y), tau)
        monkeypatch.setattr(minimise, "SMALL", 20)
        sampled = minimise_pinball(blocks_of(X, y, w, size=41), len(X), len(y), tau)
        monkeypatch.undo()
        assert sampled.passes > direct.passes
        assert_optimal(sampled, X, y, w, tau)
        np.testing.assert_allclose(sampled.beta, direct.beta, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", ["smooth", "integer", "zero-heavy"])
@pytest.mark.parametrize("enough", [0, 100])
def test_where_the_search_begins_changes_nothing(kind, enough, monkeypatch):
    """Not near at all, near, and gone; with `enough` 0 it gives up and begins anew."""
    monkeypatch.setattr(minimise, "ENOUGH_PIVOTS", enough)
    for seed in range(6):
        X, y, w = design(kind, 300 + seed)
        p, n = X.shape
        found = minimise_pinball(blocks_of(X, y, w), p, n, 0.5)
        other = minimise_pinball(blocks_of(X, y, w), p, n, 0.9).zero_rows
        for near in (other, found.zero_rows, np.full(p, n + 7)):
            again = minimise_pinball(blocks_of(X, y, w), p, n, 0.5, near=near)
            assert again.optimal
            np.testing.assert_array_equal(again.zero_rows, found.zero_rows)
            np.testing.assert_allclose(again.beta, found.beta, rtol=1e-12, atol=1e-14)


@given(
    values=st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 3)), min_size=1, max_size=30),
    tau=st.sampled_from([0.1, 0.25, 0.5, 0.9]),
)
@settings(deadline=None, max_examples=200)
def test_a_plain_sample_gives_its_lower_weighted_quantile(values, tau):
    y, w = np.array(values, dtype=float).T
    if not w.any():
        return
    vertex = minimise_pinball(blocks_of(np.ones((1, len(y))), y, w), 1, len(y), tau)
    candidates = np.unique(y[w > 0])
    losses = np.array([loss(y - b, w, tau) for b in candidates])
    best = candidates[losses <= losses.min() * (1 + 1e-12) + 1e-12]
    assert vertex.optimal
    assert vertex.beta[0] == best[0]
    assert vertex.unique == (len(best) == 1)
    assert vertex.objective == pytest.approx(losses.min(), abs=1e-12)


def test_a_line_through_the_origin_is_a_weighted_median_of_slopes():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 101))
    vertex = minimise_pinball(blocks_of(x[None], y), 1, 101)
    losses = [loss(y - x * b, np.ones(101), 0.5) for b in y / x]
    assert vertex.beta[0] == pytest.approx((y / x)[np.argmin(losses)], rel=1e-14)


@pytest.mark.parametrize("kind", ["smooth", "integer", "binary", "zero-heavy", "decimal"])
def test_row_order_block_size_and_units_do_not_matter(kind):
    for seed in range(10):
        X, y, w = design(kind, 200 + seed)
        p, n = X.shape
        rng = np.random.default_rng(seed)
        vertex = minimise_pinball(blocks_of(X, y, w), p, n, 0.5)
        order = rng.permutation(n)
        shuffled = minimise_pinball(blocks_of(X[:, order], y[order], w[order], size=5), p, n, 0.5)
        np.testing.assert_allclose(shuffled.beta, vertex.beta, rtol=1e-11, atol=1e-12)
        assert shuffled.unique == vertex.unique
        units, unit = 10.0 ** rng.choice([-6, 0, 6], p), 10.0 ** rng.choice([-6, 6])
        scaled = minimise_pinball(blocks_of(X * units[:, None], y * unit, w), p, n, 0.5)
        assert scaled.optimal
        np.testing.assert_allclose(scaled.beta * units / unit, vertex.beta, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["smooth", "integer", "binary", "zero-heavy"])
def test_weight_two_is_the_row_twice_and_weight_zero_is_no_row(kind):
    for seed in range(10):
        X, y, w = design(kind, 300 + seed)
        w = np.round(w)
        weighted = minimise_pinball(blocks_of(X, y, w), len(X), len(y), 0.5)
        repeats = np.repeat(np.arange(len(y)), w.astype(int))
        repeated = minimise_pinball(
            blocks_of(X[:, repeats], y[repeats]), X.shape[0], len(repeats), 0.5
        )
        np.testing.assert_allclose(repeated.beta, weighted.beta, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(repeated.dual, weighted.dual, rtol=1e-9, atol=1e-9)
        assert repeated.objective == pytest.approx(weighted.objective, rel=1e-12)


@pytest.mark.parametrize(
    "kind", ["smooth", "integer", "binary", "zero-heavy", "constant", "sorted", "rare", "exact"]
)
@pytest.mark.parametrize("tau", [0.1, 0.5])
def test_many_rows_give_a_certified_vertex(kind, tau):
    X, y = large(kind, 200_000, 6)
    vertex = minimise_pinball(blocks_of(X, y, size=8192), len(X), len(y), tau)
    assert_optimal(vertex, X, y, np.ones(len(y)), tau)
    assert vertex.passes <= 8


def test_heights_in_half_inches_give_the_same_vertex_in_any_order():
    rng = np.random.default_rng(8)
    n = 30_000
    X = np.vstack([np.ones(n), np.round(rng.normal(38, 2, n) * 2) / 2, rng.integers(0, 2, n)])
    y = np.round((20 + 0.7 * X[1] + 4 * X[2] + rng.normal(0, 2, n)) * 2) / 2
    vertex = minimise_pinball(blocks_of(X, y), 3, n)
    assert_optimal(vertex, X, y, np.ones(n), 0.5)
    order = rng.permutation(n)
    shuffled = minimise_pinball(blocks_of(X[:, order], y[order], size=1000), 3, n)
    np.testing.assert_allclose(shuffled.beta, vertex.beta, rtol=1e-12)


@pytest.mark.parametrize("weights", ["skewed", "one giant", "mostly zero"])
def test_uneven_weights_cost_few_passes(weights):
    X, y = large("smooth", 50_000, 4)
    rng = np.random.default_rng(3)
    w = {
        "skewed": np.exp(4 * rng.normal(size=50_000)),
        "one giant": np.where(np.arange(50_000) == 7, 1e9, 1.0),
        "mostly zero": (rng.random(50_000) < 0.001).astype(float),
    }[weights]
    vertex = minimise_pinball(blocks_of(X, y, w), 4, 50_000)
    assert vertex.optimal
    assert vertex.passes <= 8
    assert vertex.objective == pytest.approx(loss(y - vertex.beta @ X, w, 0.5), rel=1e-10)
    assert (weights == "one giant") == (7 in vertex.zero_rows)


def test_an_outlier_of_any_size_moves_nothing():
    X, y = large("smooth", 20_000, 4)
    top = int(np.argmax(y - X.sum(axis=0)))
    plain = minimise_pinball(blocks_of(X, y), 4, 20_000)
    y[top] = 1e200
    np.testing.assert_array_equal(minimise_pinball(blocks_of(X, y), 4, 20_000).beta, plain.beta)


def test_dual_values_lost_to_rounding_are_not_taken_for_a_proof():
    X, y = large("smooth", 200_000, 2)
    X[1] += 1e9
    vertex = minimise_pinball(blocks_of(X, y), 2, 200_000)
    assert not vertex.optimal
    assert vertex.message


def test_memory_stays_far_below_a_copy_of_the_design():
    def run(k):
        rng = np.random.default_rng(k)
        X = rng.normal(size=(5, 8192))
        return Run.of(k * 8192, X, X.sum(axis=0) + rng.standard_t(3, 8192))

    def blocks(function):
        return [function(run(k)) for k in range(50)]

    tracemalloc.start()
    vertex = minimise_pinball(blocks, 5, 50 * 8192)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert vertex.optimal
    assert held < 50 * 8192 * 6 * 8 / 2


def test_blocks_may_reuse_their_buffer():
    X, y = large("integer", 20_000, 4)
    buffer = np.empty((4, 1000))

    def run(start):
        buffer[:] = X[:, start : start + 1000]
        return Run.of(start, buffer, y[start : start + 1000])

    def reusing(function):
        return [function(run(start)) for start in range(0, 20_000, 1000)]

    reused = minimise_pinball(reusing, 4, 20_000)
    assert reused.optimal
    np.testing.assert_array_equal(
        reused.beta, minimise_pinball(blocks_of(X, y, size=1000), 4, 20_000).beta
    )


def test_far_from_zero_the_small_differences_still_decide():
    rng = np.random.default_rng(2)
    year = rng.integers(1950, 2025, 400).astype(float)
    X = np.vstack([np.ones(400), year])
    y = 1e6 + np.round(0.03 * year + rng.normal(size=400), 2)
    vertex = minimise_pinball(blocks_of(X, y), 2, 400)
    assert vertex.optimal
    near = minimise_pinball(blocks_of(np.vstack([X[0], year - 1990]), y - 1e6), 2, 400)
    assert vertex.objective == pytest.approx(near.objective, rel=1e-9)
    assert vertex.beta[1] == pytest.approx(near.beta[1], abs=1e-9)


def test_more_than_one_optimal_vertex_is_said():
    X, y = np.ones((1, 4)), np.array([1.0, 2.0, 3.0, 4.0])
    even = minimise_pinball(blocks_of(X, y), 1, 4)
    assert (even.beta[0], even.unique, even.zero_rows.tolist()) == (2.0, False, [1])
    odd = minimise_pinball(blocks_of(X[:, :3], y[:3]), 1, 3)
    assert (odd.beta[0], odd.unique, odd.dual.tolist()) == (2.0, True, [0.0])


@pytest.mark.parametrize("n", [2, 40, 20_000])
def test_dependent_columns_are_refused_with_a_message(n):
    x = np.random.default_rng(0).normal(size=n)
    vertex = minimise_pinball(blocks_of(np.vstack([np.ones(n), x, 1 + 2 * x]), x**2), 3, n)
    assert not vertex.optimal
    assert "dependent" in vertex.message
    assert np.isnan(vertex.beta).all()


def test_weights_of_zero_leave_no_vertex():
    vertex = minimise_pinball(blocks_of(np.ones((1, 3)), np.arange(3.0), np.zeros(3)), 1, 3)
    assert not vertex.optimal
    assert "fewer" in vertex.message


def test_a_certificate_is_not_given_when_rounds_run_out():
    X, y = large("smooth", 20_000, 4)
    vertex = minimise_pinball(blocks_of(X, y), 4, 20_000, max_rounds=0)
    assert not vertex.optimal
    assert "0 rounds" in vertex.message


def blocks_of(X, y, w=None, size=4096) -> Pass:
    def run(start: int) -> Run:
        part = slice(start, start + size)
        return Run.of(start, X[:, part], y[part], None if w is None else w[part])

    def walk(function: Callable[[Run], Any]) -> list[Any]:
        return [function(run(start)) for start in range(0, len(y), size)]

    return walk


def design(kind, seed, rows=40):
    """A full-rank design of 1 to 6 columns with an intercept, and weights that may be zero."""
    rng = np.random.default_rng(seed)
    p, n = 1 + seed % 6, rows + int(rng.integers(rows))
    draw = {
        "smooth": lambda: (rng.normal(size=(p, n)), rng.normal(size=n)),
        "integer": lambda: (rng.integers(0, 4, (p, n)), rng.integers(0, 5, n)),
        "binary": lambda: (rng.random((p, n)) < 0.3, np.round(2 * rng.normal(size=n)) / 2),
        "zero-heavy": lambda: (rng.normal(size=(p, n)), rng.normal(size=n).round().clip(0)),
        "decimal": lambda: (rng.normal(size=(p, n)).round(1), rng.normal(size=n).round(1)),
        "heavy": lambda: (rng.standard_cauchy((p, n)), rng.standard_cauchy(n)),
    }
    while True:
        X, y = (np.asarray(part, dtype=float) for part in draw[kind]())
        X[0] = 1.0
        if kind == "decimal":
            y = (X.sum(axis=0) + 0.1 * rng.integers(-1, 2, n)).round(1)
        weights = (np.ones(n), rng.integers(0, 4, n).astype(float), 0.1 + rng.random(n))
        w = weights[seed % 3]
        if np.linalg.matrix_rank(X[:, w > 0]) == p:
            return X, y, w


def large(kind, n, p):
    rng = np.random.default_rng(11)
    X = rng.normal(size=(p, n))
    if kind == "integer":
        X = rng.integers(0, 6, (p, n)).astype(float)
    if kind == "binary":
        X = (rng.integers(0, p, n) == np.arange(p)[:, None]).astype(float)
    if kind == "rare":
        X[-1] = 0.0
        X[-1, rng.choice(n, 4, replace=False)] = 1.0
    X[0] = 1.0
    line = X.sum(axis=0)
    y = {
        "integer": lambda: np.round(2 * (line + 2 * rng.normal(size=n))) / 2,
        "binary": lambda: np.round(2 * (line + 2 * rng.normal(size=n))) / 2,
        "zero-heavy": lambda: np.where(rng.random(n) < 0.6, 0.0, np.exp(line / 3)),
        "constant": lambda: np.full(n, 3.0),
        "sorted": lambda: np.sort(line + rng.standard_t(3, n)),
        "exact": lambda: line + np.where(rng.random(n) < 0.6, 0.0, rng.normal(size=n)),
    }.get(kind, lambda: line + rng.standard_t(3, n))()
    return X, y


def loss(residual, w, tau):
    return float(w @ (residual * (tau - (residual < 0))))


def assert_optimal(vertex: Vertex, X, y, w, tau):
    """The certificate, once more and by other means: a dual solution with the same value."""
    assert vertex.optimal, vertex.message
    assert vertex.message == ""
    p = X.shape[0]
    residual = y - vertex.beta @ X
    size = np.abs(y) + np.abs(vertex.beta) @ np.abs(X)
    assert np.linalg.matrix_rank(X[:, vertex.zero_rows]) == p
    assert (np.abs(residual) <= 1e-12 * size)[vertex.zero_rows].all()
    assert vertex.objective == pytest.approx(loss(residual, w, tau), rel=1e-10, abs=1e-9)
    assert ((vertex.dual >= tau - 1 - 1e-7) & (vertex.dual <= tau + 1e-7)).all()
    assert_no_direction_descends(residual, size, X, w, tau)


def assert_no_direction_descends(residual, size, X, w, tau):
    """Zero is a subgradient: the pull of the rows off the plane is within reach of the ties.

    The directional derivative along d is sum over ties of w rho(-x'd) minus pull'd, and that is
    a pinball loss itself, checked in random directions and along the axes.
    """
    tied = np.abs(residual) <= 1e-10 * (size + 1e-300)
    pull = (X[:, ~tied] * (w * np.where(residual < 0, tau - 1, tau))[~tied]).sum(axis=1)
    rng = np.random.default_rng(0)
    directions = np.vstack([np.eye(len(X)), -np.eye(len(X)), rng.normal(size=(20, len(X)))])
    for d in directions:
        rise = loss(-d @ X[:, tied], w[tied], tau) - pull @ d
        assert rise >= -1e-9 * float(w @ np.abs(d @ X))


def assert_agrees_with_linprog(vertex, X, y, w, tau):
    kept = w > 0
    X, y, w = X[:, kept], y[kept], w[kept]
    p, n = X.shape
    found = linprog(
        np.concatenate([np.zeros(p), w * tau, w * (1 - tau)]),
        A_eq=np.hstack([X.T, np.eye(n), -np.eye(n)]),
        b_eq=y,
        bounds=[(None, None)] * p + [(0, None)] * (2 * n),
        method="highs",
    )
    assert found.status == 0
    assert vertex.objective == pytest.approx(found.fun, rel=1e-9, abs=1e-9)
    if vertex.unique:
        np.testing.assert_allclose(vertex.beta, found.x[:p], rtol=1e-6, atol=1e-6)
