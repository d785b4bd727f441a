"""The workers of a cluster give the digits that this process gives."""

from __future__ import annotations

import dataclasses
import math
import pickle
import re
import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit import engines
from mlefit.cli import options
from mlefit.comparison import comparing
from mlefit.design.columns import TARGET
from mlefit.engines import dask
from mlefit.errors import UsageError
from mlefit.fitting import prepare
from mlefit.prediction.predicting import predict
from mlefit.request import ComparisonRequest, Request
from mlefit.search.begin import first_look
from mlefit.search.maximum import evaluator
from mlefit.search.start import centred
from tests.test_laws import SHAPES, make, request, shapes

TWO: dict[str, Any] = {"engine": "dask", "threads": 2}
# What rounding alone makes, and words that tell how it was asked.
NOISE = {
    "command",
    "newton_decrement",
    "max_scaled_gradient",
    "identity_error",
    "gradient_error",
    "condition_number",
    "rows_checked",  # of whole blocks, which end where shares do
}


@shapes([shape for shape in SHAPES if shape[1] != "y ~ 1"])
def test_the_sums_of_every_family_are_the_same(several, name, formula, model):
    local = prepare(request(name, make(name, 1), formula, model))
    there = dataclasses.replace(local, site=several)
    law = local.model
    engine, moments, survey = centred(local.engine)
    with np.errstate(all="ignore"):
        begun = first_look(
            law,
            engine,
            law.family.start(moments),
            survey,
            set(),
            lambda engine, gamma: _there(gamma),
            lambda line: None,
        )
    engine, gamma = begun[0], begun[2].gamma
    remote = there.engine.with_predictors(engine.predictors)
    for kind in ("observed", "guide"):
        one, two = (evaluator(law, rows)(gamma, kind) for rows in (engine, remote))
        assert two.nll == pytest.approx(one.nll, rel=1e-12)
        assert two.rows == one.rows
        size = np.abs(one.information).max()
        np.testing.assert_allclose(two.information, one.information, rtol=1e-12, atol=1e-13 * size)
        np.testing.assert_allclose(two.score, one.score, rtol=1e-11, atol=1e-13 * size)
    assert remote.passes == 2


def _there(gamma):
    from mlefit.search.begin import Begin

    return Begin(gamma)


FITS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "robust": ("poisson", "y ~ x + z + g", {"se": "HC1"}),
    "leverages": ("bernoulli", "y ~ x + z", {"se": "HC3"}),
    "quasi": ("poisson", "y ~ x + g", {"se": "quasi"}),
    "clusters": ("poisson", "y ~ x + g", {"se": "cluster", "cluster": "cluster"}),
    "drawn rows": (
        "poisson",
        "y ~ x",
        {"se": "bootstrap", "ci": "bootstrap", "bootstrap": "rows", "replications": 19},
    ),
    "drawn targets": (
        "gamma",
        "y ~ x",
        {"se": "bootstrap", "bootstrap": "parametric", "replications": 19},
    ),
    "profile": ("gamma", "y ~ x", {"ci": "profile"}),
    "ridge": ("poisson", "y ~ x + z + g", {"l2": 3.0}),
    "lasso": ("poisson", "y ~ x + z + g", {"l1": 5.0}),
    "jeffreys": ("bernoulli", "y ~ x", {"prior": "jeffreys"}),
    "strength": ("bernoulli", "y ~ x", {"prior": "laplace(0, auto)", "cv": 2, "path": 3}),
    "linear programme": ("laplace", "y ~ x + z", {}),
    "lasso of corners": ("laplace", "y ~ x + z", {"l1": 3.0}),
    "several starts": ("student", "y ~ x + z", {}),
    "weights": ("poisson", "y ~ x + g", {"freq_weights": "times"}),
    "sampled": ("poisson", "y ~ x + g", {"sampling_weights": "weight"}),
    "precision": ("normal", "y ~ x + g", {"precision_weights": "weight"}),
    "scale": ("normal", "y ~ x", {"model": "sigma ~ z"}),
    "redundant": ("poisson", "y ~ x + I(2*x) + g", {}),
    "nearly redundant": ("normal", "y ~ x + I(x + 1e-3*z)", {}),
    "censored": ("weibull", "y ~ x", {"censored_above": 1.0}),
    "truncated": ("normal", "y ~ x", {"truncated_below": -20.0}),
    "trials": ("binomial", "y ~ x + g", {"trials": "m"}),
    "offset": ("poisson", "y ~ x", {"offset": "z"}),
    "classes": ("categorical", "y ~ x + g", {}),
    "order": ("ordinal", "y ~ x + g", {}),
    "an edge": ("zip", "y ~ x", {}),
    "goodness": ("normal", "y ~ x", {"gof": True, "replications": 19}),
    "tests": ("poisson", "y ~ x + z + g", {"test": ("z", "b[x] = b[z]"), "anova": True}),
    "derived": ("gamma", "y ~ x", {"derive": "cv = 1/sqrt(k)"}),
}


