"""Numbers spelt for people, names spelt by anybody, and words for missing values."""

from __future__ import annotations

import csv
import shutil
import subprocess
import time

import polars as pl
import pytest

from mlefit.errors import DataError
from mlefit.source import open_source, read_rows

THOUSANDS = "looks like numbers with thousands separators"
COMMA = "looks like numbers with a decimal comma"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["1,234", "950", "12,345,678.5"], THOUSANDS),
        (["-1'234", "7"], THOUSANDS),
        (["1 234", "7"], THOUSANDS),
        (["1\u00a0234", "7", ""], THOUSANDS),
        (["1.234.567", "7"], THOUSANDS),
        (["1,5", "2,25", "3"], COMMA),
        (["1,234", "2,5"], COMMA),
    ],
)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_numbers_spelt_for_people_are_no_levels(tmp_path, values, said, form):
    path = tmp_path / f"t.{form}"
    frame = pl.DataFrame({"a": values, "b": [1.0] * len(values)})
    getattr(frame, f"write_{form}")(path)
    with pytest.raises(DataError, match=said) as caught:
        read_rows(open_source(path), ["a"])
    assert caught.value.evidence[0].startswith("first: row ")
    assert read_rows(open_source(path), ["b"]).ledger.used == len(values)


@pytest.mark.parametrize("values", [["1,234", "x"], ["a", "b"], ["1,2,3", "4"], ["2024-01-01,"]])
def test_other_text_stays_text(tmp_path, values):
    pl.DataFrame({"a": values}).write_csv(tmp_path / "t.csv")
    assert read_rows(open_source(tmp_path / "t.csv"), ["a"]).frame["a"].to_list() == values


@pytest.mark.skipif(shutil.which("sed") is None, reason="needs sed")
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('y,a\n1,"1,234,567"\n2,"-950"\n', [1234567.0, -950.0]),
        ('y,a\n1,"1,5"\n2,"-2,25"\n', [1.5, -2.25]),
        ("y,a\n" + "1,7\n" * 1500 + '2,"1,234"\n', [7.0] * 1500 + [1234.0]),
    ],
)
def test_the_command_in_the_message_works(tmp_path, text, numbers):
    (tmp_path / "my file.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        read_rows(open_source(tmp_path / "my file.csv"), ["a"])
    command = caught.value.tries[0].removesuffix(" | mlefit fit - ...")
    fixed = subprocess.run(command, shell=True, check=True, capture_output=True).stdout
    (tmp_path / "fixed.csv").write_bytes(fixed)
    assert read_rows(open_source(tmp_path / "fixed.csv"), ["a"]).frame["a"].to_list() == numbers


@pytest.mark.parametrize(
    "name", ["*", "^a.*$", "new\nline", 'q"uote', "if", "größe", "`", "\x1b[2J"]
)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_column_may_have_any_name(tmp_path, name, form):
    path = tmp_path / f"t.{form}"
    frame = pl.DataFrame({name: [1.0, None, 3.0], "ab": [4.0, 5.0, 6.0], "a": [0.0, 1.0, 2.0]})
    getattr(frame, f"write_{form}")(path)
    rows = read_rows(open_source(path), [name, "ab"])
    assert rows.frame.rows() == [(1.0, 4.0), (3.0, 6.0)]
    assert rows.ledger.dropped == {f"missing:{name}": 1}
    assert rows.row_numbers([0, 1]) == ([2, 4] if form == "csv" else [1, 3])


def test_an_error_tells_the_words_for_missing_apart(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\nNA,1\n,1\nnan,1\n NA,1\n5,1\n")
    with pytest.raises(DataError, match="lacks 4 of 5 values") as caught:
        read_rows(open_source(tmp_path / "t.csv"), ["a"], missing="error")
    assert caught.value.evidence == ("first: row 2, in all 2 NA, 1 empty, 1 nan",)
    frame = pl.DataFrame({"a": [1.0, None, float("nan"), None]})
    with pytest.raises(DataError) as caught:
        read_rows(open_source(frame), ["a"], missing="error")
    assert caught.value.evidence == ("first: row 2, in all 2 null, 1 NaN",)


def test_five_thousand_columns_open_quickly(tmp_path):
    with (tmp_path / "wide.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"c{k}" for k in range(5000)])
        writer.writerows([[k % 7 + row for k in range(5000)] for row in range(20)])
    start = time.perf_counter()
    rows = read_rows(open_source(tmp_path / "wide.csv"), ["c0", "c2500", "c4999"])
    assert rows.frame.shape == (20, 3)
    assert time.perf_counter() - start < 10
