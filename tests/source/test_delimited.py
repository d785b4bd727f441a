"""What CSV files may look like, and what each is read as."""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from mlefit.errors import DataError
from mlefit.source import open_source, read_rows
from mlefit.source.types import NULL_TOKENS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a,b\n1,2\n3,4\n", [(1.0, 2.0), (3.0, 4.0)], id="plain"),
        pytest.param("a,b\r\n1,2\r\n3,4\r\n", [(1.0, 2.0), (3.0, 4.0)], id="crlf"),
        pytest.param("\ufeffa,b\n1,2\n", [(1.0, 2.0)], id="byte order mark"),
        pytest.param('"a","b"\n"1","x,""y"\n', [(1.0, 'x,"y')], id="quotes"),
        pytest.param('a,b\n1,"x\ny"\n', [(1.0, "x\ny")], id="line break in quotes"),
        pytest.param("a,b\ntrue,False\nfalse,True\n", [(True, False), (False, True)], id="bool"),
        pytest.param("a, b\n1, 2\n 3,4 \n", [(1.0, 2.0), (3.0, 4.0)], id="padded numbers"),
        pytest.param("a,b\n1,2\n\n3,4\n\n", [(1.0, 2.0), (3.0, 4.0)], id="blank lines"),
        pytest.param("a,b\n+1e3,007\n.5,5.\n", [(1000.0, 7.0), (0.5, 5.0)], id="spellings"),
    ],
)
def test_spellings_of_a_table(tmp_path, text, expected):
    source = open_source(put(tmp_path, text))
    assert list(source.schema) == ["a", "b"]
    rows = read_rows(source, ["a", "b"])
    assert rows.frame.rows() == expected
    assert rows.ledger.read == rows.ledger.used == len(expected)


@pytest.mark.parametrize("token", ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "."])
def test_words_for_missing(tmp_path, token):
    rows = read_rows(open_source(put(tmp_path, f"a,b,c\n1,x,0\n{token},y,0\n2,{token},0\n")), "ab")
    assert rows.frame.rows() == [(1.0, "x")]
    assert rows.ledger.dropped == {"missing:a": 1, "missing:b": 1}


def test_integers_at_first_may_become_fractions_later(tmp_path):
    source = open_source(put(tmp_path, "a\n" + "1\n" * 3000 + "2.5\n"))
    assert source.schema == {"a": pl.Float64}
    assert read_rows(source, ["a"]).frame["a"][-1] == 2.5


def test_a_column_that_starts_with_a_thousand_missing_values_gets_its_type(tmp_path):
    text = "a,b,n\n" + "NA,,1\n" * 1500 + "2.5,x,1\n"
    assert open_source(put(tmp_path, text)).schema == {
        "a": pl.Float64,
        "b": pl.String,
        "n": pl.Float64,
    }


def test_blanks_around_a_late_number_are_allowed(tmp_path):
    rows = read_rows(open_source(put(tmp_path, "a,b\n" + "1,x\n" * 2000 + " 7 ,x\n")), ["a"])
    assert rows.frame["a"].sum() == 2007


def test_dates_are_dates(tmp_path):
    source = open_source(put(tmp_path, "d,t\n2024-01-31,2024-01-31 10:00:00\n"))
    assert source.schema["d"] == pl.Date
    assert isinstance(source.schema["t"], pl.Datetime)
    assert read_rows(source, ["d"]).frame.item() == datetime.date(2024, 1, 31)


def test_a_first_row_of_numbers_is_data(tmp_path):
    source = open_source(put(tmp_path, "1,2,3\n4,5,6\n"))
    assert source.notes == (
        "the first row holds numbers only, so there is no header: columns are column_1 to column_3",
    )
    assert source.first_row == 1
    assert read_rows(source, ["column_2"]).frame.rows() == [(2.0,), (5.0,)]


def test_blank_and_padded_names(tmp_path):
    source = open_source(put(tmp_path, ",my name , y\n1,2,3\n"))
    assert list(source.schema) == ["column_1", "my name", "y"]
    assert source.notes == (
        "the header has a blank name: the column is called column_1",
        "blanks around column names were removed",
    )
    assert read_rows(source, ["y", "column_1"]).frame.rows() == [(3.0, 1.0)]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a;b\n1,5;2\n3;4,25\n", "semicolon"),
        ("a\tb\n1,5\t2\n3\t4,25\n", "tab"),
        ("a;b\n1.5;2\n3;4.25\n", "semicolon"),
    ],
)
def test_other_separators_and_the_decimal_comma(tmp_path, text, note):
    source = open_source(put(tmp_path, text))
    assert note in source.notes[0]
    assert ("numbers are read with a decimal comma" in source.notes) == ("1,5" in text)
    assert read_rows(source, ["a", "b"]).frame.rows() == [(1.5, 2.0), (3.0, 4.25)]


def test_a_tsv_file_of_commas_is_told(tmp_path):
    source = open_source(put(tmp_path, "a,b\n1,2\n", "t.tsv"))
    assert source.notes == ("the first line has no tab: columns are separated by commas",)
    assert read_rows(source, ["a", "b"]).frame.rows() == [(1.0, 2.0)]


def test_faults_in_columns_that_are_not_used_do_not_matter(tmp_path):
    source = open_source(put(tmp_path, "a,b\n" + "1,2\n" * 1500 + "1,abc\n1\n"))
    assert read_rows(source, ["a"]).ledger.used == 1502


def test_a_blank_line_is_not_a_row_and_keeps_its_number(tmp_path):
    source = open_source(put(tmp_path, "a\n1\n\n2\nNA\n3\n"))
    rows = read_rows(source, ["a"])
    assert (rows.ledger.read, rows.ledger.dropped) == (4, {"missing:a": 1})
    assert rows.row_numbers([0, 1, 2]) == [2, 4, 6]
    assert read_rows(source, ["a"], where="a > 1").ledger.read == 4


def put(directory, text, name="t.csv"):
    path = directory / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("late", [*NULL_TOKENS, '""', "inf", "-Infinity", " 7 ", "x", "1e400"])
def test_what_stands_behind_the_first_rows_of_numbers_is_read_alike(tmp_path, monkeypatch, late):
    """A long file of numbers is read as numbers alone, and once more where that fails."""
    lines = [f"{k}.5,{k % 7}" for k in range(1500)]
    lines[1400] = f"{late},3"
    source = open_source(put(tmp_path, "\n".join(["a,b", *lines, ""])))
    assert source.delimited is not None
    assert source.delimited.bare is not None

    def told():
        try:
            rows = read_rows(source, ["a", "b"])
        except DataError as error:
            return str(error)
        return rows.ledger, rows.frame.rows(), rows.row_number(len(rows.frame) - 1)

    found = told()
    monkeypatch.setattr("mlefit.source.rows._bare", lambda selection: None)
    assert found == told()


def test_the_first_rows_of_a_long_file_are_those_of_its_first_bytes(tmp_path, monkeypatch):
    """Whether the first bytes hold enough rows, too few, or break off inside a quoted field."""
    path = tmp_path / "long.csv"
    rows = [f'{k},"a\n{k}",{k / 8}' for k in range(3000)]
    path.write_text("\n".join(["x,g,z", *rows]) + "\n")
    whole = open_source(path)
    for opening in (30, 5000, 30_001, 30_002, 30_003, 1 << 20):
        monkeypatch.setattr("mlefit.source.delimited._OPENING", opening)
        some = open_source(path)
        assert some.schema == whole.schema
        assert some.delimited.first.equals(whole.delimited.first)
        assert some.scan.collect().equals(whole.scan.collect())
