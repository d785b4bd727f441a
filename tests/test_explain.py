"""Explanations: every topic has a page, and the numbers on it are those of the fit."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from mlefit import families, fitting
from mlefit.algebra.functions import LANGUAGE
from mlefit.errors import UntrustworthyError, UsageError
from mlefit.explaining import estimators, pages, topics
from mlefit.explaining.concepts import CONCEPTS
from mlefit.expression import parse
from mlefit.families._base import Probability
from mlefit.links import LINKS
from mlefit.report import ReportOptions, render
from mlefit.request import Request

VISITS = "sample_data/doctor_visits.csv"
RIVERS = "sample_data/rivers.csv"


def page(topic, **request):
    asked = Request(**request) if request else None
    return pages.explain(topic, asked, ("explain", topic or ""))


def formulas(found):
    return [one for step in found.steps for line in step.lines for one in line.formulas]


def value_of(found, name):
    return next(one.value for one in formulas(found) if one.name == name and one.value is not None)


# one page of each kind, and every family; their aliases lead to the same pages
TOPICS = [
    *families.NAMES,
    *(
        f"loss:{name}"
        for name in ("mse", "mae", "bce", "cross-entropy", "pinball:0.9", "gamma-loss")
    ),
    *CONCEPTS,
    *LINKS,
    *("l1", "l2", "elasticnet", "horseshoe", "jeffreys", "prior:gamma", "prior:student"),
    *topics.estimator_names(),
    *(field.name for field in topics.described()),
]


@pytest.mark.parametrize("topic", [None, *TOPICS])
def test_every_topic_has_a_page_in_every_format(topic):
    found = page(topic)
    assert found.title
    assert found.steps
    text = render(found, ReportOptions(width=80))
    assert max(map(len, text.splitlines())) <= 84
    assert render(found, ReportOptions(width=80, ascii_only=True)).isascii()
    assert "\\u" not in render(found, ReportOptions(ascii_only=True))
    assert '"schema": "mlefit/explain/1"' in render(found, ReportOptions(format="json"))
    render(found, ReportOptions(format="csv"))
    is_balanced(render(found, ReportOptions(format="md")))


def is_balanced(text):
    r"""Whether brackets, \left and \right of every formula close."""
    for formula in re.findall(r"\$\$?(.+?)\$\$?", text):
        bare = re.sub(r"\\[{}]", "", formula)
        assert bare.count("{") == bare.count("}"), formula
        assert len(re.findall(r"\\left\b", bare)) == len(re.findall(r"\\right\b", bare)), formula


@pytest.mark.parametrize("word", topics.names())
def test_every_name_that_is_completed_leads_somewhere(word):
    assert topics.resolve(word).kind in topics.KINDS


@pytest.mark.parametrize("name", families.NAMES)
def test_what_a_page_calls_an_expression_is_one(name):
    found = [one for one in formulas(page(name)) if one.expression]
    assert found
    for one in found:
        parse(one.expression, {**LANGUAGE, "logistic": LANGUAGE["Phi"]})


@pytest.mark.parametrize(
    ("word", "kind", "name"),
    [
        ("poisson", "family", "poisson"),
        ("Gaussian", "family", "normal"),
        ("MSE", "loss", "normal"),
        ("mean squared error", "loss", "normal"),
        ("mae", "loss", "laplace"),
        ("pinball:0.9", "loss", "asymmetric-laplace:0.9"),
        ("huber:1.35", "family", "huber:1.35"),
        ("l1", "prior", "laplace"),
        ("l2", "prior", "normal"),
        ("prior:normal", "prior", "normal"),
        ("logit", "link", "logit"),
        ("newton_decrement", "field", "newton_decrement"),
        ("condition number", "field", "condition_number"),
        ("fisher-information", "concept", "information"),
        ("Ridge", "estimator", "Ridge"),
        ("torch.nn.MSELoss", "estimator", "torch.nn.MSELoss"),
    ],
)
def test_a_word_means_what_people_mean(word, kind, name):
    found = topics.resolve(word)
    assert (found.kind, found.name) == (kind, name)


@pytest.mark.parametrize(
    ("estimator", "family", "loss"),
    [
        ("LinearRegression", "normal", "mean squared error"),
        ("LogisticRegression", "bernoulli", "binary cross-entropy"),
        ("nn.CrossEntropyLoss", "categorical", "cross-entropy"),
        ("nn.MSELoss", "normal", "mean squared error"),
        ("nn.L1Loss", "laplace", "mean absolute error"),
        ("nn.PoissonNLLLoss", "poisson", "Poisson loss"),
        ("nn.BCEWithLogitsLoss", "bernoulli", "binary cross-entropy"),
        ("PoissonRegressor", "poisson", "Poisson loss"),
        ("GammaRegressor", "gamma", "gamma deviance"),
        ("TweedieRegressor", "tweedie", "Tweedie deviance"),
        ("QuantileRegressor", "asymmetric-laplace", "pinball loss"),
        ("HuberRegressor", "huber", "Huber loss"),
        ("lm", "normal", "mean squared error"),
        ("Ridge", "normal", "mean squared error"),
    ],
)
def test_the_chain_from_an_estimator_to_its_loss(estimator, family, loss):
    found = page(estimator)
    assert found.chain[:3] == (estimator, f"{family} distribution", loss)


@pytest.mark.parametrize(
    ("name", "prior"), [("Ridge", "normal"), ("Lasso", "laplace"), ("ElasticNet", "elasticnet")]
)
def test_a_penalised_estimator_has_its_prior(name, prior):
    [found] = estimators.find(name)
    assert found.prior == prior
    assert page(name).chain[-1] == f"{prior} prior"


def test_an_unknown_word_gets_a_suggestion_and_a_bad_loss_its_reason():
    with pytest.raises(UsageError, match="nothing to explain is called 'poison'") as error:
        page("poison")
    assert "mlefit explain poisson" in error.value.tries
    with pytest.raises(UsageError, match="not the negative logarithm of any density"):
        page("hinge")
    with pytest.raises(UsageError, match="explained without data"):
        page("logit", data=RIVERS, target="length_miles")
    with pytest.raises(UsageError, match="which student prior"):
        page("prior:student", data=RIVERS, target="length_miles")


def test_row_1_is_the_first_row_at_the_estimate():
    found = page("poisson", data=VISITS, target="visits")
    mu = pl.read_csv(VISITS)["visits"].to_numpy().mean()
    # ln(mu^y e^-mu / y!) of y = 1
    assert value_of(found, "log-density of row 1") == pytest.approx(np.log(mu) - mu, rel=1e-12)


@pytest.mark.parametrize(
    ("family", "formula", "data"),
    [
        ("poisson", "visits ~ age + illness", VISITS),
        ("bernoulli", "call ~ honors + city", "sample_data/callbacks.csv"),
        ("normal", "price ~ log(lotsize)", "sample_data/house_prices.csv"),
        ("laplace", "price ~ log(lotsize)", "sample_data/house_prices.csv"),
    ],
)
def test_the_numbers_of_a_regression_are_those_of_its_fit(family, formula, data):
    fit = fitting.fit(data, formula, family=family)
    found = page(family, data=data, formula=formula)
    assert value_of(found, "log-likelihood at the maximum") == fit.fit.log_likelihood
    errors = [one.value for one in formulas(found) if one.name == "standard error"]
    assert errors[: len(fit.coefficients)] == [row.std_error for row in fit.coefficients]
    slopes = [one.value for one in formulas(found) if one.name.startswith("slope at ")]
    if family != "laplace":  # whose slope jumps
        assert slopes[0] > 0 > slopes[1]


def test_a_prior_is_one_more_addend():
    found = page("l2", data=VISITS, formula="visits ~ age", family="poisson", l2=50.0)
    fit = fitting.fit(VISITS, "visits ~ age", family="poisson", l2=50.0)
    penalty = sum(one["penalty_value"] for one in fit.model.prior)
    assert value_of(found, "NLL and penalty") == pytest.approx(penalty - fit.fit.log_likelihood)
    posterior = fit.fit.log_likelihood + fit.fit.log_prior
    assert value_of(found, "log-posterior") == pytest.approx(posterior)


def test_censored_rows_are_explained_by_their_fit():
    data = "sample_data/leukemia.csv"
    found = page("exponential", data=data, formula="time ~ treat", event="cens")
    fit = fitting.fit(data, "time ~ treat", family="exponential", event="cens")
    assert value_of(found, "log-likelihood at the maximum") == fit.fit.log_likelihood


def test_names_of_topics_load_no_numerics():
    code = (
        "import sys; from mlefit.explaining import topics; topics.names();"
        "print([m for m in ('numpy', 'polars', 'scipy', 'rich') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_estimators_that_are_completed_are_those_that_families_record():
    found = {estimators.folded(one.split(".")[-1]) for one in topics.estimator_names()}
    known = estimators.estimators()
    assert found <= set(known)
    missing = {
        name
        for name, rows in known.items()
        if any(row.program in ("scikit-learn", "PyTorch", "sklearn") for row in rows)
    } - found
    assert missing <= {"smoothl1loss"}  # a name that is put together


def drawn(family):
    """Rows of a family at its first example, and what a fit needs to read them."""
    example = family.examples[0]
    bound = family.bound(example.facts)
    n = 600
    theta = [
        Probability(np.full(n, one), np.full(n, 1 - one))
        if (parameter.domain.lower, parameter.domain.upper) == (0.0, 1.0)
        else np.full(n, one)
        for parameter, one in zip(bound.parameters, example.theta, strict=True)
    ]
    known = {name: np.full(n, value) for name, value in example.known.items()}
    y = bound.sample(np.random.default_rng(7), *theta, **known)
    return pl.DataFrame({"y": y, **known}), {name: name for name in known}


@pytest.mark.parametrize("name", [one for one in families.NAMES if not families.load(one).open])
def test_the_numbers_of_every_family_are_those_of_its_fit(name):
    frame, roles = drawn(families.load(name))
    asked = {"data": frame, "target": "y", "family": name, **roles}
    fit = fitting.fit(frame, target="y", family=name, **roles)
    if fit.certificate.status != "converged":
        with pytest.raises(UntrustworthyError):
            page(name, **asked)
        return
    found = page(name, **asked)
    assert value_of(found, "log-likelihood at the maximum") == fit.fit.log_likelihood
    row = value_of(found, "log-density of row 1")
    assert np.isfinite(row)
    for one in fit.parameters:
        assert value_of(found, f"estimate of {one.parameter}") == pytest.approx(
            one.estimate, rel=1e-8, abs=1e-12
        )
        error = value_of(found, f"standard error of {one.parameter}")
        assert error == pytest.approx(one.std_error, rel=1e-5)
    for loss in fit.losses:
        assert value_of(found, f"identity of {loss.name}") == fit.fit.mean_nll
    slopes = [one.value for one in formulas(found) if one.name.startswith("slope at ")]
    assert len(slopes) == 2 * len(fit.parameters)
    for left, right in zip(slopes[::2], slopes[1::2], strict=True):
        assert left > 0 > right


def test_an_article_suits_its_noun():
    assert "for an asymmetric-laplace:0.5 model" in render(page("pinball"), ReportOptions())
    assert "for a laplace model" in render(page("mae"), ReportOptions())
