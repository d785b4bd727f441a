"""Words to priors: whom a prior is for, which one wins, and every way to get it wrong."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlefit.errors import UsageError
from mlefit.fitting import fit, prepare
from mlefit.request import Request

RNG = np.random.default_rng(7)
FRAME = pl.DataFrame(
    {
        "y": RNG.normal(size=40),
        "count": RNG.poisson(3, size=40),
        "hit": RNG.integers(0, 2, size=40),
        "x1": RNG.normal(size=40),
        "x2": RNG.normal(size=40),
        "g": np.resize(["a", "b", "c"], 40),
    }
)
FORMULA = "y ~ x1 + log(x2 + 9) + g + x1:g"
SLOPES = ["mu:x1", "mu:log(x2+9)", "mu:g[b]", "mu:g[c]", "mu:x1:g[b]", "mu:x1:g[c]"]

# A prior, and the coefficients it is for.
MEANINGS = [
    ("normal(0, 1)", SLOPES),
    ("  Normal ( 0 , 1e0 ) ", SLOPES),
    ("slopes ~ normal(0, 1)", SLOPES),
    ("x1 ~ normal(0, 1)", ["mu:x1"]),
    ("mu:x1 ~ normal(0, 1)", ["mu:x1"]),
    ("x1~normal(0, 1)", ["mu:x1"]),
    ("log(x2 + 9) ~ normal(0, 1)", ["mu:log(x2+9)"]),
    ("g ~ normal(0, 1)", ["mu:g[b]", "mu:g[c]"]),
    ("g[c] ~ normal(0, 1)", ["mu:g[c]"]),
    ("x1:g ~ normal(0, 1)", ["mu:x1:g[b]", "mu:x1:g[c]"]),
    ("mu:x1:g[b] ~ normal(0, 1)", ["mu:x1:g[b]"]),
    ("Intercept ~ normal(0, 1)", ["mu:Intercept"]),
    ("mu:Intercept ~ normal(0, 1)", ["mu:Intercept"]),
    ("sigma ~ normal(0, 1)", ["sigma:Intercept"]),
    ("sigma:Intercept ~ normal(0, 1)", ["sigma:Intercept"]),
    ("sigma ~ gamma(2, 1)", ["sigma:Intercept"]),
]

# Priors, further options, the sentence, and what would work.
ERRORS = [
    ("", {}, "cannot read the prior ''", "--prior 'normal(0, 1)'"),
    ("normal(0, 1", {}, "cannot read the prior 'normal(0, 1'", "--prior 'normal(0, 1)'"),
    ("x1 ~", {}, "cannot read the prior 'x1 ~'", "--prior 'x ~ laplace(0, 0.5)'"),
    ("normal(0, one)", {}, "'one' in the prior 'normal(0, one)' is not a number", None),
    ("normal(0, nan)", {}, "'nan' in the prior 'normal(0, nan)' is not a number", None),
    ("normal(inf, 1)", {}, "'inf' in the prior 'normal(inf, 1)' is not a number", None),
    ("normal(0,, 1)", {}, "'' in the prior 'normal(0,, 1)' is not a number", None),
    ("normal(0, 1,)", {}, "'' in the prior 'normal(0, 1,)' is not a number", None),
    ("normal", {}, "normal takes 2 numbers, not 0", "--prior 'normal(centre, scale)'"),
    ("normal()", {}, "normal takes 2 numbers, not 0", "--prior 'normal(centre, scale)'"),
    ("laplace(1)", {}, "laplace takes 2 numbers, not 1", "--prior 'laplace(centre, scale)'"),
    ("normal(0, 0)", {}, "the scale of a normal prior must be > 0", None),
    ("student(-1, 0, 1)", {}, "the df of a student prior must be > 0", None),
    ("elasticnet(1, 2)", {}, "the ratio of an elastic net lies between 0 (L2) and 1 (L1)", None),
    ("norml(0, 1)", {}, "no prior 'norml'", "--prior 'normal(centre, scale)'"),
    (
        "log(x2) ~ normal(0, 1)",
        {},
        "the prior 'log(x2) ~ normal(0, 1)' is for 'log(x2)', which is no term or parameter",
        "--prior 'log(x2+9) ~ normal(0, 1)'",
    ),
    (
        "sigma:x1 ~ normal(0, 1)",
        {},
        "the prior 'sigma:x1 ~ normal(0, 1)' is for 'sigma:x1', which is no term or parameter",
        None,
    ),
    (
        "mu ~ normal(0, 1)",
        {},
        "the prior 'mu ~ normal(0, 1)' is for 'mu', which has several coefficients: name one",
        "--prior 'mu:x1:g[c] ~ normal(0, 1)'",
    ),
    (
        "sigma ~ normal(0, 1)",
        {"fix": "sigma=2"},
        "the prior 'sigma ~ normal(0, 1)' is for 'sigma', which is held at a value",
        None,
    ),
    (
        "x1 ~ normal(0, 1)",
        {"fix": "x1=2"},
        "the prior 'x1 ~ normal(0, 1)' is for 'x1', which is held at a value",
        None,
    ),
    (
        "normal(0, 1)",
        {"formula": "y ~ 1"},
        "'normal(0, 1)' is for slopes, and there are none",
        "--prior 'mu ~ ...'",
    ),
    (
        "gamma(2, 1)",
        {},
        "gamma is a prior of a positive parameter without covariates",
        "--prior 'sigma ~ gamma(2, 1)'",
    ),
    (
        "mu ~ gamma(2, 1)",
        {"formula": "y ~ 1"},
        "gamma is a prior of a positive parameter without covariates",
        "--prior 'sigma ~ gamma(2, 1)'",
    ),
    (
        "mu ~ gamma(2, 1)",
        {"formula": "hit ~ 1", "family": "bernoulli"},
        "gamma is a prior of a positive parameter without covariates",
        None,
    ),
    (
        "sigma ~ gamma(2, 1)",
        {"fix": "sigma=2"},
        "gamma is a prior of a positive parameter without covariates",
        None,
    ),
    (
        ["normal(0, 1)", "laplace(0, 1)"],
        {},
        "two priors for mu:x1: normal(0, 1) and laplace(0, 1)",
        None,
    ),
    (
        ["x1 ~ normal(0, 1)", "mu:x1 ~ laplace(0, 1)"],
        {},
        "two priors for mu:x1: x1 ~ normal(0, 1) and mu:x1 ~ laplace(0, 1)",
        None,
    ),
    (
        ["g ~ normal(0, 1)", "g[c] ~ laplace(0, 1)"],
        {},
        "two priors for mu:g[c]: g ~ normal(0, 1) and g[c] ~ laplace(0, 1)",
        None,
    ),
    ("normal(0, 1)", {"l2": 3.0}, "two priors for mu:x1: normal(0, 1) and --l2 3", None),
    ([], {"l1": 0.0}, "--l1 must be a number > 0; leave it out for no penalty", None),
    ([], {"l2": -1.0}, "--l2 must be a number > 0; leave it out for no penalty", None),
    ([], {"l2": float("inf")}, "--l2 must be a number > 0; leave it out for no penalty", None),
    ([], {"l1": float("nan")}, "--l1 must be a number > 0; leave it out for no penalty", None),
    ([], {"l1": 1.0, "formula": "y ~ 1"}, "'--l1 1' is for slopes, and there are none", None),
    (
        "normal(0, 1)",
        {"family": "laplace"},
        "the mu of laplace takes a laplace prior only, not normal(0, 1)",
        "--prior 'laplace(0, 1)'",
    ),
]


@pytest.mark.parametrize(("prior", "labels"), MEANINGS)
def test_a_prior_is_for_what_it_names(prior, labels):
    (one,) = assigned(prior)
    assert list(one.labels) == labels


@pytest.mark.parametrize(("prior", "options", "problem", "remedy"), ERRORS)
def test_a_wrong_prior_is_refused_in_one_sentence(prior, options, problem, remedy):
    arguments = {"formula": FORMULA, "family": "normal"} | options
    with pytest.raises(UsageError) as refusal:
        fit(FRAME, prior=prior, **arguments)
    assert refusal.value.problem == problem
    assert remedy is None or remedy in refusal.value.tries


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(UsageError) as refusal:
        assigned("zebra ~ normal(0, 1)")
    assert refusal.value.evidence == ("there are: mu, sigma, Intercept, x1, log(x2+9), g, x1:g",)
    assert refusal.value.tries == ()


@pytest.mark.parametrize("turned", [False, True])
def test_a_named_prior_takes_its_place_among_the_slopes(turned):
    priors = ["normal(0, 1)", "g ~ laplace(0, 0.5)", "Intercept ~ normal(0, 9)"]
    found = {one.named: one for one in assigned(*(priors[::-1] if turned else priors))}
    assert list(found["slopes"].labels) == [label for label in SLOPES if "mu:g" not in label]
    assert list(found["g"].labels) == ["mu:g[b]", "mu:g[c]"]
    assert list(found["Intercept"].labels) == ["mu:Intercept"]


def test_a_prior_that_every_slope_has_replaced_is_for_none():
    slopes, named = assigned("normal(0, 1)", "x1 ~ normal(0, 2)", formula="y ~ x1")
    assert slopes.labels == ()
    assert named.labels == ("mu:x1",)
    result = fit(FRAME, "y ~ x1", family="normal", prior=["normal(0, 1)", "x1 ~ normal(0, 2)"])
    alone = fit(FRAME, "y ~ x1", family="normal", prior="x1 ~ normal(0, 2)")
    assert result.coefficients == alone.coefficients


def test_held_coefficients_have_no_prior():
    (one,) = assigned("normal(0, 1)", formula="y ~ x1 + x2", fix=("x1=0.5",))
    assert one.labels == ("mu:x2",)


def test_covariates_of_another_parameter_have_a_prior_only_when_named():
    models = ("sigma ~ x2",)
    (slopes,) = assigned("normal(0, 1)", formula="y ~ x1", models=models)
    (named,) = assigned("sigma:x2 ~ normal(0, 1)", formula="y ~ x1", models=models)
    assert slopes.labels == ("mu:x1",)
    assert named.labels == ("sigma:x2",)


@pytest.mark.parametrize(
    ("sugar", "prior", "numbers"),
    [
        ({"l2": 4.0}, "normal", {"centre": 0.0, "scale": 0.5}),
        ({"l1": 4.0}, "laplace", {"centre": 0.0, "scale": 0.25}),
        ({"l1": 1.0, "l2": 3.0}, "elasticnet", {"strength": 4.0, "ratio": 0.25}),
    ],
)
def test_the_short_flags_are_priors_of_the_slopes(sugar, prior, numbers):
    (one,) = assigned(**sugar)
    assert one.prior.name == prior
    assert one.prior.numbers == pytest.approx(numbers)
    assert list(one.labels) == SLOPES
    for name, strength in sugar.items():
        assert one.prior.strengths[name] == pytest.approx(strength, rel=1e-14)


def test_only_a_prior_of_the_parameter_itself_sees_its_link():
    natural, linear = assigned("sigma ~ gamma(2, 1)", "x1 ~ normal(0, 1)")
    assert natural.link is not None
    assert natural.link.name == "log"
    assert linear.link is None


def test_without_a_prior_there_is_none():
    assert assigned() == ()


def assigned(*priors: str, formula: str = FORMULA, family: str = "normal", **more):
    request = Request(data=FRAME, formula=formula, family=family, priors=priors, **more)
    return prepare(request).priors
