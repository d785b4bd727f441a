"""The Huber families: their limits, tails, and how the fits of other programs relate to them."""

from __future__ import annotations

import json
from pathlib import Path

import mpmath
import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import HuberRegressor

from mlefit import families
from mlefit.families import _huber
from mlefit.fitting import fit

ROOT = Path(__file__).parents[2]
WITNESS = json.loads((ROOT / "tests/reference/witness_settings.json").read_text(encoding="utf-8"))
HOUSES = pl.read_csv(ROOT / "sample_data/house_prices.csv", infer_schema_length=None)
VISITS = pl.read_csv(ROOT / "sample_data/doctor_visits.csv", infer_schema_length=None)
HEIGHTS = pl.read_csv(ROOT / "sample_data/heights.csv")
LINE = "height_inches ~ midparent_inches"


def estimates(result):
    return [row.estimate for row in result.coefficients]


def scale(result):
    return result.parameters[-1].estimate


def height(result):
    return result.fit.log_likelihood


@pytest.mark.parametrize("k", [0.05, 1.345, 6.0, 45.0])
@pytest.mark.parametrize("z", [-60.0, -7.0, -1.4, -1.3, -0.01, 0.0, 0.02, 1.345, 5.0])
def test_the_tails_are_exact_for_any_k(k, z):
    def density(t):
        return mpmath.exp(-(t * t / 2 if abs(t) <= k else k * abs(t) - mpmath.mpf(k) ** 2 / 2))

    with mpmath.workdps(60):
        k, z = mpmath.mpf(k), mpmath.mpf(z)
        edge = mpmath.exp(-k * k / 2) / k
        root = mpmath.sqrt(2 * mpmath.pi)
        whole = root * mpmath.erf(k / mpmath.sqrt(2)) + 2 * edge
        below = density(z) / k if z < -k else edge + root * (mpmath.ncdf(z) - mpmath.ncdf(-k))
        if z > k:
            below = whole - density(z) / k
        exact = float(mpmath.log(below / whole))
    with np.errstate(divide="ignore"):
        found = _huber.log_cdf(np.array([float(z)]), float(k))[0]
    if exact > -700:
        assert found == pytest.approx(exact, rel=1e-13)
    else:  # a core so wide is the normal distribution down to the smallest float
        assert found < -700


def test_a_far_threshold_is_the_normal_family():
    wide, normal = (fit(HEIGHTS, LINE, family=name) for name in ("huber:40", "normal"))
    assert estimates(wide) == pytest.approx(estimates(normal), rel=1e-11)
    assert wide.fit.log_likelihood == pytest.approx(normal.fit.log_likelihood, rel=1e-13)
    errors = [[row.std_error for row in one.coefficients] for one in (wide, normal)]
    assert errors[0] == pytest.approx(errors[1], rel=1e-9)


def test_a_near_threshold_nears_laplace():
    near, laplace = (fit(HOUSES, "price ~ 1", family=name) for name in ("huber:0.06", "laplace"))
    assert near.fit.log_likelihood == pytest.approx(laplace.fit.log_likelihood, rel=1e-4)
    assert scale(near) / 0.06 == pytest.approx(scale(laplace), rel=0.01)


def test_both_parameterisations_are_one_density():
    joint = fit(HEIGHTS, LINE, family="huber")
    sigma = scale(joint)
    fixed = fit(HEIGHTS, LINE, family=f"smooth-l1:{1.345 * sigma!r}")
    assert estimates(fixed) == pytest.approx(estimates(joint), rel=1e-10)
    # sigma is the same density's, but with beta held its maximum lies elsewhere and not lower
    held = fit(HEIGHTS, LINE, family=f"smooth-l1:{1.345 * sigma!r}", fix=f"sigma={sigma!r}")
    assert held.fit.log_likelihood == pytest.approx(joint.fit.log_likelihood, rel=1e-12)
    assert height(fixed) > height(held)


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_the_coefficients_are_those_that_pytorchs_losses_are_least_at(beta):
    result = fit(HEIGHTS, LINE, family=f"smooth-l1:{beta}")
    X = np.column_stack([np.ones(len(HEIGHTS)), HEIGHTS["midparent_inches"] - 69])
    y = HEIGHTS["height_inches"].to_numpy()

    def smooth_l1(b):  # as the page of torch.nn.SmoothL1Loss writes it
        d = np.abs(X @ b - y)
        return np.where(d < beta, 0.5 * d**2 / beta, d - 0.5 * beta).mean()

    def slope(b):
        return X.T @ np.clip((X @ b - y) / beta, -1, 1) / len(y)

    found = minimize(smooth_l1, [68.0, 0.6], jac=slope, method="BFGS", options={"gtol": 1e-12}).x
    mine = estimates(result)
    assert [mine[0] + 69 * mine[1], mine[1]] == pytest.approx(found, rel=1e-9)
    assert result.losses[0].value == pytest.approx(smooth_l1(found), rel=1e-12)
    assert result.losses[1].value == pytest.approx(beta * smooth_l1(found), rel=1e-12)
    assert result.losses[0].apis == {
        "PyTorch": f"torch.nn.Linear with torch.nn.SmoothL1Loss(beta={beta:g}), weight_decay=0"
    }


