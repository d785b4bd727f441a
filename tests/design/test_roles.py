"""Words of a command become roles of columns; what is silent is guessed and told."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from mlefit import families
from mlefit.design.roles import choose_roles
from mlefit.design.suggest import listed, word
from mlefit.design.usable import facts_of, left_out, suggested_families
from mlefit.errors import UsageError
from mlefit.request import Request
from mlefit.source import open_source

DATA = pl.DataFrame(
    {
        "count": [1, 0, 2, 2],
        "total": [5, 6, 5, 6],
        "x1": [0.5, 1.5, 2.5, 0.5],
        "x2": [1.0, 0.0, 1.0, 1.0],
        "odd, name": ["a", "b", "a", "b"],
    }
)


@pytest.mark.parametrize(
    ("request_", "formula", "sources"),
    [
        ({"formula": "count ~ x1 + log(total)"}, "count ~ x1 + log(total)", ("formula", "formula")),
        ({"target": "count"}, "count ~ 1", ("option", "none")),
        ({"target": "count", "features": ("x1", "x2")}, "count ~ x1 + x2", ("option", "option")),
        ({"target": "count", "features": ("all",), "exposure": "total"},
         "count ~ x1 + x2 + `odd, name`", ("option", "option")),
    ],
)  # fmt: skip
def test_what_is_named_is_used(request_, formula, sources):
    roles = chosen(**request_)
    assert roles.main.text == formula
    assert (roles.target_source, roles.features_source) == sources
    assert roles.notes == ()


def test_a_dot_is_every_column_without_another_part():
    roles = chosen(formula="log(count + 1) ~ .", freq_weights="total", cluster="odd, name")
    assert roles.features == ("x1", "x2")
    assert roles.columns == ("count", "total", "x1", "x2", "odd, name")


def test_a_column_with_a_part_may_be_a_feature_if_it_is_named():
    roles = chosen(target="count", features=("x1", "total"), freq_weights="total")
    assert roles.features == ("x1", "total")


def test_only_what_is_used_is_read():
    assert chosen(formula="count ~ x2").columns == ("count", "x2")


def test_a_further_parameter_has_its_own_formula():
    roles = chosen("normal", formula="x1 ~ x2", models=("sigma ~ total + .",))
    assert roles.formulas["sigma"].text == "sigma ~ total + ."
    assert [term.label for term in roles.rights["sigma"].terms] == [
        "total", "count", "x2", "`odd, name`",
    ]  # fmt: skip
    assert roles.columns == tuple(DATA.columns)


def test_a_parameter_without_a_formula_is_one_number():
    right = chosen("normal", formula="x1 ~ x2").rights["sigma"]
    assert (right.intercept, right.terms) == (True, ())


# request -> problem, suggestions
REFUSED = [
    ({"formula": "cout ~ x1"}, "no column 'cout' in frame", ("'count ~ x1'",)),
    ({"formula": "count ~ x1x2"}, "no column 'x1x2' in frame",
     ("'count ~ x2'",)),
    ({"formula": "cout ~ x1 + log(totl)"}, "no column 'cout' in frame",
     ("'count ~ x1 + log(total)'",)),
    ({"formula": "cout ~ what"}, "no column 'cout' in frame", ()),
    ({"target": "cout"}, "no column 'cout' in frame", ("-y count",)),
    ({"target": "odd name"}, "no column 'odd name' in frame", ("-y 'odd, name'",)),
    ({"target": "count", "features": ("x1", "totl")}, "no column 'totl' in frame",
     ("-x x1,total",)),
    ({"target": "count", "features": ("x1", "odd name")}, "no column 'odd name' in frame",
     ("-x 'x1,\"odd, name\"'",)),
    ({"formula": "count ~ x1", "trials": "totals"}, "no column 'totals' in frame",
     ("--trials total",)),
    ({"formula": "count ~ x1", "freq_weights": "totl"}, "no column 'totl' in frame",
     ("--freq-weights total",)),
    ({"formula": "count ~ x1", "cluster": "ODD, NAME"}, "no column 'ODD, NAME' in frame",
     ("--cluster 'odd, name'",)),
    ({"formula": "x1 ~ x2", "models": ("sigma ~ totl",)}, "no column 'totl' in frame",
     ("--model 'sigma ~ total'",)),
    ({"formula": "x1 ~ x2", "models": ("sigm ~ x2",)},
     "normal has no parameter 'sigm' for --model 'sigm ~ x2'", ("--model 'sigma ~ x2'",)),
    ({"formula": "x1 ~ x2", "models": ("~ x2",)},
     "normal has no parameter '' for --model '~ x2'", ()),
    ({"formula": "x1 ~ x2", "models": ("mu ~ x2",)},
     "'mu' already has its formula in the main formula", ()),
    ({"formula": "x1 ~ x2", "models": ("sigma ~ x2", "sigma ~ 1")},
     "'sigma' already has its formula in another --model", ()),
    ({"formula": "~ x1"}, "the formula has no target on its left side", ()),
    ({"formula": "x1 ~ x2", "target": "x1"},
     "a formula already names the target and the features: leave out -y and -x",
     ("'x1 ~ x2'",)),
    ({"target": "x1", "features": ("x1", "x2")}, "the target 'x1' cannot also be a feature",
     ("-x x2",)),
    ({"target": "x1", "features": ("x1",)}, "the target 'x1' cannot also be a feature",
     ("-y x1",)),
    ({"features": ("x1",)}, "-x names features, but nothing names the target", ("-y count",)),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "problem", "suggestions"), REFUSED)
def test_what_does_not_fit_is_refused_with_what_would(request_, problem, suggestions):
    with pytest.raises(UsageError) as caught:
        chosen("normal", **request_)
    assert (caught.value.problem, caught.value.tries) == (problem, suggestions)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1.5, 2.5, 2.5], None),
        ([True, False, True], None),
        (["a", "b", "a"], None),
        ([7, 7, None], "constant"),
        ([None, None, None], "empty"),
        (["u1", "u2", "u3"], "an identifier: all different"),
        ([101, 102, 103], "an identifier: numbers the rows"),
        ([2, 0, 1], "an identifier: numbers the rows"),
        ([2, 0, 3], None),
        ([1.5, 0.5, 2.5], None),
        ([dt.date(2020, 1, day) for day in (1, 2, 2)], "dates or times"),
        ([[1], [2], [2]], "values of type List(Int64)"),
        ([f"level {i // 2}" for i in range(100)], None),
        ([f"level {i // 2}" for i in range(102)], "text with 51 levels"),
    ],
)
def test_a_column_that_is_no_feature_has_a_reason(values, reason):
    assert left_out(facts_of(pl.Series("c", values))) == reason


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["no", "yes", "no"], "bernoulli"),
        ([True, False, True], "bernoulli"),
        ([0.0, 1.0, 0.0], "bernoulli"),
        ([0, 3, 4], "poisson"),
        ([0, 1, 2], "poisson"),
        ([0.5, -3.0, 4.0], "laplace"),
        (["a", "b", "c"], "categorical"),
        ([dt.date(2020, 1, 1), dt.date(2020, 1, 2)], None),
    ],
)
def test_families_are_suggested_by_the_values(values, first):
    series = pl.Series("c", values)
    assert next(iter(suggested_families(facts_of(series))), None) == first
    if series.dtype == pl.String:
        encoded = facts_of(series.cast(pl.Categorical))
        assert next(iter(suggested_families(encoded)), None) == first


def test_a_suggestion_is_one_word_of_a_shell():
    assert word("count") == "count"
    assert word("y ~ x") == "'y ~ x'"
    assert word("g == 'a' ~ x") == "\"g == 'a' ~ x\""
    assert word("`it's` ~ x") == "'`it'\"'\"'s` ~ x'"
    assert listed(["a", "b c", "d,e"]) == "'a,b c,\"d,e\"'"


def chosen(family="poisson", **request):
    return choose_roles(Request(**request), open_source(DATA), families.load(family))
