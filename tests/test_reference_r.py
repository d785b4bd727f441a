"""Fits against R, an independent witness (tests/reference/r.json, by witness.R beside it).

R and the 50-digit fits of glm.json agree to 1e-9 on the models they share, which is
tested here too. R alone is the witness for sandwiches, weights and medians.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from mlefit.fitting import fit

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "tests" / "reference"
WITNESS = json.loads((REFERENCE / "r.json").read_text(encoding="utf-8"))
EXACT = json.loads((REFERENCE / "glm.json").read_text(encoding="utf-8"))
MODELS = {model["id"]: model for model in WITNESS["models"]}
SAME_IN_BOTH = {
    "house prices, lm": "house prices, normal",
    "heights, lm": "heights, normal",
    "doctor visits, glm poisson": "doctor visits, poisson log",
    "insurance, glm poisson with the log of an exposure as offset": (
        "insurance, poisson with exposure"
    ),
    "menarche, glm binomial logit": "menarche, binomial logit",
    "menarche, glm binomial probit": "menarche, binomial probit",
    "menarche, glm binomial cloglog": "menarche, binomial cloglog",
}

# Both solve the normal equations of a step in double precision: estimates keep 1e-9 or
# better at condition numbers up to 1e4, and so do errors. A log-likelihood or deviance
# is flat at its maximum and has only the rounding of its sum.
ESTIMATE = 1e-9
STD_ERROR = 1e-8
HEIGHT = 1e-11

HEIGHTS = ("log_likelihood", "aic", "bic", "deviance", "null_deviance", "df_residual")

every_model = pytest.mark.parametrize("id_", MODELS)
every_number = pytest.mark.parametrize(
    ("id_", "name"),
    [(id_, name) for id_, model in MODELS.items() for name in HEIGHTS if name in model["numbers"]],
)
every_kind = pytest.mark.parametrize(
    ("id_", "kind"),
    [(id_, kind) for id_, model in MODELS.items() for kind in model["std_error"] or ()],
)


@every_model
def test_estimates_agree_with_r(id_):
    model = MODELS[id_]
    expected = [approx(digits, ESTIMATE) for digits in model["estimate"]]
    assert by_term(fitted(id_), "estimate") == dict(zip(model["terms"], expected, strict=True))


@every_kind
def test_standard_errors_of_every_kind_agree_with_r(id_, kind):
    model = MODELS[id_]
    expected = [approx(digits, STD_ERROR) for digits in model["std_error"][kind]]
    assert by_term(fitted(id_, kind), "std_error") == dict(
        zip(model["terms"], expected, strict=True)
    )


@every_number
def test_log_likelihoods_criteria_and_deviances_agree_with_r(id_, name):
    found = getattr(fitted(id_).fit, name)
    assert found == approx(MODELS[id_]["numbers"][name], HEIGHT)


@pytest.mark.parametrize("id_", [i for i in MODELS if "small_sample_sigma" in MODELS[i]["numbers"]])
def test_residual_standard_errors_agree_with_r(id_):
    (sigma,) = fitted(id_, "small_sample").parameters
    assert sigma.estimate == approx(MODELS[id_]["numbers"]["small_sample_sigma"], ESTIMATE)


@pytest.mark.parametrize("id_", [i for i in MODELS if MODELS[i]["family"] == "laplace"])
def test_scales_about_medians_agree_with_r(id_):
    scale = fitted(id_).parameters[-1]
    assert scale.parameter == "b"
    assert scale.estimate == approx(MODELS[id_]["numbers"]["b"], ESTIMATE)


@pytest.mark.parametrize(("id_", "other"), SAME_IN_BOTH.items())
def test_the_witnesses_agree_with_each_other(id_, other):
    model = MODELS[id_]
    exact = next(model for model in EXACT["models"] if model["id"] == other)
    expected = {row["term"]: approx(row["estimate"], ESTIMATE) for row in exact["coefficients"]}
    height = approx(exact["log_likelihood"], HEIGHT)
    assert dict(zip(model["terms"], map(float, model["estimate"]), strict=True)) == expected
    assert float(model["numbers"]["log_likelihood"]) == height


@cache
def fitted(id_, kind=None):
    """The model of an entry with standard errors of one kind, or of the default kind."""
    model = MODELS[id_]
    options = dict(model["options"] or {})
    cluster = options.pop("cluster", None)
    if kind == "cluster":
        options |= {"se": kind, "cluster": cluster}
    elif kind == "small_sample":
        options |= {"small_sample": True}
    elif kind is not None:
        options |= {"se": kind}
    return fit(
        ROOT / "sample_data" / model["data"],
        model["formula"],
        family=model["family"],
        link=model["link"] or (),
        **options,
    )


def by_term(result, column):
    """One column of the coefficients of the location; a plain sample has it as a parameter."""
    rows = {row.term: row for row in result.coefficients} or {"Intercept": result.parameters[0]}
    return {term: getattr(row, column) for term, row in rows.items()}


def approx(digits, relative):
    return pytest.approx(float(digits), rel=relative, abs=0)
