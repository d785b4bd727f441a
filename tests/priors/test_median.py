"""Priors under the Laplace family, whose location is the vertex of a linear programme."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize_scalar
from sklearn.linear_model import QuantileRegressor

from mlefit.errors import UsageError
from mlefit.fitting import fit


def table(seed=1, n=70):
    rng = np.random.default_rng(seed)
    X = rng.normal(loc=[3, 0, 0, -2], size=(n, 4))
    y = 1 + X @ [0.8, -0.5, 0.05, 0] + rng.laplace(size=n)
    return pl.DataFrame(X, schema=["x1", "x2", "x3", "x4"]).with_columns(y=pl.Series(y))


def arrays(frame):
    return frame.select("x1", "x2", "x3", "x4").to_numpy(), frame["y"].to_numpy()


@pytest.mark.parametrize("scale", [0.02, 0.05, 0.1, 1.0])
def test_with_b_held_it_is_the_penalised_median_regression_of_scikit_learn(scale):
    """NLL + penalty = 2 sum rho_(1/2)(r) / b + sum |beta| / s, so alpha = b / (2 n s)."""
    frame, b = table(), 0.7
    result = fit(frame, "y ~ .", family="laplace", fix=f"b={b}", prior=f"laplace(0, {scale})")
    X, y = arrays(frame)
    other = QuantileRegressor(quantile=0.5, alpha=b / (2 * len(y) * scale)).fit(X, y)
    found = np.array([row.estimate for row in result.coefficients], dtype=float)
    np.testing.assert_allclose(found, [other.intercept_, *other.coef_], atol=1e-9)


def test_the_setting_in_scikit_learn_is_printed_and_gives_the_same_coefficients():
    frame = table(7)
    result = fit(frame, "y ~ .", family="laplace", prior="laplace(0, 0.06)")
    rows = [row for row in result.translations if row["system"] == "sklearn:QuantileRegressor"]
    assert rows[0]["exact"]
    other = eval(rows[0]["setting"], {"QuantileRegressor": QuantileRegressor}).fit(*arrays(frame))
    found = np.array([row.estimate for row in result.coefficients], dtype=float)
    np.testing.assert_allclose(found, [other.intercept_, *other.coef_], atol=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_zeros_are_exact_and_b_is_the_mean_absolute_residual(seed):
    frame = table(seed)
    result = fit(frame, "y ~ .", family="laplace", prior="laplace(0, 0.06)")
    assert result.certificate.status == "converged"
    intercept, *slopes = (row.estimate for row in result.coefficients)
    assert 0.0 in slopes
    X, y = arrays(frame)
    residual = y - intercept - X @ slopes
    assert result.parameters[0].estimate == pytest.approx(np.abs(residual).mean(), rel=1e-9)
    assert any("no standard errors" in note for note in result.notes)


def test_no_single_coefficient_can_be_moved_to_a_better_place():
    frame = table(2)
    result = fit(frame, "y ~ .", family="laplace", prior=["laplace(0, 0.06)", "x1 ~ laplace(1, 1)"])
    beta = np.array([row.estimate for row in result.coefficients])
    b = result.parameters[0].estimate
    X, y = arrays(frame)

    def objective(beta):
        loss = np.abs(y - beta[0] - X @ beta[1:]).sum() / b
        return loss + np.abs(beta[2:]).sum() / 0.06 + abs(beta[1] - 1)

    rng = np.random.default_rng(3)
    for direction in [*np.eye(5), *rng.normal(size=(20, 5))]:
        along = minimize_scalar(lambda t, d=direction: objective(beta + t * d))
        assert along.fun >= objective(beta) - 1e-9


def test_on_doubled_rows_the_same_prior_weighs_half_as_much():
    frame = table(3)
    one = fit(frame, "y ~ .", family="laplace", prior="laplace(0, 0.1)")
    two = fit(pl.concat([frame, frame]), "y ~ .", family="laplace", prior="laplace(0, 0.05)")
    for a, b in zip(one.coefficients, two.coefficients, strict=True):
        assert a.estimate == pytest.approx(b.estimate, abs=1e-12)


def test_a_prior_of_huge_scale_is_maximum_likelihood():
    frame = table(3)
    plain = fit(frame, "y ~ .", family="laplace")
    wide = fit(frame, "y ~ .", family="laplace", prior="laplace(0, 1e12)")
    assert [c.estimate for c in plain.coefficients] == [c.estimate for c in wide.coefficients]


def test_the_strength_comes_from_held_out_rows_and_every_fit_of_the_path_is_its_own():
    frame = table(5)
    path = fit(frame, "y ~ .", family="laplace", prior="laplace(0, auto)", cv=3, path=6).path
    assert path is not None
    assert path.chosen_by == "cv"
    for step in path.steps:
        alone = fit(frame, "y ~ .", family="laplace", l1=step.strength)
        assert step.status == "converged"
        beta = [row.estimate for row in alone.coefficients]
        assert step.estimates[:5] == pytest.approx(beta, abs=1e-9)
        assert step.nonzero == sum(b != 0 for b in beta[1:])
    assert path.steps[0].nonzero == 0


@pytest.mark.parametrize(("shape", "rate"), [(30, 10), (2, 0.1)])
def test_a_gamma_prior_of_b_meets_its_stationary_equation(shape, rate):
    """d/db: n/b = sum |r| / b^2 + (a - 1)/b - rate, with the location of the plain fit."""
    frame = table(4)
    result: Any = fit(frame, "y ~ .", family="laplace", prior=f"b ~ gamma({shape}, {rate})")
    plain: Any = fit(frame, "y ~ .", family="laplace")
    assert [c.estimate for c in result.coefficients] == [c.estimate for c in plain.coefficients]
    n, total = len(frame), len(frame) * plain.parameters[0].estimate
    b = result.parameters[0].estimate
    assert -n / b + total / b**2 + (shape - 1) / b - rate == pytest.approx(0, abs=1e-7)
    assert result.model.objective == "posterior"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prior": "normal(0, 1)"}, "takes a laplace prior only"),
        ({"prior": "elasticnet(1, 0.5)"}, "takes a laplace prior only"),
        ({"prior": "jeffreys"}, "jeffreys is for"),
        ({"prior": "laplace(0, auto)"}, "needs held-out rows"),
        ({"prior": "b ~ normal(0, auto)"}, "has no evidence to go by"),
        ({"prior": "b ~ normal(0, 1)", "path": 5}, "has no evidence to go by"),
        ({"prior": "b:x1 ~ laplace(0, 1)", "model": "b ~ x1"}, "cannot hold a coefficient of b"),
    ],
)
def test_what_the_vertex_leaves_no_room_for_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        fit(table(), "y ~ x1 + x2", family="laplace", **options)
