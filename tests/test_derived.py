"""Functions of the parameters: to 8 digits against 50-digit maxima, and against the laws they obey.

The exact numbers come from log-likelihoods written here in natural parameters, maximised and
differentiated by mpmath: neither links nor the chain rule nor the expression language enter.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import polars as pl
import pytest
from mpmath import mpf

from mlefit import families
from mlefit.errors import UsageError
from mlefit.fitting import fit, prepare
from mlefit.inference.boundary import highest
from mlefit.inference.covariance import Reference
from mlefit.inference.derived import derived_function, names_of
from mlefit.inference.quantities import Names, quantity
from mlefit.request import Request
from mlefit.search.climb import Search

SAMPLES = Path(__file__).parents[1] / "sample_data"
HEIGHTS = [171.2, 168.4, 180.9, 175.3, 162.7, 177.7, 169.1, 185.2, 173.4, 166.0]
AMOUNTS = [3.1, 0.8, 7.4, 2.2, 5.9, 1.3, 4.4, 9.8, 2.7, 3.6, 0.5, 6.1]
COUNTS = [0, 3, 1, 7, 2, 0, 12, 4, 1, 0, 5, 2, 9, 0, 3]
DOSES = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 2.2, 3.3]
DEATHS = [0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 0]


def log_normal(theta):
    mu, sigma = theta
    return sum(-((y - mu) ** 2) / (2 * sigma**2) - mpmath.log(sigma) for y in map(mpf, HEIGHTS))


def log_gamma(theta):
    mu, k = theta
    n, amounts = len(AMOUNTS), [mpf(y) for y in AMOUNTS]
    return (
        n * (k * mpmath.log(k / mu) - mpmath.loggamma(k))
        + (k - 1) * sum(map(mpmath.log, amounts))
        - k / mu * sum(amounts)
    )


def log_weibull(theta):
    scale, k = theta
    return sum(
        mpmath.log(k / scale) + (k - 1) * mpmath.log(y / scale) - (y / scale) ** k
        for y in map(mpf, AMOUNTS)
    )


def log_negbinom(theta):
    mu, k = theta
    return sum(
        mpmath.loggamma(y + k)
        - mpmath.loggamma(k)
        + y * mpmath.log(mu / (mu + k))
        + k * mpmath.log(k / (mu + k))
        for y in COUNTS
    )


def log_logistic_regression(theta):
    b0, b1 = theta
    return sum(
        y * (b0 + b1 * mpf(x)) - mpmath.log(1 + mpmath.exp(b0 + b1 * mpf(x)))
        for x, y in zip(DOSES, DEATHS, strict=True)
    )


def log_lognormal(theta):
    mu, sigma = theta
    logs = [mpmath.log(mpf(y)) for y in AMOUNTS]
    return sum(-((x - mu) ** 2) / (2 * sigma**2) - mpmath.log(sigma) for x in logs)


CASES: dict[str, tuple[Any, ...]] = {
    "normal": (
        "y ~ 1",
        {"y": HEIGHTS},
        log_normal,
        {
            "mu/sigma": lambda mu, sigma: mu / sigma,
            "mu + 1.645*sigma": lambda mu, sigma: mu + mpf("1.645") * sigma,
            "sigma^2": lambda mu, sigma: sigma**2,
            "b[sigma:Intercept]": lambda mu, sigma: mpmath.log(sigma),
        },
    ),
    "gamma": (
        "y ~ 1",
        {"y": AMOUNTS},
        log_gamma,
        {
            "mu": lambda mu, k: mu,
            "mu/sqrt(k)": lambda mu, k: mu / mpmath.sqrt(k),
            "mu*(1 - 1/k)": lambda mu, k: mu * (1 - 1 / k),
        },
    ),
    "weibull": (
        "y ~ 1",
        {"y": AMOUNTS},
        log_weibull,
        {
            "scale*log(2)^(1/k)": lambda s, k: s * mpmath.log(2) ** (1 / k),
            "exp(-(5/scale)^k)": lambda s, k: mpmath.exp(-((5 / s) ** k)),
        },
    ),
    "negbinom": (
        "y ~ 1",
        {"y": COUNTS},
        log_negbinom,
        {
            "mu + mu^2/k": lambda mu, k: mu + mu**2 / k,
            "(k/(k + mu))^k": lambda mu, k: (k / (k + mu)) ** k,
        },
    ),
    "lognormal": (
        "y ~ 1",
        {"y": AMOUNTS},
        log_lognormal,
        {
            "exp(mu + sigma^2/2)": lambda mu, s: mpmath.exp(mu + s**2 / 2),
            "sqrt(expm1(sigma^2))": lambda mu, s: mpmath.sqrt(mpmath.expm1(s**2)),
        },
    ),
    "bernoulli": (
        "y ~ dose",
        {"y": DEATHS, "dose": DOSES},
        log_logistic_regression,
        {
            "-b[Intercept]/b[dose]": lambda a, b: -a / b,
            "exp(b[dose])": lambda a, b: mpmath.exp(b),
            "1/(1 + exp(-b[Intercept] - 3*b[dose]))": lambda a, b: 1 / (1 + mpmath.exp(-a - 3 * b)),
            "(log(0.9/0.1) - b[Intercept])/b[dose]": lambda a, b: (mpmath.log(9) - a) / b,
        },
    ),
}
Z = mpmath.sqrt(2) * mpmath.erfinv(mpf("0.95"))


def exact_maximum(log_likelihood, near):
    """Parameters and their covariance, to some 40 digits."""
    theta = mpmath.matrix(near)
    p = len(theta)

    def slope(j, at):
        return mpmath.diff(lambda v: log_likelihood([*at[:j], v, *at[j + 1 :]]), at[j])

    def bend(at):
        found = mpmath.matrix(p, p)
        for i in range(p):
            for j in range(p):
                orders = tuple((k == i) + (k == j) for k in range(p))
                found[i, j] = mpmath.diff(lambda *t: log_likelihood(t), tuple(at), orders)
        return found

    for _ in range(3):
        at = list(theta)
        gradient = mpmath.matrix([slope(j, at) for j in range(p)])
        information = -bend(at)
        theta = theta + mpmath.lu_solve(information, gradient)
    return list(theta), mpmath.inverse(-bend(list(theta)))


@pytest.mark.parametrize("family", CASES)
def test_estimates_and_errors_have_8_digits(family):
    formula, columns, log_likelihood, functions = CASES[family]
    texts = [f"g{i} = {text}" for i, text in enumerate(functions)]
    result = fit(pl.DataFrame(columns), formula, family=family, derive=texts)
    rows = result.coefficients or result.parameters
    with mpmath.workdps(50):
        theta, covariance = exact_maximum(log_likelihood, [row.estimate for row in rows])
        assert [row.estimate for row in rows] == pytest.approx(list(map(float, theta)), rel=1e-9)
        for row, (text, g) in zip(result.derived, functions.items(), strict=True):
            value, error = g(*theta), delta_method(g, theta, covariance)
            assert row.expression == text
            assert row.estimate == pytest.approx(float(value), rel=1e-10)
            assert row.std_error == pytest.approx(float(error), rel=1e-8)
            ends = exact_ends(row.scale, value, error)
            assert (row.conf_low, row.conf_high) == pytest.approx(ends, rel=1e-8)


def delta_method(g, theta, covariance):
    p = len(theta)
    slopes = [mpmath.diff(g, tuple(theta), tuple(int(k == j) for k in range(p))) for j in range(p)]
    slope = mpmath.matrix(slopes)
    return mpmath.sqrt((slope.T * covariance * slope)[0])


def exact_ends(scale, value, error):
    if scale == "log":
        step = mpmath.exp(Z * error / value)
        return float(value / step), float(value * step)
    if scale == "logit":
        middle, reach = mpmath.log(value / (1 - value)), Z * error / (value * (1 - value))
        return tuple(float(1 / (1 + mpmath.exp(-x))) for x in (middle - reach, middle + reach))
    assert scale == "own"
    return float(value - Z * error), float(value + Z * error)


def test_scales_follow_from_the_form():
    scales: dict[str, str] = {}
    for family, (formula, columns, _, functions) in CASES.items():
        texts = [f"g{i} = {text}" for i, text in enumerate(functions)]
        result = fit(pl.DataFrame(columns), formula, family=family, derive=texts)
        scales |= {row.expression: row.scale for row in result.derived}
    assert scales == {
        "mu/sigma": "own",
        "mu + 1.645*sigma": "own",
        "sigma^2": "log",
        "b[sigma:Intercept]": "own",
        "mu": "log",
        "mu/sqrt(k)": "log",
        "mu*(1 - 1/k)": "own",
        "scale*log(2)^(1/k)": "log",
        "exp(-(5/scale)^k)": "logit",
        "mu + mu^2/k": "log",
        "(k/(k + mu))^k": "log",
        "exp(mu + sigma^2/2)": "log",
        "sqrt(expm1(sigma^2))": "log",
        "-b[Intercept]/b[dose]": "own",
        "exp(b[dose])": "log",
        "1/(1 + exp(-b[Intercept] - 3*b[dose]))": "logit",
        "(log(0.9/0.1) - b[Intercept])/b[dose]": "own",
    }


# ---- a parameter or a coefficient alone is the row of its own table, whatever the errors are ----

VISITS = SAMPLES / "doctor_visits.csv"
HOUSES = SAMPLES / "house_prices.csv"
ALONE = [
    (HOUSES, "price ~ lotsize", {"family": "normal"}),
    (HOUSES, "price ~ lotsize", {"family": "normal", "small_sample": True}),
    (
        HOUSES,
        "price ~ lotsize",
        {"family": "normal", "small_sample": True, "link": "sigma=identity"},
    ),
    (HOUSES, "price ~ lotsize", {"family": "normal", "se": "HC3"}),
    (HOUSES, "price ~ lotsize", {"family": "gamma", "link": "k=sqrt", "conf_level": 0.8}),
    (VISITS, "visits ~ age", {"family": "poisson", "se": "quasi"}),
    (VISITS, "visits ~ age", {"family": "zip", "link": "zero=cloglog"}),
    (VISITS, "visits ~ age + income", {"family": "negbinom", "prior": "normal(0, 0.5)"}),
    (VISITS, "visits ~ age + income", {"family": "negbinom", "l1": 20.0, "se": "debiased"}),
    (SAMPLES / "leukemia.csv", "time ~ treat", {"family": "weibull", "event": "cens"}),
]


@pytest.mark.parametrize(("data", "formula", "options"), ALONE)
def test_a_coefficient_or_a_parameter_alone_is_the_row_of_its_table(data, formula, options):
    plain = fit(data, formula, **options)
    labels = [row.term for row in plain.coefficients]
    names = [row.parameter for row in plain.parameters]
    texts = [f"c{i} = b[{label}]" for i, label in enumerate(labels)]
    texts += [f"p{i} = {name}" for i, name in enumerate(names)]
    result = fit(data, formula, derive=texts, **options)
    asked = [row for row in result.derived if row.name[0] in "cp" and row.name[1:].isdigit()]
    for row, table in zip(asked, [*plain.coefficients, *plain.parameters], strict=True):
        for field in ("estimate", "std_error", "conf_low", "conf_high"):
            assert getattr(row, field) == pytest.approx(getattr(table, field), rel=1e-10), field


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"se": "HC1"},
        {"prior": "normal(0, 0.3)"},
        {"model": "k ~ income"},
        {"fix": "age=0.2"},
    ],
    ids=str,
)
def test_the_error_is_the_delta_methods_with_the_covariance_of_the_fit(options):
    spread = "exp(b[k:Intercept] + b[k:income])" if "model" in options else "k"
    text = f"exp(b[Intercept] + b[age]) * (1 + b[income]^2 / {spread})"
    result = fit(
        VISITS, "visits ~ age + income", family="negbinom", derive=f"g = {text}", **options
    )
    rows = {f"{row.parameter}:{row.term}": row.estimate for row in result.coefficients}
    rows |= {f"{row.parameter}:Intercept": math.log(row.estimate) for row in result.parameters}

    def g(**moved):
        at = rows | moved
        log_k = at["k:Intercept"] + at.get("k:income", 0.0)
        mean = math.exp(at["mu:Intercept"] + at["mu:age"])
        return mean * (1 + at["mu:income"] ** 2 / math.exp(log_k))

    h = 1e-4
    slope = [
        (
            8 * (g(**{name: rows[name] + h}) - g(**{name: rows[name] - h}))
            - (g(**{name: rows[name] + 2 * h}) - g(**{name: rows[name] - 2 * h}))
        )
        / (12 * h)
        for name in result.covariance.names
    ]
    variance = np.array(slope) @ np.array(result.covariance.matrix) @ np.array(slope)
    row = result.derived[-1]
    assert row.estimate == pytest.approx(g(), rel=1e-12)
    assert row.std_error == pytest.approx(math.sqrt(variance), rel=1e-8)
    # "conf_low" on the log scale: the form is positive only where b[income]^2 is seen to be
    assert row.scale == "own"


def test_t_quantiles_serve_where_the_tables_use_them():
    options: dict[str, Any] = {"family": "normal", "small_sample": True}
    result = fit(HOUSES, "price ~ lotsize", derive="twice = 2*b[lotsize]", **options)
    row, slope = result.derived[0], result.coefficients[1]
    reach = Reference(result.fit.df_residual).quantile(0.95) * 2 * slope.std_error
    assert row.conf_high - row.estimate == pytest.approx(reach, rel=1e-12)
    assert fit(HOUSES, "price ~ 1", derive="v = sigma^2", **options).derived[0].estimate == (
        pytest.approx(pl.read_csv(HOUSES, infer_schema_length=None)["price"].var(), rel=1e-12)
    )


def test_without_errors_the_estimate_stands_alone():
    result = fit(VISITS, "visits ~ age", family="poisson", l1=50.0, derive="ratio = exp(b[age])")
    row = result.derived[0]
    assert row.estimate == pytest.approx(math.exp(result.coefficients[1].estimate), rel=1e-14)
    assert (row.std_error, row.conf_low, row.conf_high, row.scale) == (None,) * 4


def test_what_is_held_is_a_constant():
    result = fit(
        VISITS,
        "visits ~ age",
        family="negbinom",
        fix=["k=2", "age=0.5"],
        derive=["a = b[age]*2", "m = exp(b[Intercept])/k"],
    )
    held, mixed = result.derived
    assert (held.estimate, held.std_error, held.conf_low) == (1.0, None, None)
    error = result.coefficients[0].std_error
    assert mixed.std_error == pytest.approx(mixed.estimate * error, rel=1e-12)


def test_what_has_no_finite_estimate_has_none_and_a_note_says_why():
    under = pl.DataFrame({"y": [3, 4, 3, 5, 4, 4, 3, 5, 4, 3] * 3})
    result = fit(under, "y ~ 1", family="negbinom", derive=["v = mu + mu^2/k", "m = 2*mu"])
    gone, there = result.derived
    assert (gone.estimate, gone.std_error, gone.conf_low) == (None,) * 3
    assert there.estimate == pytest.approx(2 * result.parameters[0].estimate)
    assert "v has no value: k is at an edge of its domain" in result.notes

    parted = pl.DataFrame({"y": [0, 0, 0, 1, 1, 1], "x": [1, 2, 3, 4, 5, 6]})
    result = fit(parted, "y ~ x", family="bernoulli", derive="odds = exp(b[x])")
    assert result.certificate.status == "no-maximum"
    assert result.derived[0].estimate is None
    assert "odds has no value: the coefficient x has no finite estimate" in result.notes


# ---- the seam for profiles ----


def test_a_derived_function_has_the_gradient_of_its_value_everywhere():
    request = Request(data=VISITS, formula="visits ~ age + income", family="negbinom")
    prepared = prepare(request)
    maximum = highest(prepared.model, prepared.engine, Search(), prepared.priors)
    asked = quantity("g", "b[age]*sqrt(k)/exp(b[Intercept])*exp(k/10)", names_of(maximum))
    g = derived_function(asked, maximum)
    beta = np.concatenate(maximum.betas)
    for at in (beta, beta + 0.3, beta - 0.7):
        exact = at[1] * math.exp(at[3] / 2 - at[0]) * math.exp(math.exp(at[3]) / 10)
        assert g.value(at) == pytest.approx(exact, rel=1e-13)
        steps = 1e-3 * np.eye(len(at))
        moved = [[g.value(at + k * step) for k in (-2, -1, 1, 2)] for step in steps]
        slopes = np.array(moved) @ np.array([1, -8, 8, -1]) / 0.012
        assert g.gradient(at) == pytest.approx(slopes, rel=1e-9, abs=1e-12)
    far = beta + np.array([0, 0, 0, 1e4])
    assert math.isnan(g.value(far))
    assert np.isnan(g.gradient(far)).all()


# ---- words ----


AGE = "visits ~ age"
ON_K = {"model": "k ~ income"}
DOUBLED = "visits ~ age + I(2*age)"
WORDS = [
    (AGE, {}, "b[age]", "'b[age]' is not NAME = EXPRESSION", "'NAME = b[age]'"),
    (AGE, {}, " = b[age]", "is not NAME = EXPRESSION", "'NAME = b[age]'"),
    (AGE, {}, "b[age] >= 2", "is not NAME = EXPRESSION", None),
    (AGE, {}, "r = exp(age)", "the coefficient age is written b[age]",
     "'r = exp(b[age])'"),
    (AGE, {}, "r = exp(b[aeg])", "there is no coefficient b[aeg]", "'r = exp(b[age])'"),
    (AGE, {}, "r = 1/kk", "there is no parameter kk", "'r = 1/k'"),
    (AGE, {}, "r = 2*mu", "mu has covariates, so it differs from row to row",
     "'r = 2*b[Intercept]'"),
    (AGE, ON_K, "r = k[income]", "coefficients are written b[...], so k[income] is b[k:income]",
     "'r = b[k:income]'"),
    (AGE, ON_K, "r = b[income]", "there is no coefficient b[income]", "'r = b[k:income]'"),
    (AGE, {}, "k = b[age]", "the name 'k' is already taken by a parameter", "'k_2 = b[age]'"),
    (AGE, {}, "r = 2 + 2", "holds no parameter and no coefficient", None),
    (AGE, {}, "r = b[age] > 1", "b[age]>1 is not a number that could be estimated", None),
    (AGE, {}, "r = if(b[age], 1, k)", "if(b[age], 1, k) is not a number", None),
    (AGE, {}, "r = b[age] +", "expected a value", None),
    (AGE, {}, "r = ln(k)", "no function 'ln'", None),
    (AGE, {}, "r = log(-k)", "r: log(-k) has no finite value at the estimates", None),
    (DOUBLED, {}, "r = b[I(2*age)]", "r has no value: the column I(2*age) is left out", None),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "options", "text", "problem", "tries"), WORDS)
def test_errors_say_what_there_is(formula, options, text, problem, tries):
    with pytest.raises(UsageError) as caught:
        fit(VISITS, formula, family="negbinom", derive=text, **options)
    assert problem in caught.value.problem
    if tries is not None:
        assert f"--derive {tries}" in caught.value.tries


def test_two_quantities_may_not_share_a_name():
    with pytest.raises(UsageError, match="already taken by another --derive"):
        fit(VISITS, "visits ~ age", family="negbinom", derive=["r = k", "r = 2*k"])


def test_a_misspelt_name_is_told_before_the_search_begins():
    log: list[str] = []
    request = Request(data=VISITS, formula="visits ~ age", family="poisson", derive=("r = b[agg]",))
    with pytest.raises(UsageError):
        prepare(request, log.append)


def test_levels_interactions_and_odd_names_are_coefficients_like_others():
    frame = pl.DataFrame(
        {
            "y": [1.0, 2.5, 3.0, 4.5, 2.0, 6.0, 1.5, 3.5],
            "g": ["a", "b [x]", "a", "b [x]", "a", "b [x]", "a", "b [x]"],
            "odd name": [1, 2, 3, 4, 5, 6, 7, 9],
        }
    )
    result = fit(
        frame,
        "y ~ g * `odd name`",
        family="normal",
        derive=["d = b[g[b [x]]]", "o = 2*b[`odd name`]", "i = b[g[b [x]]:`odd name`]"],
    )
    terms = {row.term: row.estimate for row in result.coefficients}
    assert [row.estimate for row in result.derived] == [
        terms["g[b [x]]"],
        2 * terms["`odd name`"],
        terms["g[b [x]]:`odd name`"],
    ]


def test_a_familys_number_and_pi_are_constants():
    family = families.load("asymmetric-laplace").with_setting(0.9)
    names = Names.of(family, [("Intercept",), ("Intercept",)])
    asked = quantity("g", "b*pi/tau", names)
    assert sorted(asked.constants.values()) == [0.9, math.pi]
