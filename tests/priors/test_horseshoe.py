"""The horseshoe: its shape, its modes, and what is said when there are several."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize_scalar

from mlefit import priors
from mlefit.fitting import fit

SCALE, SLAB = 0.05, 3.0


def test_outside_its_core_and_inside_its_slab_it_is_the_horseshoe_like_density():
    """log(1 + s^2/b^2) / (2 pi s), whose integral is one (Bhadra et al. 2021)."""
    b = np.array([-0.4, 0.15, 1.0, 2.5])
    found = np.exp(priors.load("horseshoe")(1.0, 1e6).log_density(b))
    np.testing.assert_allclose(found, np.log1p(1 / b**2) / (2 * math.pi), rtol=0.02)


def test_far_out_it_falls_like_the_slab():
    prior = priors.load("horseshoe")(1.0, 2.0)
    b = np.array([40.0])
    assert prior.curvature(b) == pytest.approx(2.0**-2, rel=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_with_orthogonal_columns_the_highest_mode_is_found(seed):
    """The posterior is then a product, and each factor's highest point is found by a grid."""
    n = 64
    rng = np.random.default_rng(seed)
    X = orthogonal(n)
    y = X @ rng.choice([0, 0.1, 0.3, 0.5, 2.0], X.shape[1]) + rng.normal(size=n)
    result = fitted(X, y)
    assert result.certificate.status == "converged"
    found = [row.estimate for row in result.coefficients]
    np.testing.assert_allclose(found, highest_each(X, y), atol=1e-6)


def test_a_second_mode_is_told_with_its_depth():
    n = 64
    X = orthogonal(n)[:, :1]
    noise = np.resize([1.0, -1.0], n) * orthogonal(n)[:, 4]
    y = 0.36 * X[:, 0] + noise - (noise @ X[:, 0]) / n * X[:, 0]
    result = fitted(X, y)
    (note,) = [note for note in result.notes if "mode" in note]
    objective = objective_of(X[:, 0], y)
    near = minimize_scalar(objective, bounds=(-0.01, 0.01), method="bounded").fun
    far = minimize_scalar(objective, bounds=(0.1, 0.6), method="bounded").fun
    assert f"(the next {abs(near - far):.3g})" in note
    assert "1 less than 7 nats below" in note


def test_one_mode_needs_no_note():
    X = orthogonal(64)[:, :1]
    y = 2 * X[:, 0] + np.resize([1.0, -1.0], 64)
    assert not any("mode" in note for note in fitted(X, y).notes)


def test_beside_a_corner_the_highest_mode_is_found_and_the_others_are_told():
    """Where the columns are orthogonal a Laplace prior thresholds its own: S(x'y, 1/s) / n."""
    n = 64
    X = orthogonal(n)[:, :3]
    noise = X[:, 0] * orthogonal(n)[:, 4]
    y = X @ [0.36, 0.05, 0.6] + noise
    result = fitted(X, y, "x1 ~ laplace(0, 0.2)", "x2 ~ laplace(0, 0.2)")
    first, held, free = (row.estimate for row in result.coefficients)
    assert first == pytest.approx(highest_each(X[:, :1], y)[0], abs=1e-6)
    assert held == 0
    assert free == pytest.approx((X[:, 2] @ y - 5) / n, rel=1e-9)
    (note,) = [note for note in result.notes if "more than one mode" in note]
    assert "intervals" not in note  # there are none


def orthogonal(n):
    """Columns of plus and minus one, each orthogonal to the others and to the constant."""
    bits = np.arange(n)[:, None] >> np.arange(5) & 1
    return 1.0 - 2.0 * bits


def fitted(X, y, *others):
    frame = pl.DataFrame(X, schema=[f"x{j}" for j in range(X.shape[1])])
    terms = " + ".join(frame.columns)
    return fit(
        frame.with_columns(y=pl.Series(y)),
        f"y ~ {terms} - 1",
        family="normal",
        fix="sigma=1",
        prior=[f"horseshoe({SCALE}, {SLAB})", *others],
    )


def objective_of(x, y):
    prior = priors.load("horseshoe")(SCALE, SLAB)
    fixed, linear, square = 0.5 * y @ y, y @ x, 0.5 * x @ x
    return lambda b: fixed - linear * b + square * b**2 - prior.log_density(np.asarray(b))


def highest_each(X, y):
    modes = []
    for x in X.T:
        objective = objective_of(x, y)
        grid = np.concatenate([np.linspace(-3, 3, 2001), np.linspace(-0.01, 0.01, 401)])
        start = grid[np.argmin(objective(grid))]
        span = 3e-3 if abs(start) > 0.011 else 1e-4
        bounds = (start - span, start + span)
        answer = minimize_scalar(
            objective, bounds=bounds, method="bounded", options={"xatol": 1e-10}
        )
        modes.append(answer.x)
    return modes
