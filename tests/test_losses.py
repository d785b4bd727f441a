"""Which loss is it? Every claim of a loss record, held against the loss's own definition.

The scikit-learn settings are run as they are printed. For libraries that are not
installed here their documented formulas stand in, written out in FORMULAS.
"""

from __future__ import annotations

import ast
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    TweedieRegressor,
)

from mlefit import catalogue, families
from mlefit.errors import UsageError
from mlefit.families._base import Probability
from mlefit.families._refused import REFUSED
from mlefit.fitting import fit

SAMPLES = Path(__file__).parents[1] / "sample_data"

# family -> data, target, features, further options
FITS: dict[str, tuple[str, str, list[str], dict[str, Any]]] = {
    "huber": ("heights.csv", "height_inches", ["midparent_inches"], {}),
    "smooth-l1": ("heights.csv", "height_inches", ["midparent_inches"], {}),
    "asymmetric-laplace": ("house_prices.csv", "price", ["lotsize", "bedrooms"], {}),
    "normal": ("house_prices.csv", "price", ["lotsize", "bedrooms", "stories"], {}),
    "laplace": ("house_prices.csv", "price", ["lotsize", "bedrooms"], {}),
    "bernoulli": ("callbacks.csv", "call", ["experience", "yes_email"], {}),
    "binomial": ("menarche.csv", "menarche", ["age"], {"trials": "total"}),
    "exponential": ("house_prices.csv", "price", ["lotsize", "bedrooms"], {}),
    "gamma": ("house_prices.csv", "price", ["lotsize", "bedrooms"], {}),
    "hyperbolic-secant": ("house_prices.csv", "price", ["lotsize", "bedrooms"], {}),
    "inverse-gaussian": ("house_prices.csv", "price", ["lotsize", "bedrooms"], {}),
    "lognormal": ("house_prices.csv", "price", ["lotsize", "bedrooms"], {}),
    "tweedie": ("doctor_visits.csv", "reduced", ["age", "health"], {"fix": "p=1.5"}),
    "poisson": ("doctor_visits.csv", "visits", ["age", "income", "illness", "reduced"], {}),
    "categorical": ("house_prices.csv", "stories", ["lotsize", "bedrooms"], {}),
}
RECORDS = [(name, loss) for name in families.NAMES for loss in families.load(name).losses]
every_record = pytest.mark.parametrize(
    ("name", "loss"), RECORDS, ids=[f"{name}-{loss.name}" for name, loss in RECORDS]
)

# The settings in the record are run; these only make their iterations end closer to the minimum.
TIGHTER: dict[str, dict[str, Any]] = {
    "LinearRegression": {},
    "QuantileRegressor": {"solver": "highs-ds"},
    "LogisticRegression": {"tol": 1e-10, "max_iter": 10_000, "solver": "newton-cholesky"},
    "PoissonRegressor": {"tol": 1e-10, "max_iter": 10_000, "solver": "newton-cholesky"},
    "GammaRegressor": {"tol": 1e-10, "max_iter": 10_000, "solver": "newton-cholesky"},
    "TweedieRegressor": {"tol": 1e-17, "max_iter": 10_000, "solver": "newton-cholesky"},
}
NAMESPACE: dict[str, Any] = {
    "GammaRegressor": GammaRegressor,
    "LinearRegression": LinearRegression,
    "LogisticRegression": LogisticRegression,
    "PoissonRegressor": PoissonRegressor,
    "QuantileRegressor": QuantileRegressor,
    "TweedieRegressor": TweedieRegressor,
}


def _sigmoid(eta):
    return 1 / (1 + np.exp(-eta))


DRAWN, DRAWN_SIGMA = 40, 1.7  # rows made up for a slope, and their sigma


def _threshold(k):
    return k * fitted("huber").parameters[0].estimate


