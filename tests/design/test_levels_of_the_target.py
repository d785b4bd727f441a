"""Levels of a target become codes: in the order given, declared by the column, or sorted."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest

from mlefit.errors import DataError, UsageError
from mlefit.fitting import fit

X = [0.1, 0.5, 0.2, 0.9, 0.4, 0.8, 0.3, 0.7]
DECLARED = pl.Enum(["low", "mid", "high", "top"])
SIZES = ["mid", "low", "high", "mid", "low", "high", "low", "mid"]


def fitted(y, family, **options):
    return fit(pl.DataFrame({"x": X, "y": y}), "y ~ 1", family=family, **options)


@pytest.mark.parametrize(
    ("y", "options", "levels"),
    [
        (SIZES, {}, ("high", "low", "mid")),
        (SIZES, {"levels": ["low", "mid", "high"]}, ("low", "mid", "high")),
        (pl.Series(SIZES, dtype=DECLARED), {}, ("low", "mid", "high")),
        (pl.Series(SIZES, dtype=pl.Categorical), {}, ("high", "low", "mid")),
        ([2, 10, 9, 2, 10, 9, 10, 9], {}, ("2", "9", "10")),
        ([2.0, 10, 9, 2, 10, 9, 10, 9], {"levels": ["9", "2", "10"]}, ("9", "2", "10")),
        ([True, False] * 4, {}, ("false", "true")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("family", ["ordinal", "categorical"])
def test_levels_have_an_order(y, options, levels, family):
    result = fitted(y, family, **options)
    assert tuple(result.model.levels["y"]) == levels
    assert result.model.base == (levels[0] if family == "categorical" else None)
    cuts = [f"{low}|{high}" for low, high in pairwise(levels)]
    names = list(levels[1:]) if family == "categorical" else cuts
    assert [row.parameter for row in result.parameters] == names


def test_a_computed_target_has_levels_too():
    frame = pl.DataFrame({"x": X})
    result = fit(frame, "if(x > 0.75, 2, x > 0.35) ~ 1", family="ordinal")
    assert [row.parameter for row in result.parameters] == ["0|1", "1|2"]


def test_an_order_that_nobody_named_is_told_and_refused_under_strict():
    (note,) = fitted(SIZES, "ordinal").notes
    assert note == (
        "y: levels in alphabetical order, 'high' < 'low' < 'mid'; --levels names another order"
    )
    with pytest.raises(UsageError) as caught:
        fitted(SIZES, "ordinal", strict=True)
    assert caught.value.tries == ("--levels high,low,mid",)
    assert fitted(SIZES, "ordinal", strict=True, levels=["low", "mid", "high"]).notes == ()
    assert fitted([1, 2, 3, 1, 2, 3, 1, 2], "ordinal", strict=True).notes == ()


def test_the_event_of_a_yes_or_no_is_the_last_of_the_levels_given():
    y = ["no", "yes", "no", "no", "yes", "no", "no", "no"]
    usual, turned = fitted(y, "bernoulli"), fitted(y, "bernoulli", levels=["yes", "no"])
    assert (usual.model.event, turned.model.event) == ("yes", "no")
    assert turned.parameters[0].estimate == pytest.approx(1 - usual.parameters[0].estimate)
    coded = fitted([1, 2, 1, 1, 2, 1, 1, 1], "bernoulli", levels=["1", "2"])
    assert coded.parameters[0].estimate == pytest.approx(usual.parameters[0].estimate)


REFUSED = [
    (SIZES, "ordinal", ["low", "mid", "hihg"], UsageError,
     "--levels names 'hihg', which no row of 'y' has", "--levels low,mid,high"),
    (SIZES, "ordinal", ["low", "mid"], UsageError,
     "--levels leaves out 'high', which rows of 'y' have", "--levels low,mid,high"),
    (SIZES, "categorical", ["low", "mid", "high", "low"], UsageError,
     "--levels names 'low' twice", "--levels low,mid,high"),
    (SIZES, "bernoulli", ["low", "mid", "high"], DataError,
     "column 'y' has 3 levels, but bernoulli needs two", "\"y == 'high' ~ 1\""),
    (X, "normal", ["0.1"], UsageError,
     "--levels orders the levels of a target, and normal has any number", "--family ordinal"),
    (X, "categorical", None, DataError,
     "'y' does not suit categorical: it has non-integers", "--family beta"),
    (["a"] * 8, "categorical", None, DataError,
     "'y' has only the level 'a', and categorical needs two", None),
]  # fmt: skip


@pytest.mark.parametrize(("y", "family", "levels", "kind", "problem", "suggestion"), REFUSED)
def test_levels_that_do_not_fit_are_refused(y, family, levels, kind, problem, suggestion):
    with pytest.raises(kind) as caught:
        fitted(y, family, levels=levels)
    assert caught.value.problem == problem
    assert next(iter(caught.value.tries), None) == suggestion
