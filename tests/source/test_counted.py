"""Identical rows once with their number: the same ledger, rows and messages as row by row."""

from __future__ import annotations

import gzip
import math

import numpy as np
import polars as pl
import pytest

from mlefit.errors import DataError
from mlefit.source import Counting, count_rows, open_source, read_rows

EVERY_TENTH = Counting(lambda rows: 10, fewest=0)
RNG = np.random.default_rng(1)
FRAME = pl.DataFrame(
    {
        "y": RNG.integers(0, 4, 2000),
        "x": RNG.choice([0.5, 1.5, math.nan], 2000, p=[0.5, 0.45, 0.05]),
        "g": RNG.choice(["a", "b", None], 2000, p=[0.5, 0.45, 0.05]),
    }
)


def test_counted_rows_are_the_rows():
    whole = read_rows(open_source(FRAME), ["y", "x", "g"])
    few = count_rows(open_source(FRAME), ["y", "x", "g"], EVERY_TENTH)
    assert few.ledger == whole.ledger
    assert few.ledger.dropped["missing:several columns"] > 0
    assert few.frame.height < whole.frame.height / 5
    counted = few.frame.with_columns(few.counts.alias("n")).group_by("y", "x", "g").sum()
    expected = whole.frame.group_by("y", "x", "g").agg(n=pl.len())
    assert counted.sort("y", "x", "g").rows() == expected.sort("y", "x", "g").rows()


def test_rows_that_stay_apart_keep_their_position_and_the_others_that_of_the_first():
    whole = read_rows(open_source(FRAME), ["y", "x", "g"])
    few = count_rows(open_source(FRAME), ["y", "x", "g"], EVERY_TENTH)
    positions = few.firsts.to_numpy()
    assert few.frame.rows() == whole.frame[positions].rows()
    assert list(positions) == sorted(set(positions))
    apart = positions % 10 == 0
    assert set(positions[apart]) == set(range(0, whole.frame.height, 10))
    assert set(few.counts.filter(pl.Series(apart))) == {1}
    others = whole.frame.with_row_index().filter(pl.col("index") % 10 > 0)
    first = others.group_by("y", "x", "g").agg(pl.col("index").min())["index"]
    assert set(positions[~apart]) == set(first)
    assert few.row_number(int(positions[3])) == whole.row_number(int(positions[3]))


@pytest.mark.parametrize("form", ["csv", "parquet", "ipc", "ndjson"])
def test_every_format_with_a_condition(form, tmp_path):
    path = tmp_path / f"t.{form}"
    frame = FRAME.with_columns(pl.col("x").fill_nan(None)).rename({"x": "*", "g": "^a$"})
    getattr(frame, {"csv": "write_csv", "ndjson": "write_ndjson"}.get(form, f"write_{form}"))(path)
    columns = ["y", "*", "^a$"]
    whole = read_rows(open_source(path), columns, where="y > 0")
    few = count_rows(open_source(path), columns, EVERY_TENTH, where="y > 0")
    assert few.ledger == whole.ledger
    assert few.counts.sum() == whole.frame.height
    last = int(few.firsts[-1])
    assert few.row_number(last) == whole.row_number(last)


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ({}, {"missing": "error"}),
        ({}, {"max_dropped": "1%"}),
        ({"x": pl.lit(math.inf)}, {}),
        ({"x": pl.lit(math.nan)}, {}),
        ({"g": pl.lit("1,234")}, {}),
    ],
)
def test_what_is_told_of_single_rows_is_left_to_who_reads_them(change, options):
    source = open_source(FRAME.with_columns(**change))
    with pytest.raises(DataError):
        read_rows(source, ["y", "x", "g"], **options)
    assert count_rows(source, ["y", "x", "g"], EVERY_TENTH, **options) is None


@pytest.mark.parametrize("line", ["", "3", " 2 ,1.5,a", "2,1.5x,a"])
def test_odd_lines_of_a_text_file_are_read_one_by_one(line, tmp_path):
    lines = FRAME.write_csv().splitlines()
    (tmp_path / "t.csv").write_text("\n".join([*lines[:1500], line, *lines[1500:], ""]))
    assert count_rows(open_source(tmp_path / "t.csv"), ["y", "x", "g"], EVERY_TENTH) is None
    (tmp_path / "t.csv").write_text("\n".join(lines))
    assert count_rows(open_source(tmp_path / "t.csv"), ["y", "x", "g"], EVERY_TENTH) is not None


def _data(kind):
    n, rng = 3000, np.random.default_rng(2)
    return {
        "measurements": lambda: pl.DataFrame({"y": rng.normal(size=n)}),
        "many levels": lambda: pl.DataFrame({"y": rng.integers(0, 40, n), "x": np.arange(n) % 41}),
        "a query": lambda: FRAME.lazy(),
    }[kind]()


@pytest.mark.parametrize("kind", ["measurements", "many levels", "a query"])
def test_rows_are_not_counted_where_that_does_not_pay(kind):
    source = open_source(_data(kind))
    assert count_rows(source, list(source.schema), EVERY_TENTH) is None


def test_few_rows_and_packed_text_are_not_counted(tmp_path):
    few = Counting(lambda rows: 10, fewest=FRAME.height + 1)
    assert count_rows(open_source(FRAME), ["y"], few) is None
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(FRAME.write_csv().encode()))
    source = open_source(tmp_path / "t.csv.gz")
    assert count_rows(source, ["y"], EVERY_TENTH) is None
    assert count_rows(open_source(FRAME), ["y"], EVERY_TENTH) is not None