def _clipped(r, k):
    """The slope of a Huber loss whose threshold is k sigma, of the fit or of the drawn rows."""
    threshold = k * DRAWN_SIGMA if len(r) == DRAWN else _threshold(k)
    return np.clip(r, -threshold, threshold)


def _softmax(eta):
    """Of several classes, the score of the first being 0; (n, K)."""
    weights = np.exp(np.column_stack([np.zeros(len(eta)), eta]))
    return weights / weights.sum(axis=1, keepdims=True)


def _less_one_of(eta, y):
    """softmax - 1[y = k] for all classes but the first, (n, K - 1)."""
    return _softmax(eta)[:, 1:] - (y[:, None] == np.arange(1, eta.shape[1] + 1))


# Gradient in the raw score, as each project documents the objective. PyTorch: the formula
# on the page of the loss class. XGBoost and LightGBM: the gradient statistics of the objective.
FORMULAS = {
    "torch.nn.MSELoss()": lambda eta, y: 2 * (eta - y),
    "torch.nn.L1Loss()": lambda eta, y: np.sign(eta - y),
    "torch.nn.BCEWithLogitsLoss()": lambda eta, y: -(y * _sigmoid(-eta) - (1 - y) * _sigmoid(eta)),
    "torch.nn.PoissonNLLLoss(log_input=True)": lambda eta, y: np.exp(eta) - y,
    "torch.nn.SmoothL1Loss(beta=1)": lambda eta, y: np.clip(eta - y, -1, 1),
    "torch.nn.HuberLoss(delta=1)": lambda eta, y: np.clip(eta - y, -1, 1),
    "torch.nn.HuberLoss(delta=1.345 * sigma)": lambda eta, y: _clipped(eta - y, 1.345),
    "torch.nn.CrossEntropyLoss()": _less_one_of,
    "objective='multi:softprob'": _less_one_of,
    "objective='multiclass'": _less_one_of,
    "objective='reg:squarederror'": lambda eta, y: eta - y,
    "objective='reg:absoluteerror'": lambda eta, y: np.sign(eta - y),
    "objective='reg:quantileerror', quantile_alpha=0.5": lambda eta, y: (eta > y) - 0.5,
    "objective='binary:logistic'": lambda eta, y: _sigmoid(eta) - y,
    "objective='count:poisson'": lambda eta, y: np.exp(eta) - y,
    "objective='reg:gamma'": lambda eta, y: 1 - y * np.exp(-eta),
    "objective='gamma'": lambda eta, y: 1 - y * np.exp(-eta),
    "objective='regression'": lambda eta, y: eta - y,
    "objective='regression_l1'": lambda eta, y: np.sign(eta - y),
    "objective='quantile', alpha=0.5": lambda eta, y: (eta > y) - 0.5,
    "objective='binary'": lambda eta, y: -(2 * y - 1) / (1 + np.exp((2 * y - 1) * eta)),
    "objective='poisson'": lambda eta, y: np.exp(eta) - y,
    "objective='huber', alpha=1": lambda eta, y: np.clip(eta - y, -1, 1),
    "objective='huber', alpha=1.345 * sigma": lambda eta, y: _clipped(eta - y, 1.345),
}
# The same objectives' second derivatives, where a Newton step of boosting uses them.
HESSIANS = {
    "objective='reg:squarederror'": lambda eta, y: np.ones_like(eta),
    "objective='binary:logistic'": lambda eta, y: _sigmoid(eta) * _sigmoid(-eta),
    "objective='regression'": lambda eta, y: np.ones_like(eta),
    "objective='binary'": lambda eta, y: _sigmoid(eta) * _sigmoid(-eta),
}
CLAIMS = [
    (name, loss, library, setting)
    for name, loss in RECORDS
    for settings in (loss.apis, loss.same_loss)
    for by_library in settings.values()
    for library, setting in by_library.items()
    if library in ("PyTorch", "XGBoost", "LightGBM")
]
WITH_SCIKIT_LEARN = [
    (name, loss)
    for name, loss in RECORDS
    if any("scikit-learn" in apis for apis in loss.apis.values())
]
every_scikit_learn_setting = pytest.mark.parametrize(
    ("name", "loss"),
    WITH_SCIKIT_LEARN,
    ids=[f"{name}-{loss.name}" for name, loss in WITH_SCIKIT_LEARN],
)
every_claim = pytest.mark.parametrize(
    ("name", "loss", "library", "setting"),
    CLAIMS,
    ids=[f"{name}-{loss.name}-{library}" for name, loss, library, _ in CLAIMS],
)


