"""Fits under priors with a corner: the optimality conditions, recomputed from the raw columns."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit import fitting
from mlefit.errors import UsageError

SAMPLES = Path(__file__).parents[2] / "sample_data"


@dataclass(frozen=True)
class Case:
    """A fit and the columns of its design, computed here once more."""

    id: str
    family: str
    frame: pl.DataFrame
    formula: str
    target: np.ndarray
    columns: dict[str, np.ndarray]
    options: dict[str, str] = field(default_factory=dict)

    @property
    def design(self) -> np.ndarray:
        return np.column_stack([np.ones(len(self.target)), *self.columns.values()])


def sample_cases():
    visits = pl.read_csv(SAMPLES / "doctor_visits.csv")
    yield Case(
        "doctor visits",
        "poisson",
        visits,
        "visits ~ gender + age + income + illness + health",
        column(visits, "visits"),
        {"gender[male]": column(visits, "gender") == "male"}
        | {name: column(visits, name) for name in ("age", "income", "illness", "health")},
    )
    houses = pl.read_csv(SAMPLES / "house_prices.csv", infer_schema_length=None)
    names = ("bedrooms", "bathrooms", "stories", "garage")
    yield Case(
        "house prices",
        "normal",
        houses,
        "log(price) ~ log(lotsize) + " + " + ".join(names) + " + aircon",
        np.log(column(houses, "price")),
        {"log(lotsize)": np.log(column(houses, "lotsize"))}
        | {name: column(houses, name) for name in names}
        | {"aircon[yes]": column(houses, "aircon") == "yes"},
    )
    heights = pl.read_csv(SAMPLES / "heights.csv")
    yield Case(
        "heights",
        "normal",
        heights,
        "height_inches ~ midparent_inches",
        column(heights, "height_inches"),
        {"midparent_inches": column(heights, "midparent_inches")},
    )
    calls = pl.read_csv(SAMPLES / "callbacks.csv").with_columns(
        hit=(pl.col("call") == "yes").cast(pl.Int64)
    )
    yield Case(
        "callbacks",
        "bernoulli",
        calls,
        "hit ~ ethnicity + gender + quality + experience",
        column(calls, "hit"),
        {
            "ethnicity[cauc]": column(calls, "ethnicity") == "cauc",
            "gender[male]": column(calls, "gender") == "male",
            "quality[low]": column(calls, "quality") == "low",
            "experience": column(calls, "experience"),
        },
    )
    girls = pl.read_csv(SAMPLES / "menarche.csv")
    yield Case(
        "menarche",
        "binomial",
        girls,
        "menarche ~ age",
        column(girls, "menarche"),
        {"age": column(girls, "age")},
        {"trials": "total"},
    )


def synthetic_cases():
    for seed, (family, target) in enumerate(
        {"normal": "y", "bernoulli": "hit", "poisson": "count", "binomial": "wins"}.items()
    ):
        frame = synthetic(seed)
        names = [name for name in frame.columns if name.startswith("x")]
        yield Case(
            f"synthetic {family}",
            family,
            frame,
            f"{target} ~ " + " + ".join(names),
            column(frame, target),
            {name: column(frame, name) for name in names},
            {"trials": "trials"} if family == "binomial" else {},
        )


def synthetic(seed: int, n: int = 150, p: int = 12) -> pl.DataFrame:
    """Correlated columns of which three matter, and a target for each family."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.7 * rng.normal(size=(n, 1)) + rng.normal(size=p)
    eta = 0.4 * X[:, 0] - 0.5 * X[:, 1] + 0.3 * X[:, 2]
    trials = rng.integers(1, 9, size=n)
    chance = 1 / (1 + np.exp(-eta))
    return pl.DataFrame({f"x{j}": X[:, j] for j in range(p)}).with_columns(
        y=eta + rng.normal(size=n),
        hit=(rng.random(n) < chance).astype(int),
        count=rng.poisson(np.exp(eta)),
        trials=trials,
        wins=rng.binomial(trials, chance),
    )