@pytest.mark.parametrize("case", FITS)
def test_a_fit_is_the_same(several, case):
    family, formula, options = FITS[case]
    rows = make(family if case != "an edge" else "poisson", 3)
    one, two = (mlefit.fit(rows, formula, family=family, **options, **where) for where in ({}, TWO))
    assert_same(two, one)


def test_no_maximum_is_told_by_the_same_words(several):
    rows = pl.DataFrame({"x": np.linspace(-1, 1, 100)}).with_columns(y=(pl.col("x") > 0.1))
    one, two = (mlefit.fit(rows, "y ~ x", family="bernoulli", **at) for at in ({}, TWO))
    assert one.certificate.status == "no-maximum"
    assert two.warnings == one.warnings
    assert two.certificate.message == one.certificate.message


def test_an_error_of_a_pass_is_the_same_error(several):
    prepared = prepare(Request(data=make("poisson", 3), formula="y ~ x", family="poisson", **TWO))

    def refused(block):
        raise UsageError("a row has too much leverage", "row 7", tries=["--se HC1"])

    with pytest.raises(UsageError, match="leverage") as told:
        prepared.engine.with_predictors([]).total(refused)
    assert (told.value.evidence, told.value.tries) == (("row 7",), ("--se HC1",))


def test_a_comparison_is_the_same(several):
    rows = make("gamma", 3)
    one, two = (
        comparing.run(
            ComparisonRequest(
                Request(data=rows, **at), ("y ~ x", "y ~ x + z"), ("gamma", "lognormal"), folds=3
            )
        )
        for at in ({}, TWO)
    )
    assert_same(two, one)


def test_predictions_are_the_same_in_the_same_order(several):
    rows = make("poisson", 3)
    fit = mlefit.fit(rows, "y ~ x + g", family="poisson")
    many = pl.concat([rows.select("x", "y", "g")] * 800)  # several runs
    options: dict[str, Any] = {
        "what": ("fitted", "residual", "nll"),
        "quantiles": (0.1,),
        "keep": ("y",),
    }
    one = predict(many, fit, **options)
    two = predict(many, fit, engine="dask", **options)
    assert two.equals(one)


