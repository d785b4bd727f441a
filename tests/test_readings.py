"""Readings of coefficients as ratios, against the formula differentiated numerically."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mlefit.fitting import fit

ROOT = Path(__file__).parents[1]
LEUKEMIA = ROOT / "sample_data" / "leukemia.csv"
WITNESS = json.loads((ROOT / "tests" / "reference" / "censored.json").read_text(encoding="utf-8"))
SURVREG = {case["id"]: case["numbers"] for case in WITNESS["cases"]}


@pytest.mark.parametrize(
    ("family", "formulas"),
    [
        ("weibull", [lambda b, s: math.exp(b), lambda b, s: math.exp(-b / s)]),
        ("lognormal", [lambda b, s: math.exp(b)]),
        ("loglogistic", [lambda b, s: math.exp(b), lambda b, s: math.exp(b / s)]),
        ("exponential", [lambda b, s: math.exp(b), lambda b, s: math.exp(-b)]),
    ],
)
def test_ratios_follow_from_the_coefficients_of_survreg(family, formulas):
    numbers = SURVREG[family]
    b = numbers["treatcontrol"][0]
    scale = math.exp(numbers["Log(scale)"][0]) if "Log(scale)" in numbers else 1.0
    derived = fit(LEUKEMIA, "time ~ treat", family=family, event="cens").derived
    assert [row.estimate for row in derived] == [
        pytest.approx(formula(b, scale), rel=1e-7) for formula in formulas
    ]


def test_the_error_of_a_hazard_ratio_is_the_delta_methods():
    result = fit(LEUKEMIA, "time ~ treat", family="weibull", event="cens")
    hazard = result.derived[1]
    b = result.coefficients[1].estimate
    log_k = math.log(result.parameters[0].estimate)

    def ratio(b, log_k):
        return math.exp(-b * math.exp(log_k))

    h = 1e-5
    slope = np.array(
        [
            0.0,
            (ratio(b + h, log_k) - ratio(b - h, log_k)) / (2 * h),
            (ratio(b, log_k + h) - ratio(b, log_k - h)) / (2 * h),
        ]
    )
    variance = slope @ np.array(result.covariance.matrix) @ slope
    assert hazard.std_error == pytest.approx(math.sqrt(variance), rel=1e-8)
    middle = math.sqrt(hazard.conf_low * hazard.conf_high)
    assert middle == pytest.approx(hazard.estimate, rel=1e-12)


def test_a_shape_with_covariates_has_no_single_hazard_ratio():
    result = fit(LEUKEMIA, "time ~ treat", family="weibull", event="cens", model="k ~ treat")
    assert [row.name for row in result.derived] == ["time ratio treat[control]"]
