"""Families of positive values against R (tests/reference/families/witness_positive.R)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mlefit import families
from mlefit.fitting import fit

ROOT = Path(__file__).parents[2]
WITNESS = json.loads(
    (ROOT / "tests" / "reference" / "families" / "witness_positive.json").read_text("utf-8")
)
regressions = pytest.mark.parametrize(
    "there", WITNESS["regressions"], ids=[r["family"] for r in WITNESS["regressions"]]
)
densities = pytest.mark.parametrize(
    "there", WITNESS["densities"], ids=[r["family"] for r in WITNESS["densities"]]
)


@regressions
def test_a_regression_is_that_of_r(there):
    family = there["family"]
    result = fit(
        ROOT / "sample_data" / "house_prices.csv", "price ~ lotsize + bathrooms", family=family
    )
    here = [row.estimate for row in result.coefficients]
    errors = [row.std_error for row in result.coefficients]
    want = np.array(there["estimates"])
    if family == "rayleigh":  # R's scale is that of a weibull with shape 2
        want[0] -= np.log(2) / 2
    # survreg stops when the likelihood stands still, so half of its digits are rounding
    assert here == pytest.approx(want.tolist(), rel=1e-8)
    if "deviance" in there:
        assert result.fit.deviance == pytest.approx(there["deviance"], rel=1e-11)
        return
    assert result.fit.log_likelihood == pytest.approx(there["log_likelihood"], rel=1e-11)
    assert errors == pytest.approx(there["errors"], rel=1e-6)
    if result.parameters:
        (scale,) = result.parameters
        assert scale.estimate is not None
        own = scale.estimate if family == "lognormal" else 1 / scale.estimate
        assert own == pytest.approx(there["scale"], rel=1e-8)


@densities
def test_density_and_tails_are_those_of_r(there):
    family = families.load(there["family"])
    y = np.array(there["y"])
    theta = [np.full(len(y), value) for value in there["theta"]]
    for method in ("log_density", "log_cdf", "log_sf"):
        with np.errstate(all="ignore"):
            claimed = getattr(family, method)(y, *theta)
        for one, other in zip(claimed, there[method], strict=False):
            if other is not None:
                assert one == pytest.approx(other, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("there", WITNESS["tweedie"], ids=lambda there: str(there["theta"][2]))
def test_the_tweedie_density_is_that_of_mgcv(there):
    y = np.array(there["y"])
    theta = [np.full(len(y), value) for value in there["theta"]]
    claimed = families.load("tweedie").log_density(y, *theta)
    np.testing.assert_allclose(claimed, there["log_density"], rtol=1e-13)


def test_a_tweedie_regression_is_that_of_r():
    there = WITNESS["power"]
    path = ROOT / "sample_data" / "doctor_visits.csv"
    held = fit(path, "reduced ~ health + age", family="tweedie", fix=["p=1.5"])
    assert [row.estimate for row in held.coefficients] == pytest.approx(there["held"], rel=1e-8)
    assert held.fit.deviance == pytest.approx(there["deviance"], rel=1e-10)
    free = fit(path, "reduced ~ health + age", family="tweedie")
    assert [row.estimate for row in free.coefficients] == pytest.approx(there["free"], rel=1e-9)
    assert free.parameters[1].estimate == pytest.approx(there["p"], abs=1e-9)