def test_a_factor_with_many_levels_and_clusters_are_counted_on_workers(workers):
    """What goes to the tasks is longer than dask sends along with each."""
    rng = np.random.default_rng(6)
    g, x = rng.integers(60, size=30_000), rng.normal(size=30_000)
    y = rng.poisson(np.exp(0.3 * x + 0.1 * np.sin(g)))
    rows = pl.DataFrame({"x": x, "g": [f"l{i}" for i in g], "c": g // 2, "y": y})
    words: dict[str, Any] = {"family": "poisson", "cluster": "c", "se": "cluster"}
    one, two = (mlefit.fit(rows, "y ~ x + g", **words, **at) for at in ({}, TWO))
    assert_same(two, one)


def test_the_search_begins_on_the_same_few_rows(workers):
    """Shares of the usual size, of which every so many rows are looked at first."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=150_000)
    rows = pl.DataFrame({"x": x, "y": rng.poisson(np.exp(0.3 * x))})
    one, two = (mlefit.fit(rows, "y ~ x", family="poisson", **at) for at in ({}, TWO))
    assert two.certificate.passes == one.certificate.passes
    assert_same(two, one)


def test_series_come_back_in_row_order(several):
    prepared = prepare(Request(data=make("poisson", 3), formula="y ~ x", family="poisson", **TWO))
    here, there = prepared.table.columns, prepared.engine
    assert TARGET in there
    assert "nothing" not in there
    y = here.whole(TARGET)
    np.testing.assert_array_equal(there.whole(TARGET), y)
    np.testing.assert_array_equal(there.thinned(TARGET, 7), y[::7])
    np.testing.assert_array_equal(there.every(7).whole(TARGET), y[::7])
    keep = np.arange(len(y)) > 60  # nothing is left of the first shares
    np.testing.assert_array_equal(there.kept(keep).whole(TARGET), y[keep])
    np.testing.assert_array_equal(there.with_target(-y).whole(TARGET), -y)
    np.testing.assert_array_equal(
        there.kept(keep).with_target(y[keep] + 1).whole(TARGET), y[keep] + 1
    )
    there = prepared.engine.with_predictors([])
    starts = [block.start for block in there.blocks()]
    assert starts == sorted(set(starts))
    assert there.each(lambda block: block.start) == starts
    assert there.kept(keep).each(lambda block: block.start)[0] == 0


def test_many_sums_are_added_on_the_workers(several, monkeypatch):
    monkeypatch.setattr(dask, "_BRANCHES", 2)
    prepared = prepare(Request(data=make("poisson", 3), formula="y ~ x", family="poisson", **TWO))
    there = prepared.engine.with_predictors([])
    y = prepared.table.columns.whole(TARGET)
    assert there.total(lambda block: block.y.sum()) == y.sum()


def test_the_engines_of_the_flag_are_those_there_are():
    assert options._ENGINES == engines.NAMES


def test_nothing_of_dask_is_loaded_unless_asked_for():
    code = (
        "import sys, mlefit\n"
        "mlefit.fit('sample_data/rivers.csv', target='length_miles', family='normal')\n"
        "assert not {'dask', 'distributed', 'cloudpickle'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_engine_goes_to_a_worker_without_its_rows(several):
    prepared = prepare(Request(data=make("poisson", 3), formula="y ~ x", family="poisson", **TWO))
    there = pickle.loads(pickle.dumps(prepared.engine))
    assert [one.labels for one in there.predictors] == [one.labels for one in prepared.predictors]
    assert not hasattr(there, "_shares")


def assert_same(found, expected, at="record"):
    """Records agree to rounding, but for what rounding makes."""
    if dataclasses.is_dataclass(expected):
        found, expected = (
            {field.name: getattr(one, field.name) for field in dataclasses.fields(one)}
            for one in (found, expected)
        )
    if isinstance(expected, dict):
        assert list(found) == list(expected), at
        for key, value in expected.items():
            if key not in NOISE:
                assert_same(found[key], value, f"{at}.{key}")
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected), at
        for i, value in enumerate(expected):
            assert_same(found[i], value, f"{at}[{i}]")
    elif isinstance(expected, float) and math.isfinite(expected):
        assert found == pytest.approx(expected, rel=1e-8, abs=1e-10), at
    elif isinstance(expected, str):  # a prior is told with all its digits
        assert _DIGITS.sub(_shortened, found) == _DIGITS.sub(_shortened, expected), at
    else:
        assert found == expected, at


_DIGITS = re.compile(r"\d+\.\d{9,}")


def _shortened(number):
    return f"{float(number[0]):.9g}"
