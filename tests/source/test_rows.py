"""Which rows are used, and where the others went."""

from __future__ import annotations

import math

import polars as pl
import pytest

from mlefit.errors import DataError, UsageError
from mlefit.source import missing_column, open_source, read_rows

NAN = math.nan
FRAME = pl.DataFrame(
    {
        "x": [1.0, None, 3.0, NAN, 5.0, None],
        "y": [1.0, 2.0, NAN, NAN, 5.0, 6.0],
        "g": ["a", "b", None, "a", "b", "a"],
    }
)


def test_every_dropped_row_is_counted_by_its_cause():
    rows = read_rows(open_source(FRAME), ["x", "y"], where="g = 'a' or y <> 2")
    assert rows.frame.rows() == [(1.0, 1.0), (5.0, 5.0)]
    assert rows.ledger.read == 6
    assert rows.ledger.dropped == {"where": 2, "missing:x": 1, "missing:several columns": 1}
    assert rows.ledger.read == rows.ledger.used + sum(rows.ledger.dropped.values())
    assert rows.row_numbers([0, 1]) == [1, 5]


def test_nan_satisfies_no_predicate():
    assert read_rows(open_source(FRAME), ["g"], where="x > 0").ledger.used == 2


def test_only_complete_columns_must_have_values():
    rows = read_rows(open_source(FRAME), ["x", "y"], complete=["x"])
    assert rows.frame.height == 3
    assert rows.ledger.dropped == {"missing:x": 3}
    assert read_rows(open_source(FRAME), ["x"], complete=[]).ledger.used == 6


def test_a_complete_frame_is_handed_over_as_it_is():
    pieces = pl.concat([FRAME[:1], FRAME[4:5]], rechunk=False).select("x", "y")
    rows = read_rows(open_source(pieces), ["x", "y"])
    assert rows.frame.n_chunks() == 2
    assert rows.ledger.dropped == {}
    assert rows.locate is None
    assert rows.row_number(1) == 2


def test_row_numbers_of_a_file_count_the_header(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\nNA,x\n3,y\n4,x\n")
    rows = read_rows(open_source(tmp_path / "t.csv"), ["a"], where="b = 'x'")
    assert rows.row_numbers(range(2)) == [2, 5]


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("x >", "is no SQL predicate"),
        ("", "is no SQL predicate"),
        ("x > 1, y", "no SQL predicate|does not fit|neither true"),
        ("x + 1", "neither true nor false"),
        ("g", "neither true nor false"),
        ("g > 1", "does not fit the columns"),
        ("xx > 1", "no column 'xx' in frame"),
    ],
)
def test_a_bad_predicate_is_a_usage_error(where, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        read_rows(open_source(FRAME), ["x"], where=where)
    assert repr(where) in caught.value.problem
    assert "columns: x, y, g" in caught.value.evidence


def test_a_predicate_that_keeps_nothing():
    with pytest.raises(DataError, match="no row of frame satisfies --where 'y > 100'"):
        read_rows(open_source(FRAME), ["x"], where="y > 100")


def test_missing_error_names_column_count_and_first_row():
    with pytest.raises(DataError, match="column 'x' lacks 3 of 6 values") as caught:
        read_rows(open_source(FRAME), ["x", "y"], missing="error")
    assert caught.value.evidence == ("first: row 2, in all 2 null, 1 NaN",)
    with pytest.raises(DataError) as caught:
        read_rows(open_source(FRAME), ["x"], missing="error", where="y = 1 or y > 5")
    assert caught.value.evidence == ("first: row 6, in all 1 null",)


@pytest.mark.parametrize("spec", ["50%", "3", "100%"])
def test_a_limit_that_holds(spec):
    assert read_rows(open_source(FRAME), ["x"], max_dropped=spec).ledger.used == 3


@pytest.mark.parametrize("spec", ["49%", "2", "0", "0%"])
def test_a_limit_that_is_exceeded_shows_the_ledger(spec):
    with pytest.raises(DataError, match=f"cost 3 of 6 rows, more than {spec}") as caught:
        read_rows(open_source(FRAME), ["x"], max_dropped=spec)
    assert caught.value.evidence == ("6 rows read, 3 usable, dropped: 3 missing:x",)


@pytest.mark.parametrize("spec", ["", "1.5", "-1", "few", "nan%", "101%", "%"])
def test_a_bad_limit_is_a_usage_error(spec):
    with pytest.raises(UsageError, match="neither a percentage nor a number of rows"):
        read_rows(open_source(FRAME), ["x"], max_dropped=spec)


def test_an_infinity_is_named_with_its_row():
    frame = pl.DataFrame({"a": [None, 1.0, math.inf, -math.inf]})
    with pytest.raises(DataError, match="column 'a' holds infinite values") as caught:
        read_rows(open_source(frame), ["a"])
    assert caught.value.evidence == ("first: row 3 = inf (2 of 3 rows)",)
    where = caught.value.tries[0].removeprefix("--where '").removesuffix("'")
    assert read_rows(open_source(frame), ["a"], where=where).ledger.used == 1


def test_an_infinity_in_a_row_that_is_dropped_does_no_harm():
    frame = pl.DataFrame({"a": [math.inf, 1.0], "b": [None, 1.0]})
    assert read_rows(open_source(frame), ["a", "b"]).ledger.used == 1


@pytest.mark.parametrize("frame", [FRAME.clear(), FRAME.filter(pl.col("y") == 99).lazy()])
def test_a_frame_without_rows(frame):
    with pytest.raises(DataError, match="frame has no rows"):
        read_rows(open_source(frame), ["x"])


def test_an_unknown_column_is_a_usage_error():
    source = open_source(pl.DataFrame({"count": [1.0]} | {f"x{k}": [1.0] for k in range(20)}))
    with pytest.raises(UsageError, match="no column 'cout' in frame") as caught:
        read_rows(source, ["cout"])
    assert caught.value.tries == ("count",)
    assert caught.value.evidence[0].endswith("x9, x10, ... and 9 more")
    assert missing_column(source, "z", tries=["-y count"]).tries == ("-y count",)


def test_further_rows_can_be_dropped_and_keep_their_numbers():
    rows = read_rows(open_source(FRAME), ["x"])
    fewer = rows.only(rows.frame["x"] > 1, "weight 0:w")
    assert fewer.frame.rows() == [(3.0,), (5.0,)]
    assert fewer.ledger.dropped == {"missing:x": 3, "weight 0:w": 1}
    assert fewer.row_numbers([0, 1]) == [3, 5]
    assert fewer.ledger.read == fewer.ledger.used + sum(fewer.ledger.dropped.values())
