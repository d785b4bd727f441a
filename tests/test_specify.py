"""Texts of a request become links, predictors and held coefficients, or are refused."""

from __future__ import annotations

import math

import polars as pl
import pytest

from mlefit import families
from mlefit.design.columns import OFFSET, PRECISION
from mlefit.design.roles import choose_roles
from mlefit.design.table import tabulate
from mlefit.errors import UsageError
from mlefit.request import Request
from mlefit.source import open_source, read_rows
from mlefit.specify import choose_links, predictors_of

DATA = pl.DataFrame(
    {
        "y": [1.0, 2.0, 4.0, 3.0],
        "x": [0.5, 1.5, 1.0, 2.0],
        "z": [3.0, 1.0, 2.0, 5.0],
        "g": ["a", "b", "b", "a"],
        "sigma": [1.0, 2.0, 1.0, 3.0],
    }
)


@pytest.mark.parametrize(
    ("family", "asked", "found"),
    [
        ("normal", (), ["identity", "log"]),
        ("normal", ("log",), ["log", "log"]),
        ("normal", ("mu=log,sigma=identity",), ["log", "identity"]),
        ("normal", ("mu=log", " sigma = identity "), ["log", "identity"]),
        ("normal", ("sigma=identity",), ["identity", "identity"]),
        ("normal", ("log", "mu=log"), ["log", "log"]),
        ("bernoulli", ("probit",), ["probit"]),
        ("poisson", (), ["log"]),
    ],
)
def test_every_parameter_has_a_link(family, asked, found):
    links = choose_links(Request(links=asked), families.load(family))
    assert [link.name for link in links] == found


# family, links -> problem, suggestions
REFUSED_LINKS = [
    ("normal", ("sigm=log",), "normal has no parameter 'sigm' for --link sigm=log",
     ("--link sigma=log",)),
    ("poisson", ("nu=log",), "poisson has no parameter 'nu' for --link nu=log", ()),
    ("normal", ("log", "mu=identity"), "--link gives mu two links: log and identity", ()),
    ("poisson", ("logit",),
     "the logit link does not suit mu, which is the mean and variance of y (> 0)",
     ("--link mu=log",)),
]  # fmt: skip


@pytest.mark.parametrize(("family", "asked", "problem", "suggestions"), REFUSED_LINKS)
def test_a_wrong_link_is_refused(family, asked, problem, suggestions):
    with pytest.raises(UsageError) as caught:
        choose_links(Request(links=asked), families.load(family))
    assert caught.value.problem.startswith(problem.partition(", which is")[0])
    assert caught.value.tries == suggestions


def test_every_parameter_has_its_predictor():
    mu, sigma = predictors("y ~ x*g", models=("sigma ~ z",))
    assert mu.labels == ("Intercept", "x", "g[b]", "x:g[b]")
    assert sigma.labels == ("Intercept", "z")
    assert mu.has_intercept
    assert not predictors("y ~ 0 + x")[0].has_intercept


def test_the_offset_belongs_to_the_first_parameter():
    mu, sigma = predictors("y ~ x", offset="z")
    assert (mu.offsets, sigma.offsets) == (((OFFSET, 1.0),), ())


def test_a_precision_weight_scales_the_standard_deviation():
    mu, sigma = predictors("y ~ x", precision_weights="z")
    assert (mu.offsets, sigma.offsets) == ((), ((PRECISION, -0.5),))


@pytest.mark.parametrize(
    ("formula", "fix", "position", "held"),
    [
        ("y ~ x", "x=0.5", 0, {"x": 0.5}),
        ("y ~ x", "mu:x=0.5", 0, {"x": 0.5}),
        ("y ~ x", " x = -2e-1 ", 0, {"x": -0.2}),
        ("y ~ x", "Intercept=1", 0, {"Intercept": 1.0}),
        ("y ~ x", "mu:Intercept=1", 0, {"Intercept": 1.0}),
        ("y ~ x:z", "x:z=1", 0, {"x:z": 1.0}),
        ("y ~ I(x == 1)", "I(x==1)=1", 0, {"I(x==1)": 1.0}),
        ("y ~ g", "g[b]=1", 0, {"g[b]": 1.0}),
        ("y ~ x", "sigma=2", 1, {"Intercept": math.log(2)}),
        ("y ~ sigma", "mu:sigma=2", 0, {"sigma": 2.0}),
        ("y ~ 1", "mu=3", 0, {"Intercept": 3.0}),
    ],
)
def test_a_fixed_value_is_held(formula, fix, position, held):
    found = predictors(formula, fix=(fix,))[position]
    assert {column.label: value for column, value in found.held} == pytest.approx(held)
    assert not {column.label for column in found.columns} & set(held)


def test_a_fixed_coefficient_of_a_further_parameter_is_held():
    _, sigma = predictors("y ~ x", models=("sigma ~ z",), fix=("sigma:z=0.5",))
    assert [(column.label, value) for column, value in sigma.held] == [("z", 0.5)]


# family, flags -> problem, suggestions
REFUSED = [
    ("normal", {"fix": ("x",)}, "--fix 'x' is not NAME=NUMBER", ()),
    ("normal", {"fix": ("x=a",)}, "--fix 'x=a' is not NAME=NUMBER", ()),
    ("normal", {"fix": ("x=nan",)}, "--fix 'x=nan' is not NAME=NUMBER", ()),
    ("normal", {"fix": ("=1",)}, "--fix '=1' is not NAME=NUMBER", ()),
    ("normal", {"fix": ("sigm=1",)}, "--fix sigm=1: no parameter or coefficient 'sigm'",
     ("--fix sigma=1",)),
    ("normal", {"fix": ("intercept=1",)},
     "--fix intercept=1: no parameter or coefficient 'intercept'", ("--fix Intercept=1",)),
    ("normal", {"fix": ("sigma=-1",)}, "--fix sigma=-1: sigma must be > 0", ()),
    ("normal", {"fix": ("mu=1",)},
     "--fix mu=1: mu has covariates, so hold its coefficients", ()),
    ("normal", {"fix": ("x=1", "mu:x=2")}, "--fix gives 'mu:x' two values", ()),
    ("normal", {"fix": ("x=1", "Intercept=1", "sigma=1")},
     "there is nothing to estimate: every coefficient is fixed or left out of the formula", ()),
    ("poisson", {"formula": "y ~ 0"},
     "there is nothing to estimate: every coefficient is fixed or left out of the formula", ()),
    ("normal", {"formula": "y ~ 1", "links": ("log",), "fix": ("mu=-1",)},
     "--fix mu=-1: the log link cannot give this mu", ()),
    ("normal", {"precision_weights": "z", "links": ("sigma=identity",)},
     "precision weights need the log link on sigma", ("--link sigma=log",)),
    ("poisson", {"precision_weights": "z"},
     "precision weights scale a variance, and poisson has no scale of its own", ()),
]  # fmt: skip


@pytest.mark.parametrize(("family", "flags", "problem", "suggestions"), REFUSED)
def test_what_cannot_be_held_or_weighted_is_refused(family, flags, problem, suggestions):
    with pytest.raises(UsageError) as caught:
        predictors(**{"formula": "y ~ x", "family": family, **flags})
    assert (caught.value.problem, caught.value.tries) == (problem, suggestions)


def predictors(formula, family="normal", **flags):
    request, chosen = Request(formula=formula, **flags), families.load(family)
    source = open_source(DATA)
    roles = choose_roles(request, source, chosen)
    table = tabulate(request, roles, read_rows(source, roles.columns), chosen)
    links = choose_links(request, chosen)
    return predictors_of(request, chosen, links, roles.rights, table.levels, table.columns)
