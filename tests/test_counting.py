"""A fit of counted or condensed rows is the fit of all rows: every number of its document."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.design.counting import why_every_row
from mlefit.diagnosis.goodness import residual_step
from mlefit.errors import MlefitError
from mlefit.fitting import COUNTING, fitted, prepare, run
from mlefit.report import wording
from mlefit.request import Request
from mlefit.results.fit import FitResult
from mlefit.source import Counting

FORCED = Counting(residual_step, fewest=0, share=math.inf)
ROWS = 9000

# Facts of the search, not of the rows; the others are texts with every digit of an estimate.
OF_THE_SEARCH = {
    "iterations",
    "passes",
    "newton_decrement",
    "max_scaled_gradient",
    "condition_number",
    "counted_rows",
    "condensed_values",
    "identity_error",
    "gradient_error",
    "elsewhere",
}


def _table() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 4, ROWS).astype(float)
    g = rng.choice(["a", "b", "c"], ROWS)
    eta = 0.3 + 0.2 * x - 0.4 * (g == "b")
    return pl.DataFrame(
        {
            "x": x,
            "g": g,
            "offset": rng.choice([0.0, 0.5], ROWS),
            "time": rng.choice([1.0, 2.0, 4.0], ROWS),
            "clinic": rng.integers(0, 20, ROWS),
            "count": rng.poisson(np.exp(eta)),
            "yes": (rng.random(ROWS) < 1 / (1 + np.exp(0.5 - eta))).astype(int),
            "tries": np.full(ROWS, 6),
            "hits": rng.binomial(6, 0.4, ROWS),
            "amount": np.round(rng.gamma(2, 1.5, ROWS)) + 1,
            "level": np.round(rng.normal(eta, 1, ROWS), 1),
            "share": np.clip(np.round(rng.beta(2, 3, ROWS), 1), 0.1, 0.9),
            "mood": rng.choice(["low", "mid", "high"], ROWS),
            "seen": (rng.random(ROWS) < 0.7).astype(int),
        }
    )


TABLE = _table()
GAPS = TABLE.with_columns(
    x=pl.when(pl.int_range(ROWS) % 19 == 0).then(None).otherwise("x"),
    level=pl.when(pl.int_range(ROWS) % 31 == 0).then(math.nan).otherwise("level"),
)
OUTLIER = TABLE.with_columns(
    count=pl.when(pl.int_range(ROWS) == 77).then(4000).otherwise("count"),
)


NUMBER = re.compile(r"\d+\.\d+(?:e[-+]?\d+)?")


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    if isinstance(one, dict):
        for key in one.keys() | other.keys():
            if key not in OF_THE_SEARCH:
                yield from _differences(one.get(key), other.get(key), f"{path}.{key}")
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            yield f"{path}: {one} {other}"
        for i, pair in enumerate(zip(one, other, strict=False)):
            yield from _differences(*pair, f"{path}[{i}]")
    elif isinstance(one, str) and isinstance(other, str) and NUMBER.search(one):
        yield from _differences(_parts(one), _parts(other), path)
    elif not _are_close(one, other):
        yield f"{path}: {one} {other}"


def _are_close(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-10, abs_tol=1e-10)
    return bool(one == other)


def _parts(text: str) -> dict[str, Any]:
    """The numbers in a text, which rounding may change, and the rest."""
    return {"rest": NUMBER.sub("#", text), "numbers": [*map(float, NUMBER.findall(text))]}


def _both(data: pl.DataFrame, counting: Counting = FORCED, **words: Any) -> list[FitResult]:
    prepared = [prepare(Request(data=data, **words), counting=way) for way in (None, counting)]
    assert prepared[1].table.columns.is_counted
    assert prepared[1].table.columns.rows < prepared[0].table.columns.rows
    return [fitted(one)[1] for one in prepared]


CASES = [
    (TABLE, "count ~ x + g", "poisson", {}),
    (TABLE, "count ~ x + g", "poisson", {"se": "HC0"}),
    (TABLE, "count ~ x + g", "poisson", {"se": "HC1"}),
    (TABLE, "count ~ x + g", "poisson", {"se": "HC3"}),
    (TABLE, "count ~ x + g", "poisson", {"se": "quasi"}),
    (TABLE, "count ~ x + g", "poisson", {"cluster": "clinic"}),
    (TABLE, "count ~ x + g", "poisson", {"offset": "offset"}),
    (TABLE, "count ~ x:g + log(time)", "poisson", {"exposure": "time"}),
    (TABLE, "count ~ x + g + I(2 * x)", "poisson", {}),
    (TABLE, "count ~ x + g", "poisson", {"where": "g <> 'c'"}),
    (GAPS, "count ~ x + g", "poisson", {}),
    (GAPS, "level ~ x + g", "normal", {"where": "time > 1 or g = 'a'"}),
    (TABLE, "count ~ x + g", "poisson", {"anova": True, "derive": ("r = exp(b[x])",)}),
    (TABLE, "count ~ x + g", "negbinom", {}),
    (TABLE, "count ~ x", "zip", {}),
    (TABLE, "yes ~ x + g", "bernoulli", {"ci": "profile"}),
    (TABLE, "yes ~ x", "bernoulli", {"priors": ("jeffreys",)}),
    (TABLE, "hits ~ x", "binomial", {"trials": "tries"}),
    (TABLE, "amount ~ x + g", "gamma", {}),
    (TABLE, "amount ~ 1", "weibull", {"event": "seen"}),
    (TABLE, "amount ~ x", "lognormal", {"censored_above": 8.0}),
    (TABLE, "level ~ x + g", "normal", {"models": ("sigma ~ g",)}),
    (TABLE, "level ~ x", "normal", {"small_sample": True, "tests": ("x", "+ g")}),
    (TABLE, "level ~ x", "student", {}),
    (TABLE, "share ~ x", "beta", {}),
    (TABLE, "mood ~ x", "categorical", {}),
    (TABLE, "mood ~ x", "ordinal", {"levels": ("low", "mid", "high")}),
    (TABLE, "count ~ x + g", "poisson", {"l2": 3.0}),
    (TABLE, "count ~ x + g", "poisson", {"l1": 30.0}),
    (TABLE, "count ~ x + g", "poisson", {"priors": ("normal(0, auto)",)}),
    (TABLE, "count ~ x + g", "poisson", {"priors": ("laplace(0, 1)",), "path": 4}),
    (OUTLIER, "count ~ x + g", "poisson", {}),
]


@pytest.mark.parametrize(("data", "formula", "family", "words"), CASES)
def test_a_fit_of_counted_rows_is_the_fit_of_all(data, formula, family, words):
    whole, few = _both(data, formula=formula, family=family, **words)
    assert few.certificate.counted_rows < few.data.rows_used
    assert not list(_differences(dataclasses.asdict(whole), dataclasses.asdict(few)))


def test_a_row_that_decides_alone_is_named_as_ever():
    whole, few = _both(OUTLIER, formula="count ~ x + g", family="poisson")
    assert "row 78 (Cook's distance" in whole.warnings[-1]
    assert few.warnings == whole.warnings
    twice = OUTLIER.with_columns(count=pl.when(pl.int_range(ROWS) == 77).then(7).otherwise("count"))
    odd = pl.int_range(ROWS).is_in([101, 301])  # neither stays apart
    twice = twice.with_columns(
        count=pl.when(odd).then(4000).otherwise("count"),
        x=pl.when(odd).then(1.0).otherwise("x"),
        g=pl.when(odd).then(pl.lit("a")).otherwise("g"),
    )
    _, few = _both(twice, formula="count ~ x + g", family="poisson")
    assert "row 102 and 1 like it (Cook's distance" in few.warnings[-1]


def test_separated_rows_are_counted():
    data = TABLE.with_columns(yes=(pl.col("x") > 1).cast(pl.Int64))
    whole, few = _both(data, formula="yes ~ x", family="bernoulli")
    assert whole.certificate.status == few.certificate.status == "no-maximum"
    assert f"of {ROWS} rows are fitted ever better" in few.warnings[0]
    assert few.warnings == whole.warnings


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("level ~ x", "poisson"),
        ("count ~ x", "gamma"),
        ("count ~ log(x)", "poisson"),
        ("mood ~ x", "bernoulli"),
    ],
)
def test_an_error_is_told_of_single_rows(formula, family):
    messages = []
    for counting in (None, FORCED):
        with pytest.raises(MlefitError) as raised:
            prepare(Request(data=TABLE, formula=formula, family=family), counting=counting)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "words",
    [
        {"freq_weights": "tries"},
        {"precision_weights": "time", "family": "normal"},
        {"sampling_weights": "time"},
        {"gof": True},
        {"se": "bootstrap"},
        {"ci": "bootstrap"},
        {"ci": "bootstrap", "bootstrap": "parametric"},
        {"cv": 5, "priors": ("laplace(0, auto)",)},
        {"family": "laplace"},
    ],
)
def test_rows_are_read_one_by_one_where_something_depends_on_each(words):
    request = Request(data=TABLE, **{"formula": "count ~ x", "family": "poisson"} | words)
    lines: list[str] = []
    prepared = prepare(request, lines.append, counting=FORCED)
    assert not prepared.rows.is_counted
    assert not prepared.table.columns.is_counted
    reason = why_every_row(request, prepared.family)
    assert f"identical rows are not counted: {reason}" in lines


def _smooth() -> list[str]:
    return [family.name for family in families.every() if family.smooth_in]


@pytest.mark.parametrize("family", _smooth())
def test_a_condensed_sample_has_the_fit_of_all(family):
    rng = np.random.default_rng(7)
    one = families.load(family)
    y = one.sample(rng, *(np.full(30_000, value) for value in one.examples[0].theta))
    data = pl.DataFrame({"y": y})
    counting = Counting(residual_step, fewest=len(y))
    words = {"formula": "y ~ 1", "family": family, "se": "HC0"}
    whole, few = _both(data, counting, **words)
    assert few.certificate.condensed_values < len(y)
    assert few.certificate.counted_rows is None
    assert not list(_differences(dataclasses.asdict(whole), dataclasses.asdict(few)))


@pytest.mark.parametrize(
    ("family", "ci"),
    [("gamma", "profile"), ("lognormal", "wald"), ("normal", "profile"), ("student", "wald")],
)
def test_a_condensed_sample_of_another_family_has_the_fit_of_all(family, ci):
    y = np.random.default_rng(8).weibull(1.5, 30_000)
    counting = Counting(residual_step, fewest=len(y))
    words = {"formula": "y ~ 1", "family": family, "ci": ci}
    whole, few = _both(pl.DataFrame({"y": y}), counting, **words)
    assert not list(_differences(dataclasses.asdict(whole), dataclasses.asdict(few)))


def test_only_large_plain_samples_are_condensed():
    y = np.random.default_rng(9).normal(size=3000)
    data = pl.DataFrame({"y": y, "x": y[::-1], "clinic": np.arange(3000) // 9})
    all_rows = Counting(residual_step, fewest=len(y))

    def is_condensed(counting: Counting = all_rows, **words: Any) -> bool:
        request = Request(data=data, **{"formula": "y ~ 1", "family": "normal"} | words)
        return prepare(request, counting=counting).table.columns.is_counted

    assert is_condensed()
    assert not is_condensed(COUNTING)
    assert not is_condensed(formula="y ~ x")
    assert not is_condensed(cluster="clinic")
    assert not is_condensed(family="huber")
    assert not is_condensed(truncated_below=-9.0)
    assert not is_condensed(gof=True)


def test_a_report_tells_what_stood_for_the_rows():
    whole, few = _both(TABLE, formula="count ~ x + g", family="poisson")
    assert wording.standing_in(whole) == []
    rows = few.certificate.counted_rows
    assert wording.standing_in(few) == [f"identical rows counted: 9,000 as {rows:,}"]


def test_many_rows_are_counted_of_themselves():
    rng = np.random.default_rng(10)
    data = pl.DataFrame({"y": rng.integers(0, 9, 250_000), "g": rng.choice(["a", "b"], 250_000)})
    found = run(Request(data=data, formula="y ~ g", family="poisson"))
    assert found.certificate.counted_rows < 5000
    assert found.fit.nobs == found.data.rows_used == 250_000
    means = data.group_by("g").agg(pl.col("y").mean()).sort("g")["y"]
    slope = found.coefficients[1].estimate
    assert math.isclose(slope, math.log(means[1] / means[0]), rel_tol=1e-10)
    sample = run(Request(data=pl.DataFrame({"y": rng.normal(size=250_000)}), family="normal"))
    assert sample.certificate.condensed_values < 25_000
