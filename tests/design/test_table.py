"""Rows become series: factors, roles and weights, each checked with its first bad row."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.design.coding import key_of
from mlefit.design.columns import OFFSET, PRECISION, TARGET, WEIGHT
from mlefit.design.roles import choose_roles
from mlefit.design.table import tabulate
from mlefit.errors import DataError, UsageError
from mlefit.request import Request
from mlefit.source import Ledger, Rows, open_source

ODD_NAMES = ["*", "^a.*$", "odd name", "a`b", "it's", 'say "x"', "größe", "class", "", "~", "log"]
DATA = pl.DataFrame(
    {
        "y": [1, 0, 2, 3],
        "x": [1.5, 2.5, 0.5, 2.0],
        "g": ["b", "a", "c", "a"],
        "flag": [True, False, True, False],
        "year": [1990.0, 1991.0, 1990.0, 1992.5],
        "day": [dt.date(2020, 1, day) for day in (2, 1, 2, 3)],
        "one": ["k"] * 4,
        "w": [1.0, 0.0, 2.0, 3.0],
        "zero": [0] * 4,
        "minus": [1, 1, -2, -3],
        "list": [[1], [2], [1], [3]],
    }
)


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("term", ["{}", "log({} + 1)"])
def test_a_column_name_is_taken_literally(name, term):
    quoted = "`" + name.replace("`", "``") + "`"
    frame = pl.DataFrame({"y": [1.0, 2.0], "ab": [9.0, 9.0], name: [3.0, 4.0]})
    table = tabulated(f"y ~ {term.format(quoted)}", frame)
    (key,) = [key for key in keys(table) if key != TARGET]
    expected = [3.0, 4.0] if term == "{}" else np.log([4.0, 5.0])
    assert table.columns.whole(key) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("factor", "levels", "codes"),
    [
        ("g", ("a", "b", "c"), [1, 0, 2, 0]),
        ("flag", ("false", "true"), [1, 0, 1, 0]),
        ("C(g, ref='b')", ("b", "a", "c"), [0, 1, 2, 1]),
        ("C(g, ref='c')", ("c", "a", "b"), [2, 1, 0, 1]),
        ("C(year)", ("1990", "1991", "1992.5"), [0, 1, 0, 2]),
        ("C(year, ref=1991)", ("1991", "1990", "1992.5"), [1, 0, 1, 2]),
        ("C(day)", ("2020-01-01", "2020-01-02", "2020-01-03"), [1, 0, 1, 2]),
        ("C(x > 1)", ("0", "1"), [1, 1, 0, 1]),
        ("C(y)", ("0", "1", "2", "3"), [1, 0, 2, 3]),
    ],
)
def test_a_factor_has_sorted_levels_behind_its_base(factor, levels, codes):
    target = "minus" if "x" in factor or "y" in factor else "x"
    table = tabulated(f"{target} ~ {factor}", family="normal")
    ((label, found),) = table.levels.items()
    assert found == levels
    assert table.columns.whole(key_of(label)).tolist() == codes


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["c", "b", "a", "unused"])])
def test_encoded_text_has_the_levels_of_text(dtype):
    table = tabulated("y ~ g", DATA.with_columns(pl.col("g").cast(dtype)))
    assert table.levels == {"g": ("a", "b", "c")}
    assert table.columns.whole(key_of("g")).tolist() == [1, 0, 2, 0]


def test_a_factor_of_one_level_is_a_warning():
    assert tabulated("y ~ one").warnings == ("'one' has only the level 'k'",)


def test_booleans_count_as_0_and_1_in_an_expression():
    table = tabulated("y ~ I(2*flag)")
    assert table.columns.whole(key_of("I(2*flag)")).tolist() == [2.0, 0.0, 2.0, 0.0]


def test_ten_thousand_levels_are_coded_in_no_time():
    codes = np.random.default_rng(5).integers(0, 10_000, 200_000)
    frame = pl.DataFrame({"y": codes, "g": [f"level {code:05}" for code in codes]})
    start = time.perf_counter()
    table = tabulated("y ~ g", frame)
    assert time.perf_counter() - start < 5
    assert table.columns.whole(key_of("g")).tolist() == codes_of(codes)


def test_a_feature_named_like_a_role_is_not_taken_for_it():
    frame = pl.DataFrame({"y": [1, 2], "trials": [7.0, 8.0], "total": [3, 4]})
    table = tabulated("y ~ trials", frame, "binomial", trials="total")
    assert table.columns.whole("trials").tolist() == [3, 4]
    assert table.columns.whole(key_of("trials")).tolist() == [7.0, 8.0]


def test_one_base_level_holds_for_all_parameters():
    table = tabulated("y ~ C(g, ref='b')", family="normal", models=("sigma ~ C(g)",))
    assert table.levels == {"C(g)": ("b", "a", "c")}
    with pytest.raises(UsageError, match=r"C\(g\) has two base levels"):
        tabulated("y ~ C(g, ref='b')", family="normal", models=("sigma ~ C(g, ref='a')",))


@pytest.mark.parametrize(
    ("kind", "key", "weights"),
    [
        ("freq_weights", WEIGHT, [1, 2, 3]),
        ("sampling_weights", WEIGHT, [0.5, 1, 1.5]),
        ("precision_weights", PRECISION, np.log([1, 2, 3])),
    ],
)
def test_a_row_of_weight_zero_is_dropped_and_counted(kind, key, weights):
    table = tabulated("y ~ x", family="normal", **{kind: "w"})
    assert table.rows.ledger == Ledger(4, 3, {"weight 0:w": 1})
    assert table.columns.whole(TARGET).tolist() == [1, 2, 3]
    assert table.columns.whole(key) == pytest.approx(weights)


def test_offset_and_the_log_of_the_exposure_are_added_up():
    table = tabulated("y ~ 1", offset="x", exposure="year")
    assert table.columns.whole(OFFSET) == pytest.approx(DATA["x"] + np.log(DATA["year"]))


@pytest.mark.parametrize("cluster", ["g", "flag", "year", "day", "one"])
def test_clusters_may_be_of_any_type(cluster):
    clusters = tabulated("y ~ x", cluster=cluster).clusters
    _, expected = np.unique(DATA[cluster].to_numpy().astype(str), return_inverse=True)
    assert clusters.tolist() == expected.tolist()


def test_clusters_belong_to_the_rows_that_are_left():
    table = tabulated("y ~ x", cluster="g", freq_weights="w")
    assert table.clusters.tolist() == [1, 2, 0]


def test_no_trials_and_no_successes_are_allowed():
    frame = pl.DataFrame({"y": [0, 2], "n": [0, 3]})
    table = tabulated("y ~ 1", frame, "binomial", trials="n")
    assert table.columns.whole("trials").tolist() == [0, 3]


@pytest.mark.parametrize(
    ("target", "event", "values"),
    [
        ("flag", "true", [1, 0, 1, 0]),
        ("two", "yes", [0, 1, 1, 0]),
        ("g == 'a'", None, [0, 1, 0, 1]),
    ],
)
def test_the_event_of_a_two_level_target_is_told(target, event, values):
    frame = DATA.with_columns(two=pl.Series(["no", "yes", "yes", "no"], dtype=pl.Categorical))
    table = tabulated(f"{target} ~ x", frame, "bernoulli")
    assert table.event == event
    assert table.columns.whole(TARGET).tolist() == values
    assert table.notes == (() if event is None else (f"{target}: {event!r} counts as 1",))


# formula, flags -> type, problem, first line of evidence, suggestion
REFUSED = [
    ("y ~ I(x == 'b')", {}, UsageError,
     "column 'x' holds numbers and cannot be compared with the text 'b'",
     "values: 1.5, 2.5, 0.5, ...", None),
    ("y ~ I(x == '2.5') + g", {}, UsageError,
     "column 'x' holds numbers and cannot be compared with the text '2.5'",
     "values: 1.5, 2.5, 0.5, ...", "'y ~ I(x == 2.5) + g'"),
    ("y ~ log(g) + x", {}, UsageError,
     "column 'g' holds text, where in log(g) numbers are needed", None, "'y ~ g + x'"),
    ("y ~ if(g == 'a', g, 0)", {}, UsageError,
     "column 'g' holds text, where in if(g=='a', g, 0) numbers are needed", None, "'y ~ g'"),
    ("y ~ day", {}, UsageError,
     "column 'day' holds dates or times, where numbers are needed", None, "'y ~ C(day)'"),
    ("y ~ list", {}, UsageError,
     "column 'list' holds values of type List(Int64), where numbers are needed", None, None),
    ("y ~ C(list)", {}, UsageError, "column 'list' holds values of type List(Int64)", None, None),
    ("day ~ x", {}, UsageError,
     "column 'day' holds dates or times, where numbers are needed", None, None),
    ("y ~ C(g, ref='bb')", {}, UsageError, "C(g) has no level 'bb'", "levels: 'a', 'b', 'c'",
     "\"y ~ C(g, ref='b')\""),
    ("y ~ C(year, ref=1999)", {}, UsageError, "C(year) has no level '1999'",
     "levels: '1990', '1991', '1992.5'", "\"y ~ C(year, ref='1991')\""),
    ("y ~ log(zero)", {}, DataError, "log(zero) is not a finite number in 4 of 4 rows",
     "first: row 1, where zero = 0", None),
    ("y ~ C(log(zero))", {}, DataError, "log(zero) is not a finite number in 4 of 4 rows",
     "first: row 1, where zero = 0", None),
    ("y ~ 1", {"freq_weights": "minus"}, DataError, "weights 'minus' has negative values",
     "first: row 3 = -2, row 4 = -3 (2 of 4 rows)", None),
    ("y ~ 1", {"freq_weights": "x"}, DataError,
     "frequency weights 'x' count rows, but some are not whole numbers",
     "first: row 1 = 1.5, row 2 = 2.5 (3 of 4 rows)", None),
    ("y ~ 1", {"sampling_weights": "zero"}, DataError, "every weight in 'zero' is zero",
     None, None),
    ("y ~ 1", {"precision_weights": "g"}, UsageError,
     "--precision-weights needs numbers, and column 'g' holds text", None, None),
    ("y ~ 1", {"exposure": "w"}, DataError, "exposure 'w' has values that are not > 0",
     "first: row 2 = 0 (1 of 4 rows)", None),
    ("y ~ 1", {"offset": "day"}, UsageError,
     "--offset needs numbers, and column 'day' holds dates or times", None, None),
    ("y ~ 1", {"cluster": "list"}, UsageError,
     "--cluster: column 'list' holds values of type List(Int64)", None, None),
    ("y ~ 1", {"trials": "x"}, UsageError,
     "--trials is for binomial and beta-binomial, not for poisson", None, "--family binomial"),
    ("x ~ g", {}, DataError, "'x' does not suit poisson: it has non-integers",
     "first: row 1 = 1.5, row 2 = 2.5 (3 of 4 rows)", "--family gamma"),
    ("g ~ x", {}, DataError, "column 'g' holds text, but poisson needs 0, 1, 2, ...",
     "first: row 1 = 'b' (4 of 4 rows)", "--family categorical"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "flags", "kind", "problem", "evidence", "suggestion"), REFUSED)
def test_what_a_part_cannot_be_is_refused(formula, flags, kind, problem, evidence, suggestion):
    with pytest.raises(kind) as caught:
        tabulated(formula, **flags)
    assert caught.value.problem == problem
    assert next(iter(caught.value.evidence), None) == evidence
    assert next(iter(caught.value.tries), None) == suggestion


def test_row_numbers_are_those_of_the_source():
    rows = Rows(DATA, Ledger(4, 4, {}), first_row=2).only(pl.Series([False, True, True, True]), "c")
    roles = choose_roles(Request(formula="y ~ log(zero)"), open_source(DATA), POISSON)
    with pytest.raises(DataError, match="first: row 3, where zero = 0"):
        tabulate(Request(), roles, rows, POISSON)


POISSON = families.load("poisson")


def tabulated(formula, frame=DATA, family="poisson", **flags):
    """The table of a formula, from rows that no file reader has touched."""
    request = Request(formula=formula, **flags)
    chosen = families.load(family)
    roles = choose_roles(request, open_source(frame), chosen)
    return tabulate(request, roles, Rows(frame, Ledger(len(frame), len(frame), {})), chosen)


def keys(table):
    return table.columns.keys


def codes_of(codes):
    return np.unique(codes, return_inverse=True)[1].tolist()