# --- the records -----------------------------------------------------------------------


def test_every_family_with_a_loss_is_fitted_here():
    assert sorted(FITS) == sorted({name for name, _ in RECORDS})


def test_the_name_of_a_loss_means_one_family():
    names = [loss.name for _, loss in RECORDS]
    assert len(set(names)) == len(names)


def test_the_catalogue_lists_every_loss_and_every_refusal():
    listed = {row["loss"]: row["fit with"] for row in catalogue.losses()}
    claimed = {loss.name: f"--family {families.load(name).label}" for name, loss in RECORDS}
    assert listed == claimed | {loss.names[0]: " or ".join(loss.instead) for loss in REFUSED}


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.names[0])
def test_a_loss_that_no_family_has_is_refused_with_the_reason(refused):
    for name in (*refused.names, f"{refused.names[0].upper()}:2"):
        with pytest.raises(UsageError) as caught:
            fit(SAMPLES / "callbacks.csv", "call ~ experience", family=name)
        assert caught.value.problem == f"'{name}' {refused.why.value}"
        assert caught.value.evidence == (refused.reason,)
        assert caught.value.tries == refused.instead


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.names[0])
def test_what_is_offered_instead_exists(refused):
    for flags in refused.instead:
        if "--loss" in flags:
            assert families.resolve(flags.partition("--loss ")[2].split()[0]) in families.NAMES


def test_no_name_is_both_a_family_and_refused():
    refused = [name for loss in REFUSED for name in loss.names]
    assert len(set(refused)) == len(refused)
    taken = {s for name in families.NAMES for s in (name, *families.spellings_of(name))}
    assert not taken & set(refused)


# what each library calls its losses -> the family that has the loss
NAMES_ELSEWHERE = {
    "scikit-learn": {
        "squared_error": "normal", "absolute_error": "laplace", "quantile": "asymmetric-laplace",
        "log_loss": "bernoulli", "poisson": "poisson", "mean_squared_error": "normal",
        "mean_absolute_error": "laplace", "mean_pinball_loss": "asymmetric-laplace",
        "huber": "huber", "HalfGammaLoss": "gamma", "HalfTweedieLoss": "tweedie",
    },
    "PyTorch": {
        "MSELoss": "normal", "L1Loss": "laplace", "SmoothL1Loss": "smooth-l1",
        "HuberLoss": "smooth-l1", "PoissonNLLLoss": "poisson", "GaussianNLLLoss": "normal",
        "BCELoss": "bernoulli", "BCEWithLogitsLoss": "bernoulli", "NLLLoss": "categorical",
        "CrossEntropyLoss": "categorical",
    },
    "XGBoost": {
        "reg:squarederror": "normal", "reg:absoluteerror": "laplace", "count:poisson": "poisson",
        "reg:quantileerror": "asymmetric-laplace", "binary:logistic": "bernoulli",
        "reg:logistic": "bernoulli", "reg:quantileerror:0.9": "asymmetric-laplace:0.9",
        "reg:gamma": "gamma", "reg:tweedie": "tweedie", "multi:softprob": "categorical",
        "multi:softmax": "categorical",
    },
    "LightGBM": {
        "regression": "normal", "regression_l2": "normal", "l2_root": "normal", "rmse": "normal",
        "regression_l1": "laplace", "quantile:0.9": "asymmetric-laplace:0.9", "binary": "bernoulli",
        "poisson": "poisson", "huber:1.5": "huber:1.5", "gamma": "gamma", "tweedie": "tweedie",
        "multiclass": "categorical",
    },
}  # fmt: skip


