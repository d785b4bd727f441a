"""Warnings come when they should and stay away when they should not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlefit.errors import UntrustworthyError
from mlefit.fitting import fit


def test_spread_beyond_the_family_is_told_and_plain_counts_are_not():
    rng = np.random.default_rng(1)
    wide = rng.poisson(rng.gamma(1.0, 3.0, 2000))
    plain = rng.poisson(3.0, 2000)
    assert "spread more than poisson allows" in " ".join(warnings(pl.DataFrame({"y": wide})))
    assert warnings(pl.DataFrame({"y": plain})) == ()


def test_long_tails_that_the_family_has_are_no_excess_of_spread():
    rng = np.random.default_rng(14)
    y = rng.negative_binomial(0.3, 0.3 / (0.3 + 2.0), 2000)
    found = fit(pl.DataFrame({"y": y}), "y ~ 1", family="negbinom")
    assert not any("spread" in text for text in found.warnings)
    facts = found.diagnostics
    assert abs(facts["dispersion"] - 1) < 4 * facts["dispersion_std_error"]
    # a Poisson count's squared residual varies by 2, this one's by several times as much
    assert facts["dispersion_std_error"] > 2 * np.sqrt(2 / 2000)


def test_zeros_of_their_own_are_told():
    rng = np.random.default_rng(2)
    y = np.where(rng.uniform(size=1000) < 0.3, 0, rng.poisson(4.0, 1000))
    (found,) = [w for w in warnings(pl.DataFrame({"y": y})) if "are zero" in w]
    assert found.startswith(f"{(y == 0).sum()} counts are zero where poisson expects ")


def test_a_row_that_decides_the_fit_is_named_by_its_number():
    rng = np.random.default_rng(3)
    x = np.append(rng.normal(size=40) / 10, 50.0)
    y = np.append(rng.normal(size=40), 20.0)
    (found,) = warnings(pl.DataFrame({"x": x, "y": y}), "y ~ x", "normal")
    assert found.startswith("single rows decide the estimates: row 41 (Cook's distance ")
    assert warnings(pl.DataFrame({"x": x[:40], "y": y[:40]}), "y ~ x", "normal") == ()


def test_cooks_distance_is_that_of_least_squares():
    rng = np.random.default_rng(4)
    x, y = np.append(rng.normal(size=12), 9.0), np.append(rng.normal(size=12), -30.0)
    X = np.column_stack([np.ones(13), x])
    h = np.diag(X @ np.linalg.inv(X.T @ X) @ X.T)
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    variance = np.mean(residual**2)  # the maximum-likelihood one
    exact = residual**2 * h / (2 * variance * (1 - h) ** 2)
    (found,) = warnings(pl.DataFrame({"x": x, "y": y}), "y ~ x", "normal")
    assert f"row 13 (Cook's distance {exact[-1]:.3g})" in found


def test_a_statistic_that_falls_as_its_effect_grows_is_told():
    """One failure among fifty: the effect is strong, its Wald statistic weak."""
    g = np.repeat([0, 1], 50)
    y = np.concatenate([np.tile([0, 1], 25), np.ones(49, int), [0]])
    (found,) = warnings(pl.DataFrame({"g": g, "y": y}), "y ~ g", "bernoulli")
    assert "Hauck-Donner" in found
    assert found.startswith("the Wald test and interval of g ")
    mild = np.concatenate([np.tile([0, 1], 25), np.tile([1, 1, 1, 0, 1], 10)])
    assert warnings(pl.DataFrame({"g": g, "y": mild}), "y ~ g", "bernoulli") == ()


def test_nearly_dependent_columns_are_named_with_their_dependency():
    rng = np.random.default_rng(5)
    x1, x2, noise, y = rng.normal(size=(4, 200))
    frame = pl.DataFrame({"x1": x1, "x2": x2, "x3": x1 - 2 * x2 + 1e-6 * noise, "y": y})
    (found,) = warnings(frame, "y ~ x1 + x2 + x3", "normal")
    assert "is nearly a sum of other columns, x3 = x1 - 2 x2" in found


@pytest.mark.parametrize("scale", [1e-10, 1e10])
def test_scales_and_timestamps_are_not_collinearity(scale):
    rng = np.random.default_rng(6)
    frame = pl.DataFrame(
        {
            "y": rng.normal(size=100),
            "x": rng.normal(size=100) * scale,
            "t": 1.7e9 + rng.uniform(0, 3600, 100),
        }
    )
    result = fit(frame, "y ~ x + t", family="normal")
    assert result.warnings == ()
    assert result.certificate.rank == 4


def test_more_columns_than_rows_leave_out_what_rank_does_not_need():
    rng = np.random.default_rng(7)
    frame = pl.DataFrame(rng.normal(size=(6, 9)), schema=[f"x{j}" for j in range(9)])
    frame = frame.with_columns(y=pl.Series([4.0, 1, 2, 2, 1, 3]))
    result = fit(frame, "y ~ .", family="poisson")
    assert [c.term for c in result.coefficients if c.estimate is None] == ["x5", "x6", "x7", "x8"]
    assert len([w for w in result.warnings if "is left out" in w]) == 4


def test_an_empty_interaction_cell_is_left_out_by_name():
    frame = pl.DataFrame(
        {"y": [1, 2, 3, 1, 2, 5], "g": ["a", "a", "b", "b", "a", "a"], "h": list("uvuuuv")}
    )
    result = fit(frame, "y ~ g * h", family="poisson")
    (left_out,) = [c.term for c in result.coefficients if c.estimate is None]
    assert left_out == "g[b]:h[v]"
    assert "g[b]:h[v] is left out: g[b]:h[v] = 0" in result.warnings


@pytest.mark.parametrize("family", ["normal", "laplace"])
def test_a_target_without_spread_has_no_maximum(family):
    frame = pl.DataFrame({"y": [5.0] * 4, "x": [1.0, 2, 3, 4]})
    with pytest.raises(UntrustworthyError, match="every value of the target is 5"):
        fit(frame, "y ~ x", family=family)


@pytest.mark.parametrize("family", ["normal", "laplace"])
def test_a_perfect_fit_is_told(family):
    frame = pl.DataFrame({"y": [3.0, 5, 7, 9], "x": [1.0, 2, 3, 4]})
    result = fit(frame, "y ~ x", family=family)
    assert result.certificate.status == "perfect-fit"
    assert [c.estimate for c in result.coefficients] == pytest.approx([1, 2])
    assert result.parameters[0].estimate == 0
    assert result.fit.log_likelihood is None


@pytest.mark.parametrize(
    "family", ["gamma", "inverse-gaussian", "lognormal", "weibull", "loglogistic"]
)
def test_a_perfect_fit_of_positive_values_is_told(family):
    frame = pl.DataFrame({"y": [1e6, 2e6, 4e6, 8e6, 16e6], "x": [0.0, 1, 2, 3, 4]})
    result = fit(frame, "y ~ x", family=family)
    assert result.certificate.status == "perfect-fit"
    assert result.coefficients[1].estimate == pytest.approx(np.log(2), rel=1e-9)
    assert result.parameters[0].estimate == (0 if family == "lognormal" else None)
    assert result.fit.log_likelihood is None


def test_a_group_that_is_fitted_perfectly_has_no_scale():
    rng = np.random.default_rng(8)
    frame = pl.DataFrame({"y": [*rng.normal(size=10), 4.0], "g": ["a"] * 10 + ["b"]})
    result = fit(frame, "y ~ g", family="normal", model="sigma ~ g")
    assert result.certificate.status == "perfect-fit"


@pytest.mark.parametrize(
    ("family", "y", "end"), [("poisson", [0, 0, 0], 0.0), ("bernoulli", [1, 1, 1], 1.0)]
)
def test_a_plain_sample_at_its_edge_says_so(family, y, end):
    result = fit(pl.DataFrame({"y": y}), "y ~ 1", family=family)
    assert result.certificate.status == "no-maximum"
    (parameter,) = result.parameters
    assert (parameter.estimate, parameter.std_error) == (end, None)
    assert f"'y' is {end:.0f} in every row" in result.warnings[0]


def warnings(frame, formula="y ~ 1", family="poisson"):
    return tuple(fit(frame, formula, family=family).warnings)
