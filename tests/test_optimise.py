"""Newton's method on a table of surfaces, and what it says about where it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlefit.search import course
from mlefit.search.optimise import Status, newton


@dataclass(frozen=True)
class Surface:
    nll: float
    score: np.ndarray
    information: np.ndarray


def quadratic(scales):
    H = np.diag(scales) + 0.1 * np.sqrt(np.outer(scales, scales))
    centre = np.arange(1.0, len(scales) + 1) / np.sqrt(scales)

    def evaluate(gamma, kind):
        d = gamma - centre
        return Surface(0.5 * d @ H @ d, H @ d, H)

    return evaluate, centre


def poisson(kind_seen=None):
    rng = np.random.default_rng(4)
    X = np.column_stack([np.ones(80), rng.normal(size=80)])
    y = rng.poisson(np.exp(X @ [1.0, 0.5]))

    def evaluate(gamma, kind):
        with np.errstate(over="ignore", invalid="ignore"):
            mu = np.exp(X @ gamma)
            return Surface(float(mu.sum() - y @ (X @ gamma)), X.T @ (mu - y), (X.T * mu) @ X)

    return evaluate


def bowl_with_a_saddle(gamma, kind):
    """(g0^2 - 1)^2 + g1^2, whose second derivative is negative between the two minima."""
    a, b = gamma
    H = np.diag([12 * a**2 - 4, 2.0])
    if kind == "expected":
        H = np.diag([8.0, 2.0])
    return Surface((a**2 - 1) ** 2 + b**2, np.array([4 * a * (a**2 - 1), 2 * b]), H)


def rising(gamma, kind):
    """exp(-g): no minimum, and every step finds a lower place."""
    e = float(np.exp(-gamma[0]))
    return Surface(e, np.array([-e]), np.array([[e]]))


@pytest.mark.parametrize("scales", [[1.0, 1.0], [1e-12, 1e12], [1e6, 1.0]])
def test_a_quadratic_needs_one_step_in_any_units(scales):
    evaluate, centre = quadratic(np.array(scales))
    optimum = newton(evaluate, np.zeros(2))
    assert optimum.status is Status.CONVERGED
    assert optimum.steps <= 2
    np.testing.assert_allclose(optimum.gamma, centre, rtol=1e-12)


@pytest.mark.parametrize("start", [[0.0, 0.0], [-5.0, 2.0], [6.0, -3.0]])
def test_a_far_start_reaches_the_same_maximum(start):
    optimum = newton(poisson(), np.array(start))
    near = newton(poisson(), np.array([1.0, 0.5]))
    assert optimum.status is Status.CONVERGED
    assert optimum.decrement < 1e-20
    assert optimum.positive_definite
    np.testing.assert_allclose(optimum.gamma, near.gamma, rtol=1e-9)


def test_an_indefinite_start_is_left_by_way_of_the_expected_information():
    optimum = newton(bowl_with_a_saddle, np.array([0.1, 3.0]))
    assert optimum.status is Status.CONVERGED
    np.testing.assert_allclose(optimum.gamma, [1.0, 0.0], atol=1e-10)


def test_a_stationary_point_that_is_no_maximum_is_told():
    optimum = newton(bowl_with_a_saddle, np.array([0.0, 0.0]))
    assert optimum.status is Status.NOT_A_MAXIMUM
    assert not optimum.positive_definite


def test_the_step_limit_is_told():
    optimum = newton(poisson(), np.array([-5.0, 2.0]), max_iter=2)
    assert optimum.status is Status.STEP_LIMIT
    assert optimum.steps == 2
    assert optimum.decrement > 1e-10


def test_no_descent_is_told():
    def wrong_slope(gamma, kind):
        return Surface(float(gamma @ gamma), -2 * gamma, 2 * np.eye(1))

    assert newton(wrong_slope, np.array([1.0])).status is Status.NO_DESCENT


def test_only_free_coefficients_move():
    optimum = newton(poisson(), np.array([0.2, 0.5]), free=np.array([0]))
    assert optimum.gamma[1] == 0.5
    assert optimum.status is Status.CONVERGED
    assert abs(optimum.totals.score[0]) < 1e-9 < abs(optimum.totals.score[1])


def test_every_step_is_told():
    lines: list[str] = []
    optimum = newton(poisson(), np.array([0.0, 0.0]), log=lines.append)
    assert len(lines) >= optimum.steps
    assert lines[0].startswith("step 0: rise left ")


def test_a_saddle_is_left_in_the_direction_it_bends_down():
    def evaluate(gamma, kind):
        x, y = gamma
        nll = x**2 + y**4 / 4 - y**2 / 2
        score = np.array([2 * x, y**3 - y])
        return Surface(nll, score, np.diag([2.0, 3 * y**2 - 1]))

    found = newton(evaluate, np.array([3.0, 1e-3]), fallback="observed")
    assert found.status is Status.CONVERGED
    np.testing.assert_allclose(found.gamma, [0, 1], atol=1e-9)


def test_the_last_step_is_taken_without_a_look_where_it_changes_nothing(monkeypatch):
    looks = []

    def evaluate(gamma, kind):
        looks.append(float(gamma[0]))
        e = float(np.exp(gamma[0]))
        return Surface(e - 3 * gamma[0], np.array([e - 3]), np.array([[e]]))

    found = newton(evaluate, np.array([0.0]))
    assert found.status is Status.CONVERGED
    assert 1e-24 < found.decrement <= 1e-20  # a surface on which the rule comes into play
    assert found.gamma[0] == pytest.approx(np.log(3), rel=1e-15)
    assert looks[-1] != found.gamma[0]
    seen = len(looks)
    monkeypatch.setattr(course, "_STEADY", 0.0)
    again = newton(evaluate, np.array([0.0]), settled=0.0)
    assert looks[-1] == again.gamma[0] == found.gamma[0]
    assert len(looks) == 2 * seen + 1
    assert again.steps == found.steps


def counts(n):
    """Poisson counts with a mean of 3: sums over n rows, and how often they were looked at."""
    looks = {"whole": 0, "slope": 0}

    def evaluate(gamma, kind):
        looks["whole"] += 1
        e = float(np.exp(gamma[0]))
        return Surface(n * (e - 3 * gamma[0]), n * np.array([e - 3]), n * np.array([[e]]))

    def slope(gamma, lender):
        looks["slope"] += 1
        e = float(np.exp(gamma[0]))
        return Surface(n * (e - 3 * gamma[0]), n * np.array([e - 3]), lender.information)

    return evaluate, slope, looks


def test_the_place_before_the_last_is_looked_at_for_its_slope_alone():
    evaluate, slope, looks = counts(1e4)
    near = np.array([np.log(3) + 1e-2])
    plain = newton(evaluate, near)
    seen = looks["whole"]
    found = newton(evaluate, near, slope=slope)
    assert looks == {"whole": 2 * seen - 1, "slope": 1}, "one look for its slope alone"
    assert found.status is plain.status is Status.CONVERGED
    assert found.gamma[0] == pytest.approx(np.log(3), rel=1e-15)
    # the information is that of the place, not the one that was lent
    assert found.totals.information[0, 0] == pytest.approx(3e4, rel=1e-10)


def test_the_last_place_is_looked_at_as_such():
    evaluate, slope, _ = counts(1e4)
    ended = []

    def last(gamma, near):
        ended.append((float(gamma[0]), float(near.score[0])))
        return evaluate(gamma, "observed")

    found = newton(evaluate, np.array([np.log(3) + 1e-2]), slope=slope, last=last)
    ((place, near),) = ended
    assert place == pytest.approx(found.gamma[0], rel=1e-12)
    assert near != 0  # told of the place before
    assert found.totals.score[0] == pytest.approx(0, abs=1e-6)


def test_an_information_is_not_lent_where_it_changes_much():
    evaluate, slope, looks = counts(1.0)
    newton(evaluate, np.array([2.0]), tol=1e-2, slope=slope)
    assert looks["slope"] == 0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), away=st.floats(0.0, 3.0), scale=st.sampled_from([1.0, 1e3, 1e6]))
def test_what_is_foretold_changes_no_digit(seed, away, scale):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(50), rng.normal(size=(50, 2)) * [1.0, 3.0]])
    y = rng.poisson(np.exp(X @ [0.5, 0.3, 0.1])) + 0.1

    def evaluate(gamma, kind):
        with np.errstate(over="ignore", invalid="ignore"):
            mu = np.exp(X @ gamma)
            nll = float(mu.sum() - y @ (X @ gamma))
            return Surface(scale * nll, scale * (X.T @ (mu - y)), scale * ((X.T * mu) @ X))

    def slope(gamma, lender):
        return replace(evaluate(gamma, "observed"), information=lender.information)

    begin = rng.normal(size=3) * away * [0.3, 0.3, 0.1]
    plain = newton(evaluate, begin)
    found = newton(
        evaluate, begin, slope=slope, last=lambda gamma, near: evaluate(gamma, "observed")
    )
    assert found.status is plain.status is Status.CONVERGED
    errors = np.sqrt(np.diag(np.linalg.inv(plain.totals.information)))
    np.testing.assert_allclose(found.gamma, plain.gamma, rtol=1e-13, atol=1e-8 * errors.min())
    ours = np.sqrt(np.diag(np.linalg.inv(found.totals.information)))
    np.testing.assert_allclose(ours, errors, rtol=2e-10)
