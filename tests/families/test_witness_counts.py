"""Counts against R's MASS, pscl and VGAM (tests/reference/families/witness_counts.R).

These programs stop where their own criteria are content: MASS and VGAM agree to eight digits
and more, pscl's BFGS to about six. VGAM's errors are of the expected information and
compared with none here; pscl's are numerical.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlefit.fitting import fit

HERE = Path(__file__).parents[1]
FITS = json.loads((HERE / "reference/families/witness_counts.json").read_text())["fits"]
VISITS, CALLS, MENARCHE = "doctor_visits.csv", "callbacks.csv", "menarche.csv"
# ours as theirs: data, formula, options, and their coefficients in our order on the link scale
CASES = {
    "negbinom": (VISITS, "visits ~ age + illness", {}, lambda b: b),
    "zip": (VISITS, "health ~ age + illness", {"model": "zero ~ age"}, lambda b: b),
    "zinb": (
        VISITS, "reduced ~ age", {"model": "zero ~ age"}, lambda b: b,
    ),
    "hurdle-poisson": (
        VISITS, "health ~ age + illness", {"model": "zero ~ age"}, lambda b: [*b[:3], -b[3], -b[4]],
    ),
    "hurdle-negbinom": (
        VISITS, "health ~ age + illness", {"model": "zero ~ age"},
        lambda b: [*b[:3], -b[3], -b[4], b[5]],
    ),
    "geometric": (VISITS, "visits ~ age + illness", {}, lambda b: [-v for v in b]),
    "truncated-poisson": (CALLS, "experience ~ quality", {}, lambda b: b),
    "truncated-negbinom": (CALLS, "experience ~ quality", {}, lambda b: [b[0], b[2], b[1]]),
    "logarithmic": (CALLS, "experience ~ quality", {}, lambda b: b),
    "beta-binomial": (MENARCHE, "menarche ~ 1", {"trials": "total"}, lambda b: b),
    "negbinom1": (
        VISITS, "visits ~ age + illness", {}, lambda b: [b[0], b[2], b[3], b[0] - b[1]],
    ),
}  # fmt: skip
DIGITS = {"MASS": 1e-7, "VGAM": 1e-7, "pscl": 2e-5}


@pytest.mark.parametrize("family", CASES)
def test_estimates_are_those_of_r(family):
    theirs = FITS[family]
    result = fitted(family)
    assert result.fit.log_likelihood == pytest.approx(theirs["log_likelihood"], abs=1e-7)
    expected = CASES[family][3](theirs["estimates"])
    tolerance = DIGITS[theirs["program"].split()[0]]
    np.testing.assert_allclose(on_the_link_scale(result), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("family", ["zip", "zinb", "hurdle-poisson", "hurdle-negbinom"])
def test_standard_errors_are_those_of_r(family):
    # the signs of a turned logit do not touch its errors
    expected = np.abs(CASES[family][3](FITS[family]["std_errors"]))
    errors = [row.std_error for row in fitted(family).coefficients]
    np.testing.assert_allclose(errors, expected[: len(errors)], rtol=1e-4)


def fitted(family):
    data, formula, options, _ = CASES[family]
    frame = pl.read_csv(HERE.parent / "sample_data" / data, infer_schema_length=None)
    return fit(frame, formula, family=family, **options)


def on_the_link_scale(result):
    """Coefficients, then parameters without covariates through their links."""
    forward = {"log": math.log, "logit": lambda p: math.log(p / (1 - p))}
    alone = [forward[result.model.links[row.parameter]](row.estimate) for row in result.parameters]
    return [*(row.estimate for row in result.coefficients), *alone]