@pytest.mark.parametrize("case", WITNESS["huber"], ids=lambda case: case["k"])
def test_at_rlms_scale_the_coefficients_are_rlms(case):
    family = f"huber:{float(case['k'])!r}"
    held = fit(HOUSES, case["formula"], family=family, fix=f"sigma={case['scale']}")
    expected = [float(digits) for digits in case["estimate"]]
    assert estimates(held) == pytest.approx(expected, rel=1e-8)
    assert estimates(fit(HOUSES, case["formula"], family=family)) != pytest.approx(expected, 1e-3)


def test_at_scikit_learns_scale_the_coefficients_are_scikit_learns():
    x = HEIGHTS["midparent_inches"].to_numpy() - 69
    elsewhere = HuberRegressor(epsilon=1.345, alpha=0, tol=1e-10, max_iter=1000)
    elsewhere.fit(x[:, None], HEIGHTS["height_inches"])
    held = fit(HEIGHTS, LINE, family="huber", fix=f"sigma={elsewhere.scale_}")
    slope = float(elsewhere.coef_[0])
    assert estimates(held) == pytest.approx([elsewhere.intercept_ - 69 * slope, slope], rel=1e-5)
    joint = fit(HEIGHTS, LINE, family="huber")
    assert abs(scale(joint) / elsewhere.scale_ - 1) > 0.01


def test_the_joint_scale_solves_its_equation():
    result = fit(HOUSES, "price ~ 1", family="huber:2")
    centre = result.parameters[0].estimate
    z = (HOUSES["price"].to_numpy() - centre) / scale(result)
    assert np.mean(np.clip(z, -2, 2)) == pytest.approx(0, abs=1e-12)
    assert np.mean(z * np.clip(z, -2, 2)) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("data", "formula", "family"),
    [
        (HOUSES, "price ~ lotsize + bedrooms", "smooth-l1:0.01"),
        (VISITS, "visits ~ age + income", "huber:0.5"),
        (VISITS, "visits ~ age + income", "smooth-l1:0.001"),
    ],
)
def test_a_core_with_hardly_a_row_or_with_most_of_them_is_found_all_the_same(data, formula, family):
    near = fit(data, formula, family=family)
    assert near.certificate.status == "converged"
    # the loss is convex in mu, so where its slope is zero it is least
    assert near.certificate.max_scaled_gradient == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_of_the_target_does_not_matter_where_k_has_none(factor):
    plain = fit(HOUSES, "price ~ bedrooms", family="huber")
    scaled = fit(
        HOUSES.with_columns(price=pl.col("price") * factor), "price ~ bedrooms", family="huber"
    )
    assert estimates(scaled) == pytest.approx([factor * b for b in estimates(plain)], rel=1e-9)


def test_the_names_of_pytorchs_losses_have_a_threshold_in_units():
    assert families.resolve("SmoothL1Loss:0.5") == "smooth-l1:0.5"
    assert families.resolve("HuberLoss") == "smooth-l1"
    assert families.resolve("huber") == "huber"


def test_a_threshold_that_varies_by_row_is_no_one_loss():
    result = fit(HOUSES, "price ~ lotsize", family="huber", model="sigma ~ bedrooms")
    (record,) = result.losses
    assert (record.scale_to_nll, record.apis, record.same_loss) == (None, {}, {})
    assert record.identity_error < 1e-12
