"""Fits against the same fits to 50 digits (tests/reference/glm.json, by make_glm.py beside it)."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from mlefit.fitting import fit

ROOT = Path(__file__).parents[1]
REFERENCE = json.loads((ROOT / "tests" / "reference" / "glm.json").read_text(encoding="utf-8"))
MODELS = [pytest.param(model, id=model["id"]) for model in REFERENCE["models"]]

# Double precision has 16 digits. A sum over thousands of rows keeps 13 of the
# log-likelihood; an estimate loses those of the condition number, here up to 1e4;
# a standard error is the root of an inverse and loses a few more.
LOG_LIKELIHOOD = 1e-11
ESTIMATE = 1e-10
STD_ERROR = 1e-8

every_model = pytest.mark.parametrize("model", MODELS)


@every_model
def test_the_log_likelihood_has_eleven_digits_and_every_constant(model):
    result = fitted(model)
    assert result.fit.log_likelihood == approx(model["log_likelihood"], LOG_LIKELIHOOD)


@every_model
def test_estimates_have_ten_digits(model):
    expected = column(model, "estimate")
    assert estimates(fitted(model)) == {
        name: approx(digits, ESTIMATE) for name, digits in expected.items()
    }


@every_model
@pytest.mark.parametrize("kind", ["observed", "expected"])
def test_standard_errors_have_eight_digits(model, kind):
    expected = column(model, kind)
    assert std_errors(fitted(model, se=kind)) == {
        name: approx(digits, STD_ERROR) for name, digits in expected.items()
    }


@every_model
def test_the_certificate_says_converged(model):
    assert fitted(model).certificate.status == "converged"


def fitted(model, **more):
    return fit(
        data(model["data"]),
        model["formula"],
        family=model["family"],
        link=model["link"],
        model=model["model"],
        **model["options"],
        **more,
    )


def data(name):
    if name in REFERENCE["tables"]:
        return pl.DataFrame(REFERENCE["tables"][name])
    return ROOT / "sample_data" / name


def column(model, kind):
    """One column of the reference, by (parameter, term); the term is None without covariates."""
    rows = [*model["coefficients"], *model["parameters"]]
    return {(row["parameter"], row.get("term")): row[kind] for row in rows}


def estimates(result):
    return {name: row.estimate for name, row in rows_of(result)}


def std_errors(result):
    return {name: row.std_error for name, row in rows_of(result)}


def rows_of(result):
    yield from (((row.parameter, row.term), row) for row in result.coefficients)
    yield from (((row.parameter, None), row) for row in result.parameters)


def approx(digits, relative):
    return pytest.approx(float(digits), rel=relative, abs=0)
