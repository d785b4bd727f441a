"""Every format that holds the same table gives the same rows and the same ledger."""

from __future__ import annotations

import gzip
import io
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mlefit.source import open_source, read_rows

TABLE = pl.DataFrame(
    {"age": [31.0, None, 45.5, 28.0], "group": ["a", "b", None, "ü c"], "n": [1.0, 2.0, 3.0, 4.0]}
)
EXPECTED = TABLE[[0, 3]]
PLAIN = ["t.csv", "t.tsv", "t.parquet", "t.arrow", "t.arrows", "t.ndjson", "t.jsonl"]


@pytest.mark.parametrize("name", [*PLAIN, *(f"{name}.gz" for name in PLAIN)])
def test_every_format_gives_the_same_table(tmp_path, name):
    check(open_source(write(TABLE, tmp_path / name)))


@pytest.mark.skipif(shutil.which("zstd") is None, reason="needs the zstd command")
@pytest.mark.parametrize("name", ["t.csv.zst", "t.tsv.zst", "t.ndjson.zst"])
def test_zstd_text_is_read(tmp_path, name):
    plain = write(TABLE, tmp_path / name.removesuffix(".zst"))
    subprocess.run(["zstd", "-q", str(plain), "-o", str(tmp_path / name)], check=True)
    check(open_source(tmp_path / name))


@pytest.mark.parametrize("name", [*PLAIN, "t.csv.gz", "t.parquet.gz"])
def test_standard_input_is_recognised_by_its_bytes(tmp_path, monkeypatch, name):
    content = write(TABLE, tmp_path / name).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    source = open_source("-", input_format="tsv" if name == "t.tsv" else None)
    assert source.name == "stdin"
    check(source)


@pytest.mark.parametrize("ext", ["csv", "parquet", "arrow", "ndjson"])
@pytest.mark.parametrize("pattern", ["", "*"])
def test_a_glob_and_a_directory_are_one_table(tmp_path, ext, pattern):
    write(TABLE[:2], tmp_path / f"a.{ext}")
    write(TABLE[2:], tmp_path / f"b.{ext}")
    source = open_source(str(tmp_path / pattern) if pattern else tmp_path)
    check(source)
    assert read_rows(source, ["age"], where="n > 3").row_number(0) == 4


def test_a_partitioned_dataset_has_its_partition_column(tmp_path):
    for group in "uv":
        (tmp_path / f"g={group}").mkdir()
        write(TABLE[:2], tmp_path / f"g={group}" / "0.parquet")
    source = open_source(tmp_path)
    assert read_rows(source, ["n", "g"]).frame.rows() == [
        (1.0, "u"),
        (2.0, "u"),
        (1.0, "v"),
        (2.0, "v"),
    ]


@pytest.mark.parametrize("frame", [TABLE, TABLE.lazy()])
def test_frames_pass_through(frame):
    source = open_source(frame)
    assert (source.name, source.format, source.first_row) == ("frame", "frame", 1)
    check(source)


def test_an_ndjson_file_named_csv_is_read_with_a_note(tmp_path):
    path = write(TABLE, tmp_path / "t.ndjson").rename(tmp_path / "t.csv")
    source = open_source(path)
    assert source.format == "ndjson"
    assert source.notes == (f"{path} is ndjson by its first bytes, whatever its extension says",)


def test_a_parquet_file_named_csv_is_read_with_a_note(tmp_path):
    path = write(TABLE, tmp_path / "t.parquet").rename(tmp_path / "t.csv")
    source = open_source(path)
    assert source.format == "parquet"
    assert source.notes == (f"{path} is parquet by its first bytes, whatever its extension says",)
    check(source)


def test_a_name_without_extension_is_csv_and_the_format_can_be_named(tmp_path):
    path = write(TABLE, tmp_path / "t.tsv").rename(tmp_path / "table")
    assert open_source(path).schema.keys() == {"age", "group", "n"}
    assert open_source(path, input_format="TSV").format == "tsv"


def test_brackets_in_a_name_are_no_pattern(tmp_path):
    check(open_source(write(TABLE, tmp_path / "t[1].csv")))


