"""Least squares: what one pass foretells of every place, and how few passes a fit takes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit import fitting
from mlefit.request import Request
from mlefit.search.maximum import evaluator
from mlefit.search.quadratic import LeastSquares, is_quadratic

ROWS = 300


def rows(scale: float = 2.0) -> pl.DataFrame:
    rng = np.random.default_rng(11)
    x, z = rng.normal(size=(2, ROWS))
    y = 50 + 3 * x - z + scale * rng.normal(size=ROWS)
    return pl.DataFrame({"x": x, "z": z, "y": y, "w": rng.integers(1, 5, ROWS)})


def prepared(**options):
    return fitting.prepare(Request(data=rows(), formula="y ~ x + z", **options))


@pytest.mark.parametrize("kind", ["observed", "expected"])
@pytest.mark.parametrize(
    "options",
    [
        {"family": "normal"},
        {"family": "normal", "freq_weights": "w"},
        {"family": "normal", "fix": ("sigma=1.5",)},
        {"family": "lognormal"},
    ],
    ids=lambda options: " ".join(map(str, options.values())),
)
def test_one_place_tells_of_all(options, kind):
    fit = prepared(**options)
    engine = fit.engine.with_predictors([p.without_basis() for p in fit.predictors])
    assert is_quadratic(fit.model, engine)
    evaluate = evaluator(fit.model, engine)
    p = sum(predictor.size for predictor in fit.predictors)
    here, there = np.array([45.0, 1.0, 2.0, 1.3])[:p], np.array([51.0, 2.0, -3.0, 0.4])[:p]
    # of either kind the information holds the products of the columns
    for seen in ("observed", "expected"):
        sums = LeastSquares(fit.model, engine, here, evaluate(here, seen))
        for found in (sums.foretell(there, kind), sums.evaluate(there, kind)):
            true = evaluate(there, kind)
            assert found.nll == pytest.approx(true.nll, rel=1e-12)
            np.testing.assert_allclose(found.score, true.score, rtol=1e-10)
            np.testing.assert_allclose(found.information, true.information, rtol=1e-10, atol=1e-9)
            assert found.rows == true.rows


@pytest.mark.parametrize(
    "options",
    [
        {"family": "poisson"},
        {"family": "laplace"},
        {"family": "normal", "models": ("sigma ~ x",)},
        {"family": "normal", "precision_weights": "w"},
        {"family": "normal", "links": ("log",)},
    ],
    ids=lambda options: " ".join(map(str, options.values())),
)
def test_what_is_no_sum_of_squares_over_one_scale_is_told(options):
    data = rows().with_columns(pl.col("y").round().cast(int))
    fit = fitting.prepare(Request(data=data, formula="y ~ x + z", **options))
    assert not is_quadratic(fit.model, fit.engine)


def test_a_fit_takes_three_passes_and_is_least_squares():
    data = rows()
    fit = mlefit.fit(data, "y ~ x + z", family="normal")
    # the columns' means, the products, the residuals; then one for the report
    assert fit.certificate.passes == 4
    X = np.column_stack([np.ones(ROWS), data["x"], data["z"]])
    beta, squares, *_ = np.linalg.lstsq(X, data["y"].to_numpy(), rcond=None)
    np.testing.assert_allclose([c.estimate for c in fit.coefficients][:3], beta, rtol=1e-12)
    assert fit.parameters[-1].estimate == pytest.approx(np.sqrt(squares[0] / ROWS), rel=1e-12)


def test_a_start_far_away_loses_no_digits():
    """The squares left are 1e-16 of those at the start, more than a difference can hold."""
    data = rows(scale=1e-7)
    fit = mlefit.fit(data, "y ~ x + z", family="normal")
    assert fit.certificate.status == "converged"
    X = np.column_stack([np.ones(ROWS), data["x"], data["z"]])
    beta, squares, *_ = np.linalg.lstsq(X, data["y"].to_numpy(), rcond=None)
    np.testing.assert_allclose([c.estimate for c in fit.coefficients][:3], beta, rtol=1e-13)
    assert fit.parameters[-1].estimate == pytest.approx(np.sqrt(squares[0] / ROWS), rel=1e-7)
