"""Saved documents come back as they were, and whatever else stands in a file is refused by name."""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest

from mlefit import compare, documents, fit
from mlefit.documents import KINDS, loads, read, read_as
from mlefit.errors import UsageError
from mlefit.report.document import dumps
from mlefit.results.compare import ComparisonResult
from mlefit.results.fit import FitResult


@pytest.mark.parametrize(
    "name", ["poisson_result", "sample_result", "classes_result", "odd_result"]
)
def test_a_document_comes_back_to_the_last_byte(name, request):
    text = dumps(request.getfixturevalue(name))
    assert dumps(loads(text, "m.json")) == text


def test_a_fit_comes_back(tmp_path):
    result = fit(
        "sample_data/doctor_visits.csv",
        "visits ~ age + C(illness)",
        family="negbinom",
        prior="normal(0, 1)",
    )
    file = tmp_path / "m.json"
    file.write_text(dumps(result))
    again = read(file)
    assert isinstance(again, FitResult)
    assert dumps(again) == dumps(result)
    assert again.coefficients[1] == result.coefficients[1]
    assert again.covariance.matrix[0][0] == result.covariance.matrix[0][0]


def test_a_comparison_comes_back(tmp_path):
    result = compare("sample_data/rivers.csv", families=("gamma", "lognormal"), cv=2)
    file = tmp_path / "c.json"
    file.write_text(dumps(result))
    again = read_as(ComparisonResult, file)
    assert dumps(again) == dumps(result)


def test_standard_input_holds_a_document(poisson_result, monkeypatch):
    text = dumps(poisson_result)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert dumps(read("-")) == text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_read(kind):
    record = importlib.import_module(f"mlefit.results.{kind}").RECORD
    assert documents.kind_of(record) == kind
    assert dataclasses.fields(record)[0].name == "schema"
    assert strange_types(record) == []


def strange_types(wanted: Any) -> list[Any]:
    """Types that no JSON value is checked against."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if wanted in (Any, str, int, float, bool, NoneType):
        return []
    if dataclasses.is_dataclass(wanted):
        hints = get_type_hints(wanted, include_extras=True).values()
        return [odd for one in hints for odd in strange_types(one)]
    if origin is Annotated:
        return strange_types(inner[0])
    if origin in (Union, UnionType, Sequence):
        return [odd for one in inner for odd in strange_types(one)]
    if origin is Mapping and inner[0] is str:
        return strange_types(inner[1])
    return [wanted]


def test_keys_may_be_added_and_those_with_a_default_be_absent(poisson_result):
    document = json.loads(dumps(poisson_result))
    document["later"] = {"x": 1}
    document["model"]["later"] = 1
    del document["notes"], document["data"]["where"]
    assert dumps(loads(json.dumps(document), "m.json")) == dumps(poisson_result)


def test_null_is_what_a_number_beyond_all_was_written_as(odd_result):
    again = loads(dumps(odd_result), "m.json")
    assert again.fit.log_likelihood is None
    document = json.loads(dumps(odd_result))
    document["losses"][0]["value"] = None
    assert math.isnan(loads(json.dumps(document), "m.json").losses[0].value)


def changed(*keys: Any, to: Any) -> Any:
    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed("fit", "nobs", to="many"), "'fit.nobs' must be a number, and it is a text"),
        (changed("fit", "n_params", to=2.5), "'fit.n_params' must be a whole number"),
        (changed("fit", "n_params", to=True), "and it is true or false"),
        (changed("fit", "n_params", to=None), "and it is null"),
        (changed("model", "small_sample", to=1), "must be true or false, and it is a number"),
        (changed("model", "links", "mu", to=[]), "'model.links.mu' must be a text"),
        (
            changed("coefficients", 1, "estimate", to={}),
            "'coefficients[1].estimate' must be a number, and it is an object",
        ),
        (changed("covariance", "matrix", 0, to=1), "'covariance.matrix[0]' must be a list"),
        (changed("data", to=[]), "'data' must be an object, and it is a list"),
        (lambda document: document["fit"].pop("aic"), "is incomplete: it has no 'fit.aic'"),
        (lambda document: document.pop("model"), "it has no 'model'"),
        (lambda document: document.pop("schema"), "is no document of mlefit: it has no 'schema'"),
        (changed("schema", to="mlefit/fit/2"), "and this version reads mlefit/fit/1"),
        (changed("schema", to="mlefit/fti/1"), "did you mean mlefit/fit/1?"),
        (changed("schema", to="other/fit/1"), "its schema is 'other/fit/1'"),
        (changed("schema", to="mlefit/__init__/1"), "which this version does not know"),
        (changed("schema", to=1), "it has no 'schema'"),
    ],
)
def test_what_is_wrong_is_named(change, message, poisson_result):
    document = json.loads(dumps(poisson_result))
    change(document)
    with pytest.raises(UsageError, match=r"^'m\.json' ") as caught:
        loads(json.dumps(document), "m.json")
    assert message in str(caught.value)
    assert "\n" not in caught.value.problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON: Expecting value, line 1, column 1"),
        ('{"schema": "mlefit/fit/1",', "it is not JSON"),
        ("[1, 2]", "it has no 'schema'"),
        ('{"schema": "mlefit/fit/1", "x": NaN}', "NaN is no number there"),
        ('{"schema": "mlefit/fit/1", "x": 1e999}', "1e999 is beyond all numbers"),
        ('{"a": 1, "a": 2}', "has the key 'a' twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"x": 1' + "0" * 5000 + "}", "it is not JSON"),
    ],
)
def test_what_is_no_json_is_refused(text, message):
    with pytest.raises(UsageError) as caught:
        loads(text, "m.json")
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path, poisson_result):
    with pytest.raises(UsageError, match=r"cannot read '.*none\.json': No such file"):
        read(tmp_path / "none.json")
    binary = tmp_path / "b.json"
    binary.write_bytes(b"\xff\xfe{")
    with pytest.raises(UsageError, match="it is not text"):
        read(binary)
    saved = tmp_path / "m.json"
    saved.write_text(dumps(poisson_result))
    with pytest.raises(UsageError, match="is a document of mlefit fit, and one of mlefit compare"):
        read_as(ComparisonResult, saved)
