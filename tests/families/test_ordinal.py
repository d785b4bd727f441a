"""What is special about ordered classes: thresholds in order, a location without intercept."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.errors import UsageError
from mlefit.fitting import fit
from mlefit.links import LINKS
from mlefit.support import Facts

DATA = Path(__file__).parents[2] / "sample_data"
LATENT = ("logit", "probit", "cloglog", "loglog", "cauchit")
FOUR = Facts(("a", "b", "c", "d"), 0, 3)


def of(link):
    return families.load("ordinal").bound(FOUR).through([LINKS[link]])


@pytest.mark.parametrize("link", LATENT)
def test_two_levels_are_a_bernoulli_target_with_the_threshold_for_an_intercept(link):
    # P(low) = F(t - x b), so the mirror image of F gives P(high) = F(x b - t)
    mirrored = {"cloglog": "loglog", "loglog": "cloglog"}.get(link, link)
    formula = "call ~ ethnicity + experience"
    one = fit(DATA / "callbacks.csv", formula, family="ordinal", link=link)
    two = fit(DATA / "callbacks.csv", formula, family="bernoulli", link=mirrored)
    intercept, *slopes = two.coefficients
    assert one.fit.log_likelihood == pytest.approx(two.fit.log_likelihood, rel=1e-13)
    for mine, other in zip(one.coefficients, slopes, strict=True):
        assert mine.estimate == pytest.approx(other.estimate, rel=1e-9)
        assert mine.std_error == pytest.approx(other.std_error, rel=1e-9)
    (cut,) = one.parameters
    assert cut.parameter == "no|yes"
    assert cut.estimate == pytest.approx(-number(intercept), rel=1e-9)
    assert cut.std_error == pytest.approx(intercept.std_error, rel=1e-9)


@pytest.mark.parametrize("link", LATENT)
def test_a_sample_has_the_thresholds_of_its_cumulative_shares(link):
    counts = np.array([30, 12, 5, 1])
    frame = pl.DataFrame({"y": np.repeat([1, 2, 9, 10], counts)})
    result = fit(frame, "y ~ 1", family="ordinal", link=link)
    shares = np.cumsum(counts)[:-1] / counts.sum()
    cuts = LINKS[link].forward(shares)
    errors = np.sqrt(shares * (1 - shares) / counts.sum()) / LINKS[link].slope(cuts)
    assert [row.parameter for row in result.parameters] == ["1|2", "2|9", "9|10"]
    assert result.coefficients == []
    for row, cut, error in zip(result.parameters, cuts, errors, strict=True):
        assert row.estimate == pytest.approx(cut, rel=1e-9)
        assert row.std_error == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("link", LATENT)
@pytest.mark.parametrize("method", ["score", "observed", "expected"])
def test_the_derivatives_are_those_of_the_log_mass_under_every_link(link, method):
    family = of(link)
    theta = [0.3, -1.0, 0.2, 1.9]
    y = np.arange(4.0)

    def mass(etas):
        at = LINKS[link].inverse(np.array(etas[1:]) - etas[0])
        return np.diff([0, *at, 1])

    h = 1e-4
    steps = h * np.eye(4)
    rows = [np.full(4, t) for t in theta]
    if method == "score":
        for k, claimed in enumerate(family.score(y, *rows)):
            numeric = (np.log(mass(theta + steps[k])) - np.log(mass(theta - steps[k]))) / (2 * h)
            np.testing.assert_allclose(claimed, numeric, rtol=1e-6, atol=1e-8)
        return
    claimed = family.observed(y, *rows) if method == "observed" else family.expected(*rows)
    share = mass(theta)
    for j in range(4):
        for k in range(j, 4):
            corners = [
                np.log(mass(np.array(theta) + a * steps[j] + b * steps[k]))
                for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            numeric = -(corners[0] - corners[1] - corners[2] + corners[3]) / (4 * h**2)
            if method == "expected":
                numeric = np.full(4, share @ numeric)
            one = np.broadcast_to(claimed.get((j, k), 0.0), (4,))
            np.testing.assert_allclose(one, numeric, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mu", [-700.0, -30.0, 30.0, 700.0])
def test_the_mass_of_a_far_class_keeps_its_digits(mu):
    family = of("logit")
    cuts = [-1.0, 0.2, 1.9]
    rows = [np.array([value]) for value in (mu, *cuts)]
    with mpmath.workdps(700), np.errstate(all="ignore"):
        ends = [mpmath.mpf(0), *(1 / (1 + mpmath.exp(mpmath.mpf(mu) - t)) for t in cuts), 1]
        for y in range(4):
            exact = mpmath.log(ends[y + 1] - ends[y])
            found = family.log_density(np.array([float(y)]), *rows)[0]
            assert found == pytest.approx(float(exact), rel=1e-13, abs=1e-15)
            below = mpmath.log(ends[y + 1])
            found = family.log_cdf(np.array([float(y)]), *rows)[0]
            assert found == pytest.approx(float(below), rel=1e-13, abs=1e-300)


def test_thresholds_out_of_order_have_no_likelihood():
    with np.errstate(all="ignore"):
        height = of("logit").log_density(
            np.array([1.0]), *(np.array([v]) for v in (0.0, 1.0, -1.0, 2.0))
        )
    assert not np.isfinite(height[0])


def test_the_other_way_round_is_the_other_sign():
    path, formula = DATA / "house_prices.csv", "stories ~ lotsize + driveway"
    up = fit(path, formula, family="ordinal")
    down = fit(path, formula, family="ordinal", levels=["4", "3", "2", "1"])
    assert down.fit.log_likelihood == pytest.approx(up.fit.log_likelihood, rel=1e-14)
    for one, two in zip(up.coefficients, down.coefficients, strict=True):
        assert two.estimate == pytest.approx(-number(one), rel=1e-9)
    assert [row.parameter for row in down.parameters] == ["4|3", "3|2", "2|1"]
    cuts = [number(row) for row in up.parameters]
    assert [-number(row) for row in down.parameters] == pytest.approx(cuts[::-1], rel=1e-9)


@pytest.mark.parametrize(("origin", "unit"), [(1.7e9, 1e4), (0.0, 1e10), (0.0, 1e-10)])
def test_the_thresholds_take_up_a_far_origin(origin, unit):
    rng = np.random.default_rng(7)
    n = 300
    x, z = rng.normal(size=(2, n))
    y = np.digitize(x - 0.5 * z + rng.logistic(size=n), [-1, 0.5, 2])
    near = fit(pl.DataFrame({"x": x, "z": z, "y": y}), "y ~ x + z", family="ordinal")
    frame = pl.DataFrame({"x": origin + unit * x, "z": z, "y": y})
    far = fit(frame, "y ~ x + z", family="ordinal")
    assert far.certificate.status == "converged"
    assert far.fit.log_likelihood == pytest.approx(near.fit.log_likelihood, rel=1e-12)
    slope, other = near.coefficients
    assert far.coefficients[0].estimate * unit == pytest.approx(slope.estimate, rel=1e-7)
    assert far.coefficients[0].std_error * unit == pytest.approx(slope.std_error, rel=1e-7)
    assert far.coefficients[1].estimate == pytest.approx(other.estimate, rel=1e-7)
    for mine, cut in zip(far.parameters, near.parameters, strict=True):
        moved = cut.estimate + slope.estimate * origin / unit
        assert mine.estimate == pytest.approx(moved, rel=1e-7)


def test_covariances_of_slopes_and_thresholds_are_those_of_uncentred_columns():
    # the information of beta and cuts, written out for the user's own columns
    rng = np.random.default_rng(8)
    n = 120
    x = 3 + rng.normal(size=n)
    y = np.digitize(x + rng.logistic(size=n), [2.0, 4.0])
    result = fit(pl.DataFrame({"x": x, "y": y}), "y ~ x", family="ordinal")
    family = families.load("ordinal").bound(Facts(("0", "1", "2"), 0, 2))
    beta, cuts = number(result.coefficients[0]), [number(row) for row in result.parameters]
    pairs = family.observed(y.astype(float), beta * x, *(np.full(n, cut) for cut in cuts))
    columns = [x, np.ones(n), np.ones(n)]
    information = np.zeros((3, 3))
    for (j, k), values in pairs.items():
        information[j, k] = information[k, j] = (values * columns[j] * columns[k]).sum()
    np.testing.assert_allclose(
        np.array(result.covariance.matrix), np.linalg.inv(information), rtol=1e-9
    )


def test_a_factor_without_an_intercept_is_still_compared_with_its_base():
    path = DATA / "house_prices.csv"
    one = fit(path, "stories ~ driveway + lotsize", family="ordinal")
    two = fit(path, "stories ~ 0 + driveway + lotsize", family="ordinal")
    assert [row.term for row in two.coefficients] == ["driveway[yes]", "lotsize"]
    assert two.coefficients == one.coefficients


def test_a_threshold_may_be_held_and_may_have_covariates():
    path = DATA / "house_prices.csv"
    held = fit(path, "stories ~ driveway", family="ordinal", fix="1|2=-0.2")
    assert held.parameters[0].estimate == -0.2
    assert held.certificate.status == "converged"
    partial = fit(path, "stories ~ driveway", family="ordinal", model="`2|3` ~ aircon")
    plain = fit(path, "stories ~ driveway", family="ordinal")
    assert partial.fit.n_params == plain.fit.n_params + 1
    assert (partial.fit.mean_nll or math.inf) < (plain.fit.mean_nll or -math.inf)


def test_a_location_has_no_value_to_be_held_at():
    with pytest.raises(UsageError, match="mu has no intercept, only its distance from 1"):
        fit(DATA / "house_prices.csv", "stories ~ 1", family="ordinal", fix="mu=0")


def test_a_constant_column_is_redundant_beside_the_thresholds():
    frame = pl.read_csv(DATA / "house_prices.csv", infer_schema_length=None)
    frame = frame.with_columns(one=pl.lit(2.5))
    result = fit(frame, "stories ~ lotsize + one", family="ordinal")
    assert result.coefficients[1].estimate is None
    assert any(w.startswith("one is left out: one = 2.5") for w in result.warnings)


def number(row: Any) -> float:
    return float(row.estimate)