def column(frame: pl.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy()


CASES = [pytest.param(case, id=case.id) for case in (*sample_cases(), *synthetic_cases())]
SHARES = [0.9, 0.3, 0.02]
"""Strengths, as shares of the one that just holds every slope at zero."""

every_case = pytest.mark.parametrize("case", CASES)
every_share = pytest.mark.parametrize("share", SHARES)


def test_the_cases_span_nine_data_sets_and_four_families():
    cases: list[Any] = [parameters.values[0] for parameters in CASES]
    assert len(cases) == 9
    assert len({case.family for case in cases}) == 4


@every_case
@every_share
def test_the_lasso_meets_its_conditions(case, share):
    strength = share * largest_slope(case)
    result = fit(case.frame, case.formula, family=case.family, l1=strength, **case.options)
    assert result.certificate.status == "converged"
    assert result.certificate.optimality_residual <= 1e-9
    assert scaled_residual(case, result, strength, 0.0) <= 1e-9


@every_case
@pytest.mark.parametrize("strength", [0.1, 5.0, 800.0])
def test_ridge_meets_its_condition(case, strength):
    result = fit(case.frame, case.formula, family=case.family, l2=strength, **case.options)
    assert result.certificate.status == "converged"
    assert scaled_residual(case, result, 0.0, strength) <= 1e-9


@every_case
@every_share
def test_the_elastic_net_meets_its_conditions(case, share):
    l1, l2 = share * largest_slope(case), 3.0
    result = fit(case.frame, case.formula, family=case.family, l1=l1, l2=l2, **case.options)
    assert result.certificate.status == "converged"
    assert scaled_residual(case, result, l1, l2) <= 1e-9


@every_case
def test_above_the_largest_slope_every_coefficient_is_exactly_zero(case):
    strength = 1.001 * largest_slope(case)
    result = fit(case.frame, case.formula, family=case.family, l1=strength, **case.options)
    assert [row.estimate for row in result.coefficients[1:]] == [0.0] * len(case.columns)
    weaker = fit(case.frame, case.formula, family=case.family, l1=0.99 * strength, **case.options)
    assert any(row.estimate != 0 for row in weaker.coefficients[1:])


@every_case
def test_a_centre_other_than_zero_is_met_exactly(case):
    result = fit(
        case.frame, case.formula, family=case.family, prior="laplace(0.125, 1e-9)", **case.options
    )
    assert [row.estimate for row in result.coefficients[1:]] == [0.125] * len(case.columns)


@every_case
def test_the_record_says_what_the_corner_costs(case):
    strength = 0.3 * largest_slope(case)
    result = fit(case.frame, case.formula, family=case.family, l1=strength, **case.options)
    slopes = np.array([row.estimate for row in result.coefficients[1:]])
    (prior,) = result.model.prior
    assert prior["strengths"]["l1"] == pytest.approx(strength, rel=1e-14)
    assert prior["penalty_value"] == pytest.approx(strength * np.abs(slopes).sum(), rel=1e-12)
    constant = len(slopes) * math.log(2 / strength)
    assert result.fit.log_prior == pytest.approx(-constant - prior["penalty_value"], rel=1e-12)
    others = 2 if case.family == "normal" else 1
    assert result.fit.effective_params == pytest.approx(np.count_nonzero(slopes) + others)


def test_more_columns_than_rows_leave_the_rest_exactly_zero():
    frame = synthetic(4, n=25, p=40)
    names = [f"x{j}" for j in range(40)]
    result = fit(frame, "hit ~ " + " + ".join(names), family="bernoulli", l1=2.0)
    assert result.certificate.status == "converged"
    held = [row.estimate == 0 for row in result.coefficients[1:]]
    assert 15 < sum(held) < 40
    columns = {name: column(frame, name) for name in names}
    case = Case("wide", "bernoulli", frame, "", column(frame, "hit"), columns)
    assert scaled_residual(case, result, 2.0, 0.0) <= 1e-9


def test_a_repeated_column_gives_a_record_and_not_a_traceback():
    frame = synthetic(1).with_columns(again=pl.col("x0"))
    result = fit(frame, "y ~ x0 + again + x1", family="normal", l1=1.0)
    both = sum(row.estimate for row in result.coefficients[1:3])
    single = fit(frame, "y ~ x0 + x1", family="normal", l1=1.0)
    assert both == pytest.approx(single.coefficients[1].estimate, rel=1e-8)
    assert result.fit.log_likelihood == pytest.approx(single.fit.log_likelihood, rel=1e-10)


def test_a_corner_on_an_intercept_is_refused():
    with pytest.raises(UsageError, match="a corner holds slopes at a value, not an intercept"):
        fit(synthetic(2), "y ~ x0", family="normal", prior="Intercept ~ laplace(0, 0.02)")


def fit(frame: pl.DataFrame, formula: str, **options) -> Any:
    return fitting.fit(frame, formula, **options)


def terms(case: Case, beta: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Slope and curvature of each row's NLL in its linear predictor."""
    eta, y = case.design @ beta, case.target
    if case.family == "normal":
        return (eta - y) / sigma**2, np.full(len(y), sigma**-2)
    if case.family == "poisson":
        mu = np.exp(eta)
        return mu - y, mu
    trials = column(case.frame, case.options["trials"]) if case.options else np.ones(len(y))
    p = 1 / (1 + np.exp(-eta))
    return trials * p - y, trials * p * (1 - p)


def scaled_residual(case: Case, result, l1: float, l2: float) -> float:
    """Largest violation of an optimality condition over the root of the information."""
    beta = np.array([row.estimate for row in result.coefficients])
    sigma = result.parameters[0].estimate if result.parameters else 1.0
    slope, curvature = terms(case, beta, sigma)
    # shifting a column moves only what the intercept takes up, whose own condition is the first
    X = case.design - np.concatenate([[0], case.design[:, 1:].mean(axis=0)])
    l1s, l2s = (np.concatenate([[0], np.full(len(beta) - 1, w)]) for w in (l1, l2))
    score = X.T @ slope + l2s * beta
    held = (beta == 0) & (l1s > 0)
    residual = np.where(
        held, np.maximum(np.abs(score) - l1s, 0), np.abs(score + l1s * np.sign(beta))
    )
    information = np.einsum("ij,ij,i->j", X, X, curvature) + l2s
    return float((residual / np.sqrt(information)).max())


def largest_slope(case: Case) -> float:
    """The weakest L1 strength that holds every slope at zero."""
    beta = np.zeros(len(case.columns) + 1)
    y = case.target.astype(float)
    trials = column(case.frame, case.options["trials"]).sum() if case.options else len(y)
    mean = y.sum() / trials
    links = {"normal": mean, "poisson": math.log(mean) if mean > 0 else 0.0}
    beta[0] = links[case.family] if case.family in links else math.log(mean / (1 - mean))
    slope, _ = terms(case, beta, float(np.std(y)))
    return float(np.abs(case.design[:, 1:].T @ slope).max())
