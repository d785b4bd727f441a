"""A table made run by run is the table of all rows at once, and what is wrong is told alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.design.censoring import interval_columns
from mlefit.design.roles import choose_roles
from mlefit.design.table import tabulate
from mlefit.design.usable import Glance, facts_of, left_out, profile, suitable_families, suits
from mlefit.errors import MlefitError
from mlefit.fitting import family_of
from mlefit.request import Request
from mlefit.source import open_source, read_rows, stream_rows

N = 200
_rng = np.random.default_rng(5)
_at = np.arange(N)
SIZES = pl.Enum(["low", "mid", "top"])
DATA = pl.DataFrame(
    {
        "y": _rng.poisson(2.0, N),
        "z": _rng.normal(size=N),
        "x": [None if i % 17 == 3 else v for i, v in enumerate(_rng.normal(size=N))],
        "late": np.where(_at < 150, "z" + (_at % 2).astype(str), "a" + (_at % 3).astype(str)),
        "g": [None if i % 29 == 7 else "cab"[i % 3] for i in range(N)],
        "flag": _at % 3 == 0,
        "year": 2000 + (_at // 40)[::-1],
        "day": [dt.date(2020, 1, 1 + (7 * int(i)) % 13) for i in _at],
        "size": pl.Series(["mid", "low", "top", "low"] * (N // 4), dtype=SIZES),
        "yes": ["no"] * 120 + ["yes"] * 80,
        "w": (_at % 4).astype(float),
        "e": 1.0 + _at % 5,
        "t": 3 + _rng.poisson(2.0, N) + 12,
        "seen": (_at % 3 > 0).astype(int),
        "id": [f"c{i // 7}" for i in range(N)],
        "low": [None if i % 5 == 0 else float(i % 3) for i in range(N)],
        "high": [None if i % 10 in {0, 1} else float(i % 3 + 1) for i in range(N)],
        "minus": np.where(_at > 130, -1.0, 1.0),
        "words": np.where(_at > 140, "many", _at.astype(str)),
        "huge": np.where(_at == 170, 1e200, 1.0),
        "spelt": ["1,234"] * N,
        "odd": np.where(_at == 90, np.inf, 1.0),
    }
)  # fmt: skip


def both(data, formula, family, most_rows=32, **options):
    request = Request(data=data, formula=formula, family=family, **options)
    source, bound = open_source(data), family_of(request)
    roles = choose_roles(request, source, bound)
    asked: dict[str, Any] = {
        "where": request.where,
        "missing": request.missing,
        "max_dropped": request.max_dropped,
        "open_ended": interval_columns(request),
    }
    found: list[Any] = []
    for rows in (
        lambda: read_rows(source, roles.columns, **asked),
        lambda: stream_rows(source, roles.columns, **asked, most_rows=most_rows),
    ):
        try:
            found.append(tabulate(request, roles, rows(), bound))
        except MlefitError as error:
            found.append(error)
    return tuple(found)


@pytest.mark.parametrize(
    ("formula", "family", "options"),
    [
        ("y ~ x + late + flag", "poisson", {}),
        ("y ~ C(year, ref=2003) + C(day) + log(e) + late:z", "poisson", {"exposure": "e"}),
        ("y ~ C(late, ref='a1') + g", "poisson", {"where": "z > -0.5 and w <> 2"}),
        ("e ~ C(z > 0) + g", "normal", {"sampling_weights": "w"}),
        ("y ~ x", "negbinom", {"freq_weights": "w", "offset": "z"}),
        ("z ~ x", "normal", {"precision_weights": "e", "max_dropped": "20%"}),
        ("late ~ z", "categorical", {}),
        ("size ~ z", "ordinal", {}),
        ("year ~ z", "ordinal", {}),
        ("late ~ z", "ordinal", {"levels": ("a1", "z1", "a0", "z0", "a2")}),
        ("yes ~ z", "bernoulli", {}),
        ("flag ~ z", "bernoulli", {}),
        ("yes ~ z", "bernoulli", {"levels": ("yes", "no")}),
        ("y ~ z", "binomial", {"trials": "t"}),
        ("e ~ x", "weibull", {"event": "seen"}),
        ("~ x", "normal", {"lower": "low", "upper": "high"}),
        ("e ~ x", "normal", {"censored_below": 1.0, "cluster": "id"}),
        ("z ~ 1", "normal", {"cluster": "year"}),
    ],
)
def test_a_table_does_not_depend_on_the_runs(formula, family, options):
    whole, streamed = both(DATA, formula, family, **options)
    assert whole.levels == streamed.levels
    assert whole.facts == streamed.facts
    assert (whole.event, whole.other_event) == (streamed.event, streamed.other_event)
    assert (whole.notes, whole.warnings) == (streamed.notes, streamed.warnings)
    assert dict(whole.seen) == dict(streamed.seen)
    assert whole.rows.ledger == streamed.rows.ledger
    assert list(whole.rows.ledger.dropped) == list(streamed.rows.ledger.dropped)
    n = whole.columns.rows
    assert [whole.rows.row_number(i) for i in range(n)] == [
        streamed.rows.row_number(i) for i in range(n)
    ]
    keys = list(whole.columns.keys)
    assert keys == list(streamed.columns.keys)
    for key in keys:
        one, other = whole.columns.whole(key), streamed.columns.whole(key)
        assert one.dtype == other.dtype
        assert other == pytest.approx(one, rel=1e-15), key


@pytest.mark.parametrize(
    ("formula", "family", "options"),
    [
        ("minus ~ x", "gamma", {}),
        ("z ~ x", "poisson", {}),
        ("z ~ x", "bernoulli", {}),
        ("words ~ x", "poisson", {}),
        ("id ~ x", "poisson", {}),
        ("id ~ x", "bernoulli", {}),
        ("z ~ x", "categorical", {}),
        ("y ~ log(minus)", "poisson", {}),
        ("y ~ huge", "poisson", {}),
        ("y ~ spelt", "poisson", {}),
        ("y ~ log(spelt)", "poisson", {}),
        ("y ~ I(id * 2)", "poisson", {}),
        ("y ~ odd + log(minus)", "poisson", {}),
        ("y ~ x", "poisson", {"missing": "error"}),
        ("y ~ x + g", "poisson", {"max_dropped": "1%"}),
        ("y ~ x", "poisson", {"where": "y > 1000"}),
        ("y ~ x", "poisson", {"freq_weights": "minus"}),
        ("y ~ x", "poisson", {"freq_weights": "z"}),
        ("y ~ x", "poisson", {"exposure": "minus"}),
        ("y ~ x", "binomial", {"trials": "minus"}),
        ("y ~ x", "weibull", {"event": "year"}),
        ("~ x", "normal", {"lower": "high", "upper": "low"}),
        ("y ~ C(late, ref='b')", "poisson", {}),
        ("late ~ z", "ordinal", {"strict": True}),
        ("late ~ z", "ordinal", {"levels": ("a1", "z1")}),
        ("size ~ z", "poisson", {"levels": ("a1", "z1")}),
        ("y ~ x + C(list)", "poisson", {}),
    ],
)
def test_what_is_wrong_is_told_alike(formula, family, options):
    data = DATA.with_columns(list=pl.concat_list("z", "w"))
    whole, streamed = both(data, formula, family, **options)
    assert isinstance(whole, MlefitError)
    assert type(whole) is type(streamed)
    assert str(whole) == str(streamed)


DIRTY = "y,x,g\n1,2.5,a\n\n3, 4 ,b\nNA,1,a\n2,.,c\n" + "4,1.25,b\n\n" * 40 + "0,3,d\n5,,a\n2,2,\n"


@pytest.mark.parametrize("where", [None, "x > 1.5", "g <> 'b' or y is null"])
@pytest.mark.parametrize("most_rows", [3, 16])
def test_a_dirty_file_is_read_alike(tmp_path, where, most_rows):
    (tmp_path / "t.csv").write_text(DIRTY)
    whole, streamed = both(
        str(tmp_path / "t.csv"), "y ~ x + g", "poisson", most_rows=most_rows, where=where
    )
    assert whole.rows.ledger == streamed.rows.ledger
    assert whole.levels == streamed.levels
    numbers = range(whole.columns.rows)
    assert [*map(whole.rows.row_number, numbers)] == [*map(streamed.rows.row_number, numbers)]
    assert (whole.columns.whole("x") == streamed.columns.whole("x")).all()


@pytest.mark.parametrize(
    "text",
    [
        "y,x\n" + "1,2\n" * 50 + "1,two\n" + "1,3\n",
        "y,x\n" + "1,2\n" * 50 + "1\n" + "1,3\n",
        "y,x\n",
        "y,x\nNA,1\nNA,2\n",
        "y,x\n" + "1,2\n" * 50 + "\n NA,3\n",
    ],
)
@pytest.mark.parametrize("missing", ["drop", "error"])
def test_a_damaged_file_is_refused_alike(tmp_path, text, missing):
    (tmp_path / "t.csv").write_text(text)
    whole, streamed = both(
        str(tmp_path / "t.csv"), "y ~ x", "poisson", most_rows=16, missing=missing
    )
    if isinstance(whole, MlefitError):
        assert str(whole) == str(streamed)
    else:
        assert whole.rows.ledger == streamed.rows.ledger


SAMPLES = [
    _rng.normal(size=300), _rng.poisson(3.0, 300), 1.0 + _rng.poisson(3.0, 300),
    _rng.uniform(size=300), _rng.integers(0, 2, 300), np.arange(300)[::-1] + 5.0,
    np.r_[np.arange(1.0, 300), 7.0], _rng.uniform(-7, 7, 300), np.ones(300), 0.5 * np.arange(300),
    np.r_[0.0, _rng.gamma(2.0, size=299)], 2.0 + _rng.integers(0, 2, 300), -1.0 - np.arange(300),
]  # fmt: skip


@pytest.mark.parametrize("values", SAMPLES)
def test_a_few_values_stand_for_all(values):
    glance = Glance("v")
    for run in np.array_split(values, 7):
        glance.see(pl.Series(run))
    found = glance.profile()
    for family in families.every():
        if not family.support.levels:
            fits = found.values > 1 and family.support.first_violation(values, {}) is None
            assert suits(found, family.support) == fits, family.name
    distinct, span = len(set(values)), np.ptp(values)
    whole = (values == np.floor(values)).all()
    assert found.counts_rows == bool(whole and distinct == len(values) == span + 1)
    assert (found.values, found.rows) == (distinct, 300)
    assert suitable_families(found) == suitable_families(facts_of(pl.Series(values)))


def test_so_many_levels_are_not_counted():
    glance = Glance("v", most=10)
    for start in range(0, 60, 20):
        glance.see(pl.Series([f"t{(start + i) % 40}" for i in range(20)]))
    assert left_out(glance.profile()) == "text with more than 10 levels"


def test_a_guess_reads_every_row_a_run_at_a_time():
    found = profile(open_source(DATA), ["late", "x", "y"], "z > 0")
    expected = DATA.filter(pl.col("z") > 0)
    assert found["late"].values == expected["late"].n_unique()
    assert found["x"].rows == expected["x"].drop_nulls().len()
    assert list(found) == ["late", "x", "y"]
