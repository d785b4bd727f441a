"""Results made by hand, a runner for the command line, and `--update` for golden files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from mlefit.results.fit import (
    SCHEMA,
    Certificate,
    Coefficient,
    Covariance,
    DataInfo,
    Derived,
    FitResult,
    FitSummary,
    Interval,
    LossRecord,
    ModelInfo,
    ParameterEstimate,
    Reparameterisation,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite generated files")


@pytest.fixture
def current(request: pytest.FixtureRequest) -> Any:
    """Assert that a generated file is current, or rewrite it under `--update`."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return check


@pytest.fixture
def poisson_result() -> FitResult:
    """A Poisson regression with nothing unusual about it."""
    return FitResult(
        schema=SCHEMA,
        mlefit_version="0.1.0",
        command=("fit", "visits.csv", "visits ~ age + chronic", "-F", "poisson"),
        data=DataInfo(
            source="visits.csv",
            format="csv",
            rows_read=500,
            rows_used=498,
            rows_dropped={"missing:age": 2},
            target="visits",
            target_source="formula",
            features=("age", "chronic"),
            features_source="formula",
        ),
        model=ModelInfo(
            family="poisson",
            title="Poisson",
            formula="visits ~ age + chronic",
            formulas={"mu": "visits ~ age + chronic"},
            links={"mu": "log"},
            levels={},
            event=None,
            prior=(),
            fixed={},
            objective="likelihood",
            se_kind="observed",
            small_sample=False,
            interval=Interval("wald", 0.95),
        ),
        coefficients=(
            Coefficient("mu", "Intercept", 1.01649, 0.05359, 18.968, 3e-80, 0.91146, 1.12152),
            Coefficient("mu", "age", 0.257912, 0.025151, 10.2546, 1.1e-24, 0.208617, 0.307207),
            Coefficient("mu", "chronic", -0.0312, 0.0457, -0.6827, 0.4948, -0.12077, 0.05837),
        ),
        parameters=(),
        derived=(),
        fit=FitSummary(
            log_likelihood=-945.1192,
            log_prior=0.0,
            n_params=3,
            aic=1896.2384,
            aicc=1896.287,
            bic=1908.8702,
            deviance=542.1034,
            null_deviance=648.2,
            df_residual=495,
            nobs=498.0,
            mean_nll=1.897830,
            bits_per_row=2.73799,
        ),
        certificate=Certificate(
            status="converged",
            message="the gradient is zero and the information is positive definite",
            iterations=5,
            passes=6,
            newton_decrement=3.1e-17,
            max_scaled_gradient=4e-9,
            condition_number=12.0,
            rank=3,
            information="positive definite",
        ),
        losses=(
            LossRecord(
                name="Poisson loss",
                parameter="mu",
                formula="mu - y ln mu",
                value=-0.332744,
                scale_to_nll=1.0,
                constant_to_nll=2.230574,
                identity_error=2.2e-16,
                gradient_error=1e-15,
                holds_fixed=(),
                apis={
                    "scikit-learn": "PoissonRegressor(alpha=0)",
                    "R": "glm(formula, family = poisson)",
                },
                same_loss={"XGBoost": "objective='count:poisson'"},
            ),
        ),
        translations=(),
        diagnostics={"dispersion": 1.2034, "zeros_observed": 35, "zeros_expected": 26.53},
        covariance=Covariance(
            names=("mu:Intercept", "mu:age", "mu:chronic"),
            matrix=((0.00287, 1e-4, 2e-4), (1e-4, 0.000633, 3e-5), (2e-4, 3e-5, 0.00209)),
        ),
    )


@pytest.fixture
def sample_result(poisson_result: FitResult) -> FitResult:
    """A plain sample: two parameters on their natural scale, no coefficients."""
    return dataclasses.replace(
        poisson_result,
        data=dataclasses.replace(
            poisson_result.data,
            source="rivers.csv",
            rows_read=141,
            rows_used=141,
            rows_dropped={},
            target="length_miles",
            target_source="option",
            features=(),
            features_source="none",
        ),
        model=dataclasses.replace(
            poisson_result.model,
            family="inverse-gaussian",
            title="Inverse Gaussian",
            formula="length_miles ~ 1",
            formulas={},
            links={"mu": "log", "lambda": "log"},
        ),
        coefficients=(),
        parameters=(
            ParameterEstimate("mu", 591.18439, 31.2345, 533.018, 655.698),
            ParameterEstimate("lambda", 1490.7, 177.54, 1180.35, 1882.65),
        ),
        derived=(
            Derived("variance", "mu^3/lambda", 138605.7, 27412.1, 94061.4, 204244.0, "log"),
            Derived("a ratio", "lambda/mu-1", 1.5215, 0.3003, 0.9329, 2.1101, "own"),
            Derived("at an edge", "1/lambda", None, None, None, None),
        ),
        elsewhere=(
            Reparameterisation(
                "scipy",
                "invgauss(mu=0.3965816261, scale=1490.7)",
                "invgauss(mu={mu}, scale={scale})",
                (
                    Derived("mu", "mu/lambda", 0.3965816261, 0.0517, 0.3072, 0.512, "log"),
                    Derived("scale", "lambda", 1490.7, 177.54, 1180.35, 1882.65, "log"),
                ),
            ),
        ),
        losses=(),
        diagnostics={},
    )


