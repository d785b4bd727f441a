"""The search with corners, held against trying every pattern of signs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from mlefit.search.corners import (
    Corners,
    Slope,
    newton_with_corners,
    on_corner,
    optimality_residual,
)
from mlefit.search.optimise import Status
from mlefit.search.signs import minimise_quadratic

SEEDS = range(250)


@dataclass(frozen=True)
class Problem:
    """g'(x - at) + (x - at)'H(x - at)/2 + weights'|x - centres|."""

    H: np.ndarray
    g: np.ndarray
    at: np.ndarray
    weights: np.ndarray
    centres: np.ndarray

    def value(self, x: np.ndarray) -> float:
        step = x - self.at
        corners = float(self.weights @ np.abs(x - self.centres))
        return float(self.g @ step + step @ self.H @ step / 2) + corners

    def slope(self, x: np.ndarray) -> np.ndarray:
        return self.g + self.H @ (x - self.at)


@dataclass(frozen=True)
class Sums:
    nll: float
    score: np.ndarray
    information: np.ndarray


@pytest.mark.parametrize("seed", SEEDS)
def test_a_quadratic_is_minimised_like_trying_every_pattern_of_signs(seed):
    problem = random_problem(seed)
    found = minimise_quadratic(problem.H, problem.g, problem.at, problem.weights, problem.centres)
    best = brute_force(problem)
    np.testing.assert_allclose(found, best, rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(found == problem.centres, best == problem.centres)
    assert scaled_residual(problem, found) <= 1e-9


def test_the_random_problems_hold_some_coefficients_and_release_others():
    held = [random_problem(seed).centres == brute_force(random_problem(seed)) for seed in SEEDS]
    shares = np.mean(np.concatenate(held))
    assert 0.2 < shares < 0.8


@pytest.mark.parametrize("seed", range(40))
def test_newton_with_corners_ends_where_the_quadratic_does(seed):
    problem = random_problem(seed)
    optimum = newton_with_corners(
        quadratic(problem), problem.at, Corners(problem.weights, problem.centres)
    )
    best = brute_force(problem)
    assert optimum.status is Status.CONVERGED
    assert optimum.positive_definite
    np.testing.assert_allclose(optimum.gamma, best, rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(optimum.gamma == problem.centres, best == problem.centres)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("strength", [0.1, 3.0, 30.0])
def test_logistic_coefficients_meet_the_conditions_and_zeros_are_exact(seed, strength):
    evaluate, p = logistic(seed)
    weights, centres = np.full(p, strength), np.zeros(p)
    weights[0] = 0
    optimum = newton_with_corners(evaluate, np.zeros(p), Corners(weights, centres))
    sums = evaluate(optimum.gamma, "observed")
    residual = optimality_residual(sums.score, optimum.gamma, weights, centres)
    assert optimum.status is Status.CONVERGED
    assert (residual / np.sqrt(np.diag(sums.information))).max() <= 1e-9
    loose = np.abs(sums.score) < weights - 1e-6
    assert (optimum.gamma[loose] == 0).all()


def test_huge_weights_hold_every_coefficient_at_its_centre():
    problem = random_problem(3)
    centres = np.arange(1.0, len(problem.g) + 1)
    weights = np.full(len(centres), 1e9)
    optimum = newton_with_corners(quadratic(problem), problem.at, Corners(weights, centres))
    assert optimum.status is Status.CONVERGED
    np.testing.assert_array_equal(optimum.gamma, centres)
    assert on_corner(optimum.gamma, weights, centres).all()


def test_without_weights_it_is_newtons_method():
    problem = random_problem(5)
    none = np.zeros(len(problem.g))
    found = minimise_quadratic(problem.H, problem.g, problem.at, none, none)
    np.testing.assert_allclose(found, problem.at - np.linalg.solve(problem.H, problem.g), 1e-10)
    assert not on_corner(none, none, none).any()


@pytest.mark.parametrize("seed", range(20))
def test_duplicate_columns_reach_the_lowest_value_and_its_conditions(seed):
    problem = with_a_duplicate(random_problem(seed, p=3))
    found = minimise_quadratic(problem.H, problem.g, problem.at, problem.weights, problem.centres)
    single = random_problem(seed, p=3)
    assert problem.value(found) == pytest.approx(
        lowest_of_a_duplicate(problem, single), rel=1e-9, abs=1e-9
    )
    assert scaled_residual(problem, found) <= 1e-9


def test_a_coefficient_on_its_corner_needs_no_curvature():
    """Where only held coefficients depend on each other the mode is unique."""
    X = np.array([[1.0, 1.0, 0.0], [-1.0, -1.0, 1.0], [0.5, 0.5, -2.0]])
    y = np.array([0.1, 0.0, 1.0])
    H = X.T @ X
    weights = np.array([10.0, 10.0, 0.1])
    problem = Problem(H, -X.T @ y, np.zeros(3), weights, np.zeros(3))
    optimum = newton_with_corners(quadratic(problem), np.zeros(3), Corners(weights, np.zeros(3)))
    assert np.linalg.matrix_rank(H) == 2
    assert optimum.status is Status.CONVERGED
    np.testing.assert_array_equal(optimum.gamma[:2], 0)
    assert optimum.gamma[2] != 0


def test_free_coefficients_without_curvature_are_no_certified_maximum():
    H = np.ones((2, 2))
    nothing = np.zeros(2)
    problem = Problem(H, np.array([-1.0, -1.0]), nothing, nothing, nothing)
    optimum = newton_with_corners(quadratic(problem), nothing, Corners(nothing, nothing))
    assert optimum.status is Status.NOT_UNIQUE
    assert not optimum.positive_definite


def test_a_start_where_the_curve_bends_the_wrong_way_still_leads_down():
    evaluate = heavy_tailed(np.array([4.0, -6.0]))
    weights, centres = np.array([0.05, 0.05]), np.zeros(2)
    optimum = newton_with_corners(evaluate, np.array([40.0, 30.0]), Corners(weights, centres))
    assert optimum.status is Status.CONVERGED
    residual = optimality_residual(
        evaluate(optimum.gamma, "observed").score, optimum.gamma, weights, centres
    )
    assert residual.max() <= 1e-9


@pytest.mark.parametrize("most", [0, 1, 2])
def test_the_step_limit_is_told(most):
    evaluate, p = logistic(1)
    weights = np.full(p, 0.1)
    optimum = newton_with_corners(
        evaluate, np.zeros(p), Corners(weights, np.zeros(p)), max_iter=most
    )
    assert optimum.status is Status.STEP_LIMIT
    assert optimum.steps == most
    assert optimum.decrement > 1e-10


def test_every_step_is_logged():
    lines: list[str] = []
    evaluate, p = logistic(1)
    optimum = newton_with_corners(
        evaluate, np.zeros(p), Corners(np.full(p, 3.0), np.zeros(p)), log=lines.append
    )
    assert len(lines) == optimum.steps + 1


@pytest.mark.parametrize(
    ("score", "gamma", "weight", "centre", "expected"),
    [
        (0.5, 0.0, 1.0, 0.0, 0.0),
        (-1.5, 0.0, 1.0, 0.0, 0.5),
        (-1.0, 2.0, 1.0, 0.0, 0.0),
        (-1.0, -2.0, 1.0, 0.0, 2.0),
        (0.5, 3.0, 1.0, 3.0, 0.0),
        (0.25, 3.0, 0.0, 3.0, 0.25),
    ],
)
def test_the_optimality_residual(score, gamma, weight, centre, expected):
    numbers = [np.array([number]) for number in (score, gamma, weight, centre)]
    assert optimality_residual(*numbers) == pytest.approx(expected)


def random_problem(seed: int, p: int | None = None) -> Problem:
    """A positive definite H, some weights zero, and centres of which some are not zero."""
    rng = np.random.default_rng(seed)
    p = p or int(rng.integers(1, 6))
    A = rng.normal(size=(p + 1, p)) * rng.choice([0.3, 1.0, 5.0], size=p)
    H = A.T @ A + 1e-3 * np.eye(p)
    weights = rng.exponential(3.0, size=p) * (rng.random(p) < 0.8)
    centres = rng.normal(size=p) * (rng.random(p) < 0.4)
    g = rng.normal(size=p) * 3
    return Problem(H, g, rng.normal(size=p), weights, centres)


def brute_force(problem: Problem) -> np.ndarray:
    """The lowest of the stationary points of all patterns of signs; 0 means on the corner."""
    H, p = problem.H, len(problem.g)
    choices = [(-1, 0, 1) if weight > 0 else (2,) for weight in problem.weights]
    linear = problem.g - H @ problem.at
    candidates = []
    for pattern in itertools.product(*choices):
        signs = np.array(pattern)
        free = signs != 0
        x = problem.centres.copy()
        pull = np.where(signs == 2, 0, signs) * problem.weights
        right = -(linear + pull + H[:, ~free] @ x[~free])[free]
        x[free] = np.linalg.solve(H[np.ix_(free, free)], right)
        sided = np.sign(x - problem.centres) == signs
        if np.all(sided | (signs == 2) | ~free):
            candidates.append(x)
    assert len(candidates) >= 1
    assert p == len(candidates[0])
    return min(candidates, key=problem.value)


def with_a_duplicate(problem: Problem) -> Problem:
    """The same problem with its first column twice."""
    again = [0, *range(len(problem.g))]
    at = problem.at[again]
    return Problem(
        problem.H[np.ix_(again, again)],
        problem.g[again],
        at,
        np.maximum(problem.weights, 0.1)[again],
        np.zeros(len(again)),
    )


def lowest_of_a_duplicate(problem: Problem, single: Problem) -> float:
    """With equal weights at zero, all of two equal columns' sum may sit on one of them."""
    start = np.concatenate([[problem.at[0] + problem.at[1]], problem.at[2:]])
    once = Problem(
        single.H, single.g, start, np.maximum(single.weights, 0.1), np.zeros(len(single.g))
    )
    return once.value(brute_force(once))


def scaled_residual(problem: Problem, x: np.ndarray) -> float:
    residual = optimality_residual(problem.slope(x), x, problem.weights, problem.centres)
    return float((residual / np.sqrt(np.diag(problem.H))).max())


class Whole:
    """Sums of which a part is asked for, from a function that gives them all."""

    def __init__(self, evaluate):
        self.evaluate = evaluate

    def __call__(self, x, kind):
        return self.evaluate(x, kind)

    def slope(self, x):
        sums = self.evaluate(x, "observed")
        return Slope(sums.nll, sums.score)

    def diagonal(self, x, at):
        return np.diag(self.evaluate(x, "observed").information)[at]

    def among(self, x, kind, at):
        sums = self.evaluate(x, kind)
        return Sums(sums.nll, sums.score[at], sums.information[np.ix_(at, at)])


def quadratic(problem: Problem):
    def evaluate(x, kind):
        step = x - problem.at
        value = float(problem.g @ step + step @ problem.H @ step / 2)
        return Sums(value, problem.slope(x), problem.H)

    return Whole(evaluate)


def logistic(seed: int):
    rng = np.random.default_rng(seed)
    n, p = 60, 5
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    y = (rng.random(n) < 1 / (1 + np.exp(-X @ np.array([0.3, 1.5, -1.0, 0.2, 0.0])))) * 1.0

    def evaluate(gamma, kind):
        eta = X @ gamma
        mu = 1 / (1 + np.exp(-eta))
        nll = float(np.sum(np.logaddexp(0, eta) - y * eta))
        return Sums(nll, X.T @ (mu - y), (X.T * (mu * (1 - mu))) @ X)

    return Whole(evaluate), p


def heavy_tailed(target: np.ndarray):
    """Minus the log-density of Cauchy variables; bends the wrong way far out."""

    def evaluate(gamma, kind):
        z = gamma - target
        bend = 2 * (1 - z**2) / (1 + z**2) ** 2
        bend = np.maximum(bend, 0) if kind == "expected" else bend
        return Sums(float(np.log1p(z**2).sum()), 2 * z / (1 + z**2), np.diag(bend))

    return Whole(evaluate)
