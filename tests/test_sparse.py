"""A working set, few rows to begin with, and strengths taken together change no answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit.results.fit import FitResult
from mlefit.search import corners, few, sparse
from mlefit.search.corners import Corners, Slope, optimality_residual
from mlefit.search.optimise import Status
from mlefit.search.signs import minimise_quadratic
from mlefit.search.together import Guide, minimise_together
from mlefit.strength import path

P = 24


@dataclass(frozen=True)
class Case:
    """A fit under a prior with corners."""

    id: str
    family: str
    formula: str
    l1: float
    options: dict[str, Any] = field(default_factory=dict)


def frame() -> pl.DataFrame:
    """Correlated columns, a factor, and targets, offsets and weights for several families."""
    rng = np.random.default_rng(11)
    n = 400
    X = rng.normal(size=(n, P)) + 1.5 * rng.normal(size=(n, 1)) + 5 * rng.normal(size=P)
    g = rng.integers(0, 8, size=n)
    eta = 0.5 * (X[:, 0] - X[:, 1]) - 0.4 * (X[:, 2] - X[:, 3]) + 0.6 * (g == 3)
    trials = rng.integers(1, 6, size=n)
    eta = eta - eta.mean()
    chance = 1 / (1 + np.exp(-eta))
    return pl.DataFrame({f"x{j}": X[:, j] for j in range(P)}).with_columns(
        g=pl.Series([f"level {i}" for i in g]),
        hit=(rng.random(n) < chance).astype(int),
        wins=rng.binomial(trials, chance),
        trials=trials,
        count=rng.poisson(np.exp(0.3 * eta)),
        y=eta + np.exp(0.3 * X[:, 4] - 0.3 * X[:, 4].mean()) * rng.normal(size=n),
        time=rng.uniform(0.5, 2, size=n),
        times=rng.integers(1, 4, size=n),
    )


FRAME = frame()
RIGHT = " + ".join(f"x{j}" for j in range(P)) + " + C(g) + x0:C(g)"
CASES = [
    Case("logistic with a factor", "bernoulli", f"hit ~ {RIGHT}", 4.0),
    Case("probit", "bernoulli", f"hit ~ {RIGHT}", 4.0, {"link": "probit"}),
    Case("binomial", "binomial", f"wins ~ {RIGHT}", 6.0, {"trials": "trials"}),
    Case("an offset", "poisson", f"count ~ {RIGHT}", 6.0, {"exposure": "time"}),
    Case("weights", "poisson", f"count ~ {RIGHT}", 9.0, {"freq_weights": "times"}),
    Case("precision weights", "normal", f"y ~ {RIGHT}", 9.0, {"precision_weights": "time"}),
    Case("a varying scale", "normal", f"y ~ {RIGHT}", 7.0, {"model": "sigma ~ x4 + x5"}),
    Case("no intercept", "normal", f"y ~ 0 + {RIGHT}", 9.0),
    Case("an elastic net", "bernoulli", f"hit ~ {RIGHT}", 4.0, {"l2": 3.0}),
    Case(
        "a centre", "bernoulli", f"hit ~ {RIGHT}", 4.0,
        {"prior": ("x3 ~ laplace(0.2, 0.05)", "x7 ~ normal(0, 1)", "x9 ~ laplace(-0.1, 1e-6)")},
    ),
]  # fmt: skip
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def fit(case: Case, **more: Any) -> FitResult:
    return mlefit.fit(
        FRAME, case.formula, family=case.family, **({"l1": case.l1} | case.options | more)
    )


@every_case
def test_a_working_set_gives_the_answer_of_all_columns(case, monkeypatch):
    monkeypatch.setattr(corners, "_FEWEST_JOINING", 2)
    some = fit(case)
    everything = lambda self, slope, gamma: np.arange(len(gamma))  # noqa: E731
    monkeypatch.setattr(Corners, "working_set", everything)
    same(some, fit(case))


@every_case
def test_few_rows_to_begin_with_change_no_answer(case, monkeypatch):
    whole = fit(case)
    monkeypatch.setattr(sparse, "_FEW_ROWS", 80)
    monkeypatch.setattr(few, "_LEAST_STEP", 2)
    same(fit(case), whole)


def same(one: FitResult, two: FitResult) -> None:
    """The same coefficients, the same zeros, and conditions that hold in both."""
    for result in (one, two):
        assert result.certificate.status == "converged"
        assert result.certificate.optimality_residual is not None
        assert result.certificate.optimality_residual <= 1e-9
    first, second = (np.array([row.estimate for row in r.coefficients]) for r in (one, two))
    np.testing.assert_array_equal(first == 0, second == 0)
    assert 5 < (first == 0).sum() < len(first) - 3
    np.testing.assert_allclose(first, second, rtol=1e-8, atol=1e-10)
    assert one.fit.effective_params == pytest.approx(two.fit.effective_params, rel=1e-9)
    assert one.certificate.condition_number == pytest.approx(
        two.certificate.condition_number, rel=1e-6
    )


def test_few_rows_without_a_mode_are_no_start(monkeypatch):
    """Every second row is all the few rows see, and the column they depend on is zero there."""
    rng = np.random.default_rng(5)
    x = np.where(np.arange(200) % 2, rng.normal(size=200), 0.0)
    data = pl.DataFrame({"x": x, "z": rng.normal(size=200), "y": rng.poisson(np.exp(0.5 * x))})
    options = {"family": "poisson", "prior": "z ~ laplace(0, 0.1)"}
    whole = mlefit.fit(data, "y ~ x + z", **options)
    monkeypatch.setattr(sparse, "_FEW_ROWS", 100)
    monkeypatch.setattr(few, "_LEAST_STEP", 2)
    again = mlefit.fit(data, "y ~ x + z", **options)
    assert again.certificate.status == "converged"
    assert [row.estimate for row in again.coefficients] == pytest.approx(
        [row.estimate for row in whole.coefficients], rel=1e-9
    )


PATHS_OFFSET = {"prior": "laplace(0, 1)", "exposure": "time"}
PATHS = [
    Case("logistic", "bernoulli", f"hit ~ {RIGHT}", 0, {"prior": "laplace(0, 1)"}),
    Case("net", "bernoulli", f"hit ~ {RIGHT}", 0, {"prior": "elasticnet(1, 0.5)"}),
    Case(
        "scale", "normal", f"y ~ {RIGHT}", 0,
        {"prior": "laplace(0, 1)", "model": "sigma ~ x4 + x5"},
    ),
    Case("offset", "poisson", f"count ~ {RIGHT}", 0, PATHS_OFFSET),
]  # fmt: skip


@pytest.mark.parametrize("case", PATHS, ids=lambda case: case.id)
def test_strengths_taken_together_have_the_answers_of_each_alone(case):
    whole = fit(case, l1=None, path=30)
    assert whole.path is not None
    assert len(whole.path.steps) == 30
    assert whole.path.optimality_residual is not None
    assert whole.path.optimality_residual <= 1e-9
    for step in whole.path.steps[1::7]:
        if "elasticnet" in case.options["prior"]:
            prior = f"elasticnet({step.strength!r}, 0.5)"
        else:
            prior = f"laplace(0, {step.number!r})"
        alone = fit(case, l1=None, prior=prior)
        estimates = dict(zip(whole.path.terms, step.estimates, strict=True))
        for row in alone.coefficients:
            together = estimates[f"{row.parameter}:{row.term}"]
            assert together == pytest.approx(row.estimate, rel=1e-6, abs=1e-9)
            assert (together == 0) == (row.estimate == 0)


def test_a_path_needs_no_search_of_its_own_where_strengths_are_together(monkeypatch):
    """Were each strength searched alone, the passes would be many times as many."""
    taken: list[list[Any]] = []
    real = minimise_together

    def watched(*args):
        taken.append(real(*args))
        return taken[-1]

    monkeypatch.setattr("mlefit.search.together.minimise_together", watched)
    fit(PATHS[0], l1=None, path=30)
    assert len(taken) <= 2
    assert all(optimum is not None for optima in taken for optimum in optima)


def test_a_strength_that_does_not_get_there_is_searched_alone(monkeypatch):
    whole = fit(PATHS[0], l1=None, path=8)
    monkeypatch.setattr(
        "mlefit.search.together.minimise_together", lambda *args: [None] * len(args[3])
    )
    alone = fit(PATHS[0], l1=None, path=8)
    assert whole.path is not None
    assert alone.path is not None
    for one, two in zip(whole.path.steps, alone.path.steps, strict=True):
        np.testing.assert_allclose(one.estimates, two.estimates, rtol=1e-6, atol=1e-9)


class Cosh:
    """sum log cosh(A gamma - b), whose information falls fast far out, at several strengths."""

    def __init__(self, scale: float = 1.0) -> None:
        rng = np.random.default_rng(2)
        self.A = rng.normal(size=(80, 9))
        self.b = 0.3 * (self.A @ (np.arange(9) > 5) + rng.normal(size=80))
        self.scale = scale
        self.passes = 0

    def slope(self, gamma):
        r = self.A @ gamma - self.b
        return Slope(float(np.logaddexp(r, -r).sum()), self.A.T @ np.tanh(r))

    def diagonal(self, gamma, at, which):
        return np.diag(self.information(gamma, at)) / self.scale

    def slopes(self, which, gammas):
        self.passes += 1
        return [self.slope(gamma) for gamma in gammas]

    def scores(self, which, gammas, at):
        self.passes += 1
        slopes = [self.slope(gamma) for gamma in gammas]
        return [(slope.nll, slope.score[at]) for slope in slopes]

    def information(self, gamma, at):
        bend = 1 - np.tanh(self.A @ gamma - self.b) ** 2
        return self.scale * ((self.A.T * bend) @ self.A)[np.ix_(at, at)]

    def bend(self, which, gamma, at):
        return np.zeros((len(at), len(at)))


def run_cosh(objective: Cosh, weights=(14.0, 8.0, 4.0, 2.0, 0.5)):
    gamma = np.zeros(9)
    places = [Corners(np.full(9, weight), np.zeros(9)) for weight in weights]
    starts = [objective.slope(gamma)] * len(places)
    return places, minimise_together(objective, gamma, starts, places, Guide(), 1e-10)


def test_strengths_together_meet_their_conditions():
    objective = Cosh()
    places, found = run_cosh(objective)
    held = []
    for place, optimum in zip(places, found, strict=True):
        assert optimum is not None
        assert optimum.status is Status.CONVERGED
        slope = objective.slope(optimum.gamma)
        residual = optimality_residual(slope.score, optimum.gamma, place.weights, place.centres)
        curvatures = objective.diagonal(optimum.gamma, np.arange(9), 0)
        assert (residual / np.sqrt(curvatures)).max() <= 1e-9
        held.append(int(place.hold(optimum.gamma).sum()))
    assert held == sorted(held, reverse=True)
    assert held[0] > held[-1]
    assert objective.passes <= 20


def test_steps_that_lead_up_are_not_taken():
    """Information far too small makes steps far too long."""
    _, found = run_cosh(Cosh(scale=1e-4))
    assert None in found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("cold", [True, False])
def test_many_correlated_columns_are_minimised_exactly(seed, cold):
    rng = np.random.default_rng(seed)
    p = 60
    A = rng.normal(size=(90, p)) + 3 * rng.normal(size=(90, 1))
    H = A.T @ A
    g = -A.T @ (A[:, :6] @ rng.normal(size=6) + rng.normal(size=90))
    at = np.zeros(p) if cold else rng.normal(size=p)
    weights = np.full(p, 0.3 * np.abs(g).max() / (1 + seed))
    weights[:2] = 0
    g = g + H @ at
    found = minimise_quadratic(H, g, at, weights, np.zeros(p))
    score = g + H @ (found - at)
    residual = optimality_residual(score, found, weights, np.zeros(p)) / np.sqrt(np.diag(H))
    assert residual.max() <= 1e-9
    assert 0 < (found == 0).sum() < p


def test_a_column_that_does_not_vary_is_left_out_even_under_a_prior():
    data = FRAME.with_columns(one=pl.lit(3.0))
    result = mlefit.fit(data, "hit ~ x0 + one + x1", family="bernoulli", l1=2.0)
    assert any("one is left out: one = 3" in warning for warning in result.warnings)
    assert result.coefficients[2].estimate is None
    assert result.certificate.status == "converged"


def test_a_redundant_column_without_a_prior_is_named_among_columns_with_one():
    data = FRAME.with_columns(sum=pl.col("x1") + 2 * pl.col("x3"))
    priors = ["x0 ~ laplace(0, 0.5)", "x2 ~ laplace(0, 0.5)"]
    result = mlefit.fit(data, "hit ~ x0 + x1 + x2 + x3 + sum", family="bernoulli", prior=priors)
    assert any("sum is left out: sum = x1 + 2 x3" in warning for warning in result.warnings)
    plain = mlefit.fit(data, "hit ~ x0 + x1 + x2 + x3", family="bernoulli", prior=priors)
    assert [row.estimate for row in result.coefficients[:5]] == pytest.approx(
        [row.estimate for row in plain.coefficients], rel=1e-9
    )


def test_blocks_of_strengths_are_no_part_of_the_answer(monkeypatch):
    whole = fit(PATHS[0], l1=None, path=12)
    monkeypatch.setattr(path, "_AT_ONCE", 5)
    parts = fit(PATHS[0], l1=None, path=12)
    assert whole.path is not None
    assert parts.path is not None
    for one, two in zip(whole.path.steps, parts.path.steps, strict=True):
        np.testing.assert_allclose(one.estimates, two.estimates, rtol=1e-6, atol=1e-9)