@pytest.mark.parametrize("library", NAMES_ELSEWHERE)
def test_the_names_of_other_libraries_lead_to_the_family(library):
    names = NAMES_ELSEWHERE[library]
    assert {name: families.resolve(name) for name in names} == names


def test_an_unknown_name_with_a_colon_is_no_setting():
    with pytest.raises(UsageError, match="no family or loss 'reg:nothing'"):
        families.resolve("reg:nothing")


def test_the_squared_error_of_the_logarithm_itself_is_lognormal():
    assert families.resolve("msle") == families.resolve("mean_squared_log_error") == "lognormal"
    result = fitted("lognormal")
    X, y, _ = arrays("lognormal")
    (record,) = result.losses
    assert "not ln(1 + y)" in record.formula
    assert record.value == pytest.approx(
        np.mean((np.log(y) - X @ coefficients(result)) ** 2), rel=1e-12
    )
    with pytest.raises(UsageError) as caught:
        families.resolve("rmsle")
    assert "lognormal" in caught.value.evidence[0]


def test_the_squared_error_of_logarithms_is_that_of_the_target_that_is_offered():
    data = visits()
    result = fit(data, "log(1 + visits) ~ age", family="mse")
    fitted_log = result.coefficients[0].estimate + result.coefficients[1].estimate * data["age"]
    msle = ((np.log1p(data["visits"].to_numpy()) - fitted_log.to_numpy()) ** 2).mean()
    assert result.losses[0].value == pytest.approx(msle, rel=1e-12)


@pytest.mark.parametrize("name", FITS)
def test_a_fit_reports_every_loss_of_its_family(name):
    reported = fitted(name).losses
    assert [record.name for record in reported] == [loss.name for n, loss in RECORDS if n == name]
    for record in reported:
        assert record.identity_error < 1e-12
        assert record.gradient_error < 1e-12


# --- the identity ----------------------------------------------------------------------

# the mean loss of the data, from the raw columns and the printed estimates alone; where the
# loss has a unit of its own, residuals are in units of the scale
VALUES = {
    "mean squared error": lambda y, eta, m: (y - eta) ** 2,
    "mean absolute error": lambda y, eta, m: abs(y - eta),
    "pinball loss": lambda y, eta, m: abs(y - eta) / 2,
    "smooth L1 loss": lambda y, eta, m: _smooth(abs(y - eta), 1.0),
    "Huber loss with a fixed threshold": lambda y, eta, m: _smooth(abs(y - eta), 1.0),
    "Huber loss": lambda y, eta, m: _smooth(abs(y - eta), _threshold(1.345)),
    "binary cross-entropy": lambda y, eta, m: np.log1p(np.exp(-(2 * y - 1) * eta)),
    "cross-entropy of all trials": lambda y, eta, m: (
        y * np.log1p(np.exp(-eta)) + (m - y) * np.log1p(np.exp(eta))
    ),
    "log-cosh": lambda y, eta, m: np.log(np.cosh(np.pi / 2 * (y - eta))),
    "cross-entropy": lambda y, eta, m: (
        -np.log(np.take_along_axis(_softmax(eta), y.astype(int)[:, None], axis=1))
    ),
    "exponential NLL": lambda y, eta, m: eta + y * np.exp(-eta),
    "gamma deviance": lambda y, eta, m: 2 * (y * np.exp(-eta) - 1 - np.log(y) + eta),
    "inverse Gaussian deviance": lambda y, eta, m: (y * np.exp(-eta) - 1) ** 2 / y,
    "squared error of ln y": lambda y, eta, m: (np.log(y) - eta) ** 2,
    "Tweedie deviance": lambda y, eta, m: (
        2 * (-4 * np.sqrt(y) + 2 * y * np.exp(-eta / 2) + 2 * np.exp(eta / 2))
    ),
    "Poisson loss": lambda y, eta, m: np.exp(eta) - y * eta,
    "Poisson deviance": lambda y, eta, m: (
        2 * (y * (np.log(np.where(y > 0, y, 1)) - eta) - y + np.exp(eta))
    ),
}


