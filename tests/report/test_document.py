from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import fields
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlefit import report
from mlefit.report import ReportOptions
from mlefit.report.document import dumps
from mlefit.results.fit import FitResult

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


def strict(text):
    return json.loads(text, parse_constant=pytest.fail)


@given(JSON)
def test_a_document_says_exactly_what_the_record_does(record):
    assert strict(dumps(record)) == record


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_null(value):
    assert strict(dumps({"a": [value, (value,)]})) == {"a": [None, [None]]}


def test_any_mapping_and_sequence_is_taken():
    assert strict(dumps(MappingProxyType({"a": (1, 2)}))) == {"a": [1, 2]}


def test_keys_stand_in_the_order_of_the_records(odd_result):
    document = strict(report.render(odd_result, ReportOptions(format="json")))
    assert list(document) == [field.name for field in fields(FitResult)]


def test_a_row_of_a_matrix_is_a_line():
    text = dumps({"matrix": [[0.1] * 9] * 9})
    assert text.count("\n") == 13


@pytest.mark.parametrize(("table", "kind"), [("terms", list), ("fit", dict)])
def test_a_table_can_be_had_as_json(poisson_result, table, kind):
    shown = strict(report.render(poisson_result, ReportOptions(format="json", table=table)))
    assert isinstance(shown, kind)


@pytest.mark.parametrize(("form", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_delimited_numbers_come_back_bit_for_bit(poisson_result, form, delimiter):
    text = report.render(poisson_result, ReportOptions(format=form))
    rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
    assert [float(row["estimate"]) for row in rows] == [
        row.estimate for row in poisson_result.coefficients
    ]
