"""The same coefficients as scikit-learn under the translated penalty, to six digits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn import linear_model

from mlefit.fitting import fit

N = 300
FORMULA = "x1 + x2 + x3 + x4"
SCALES = [0.02, 0.3, 5.0]

every_scale = pytest.mark.parametrize("scale", SCALES)


@every_scale
def test_ridge_has_alpha_sigma_squared_over_scale_squared(scale):
    result = fitted("y", "normal", prior=f"normal(0, {scale})")
    alpha = sigma(result) ** 2 / scale**2
    assert_same(result, linear_model.Ridge(alpha=alpha, tol=1e-12), "y")


@every_scale
def test_lasso_has_alpha_sigma_squared_over_n_times_scale(scale):
    result = fitted("y", "normal", prior=f"laplace(0, {scale})")
    alpha = sigma(result) ** 2 / (N * scale)
    assert_same(result, linear_model.Lasso(alpha=alpha, tol=1e-14, max_iter=100_000), "y")


@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.9])
def test_elastic_net_has_alpha_sigma_squared_times_strength_over_n(ratio):
    result = fitted("y", "normal", prior=f"elasticnet(40, {ratio})")
    other = linear_model.ElasticNet(
        alpha=40 * sigma(result) ** 2 / N, l1_ratio=ratio, tol=1e-14, max_iter=100_000
    )
    assert_same(result, other, "y")


@every_scale
def test_logistic_regression_has_c_scale_squared(scale):
    result = fitted("hit", "bernoulli", prior=f"normal(0, {scale})")
    other = linear_model.LogisticRegression(
        C=scale**2, solver="newton-cholesky", tol=1e-12, max_iter=1000
    )
    assert_same(result, other, "hit")


@pytest.mark.parametrize("scale", [0.1, 0.3, 5.0])  # saga stops early where all slopes are zero
@pytest.mark.filterwarnings("ignore:'penalty' was deprecated:FutureWarning")
def test_l1_logistic_regression_has_c_scale(scale):
    result = fitted("hit", "bernoulli", prior=f"laplace(0, {scale})")
    other = linear_model.LogisticRegression(
        C=scale,
        penalty="elasticnet",
        l1_ratio=1.0,
        solver="saga",
        tol=1e-12,
        max_iter=100_000,
        random_state=0,
    )
    assert_same(result, other, "hit")


@every_scale
def test_poisson_regressor_has_alpha_one_over_n_scale_squared(scale):
    result = fitted("count", "poisson", prior=f"normal(0, {scale})")
    other = linear_model.PoissonRegressor(
        alpha=1 / (N * scale**2), solver="newton-cholesky", tol=1e-12, max_iter=1000
    )
    assert_same(result, other, "count")


@every_scale
def test_the_flag_l2_is_the_strength_on_the_summed_loss(scale):
    result = fitted("count", "poisson", l2=scale**-2)
    other = linear_model.PoissonRegressor(
        alpha=scale**-2 / N, solver="newton-cholesky", tol=1e-12, max_iter=1000
    )
    assert_same(result, other, "count")


def table() -> pl.DataFrame:
    rng = np.random.default_rng(31)
    X = rng.normal(size=(N, 4)) @ np.array(
        [[1, 0.4, 0, 0], [0, 1, 0.3, 0], [0, 0, 1, 0], [0, 0, 0.5, 1]]
    )
    eta = 0.2 + X @ np.array([0.8, -0.5, 0.1, 0.0])
    return pl.DataFrame({f"x{j + 1}": X[:, j] for j in range(4)}).with_columns(
        y=eta + rng.normal(size=N),
        hit=(rng.random(N) < 1 / (1 + np.exp(-eta))).astype(int),
        count=rng.poisson(np.exp(eta)),
    )


def fitted(target: str, family: str, **options):
    return fit(table(), f"{target} ~ {FORMULA}", family=family, **options)


def sigma(result) -> float:
    return result.parameters[0].estimate


def assert_same(result, other, target: str) -> None:
    frame = table()
    X, y = frame.select("x1", "x2", "x3", "x4").to_numpy(), frame[target].to_numpy()
    other.fit(X, y)
    theirs = [float(np.ravel(other.intercept_)[0]), *np.ravel(other.coef_)]
    ours = [row.estimate for row in result.coefficients]
    assert result.certificate.status == "converged"
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-7)
    assert [b == 0 for b in ours] == [b == 0 for b in theirs]