def _smooth(size, threshold):
    return np.where(size < threshold, size**2 / 2, threshold * (size - threshold / 2))


@every_record
def test_scale_times_value_plus_constant_is_the_mean_nll(name, loss):
    result = fitted(name)
    record = next(record for record in result.losses if record.name == loss.name)
    X, y, m = arrays(name)
    unit = result.parameters[0].estimate if loss.name == "log-cosh" else 1.0
    value = VALUES[loss.name](y / unit, X @ by_class(result) / unit, m).mean()
    assert record.value == pytest.approx(value, rel=1e-10)
    rebuilt = record.scale_to_nll * value + record.constant_to_nll
    assert rebuilt == pytest.approx(result.fit.mean_nll, rel=1e-10)
    assert rebuilt == pytest.approx(-result.fit.log_likelihood / len(y), rel=1e-10)


def test_the_mean_squared_error_is_the_normal_height():
    result = fitted("normal")
    X, y, _ = arrays("normal")
    mse = np.mean((y - X @ coefficients(result)) ** 2)
    assert result.fit.mean_nll == pytest.approx(math.log(2 * math.pi * math.e * mse) / 2, rel=1e-12)


def test_the_mean_absolute_error_is_the_laplace_height():
    result = fitted("laplace")
    X, y, _ = arrays("laplace")
    mae = np.mean(abs(y - X @ coefficients(result)))
    assert result.fit.mean_nll == pytest.approx(math.log(2 * math.e * mae), rel=1e-12)


# --- the same coefficients elsewhere ---------------------------------------------------


@every_scikit_learn_setting
def test_the_printed_scikit_learn_setting_gives_the_same_coefficients(name, loss):
    setting = printed(name, loss)["scikit-learn"]
    X, y, weights = one_row_a_class(name) if "one row a class" in setting else plain_rows(name)
    call = re.split(r" on one row a class| less its first class", setting)[0]
    estimator = evaluated(call)
    estimator.set_params(**TIGHTER[type(estimator).__name__])
    # on columns of unit spread; the coefficients are those of the raw columns again below
    mean, spread = X.mean(axis=0), X.std(axis=0)
    estimator.fit((X - mean) / spread, y, sample_weight=weights)
    slopes = (np.atleast_2d(estimator.coef_) / spread).T
    intercepts = np.ravel(estimator.intercept_) - mean @ slopes
    theirs = np.vstack([intercepts, slopes])
    if loss.joint:
        theirs = theirs[:, 1:] - theirs[:, :1]
    np.testing.assert_allclose(np.squeeze(theirs), by_class(fitted(name)), rtol=1e-6)


def test_a_wrong_setting_would_be_noticed():
    assert evaluated("PoissonRegressor(alpha=0)").get_params()["alpha"] == 0
    assert math.isinf(evaluated("LogisticRegression(C=inf)").get_params()["C"])
    with pytest.raises(TypeError):
        evaluated("PoissonRegressor(lambda_=0)")
    with pytest.raises(KeyError):
        evaluated("RidgeRegressor(alpha=0)")


@every_claim
def test_the_documented_gradient_is_a_multiple_of_the_slope_of_the_nll(
    name, loss, library, setting
):
    rng = np.random.default_rng(7)
    eta = rng.normal(size=(DRAWN, 3) if loss.joint else DRAWN)
    family = families.load(name)
    # every class, both values of a yes or no; no zero where that is impossible
    zero_is_impossible = family.support.first_violation(np.zeros(1), {}) is not None
    y = rng.integers(0, 4 if loss.joint else 2, DRAWN) + 0.5 * zero_is_impossible
    rest = (np.full(DRAWN, DRAWN_SIGMA),) * (len(family.parameters) - 1)
    documented = FORMULAS[objective(setting)](eta, y)
    if loss.joint:
        slope = -np.column_stack(family.score(y, *eta.T))
    else:
        slope = -family.score(y, *theta_of(name, eta), *rest)[0] * chain(name, eta)
    ratio = np.ravel(documented / slope)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)
    assert ratio[0] > 0


