"""The library behind the command: one function, records back, and nothing loaded before it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import mlefit
from mlefit import fit
from mlefit.errors import DataError, MlefitError, UsageError
from mlefit.results.fit import Coefficient, FitResult

ROOT = Path(__file__).parents[1]
VISITS = ROOT / "sample_data" / "doctor_visits.csv"


def test_five_lines_are_enough():
    data = pl.DataFrame({"claims": [0, 1, 3, 2, 5], "age": [20, 30, 40, 50, 60]})
    result = mlefit.fit(data, "claims ~ age", family="poisson")
    assert result.certificate.status == "converged"
    slope = next(row for row in result.coefficients if row.term == "age")
    assert slope.estimate == pytest.approx(0.05661, abs=1e-5)


@pytest.mark.parametrize("kind", ["path", "text", "frame", "lazy"])
def test_a_path_a_frame_and_a_lazy_frame_give_the_same_fit(kind):
    data = {
        "path": VISITS,
        "text": str(VISITS),
        "frame": pl.read_csv(VISITS),
        "lazy": pl.scan_csv(VISITS),
    }[kind]
    result = fit(data, "visits ~ age + gender", family="poisson")
    reference = fit(VISITS, "visits ~ age + gender", family="poisson")
    assert result.coefficients == reference.coefficients
    assert result.fit == reference.fit
    assert result.data.source == (str(VISITS) if kind in ("path", "text") else "frame")
    assert result.data.rows_used == 5190


def test_a_fit_is_a_frozen_record_that_goes_into_json():
    result = fit(VISITS, "visits ~ age", family="poisson")
    assert isinstance(result, FitResult)
    assert all(isinstance(row, Coefficient) for row in result.coefficients)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.fit = None  # type: ignore[misc]
    document = json.loads(json.dumps(dataclasses.asdict(result), allow_nan=False))
    assert document["coefficients"][1]["term"] == "age"
    assert document["mlefit_version"] == mlefit.__version__


def test_target_and_features_stand_for_a_formula():
    named = fit(VISITS, target="visits", features=["age", "income"], family="poisson")
    written = fit(VISITS, "visits ~ age + income", family="poisson")
    assert named.coefficients == written.coefficients


def test_one_feature_and_all_features_can_be_given_as_a_word():
    data = pl.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "a": [1, 2, 3, 4], "b": [0, 1, 1, 0]})
    one = fit(data, target="y", features="a", family="normal")
    both = fit(data, target="y", features="all", family="normal")
    assert [row.term for row in one.coefficients] == ["Intercept", "a"]
    assert [row.term for row in both.coefficients] == ["Intercept", "a", "b"]


def test_repeatable_flags_take_one_word_or_several():
    data = pl.DataFrame({"y": [1.0, 2.0, 4.0, 3.0, 7.0], "a": [1, 2, 3, 4, 5]})
    one = fit(data, "y ~ a", family="normal", fix="sigma=1", link="identity")
    several = fit(data, "y ~ a", family="normal", fix=["sigma=1"], link=["mu=identity"])
    assert one.coefficients == several.coefficients
    assert one.model.fixed == {"sigma:Intercept": 0.0}


def test_the_frame_is_left_as_it_was():
    data = pl.DataFrame({"y": [1.0, 2.0, 4.0], "w": [0, 1, 2]})
    before = data.clone()
    fit(data, "y ~ 1", family="normal", freq_weights="w")
    assert data.equals(before)


@pytest.mark.parametrize(
    ("data", "formula", "options", "error", "words"),
    [
        (VISITS, "visits ~ aeg", {}, UsageError, "aeg"),
        (VISITS, "visits ~ (age", {}, UsageError, "expected '\\)'"),
        (VISITS, "visits ~ age", {"family": "poison"}, UsageError, "no family or loss 'poison'"),
        (VISITS, "visits ~ age", {"se": "HC9"}, UsageError, "no standard error 'HC9'"),
        (VISITS, "visits ~ age", {"se": "cluster"}, UsageError, "need a column"),
        (VISITS, "visits ~ age", {"fix": "agee=0"}, UsageError, "agee"),
        (VISITS, "income ~ age", {}, DataError, "does not suit poisson"),
        (VISITS.with_name("nothing.csv"), "visits ~ age", {}, DataError, "nothing.csv"),
        (pl.DataFrame({"y": []}), "y ~ 1", {}, DataError, "no rows"),
        (pl.DataFrame({"y": [None, None]}), "y ~ 1", {}, DataError, "every row"),
    ],
)
def test_errors_are_of_one_kind_and_name_what_is_wrong(data, formula, options, error, words):
    with pytest.raises(error, match=words) as caught:
        fit(data, formula, **{"family": "poisson", **options})
    assert isinstance(caught.value, MlefitError)
    assert caught.value.problem


def test_data_that_are_no_table_are_refused():
    with pytest.raises(MlefitError):
        fit([1, 2, 3], "y ~ 1", family="normal")


def test_a_family_is_always_named():
    with pytest.raises(TypeError, match="family"):
        fit(VISITS, "visits ~ age")  # type: ignore[call-arg]


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="familly"):
        fit(VISITS, "visits ~ age", family="poisson", familly="normal")


def test_the_package_has_nothing_else_to_offer():
    names = ["__version__", "check", "compare", "fit", "predict", "read", "simulate"]
    assert sorted(mlefit.__all__) == names
    assert all(callable(getattr(mlefit, name)) for name in names[1:])
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        _ = mlefit.fitt


def test_importing_the_package_loads_nothing_heavy():
    program = "import sys, mlefit; mlefit.__version__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "mlefit" in loaded
    assert not loaded & {"numpy", "polars", "scipy", "rich", "typer"}