@pytest.mark.parametrize("name", ["w.csv", "w.parquet", "w.ndjson"])
def test_only_the_columns_asked_for_are_read(tmp_path, name):
    wide = pl.DataFrame({f"x{k}": [float(k), 2.0] for k in range(50)})
    source = open_source(write(wide, tmp_path / name))
    assert "PROJECT 1/50 COLUMNS" in source.scan.select("x7").explain()
    assert read_rows(source, ["x7"]).frame.rows() == [(7.0,), (2.0,)]


VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.none() | st.text("abcxyz ,;\"'é", min_size=1, max_size=6).filter(lambda w: w.strip())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.tuples(VALUES, VALUES, WORDS), min_size=1, max_size=8))
def test_any_small_table_survives_every_format(tmp_path, rows):
    frame = pl.DataFrame(
        rows, schema={"a": pl.Float64, "b": pl.Float64, "word": pl.String}, orient="row"
    ).with_columns(mark=pl.lit("m"))
    complete = frame.drop_nulls(["a", "b"])
    if complete.is_empty():
        return
    seen = []
    for ext in ("csv", "parquet", "ndjson"):
        source = open_source(write(frame, tmp_path / f"t.{ext}"))
        rows_read = read_rows(source, ["a", "b"])
        assert_frame_equal(rows_read.frame, complete.select("a", "b"), check_exact=True)
        seen.append(rows_read.ledger)
    assert seen[0] == seen[1] == seen[2]
    assert seen[0].read == frame.height == seen[0].used + sum(seen[0].dropped.values())


def check(source):
    """The rows, the ledger and the row numbers of TABLE."""
    rows = read_rows(source, ["age", "group", "n"])
    assert_frame_equal(rows.frame, EXPECTED)
    assert (rows.ledger.read, rows.ledger.used) == (4, 2)
    assert rows.ledger.dropped == {"missing:age": 1, "missing:group": 1}
    assert rows.row_numbers([0, 1]) == [source.first_row, source.first_row + 3]
    assert not any(math.isnan(value) for value in rows.frame["age"])


def write(frame: pl.DataFrame, path: Path) -> Path:
    """Write a frame in the format of the extension, gzipped if it ends in .gz."""
    if path.suffix == ".gz":
        plain = write(frame, path.with_name("plain" + path.with_suffix("").suffix))
        path.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
        return path
    writers: dict[str, Callable[[Path], object]] = {
        ".csv": frame.write_csv,
        ".tsv": lambda to: frame.write_csv(to, separator="\t"),
        ".parquet": frame.write_parquet,
        ".arrow": frame.write_ipc,
        ".arrows": frame.write_ipc_stream,
        ".ndjson": frame.write_ndjson,
        ".jsonl": frame.write_ndjson,
    }
    writers[path.suffix](path)
    return path


def test_how_many_bytes_some_columns_take(tmp_path):
    frame = pl.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    text, packed = tmp_path / "rows.csv", tmp_path / "rows.parquet"
    mapped, gzipped = tmp_path / "rows.arrow", tmp_path / "rows.csv.gz"
    frame.write_csv(text)
    frame.write_parquet(packed)
    frame.write_ipc(mapped)
    gzipped.write_bytes(gzip.compress(text.read_bytes()))
    assert open_source(text).bytes_of(["a"]) == text.stat().st_size
    assert open_source(packed).bytes_of(["a", "b"]) == packed.stat().st_size
    assert open_source(packed).bytes_of(["a"]) == 0  # the other column is not read
    assert open_source(mapped).bytes_of(["a", "b"]) is None
    assert open_source(gzipped).bytes_of(["a"]) is None  # unpacked when it was opened
    assert open_source(frame).bytes_of(["a"]) is None
    text.rename(tmp_path / "1.csv")
    shutil.copy(tmp_path / "1.csv", tmp_path / "2.csv")
    both = open_source(str(tmp_path / "[12].csv"))
    assert both.bytes_of(["a"]) == 2 * (tmp_path / "1.csv").stat().st_size