@every_claim
def test_the_documented_loss_is_least_at_the_coefficients(name, loss, library, setting):
    result = fitted(name)
    X, y, _ = arrays(name)
    gradient = FORMULAS[objective(setting)]
    eta = X @ by_class(result)
    if families.load(name).vertex is not None:
        assert_zero_is_a_subgradient(X, y - eta)
    else:
        for slopes in np.atleast_2d(gradient(eta, y).T):
            parts = X.T * slopes
            np.testing.assert_allclose(parts.sum(axis=1) / abs(parts).sum(axis=1), 0, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "setting"),
    [(name, setting) for name, _, _, setting in CLAIMS if setting in HESSIANS],
)
def test_the_documented_hessian_is_a_multiple_of_the_information(name, setting):
    eta = np.linspace(-2, 2, 9)
    family = families.load(name)
    rest = (1.7,) * (len(family.parameters) - 1)
    pairs = family.expected(*theta_of(name, eta), *rest)
    assert pairs is not None
    information = pairs[0, 0] * chain(name, eta) ** 2
    ratio = HESSIANS[setting](eta, np.ones_like(eta)) / information
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)


# --- where nothing is claimed ----------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("poisson", {"freq_weights": "illness_1"}),
        ("poisson", {"sampling_weights": "illness_1"}),
        ("poisson", {"offset": "age"}),
        ("poisson", {"exposure": "illness_1"}),
        ("poisson", {"fix": "age=0.5"}),
        ("normal", {"precision_weights": "illness_1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_weights_offsets_and_held_coefficients_are_no_plain_setting(family, options):
    data = visits().with_columns(illness_1=pl.col("illness") + 1)
    for record in fit(data, "visits ~ age + income", family=family, **options).losses:
        assert record.apis == {}
        assert record.same_loss == {}


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("visits ~ age + income - 1", {}),
        ("visits ~ age + I(2 * age)", {}),
        ("visits ~ age + income", {"max_iter": 2}),
    ],
    ids=["no intercept", "redundant column", "stopped early"],
)
def test_the_same_coefficients_are_claimed_only_where_a_plain_fit_has_them(formula, options):
    for record in fit(visits(), formula, family="poisson", **options).losses:
        assert record.apis == {}
        assert record.same_loss == {"XGBoost": "objective='count:poisson'"} | {
            "LightGBM": "objective='poisson'"
        }


def test_the_same_coefficients_are_not_claimed_for_one_median_of_many():
    data = pl.DataFrame({"y": [1.0, 2.0, 3.0, 4.0]})
    result = fit(data, "y ~ 1", family="laplace")
    assert "not unique" in result.certificate.message
    assert result.losses[0].apis == {}


def test_a_scale_that_varies_has_no_plain_setting_and_no_single_factor():
    result = fit(
        sample("house_prices.csv"), "price ~ lotsize", family="normal", model="sigma ~ lotsize"
    )
    (record,) = result.losses
    assert record.scale_to_nll is None
    assert record.constant_to_nll is None
    assert record.apis == {}
    assert record.identity_error < 1e-12


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_another_link_claims_no_setting(link):
    result = fit(SAMPLES / "callbacks.csv", "call ~ experience", family="bernoulli", link=link)
    assert result.losses[0].apis == {}


def test_a_search_cut_short_says_so():
    certificate = fit(
        SAMPLES / "doctor_visits.csv", "visits ~ age + income", family="poisson", max_iter=2
    ).certificate
    assert certificate.status == "step-limit"
    assert certificate.iterations == 2
    assert "step limit" in certificate.message


