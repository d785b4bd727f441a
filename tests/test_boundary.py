"""Maxima at an edge of a family: told apart from those inside by mathematics."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlefit.fitting import fit

ROWS = 400
SAMPLES = Path(__file__).parents[1] / "sample_data"


@cache
def table():
    rng = np.random.default_rng(6)
    x = np.round(rng.normal(size=ROWS), 3)
    z = np.arange(ROWS) % 2
    mu = np.exp(1.5 + 0.3 * x)
    trials = rng.integers(2, 15, ROWS)
    even = rng.binomial(6, 1 / (1 + np.exp(-0.4 * x)))
    bursts = rng.negative_binomial(2, 2 / (2 + mu))
    return pl.DataFrame(
        {
            "x": x,
            "z": np.where(z == 0, "a", "b"),
            "even": even,  # spreads less than Poisson
            "plain": rng.poisson(mu),
            "bursts": bursts,
            "half": np.where(z == 0, bursts, even),
            "barely": rng.negative_binomial(20, 20 / (20 + mu)),
            "seen": rng.binomial(4, 0.5, ROWS) + 1,
            "trials": trials,
            "wins": np.round(0.3 * trials).astype(int),
        }
    )


@pytest.mark.parametrize(
    ("family", "target", "parameter", "value", "simpler", "options"),
    [
        ("negbinom", "even", "k", None, "poisson", {}),
        ("negbinom1", "even", "alpha", 0.0, "poisson", {}),
        ("zip", "even", "zero", 0.0, "poisson", {}),
        ("zinb", "bursts", "zero", 0.0, "negbinom", {}),
        ("truncated-negbinom", "seen", "k", None, "truncated-poisson", {}),
        ("hurdle-negbinom", "even", "k", None, "hurdle-poisson", {}),
        ("hurdle-poisson", "seen", "zero", 0.0, "truncated-poisson", {}),
        ("beta-binomial", "wins", "rho", 0.0, "binomial", {"trials": "trials"}),
    ],
)
@pytest.mark.parametrize("right", ["1", "x"])
def test_at_an_edge_the_numbers_are_the_simpler_familys(
    family, target, parameter, value, simpler, options, right
):
    found = fit(table(), f"{target} ~ {right}", family=family, **options)
    expected = fit(table(), f"{target} ~ {right}", family=simpler, **options)
    assert found.certificate.status == "boundary"
    assert found.model.family == family
    at_edge = next(row for row in found.parameters if row.parameter == parameter)
    assert (at_edge.estimate, at_edge.std_error, at_edge.conf_high) == (value, None, None)
    rest = [row for row in found.parameters if row.parameter != parameter]
    assert rest == expected.parameters
    assert found.coefficients == expected.coefficients
    assert found.fit == expected.fit
    assert f"--family {simpler}" in found.warnings[0]
    assert found.certificate.passes < 40


@pytest.mark.parametrize(
    ("family", "target", "simpler", "options"),
    [
        ("negbinom", "even", "poisson", {"censored_above": 5}),
        ("zip", "even", "poisson", {"censored_above": 4}),
        ("student", "x", "normal", {"censored_above": 0.4}),
    ],
)
def test_what_is_partly_seen_has_the_same_edges(family, target, simpler, options):
    found = fit(table(), f"{target} ~ z", family=family, **options)
    expected = fit(table(), f"{target} ~ z", family=simpler, **options)
    assert found.certificate.status == "boundary"
    assert found.coefficients == expected.coefficients
    assert found.fit == expected.fit
    assert f"--family {simpler}" in found.warnings[0]


def test_two_edges_at_once_are_both_named():
    found = fit(table(), "even ~ x", family="zinb")
    expected = fit(table(), "even ~ x", family="poisson")
    assert found.coefficients == expected.coefficients
    assert [(row.parameter, row.estimate) for row in found.parameters] == [
        ("k", None),
        ("zero", 0.0),
    ]
    assert "zero goes to 0 and k goes to infinity" in found.warnings[0]
    assert "--family poisson" in found.warnings[0]


@pytest.mark.parametrize("family", ["negbinom", "negbinom1"])
def test_a_maximum_near_the_edge_is_fitted_where_it_is(family):
    found = fit(table(), "barely ~ x", family=family)
    poisson = fit(table(), "barely ~ x", family="poisson")
    assert found.certificate.status == "converged"
    assert found.fit.log_likelihood > poisson.fit.log_likelihood
    assert all(row.std_error for row in found.parameters)


def test_a_maximum_less_than_an_error_from_the_edge_is_still_inside():
    # two sevens make these counts spread a trace more than Poisson's
    y = np.repeat([0, 1, 2, 3, 4, 5, 7], [27, 54, 54, 36, 18, 12, 2])
    data = pl.DataFrame({"y": y})
    excess = y.var() - y.mean()
    found = fit(data, "y ~ 1", family="negbinom")
    poisson = fit(data, "y ~ 1", family="poisson")
    assert 0 < excess < 0.1
    assert found.certificate.status == "converged"
    k = found.parameters[1]
    assert k.std_error > k.estimate
    assert 0 < found.fit.log_likelihood - poisson.fit.log_likelihood < 0.5
    assert k.estimate == pytest.approx(y.mean() ** 2 / excess, rel=0.5)
    assert any("k is less than a standard error from its edge" in text for text in found.warnings)


def test_a_size_with_covariates_at_its_edge_in_some_rows_has_no_errors():
    found = fit(table(), "half ~ x + z", family="negbinom", model="k ~ z")
    assert found.certificate.status == "boundary"
    assert "k goes to infinity in 200 of 400 rows" in found.certificate.message
    assert all(row.std_error is None for row in found.coefficients)
    assert [row.estimate for row in found.coefficients if row.parameter == "k"] == [None, None]
    assert fit(table(), "bursts ~ x", family="negbinom", model="k ~ z").certificate.status == (
        "converged"
    )


def test_a_size_with_covariates_at_its_edge_everywhere_is_the_simpler_family():
    found = fit(table(), "even ~ x", family="negbinom", model="k ~ z")
    poisson = fit(table(), "even ~ x", family="poisson")
    slopes = [row for row in found.coefficients if row.parameter == "mu"]
    assert slopes == poisson.coefficients
    assert found.fit == poisson.fit


def test_an_edge_without_a_family_is_told_without_errors():
    data = pl.read_csv(SAMPLES / "doctor_visits.csv").filter(pl.col("visits") > 0)
    found = fit(data, "visits ~ 1", family="truncated-negbinom")
    assert found.certificate.status == "boundary"
    assert found.parameters[1].estimate == 0
    assert all(row.std_error is None for row in found.parameters)
    assert "logarithmic series" in found.warnings[0]
    height = logarithmic_series(data["visits"].to_numpy())
    assert found.fit.log_likelihood == pytest.approx(height, abs=1e-6)


@pytest.mark.parametrize("right", ["1", "x"])
def test_the_slopes_at_the_edge_of_small_sizes_are_those_of_the_logarithmic_series(right):
    data = table().with_columns(seen=species())
    found = fit(data, f"seen ~ {right}", family="truncated-negbinom")
    series = fit(data, f"seen ~ {right}", family="logarithmic")
    assert found.certificate.status == "boundary"
    assert series.certificate.status == "converged"
    assert "--family logarithmic" in found.warnings[0]
    assert found.fit.log_likelihood == pytest.approx(series.fit.log_likelihood, abs=1e-8)
    slopes = [row.estimate for row in found.coefficients if row.term == "x"]
    expected = [row.estimate for row in series.coefficients if row.term == "x"]
    assert slopes == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("seed", [0, 3])  # the second has a lower maximum inside as well
@pytest.mark.parametrize("power", [1, -1])
def test_a_generalised_gamma_that_runs_to_a_wall_is_told(seed, power):
    y = np.random.default_rng(seed).pareto(3, 200) + 1
    found = fit(pl.DataFrame({"y": y**power}), "y ~ 1", family="generalised-gamma")
    pareto = fit(pl.DataFrame({"y": y}), "y ~ 1", family="pareto")
    assert found.certificate.status == "boundary"
    mu, sigma, Q = found.parameters
    assert (Q.estimate, mu.std_error, sigma.std_error) == (None, None, None)
    assert "pareto" in found.warnings[0]
    assert f"--fix Q={-100 * power}" in found.warnings[0]
    assert mu.estimate == pytest.approx(power * math.log(y.min()), abs=1e-5)
    # the density of 1/y is that of y times y^2
    height = pareto.fit.log_likelihood + (0 if power == 1 else 2 * np.log(y).sum())
    assert height - 5e-3 < found.fit.log_likelihood < height


@pytest.mark.parametrize(
    ("family", "target"),
    [("tweedie", "plain"), ("tweedie", "wait"), ("truncated-negbinom", "seen")],
)
def test_a_way_to_an_edge_without_a_family_is_not_followed_for_ever(family, target):
    rng = np.random.default_rng(5)
    data = table().with_columns(seen=species(), wait=rng.wald(1, 2, ROWS))
    found = fit(data, f"{target} ~ 1", family=family)
    assert found.certificate.status == "boundary"
    assert found.certificate.passes < 60


def test_near_one_of_two_edges_only_that_one_is_named():
    rng = np.random.default_rng(1)
    found = fit(pl.DataFrame({"y": rng.logseries(0.8, 500)}), "y ~ 1", family="truncated-negbinom")
    assert found.certificate.status == "converged"
    assert found.parameters[1].estimate < found.parameters[1].std_error
    (caution,) = found.warnings  # and no row decides alone
    assert "--family logarithmic" in caution


def species():
    """Counts more spread than a zero-truncated negative binomial allows."""
    rng = np.random.default_rng(3)
    x = table()["x"].to_numpy()
    y = rng.logseries(1 / (1 + np.exp(-1 - 0.5 * x)))
    return np.where(rng.random(ROWS) < 0.02, 6 * y, y)


def test_trials_that_all_end_alike_are_told():
    data = pl.DataFrame({"y": [0, 10, 0, 10, 10], "m": [10] * 5})
    found = fit(data, "y ~ 1", family="beta-binomial", trials="m")
    assert found.certificate.status == "boundary"
    assert (found.parameters[1].estimate, found.parameters[1].std_error) == (1.0, None)
    assert "--fix rho=0.99" in found.warnings[0]
    held = fit(data, "y ~ 1", family="beta-binomial", trials="m", fix="rho=0.99")
    assert held.certificate.status == "converged"


def logarithmic_series(y):
    """Largest log-likelihood of a logarithmic series, from its one equation."""
    from scipy.optimize import brentq

    def excess(p):
        return -p / ((1 - p) * math.log1p(-p)) - y.mean()

    p = brentq(excess, 1e-6, 1 - 1e-9, xtol=1e-15)
    return float(np.sum(y * math.log(p) - np.log(y) - math.log(-math.log1p(-p))))


def test_a_held_size_is_at_no_edge():
    found = fit(table(), "even ~ x", family="negbinom", fix="k=3")
    assert found.certificate.status == "converged"


def test_a_prior_keeps_a_size_from_its_edge():
    found = fit(table(), "even ~ x", family="negbinom", prior="k:Intercept ~ normal(1, 1)")
    assert found.certificate.status == "converged"
    (k,) = found.parameters
    assert k.estimate is not None


def test_a_search_cut_short_is_not_called_a_boundary():
    found = fit(table(), "bursts ~ x", family="zinb", max_iter=2)
    assert found.certificate.status == "step-limit"