@pytest.fixture
def classes_result(poisson_result: FitResult) -> FitResult:
    """A target of classes: a block of coefficients for each, on the same formula."""
    rows = [
        Coefficient(name, term, estimate, 0.25, 4 * estimate, 0.04, estimate - 0.5, estimate + 0.5)
        for name, sign in (("part time", 1.0), ("full time", -1.0))
        for term, estimate in (("Intercept", sign * 0.75), ("age", sign * 0.125))
    ]
    levels = ("none", "part time", "full time")
    return dataclasses.replace(
        poisson_result,
        data=dataclasses.replace(poisson_result.data, target="work", features=("age",)),
        model=dataclasses.replace(
            poisson_result.model,
            family="categorical",
            title="Categorical",
            formula="work ~ age",
            formulas=dict.fromkeys(levels[1:], "work ~ age"),
            links=dict.fromkeys(levels[1:], "logit"),
            levels={"work": levels},
            base="none",
            distribution="Categorical(p), p = softmax(0, X b[part time], X b[full time])",
        ),
        coefficients=rows,
        losses=(
            dataclasses.replace(
                poisson_result.losses[0],
                name="cross-entropy",
                parameter="all classes",
                formula="-ln p[y]",
                value=1.897831,
                constant_to_nll=0.0,
                apis={"R": "nnet::multinom(formula)"},
                same_loss={"LightGBM": "objective='multiclass'"},
            ),
        ),
        diagnostics={},
    )


@pytest.fixture
def odd_result(poisson_result: FitResult) -> FitResult:
    """Everything that can go wrong in a report, at once.

    Not converged, fixed and redundant and missing values, two modelled
    parameters, scales far apart, and names that would steer a terminal.
    """
    rows = (
        Coefficient("mu", "Intercept", 12345678.9, 4567.8, 2702.76, 0.0, 12336726.1, 12354631.7),
        Coefficient("mu", "a", 1.0, None, None, None, None, None),
        Coefficient("mu", "b", None, None, None, None, None, None),
        Coefficient("mu", "c", 3.2e-7, 1.1e-9, 290.9, 1e-300, 3.18e-7, 3.22e-7),
        Coefficient("mu", "red\x1b[31m\ntwo|lines", 0.5, 0.25, 2.0, 4.55e-2, 0.01, 0.99),
        Coefficient("sigma", "größe_with_a_very_long_name_that_must_fold[level one]",
                    -2.0, 31.0, -0.06, 0.95, -62.8, 58.8),
    )  # fmt: skip
    return dataclasses.replace(
        poisson_result,
        data=dataclasses.replace(
            poisson_result.data,
            rows_dropped={"missing:age": 1, "where": 1},
            weights={"frequency": "n"},
            exposure="days",
            where="age > 3",
        ),
        model=dataclasses.replace(
            poisson_result.model,
            family="normal",
            title="Normal",
            formulas={"mu": "visits ~ a + b + c", "sigma": "sigma ~ größe"},
            links={"mu": "identity", "sigma": "log", "nu": "log"},
            fixed={"a": 1.0},
            se_kind="HC1",
            event="yes",
            interval=Interval("wald", 0.999, "t(495)"),
        ),
        coefficients=rows,
        parameters=(ParameterEstimate("nu", 4.2, None, None, None),),
        fit=dataclasses.replace(
            poisson_result.fit, log_likelihood=float("nan"), aic=float("inf"), deviance=None
        ),
        certificate=dataclasses.replace(
            poisson_result.certificate,
            status="step limit",
            message="the step limit was reached before the maximum",
            iterations=1,
            newton_decrement=float("nan"),
        ),
        losses=(
            dataclasses.replace(
                poisson_result.losses[0],
                scale_to_nll=None,
                constant_to_nll=None,
                holds_fixed=("sigma",),
                apis={},
            ),
        ),
        warnings=("no maximum exists: \x1b[2Jx separates the classes",),
        notes=("the target was guessed",),
    )