# --- helpers ---------------------------------------------------------------------------


@cache
def table(name):
    data = sample(FITS[name][0])
    if name == "bernoulli":
        return data.with_columns(
            call=(pl.col("call") == "yes").cast(pl.Int64),
            yes_email=(pl.col("computer") == "yes").cast(pl.Int64),
        )
    return data


@cache
def fitted(name):
    _, target, features, options = FITS[name]
    result = fit(table(name), f"{target} ~ {' + '.join(features)}", family=name, **options)
    assert result.certificate.message == "converged"
    return result


def sample(file):
    return pl.read_csv(SAMPLES / file, infer_schema_length=None)


def visits():
    return sample("doctor_visits.csv")


def coefficients(result):
    return np.array([row.estimate for row in result.coefficients])


def by_class(result):
    """Coefficients (p,), or (p, K - 1) of a target with classes."""
    numbers = coefficients(result)
    classes = len({row.parameter for row in result.coefficients})
    return numbers if classes == 1 else numbers.reshape(classes, -1).T


def arrays(name):
    """Columns with the intercept first, target, trials (ones without any)."""
    _, target, features, options = FITS[name]
    data = table(name)
    X = np.column_stack([np.ones(len(data)), data.select(features).to_numpy().astype(float)])
    y = data[target].to_numpy().astype(float)
    if families.load(name).support.levels:
        y = y - 1
    trials = options.get("trials")
    m = np.ones(len(y)) if trials is None else data[trials].to_numpy().astype(float)
    return X, y, m


def plain_rows(name):
    X, y, _ = arrays(name)
    return X[:, 1:], y, None


def one_row_a_class(name):
    X, y, m = arrays(name)
    twice = np.concatenate([X, X])[:, 1:]
    return twice, np.repeat([1, 0], len(y)), np.concatenate([y, m - y])


def printed(name, loss):
    """The settings that the fit's own record prints."""
    return next(record.apis for record in fitted(name).losses if record.name == loss.name)


def evaluated(call):
    """The estimator that a setting such as `QuantileRegressor(quantile=0.5, alpha=0)` makes."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    assert not node.args
    words = {str(word.arg): _number(word.value) for word in node.keywords}
    return NAMESPACE[node.func.id](**words)


def _number(node):
    if isinstance(node, ast.Name):
        return {"inf": np.inf}[node.id]
    return ast.literal_eval(node)


def objective(setting):
    """The loss in a setting: `torch.nn.Linear with LOSS, weight_decay=0` or an objective."""
    model, joined, loss = setting.partition(" with ")
    if not joined:
        return setting
    assert model == "torch.nn.Linear"
    loss, _, rest = loss.rpartition(", ")
    assert rest == "weight_decay=0"
    return loss


def theta_of(name, eta):
    if name == "bernoulli":
        return (Probability(_sigmoid(eta), _sigmoid(-eta)),)
    return (np.exp(eta) if is_log(name) else eta,)


def chain(name, eta):
    """d mu / d eta."""
    if name == "bernoulli":
        return _sigmoid(eta) * _sigmoid(-eta)
    return np.exp(eta) if is_log(name) else np.ones_like(eta)


def is_log(name):
    return families.load(name).parameters[0].link == "log"


def assert_zero_is_a_subgradient(X, residual):
    """Sum of sign(r) x over the rows off the corner, minus some s x with |s| <= 1 on it, is 0."""
    on_corner = abs(residual) < 1e-9 * abs(residual).max()
    X = X / np.abs(X).max(axis=0)
    outside = X[~on_corner].T @ np.sign(residual[~on_corner])
    solution = linprog(
        np.zeros(on_corner.sum()), A_eq=X[on_corner].T, b_eq=-outside, bounds=(-1, 1)
    )
    assert solution.status == 0
