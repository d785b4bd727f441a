"""Every bad input: one sentence, the evidence, and what would work."""

from __future__ import annotations

import gzip
import io
import os
import sys

import polars as pl
import pytest

from mlefit.errors import DataError, UsageError
from mlefit.source import open_source, read_rows

FRAME = pl.DataFrame({"a": [float(k) for k in range(500)], "b": ["x"] * 500})


def parquet(frame: pl.DataFrame = FRAME) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def ipc() -> bytes:
    buffer = io.BytesIO()
    FRAME.write_ipc(buffer)
    return buffer.getvalue()


CSV = FRAME.write_csv().encode()
BAD_FILES = [
    ("empty.csv", b"", "is empty"),
    ("empty.ndjson", b"", "is empty"),
    ("header.csv", b"a,b\n", "has a header but no rows"),
    ("header.csv", b"a,b", "has a header but no rows"),
    ("rows.parquet", parquet(FRAME.clear()), "has no rows"),
    ("gaps.csv", b"a,b\nNA,1\n,2\n", "every row of"),
    ("dup.csv", b"a,b,a\n1,2,3\n", "has 2 columns named 'a'"),
    ("long.csv", b"a,b\n1,2\n3,4,5\n", "row 3 of"),
    ("short.csv", b"a,b\n1,2\n3\n", "row 3 of"),
    ("quote.csv", b'a,b\n1,2\n3,"4\n5,6\n', "opens a quote never closed"),
    ("after.csv", b'a,b\n1,2\n3,"4"x\n5,6\n', "text after a closing quote"),
    ("late.csv", b"a,b\n" + b"1,2\n" * 5011 + b"abc,2\n", "but row 5013 says 'abc'"),
    ("flag.csv", b"a,b\n" + b"true,2\n" * 2000 + b"maybe,2\n", "holds true and false, but row"),
    ("day.csv", b"a,b\n" + b"2024-01-01,2\n" * 2000 + b"soon,2\n", "holds dates, but row 2002"),
    ("inf.csv", b"a,b\n1,2\n-inf,2\n3,2\n", "holds infinite values"),
    ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "looks like UTF-16"),
    ("utf16le.csv", "a,b\n1,2\n".encode("utf-16-le"), "looks like UTF-16LE"),
    ("latin.csv", "a,b\n1,é\n".encode("latin-1"), "looks like ISO-8859-1"),
    ("latin.csv.gz", gzip.compress("a,b\n1,é\n".encode("latin-1")), "looks like ISO-8859-1"),
    ("late.csv", b"a,b\n" + b"1,2\n" * 9000 + "1,é\n".encode("latin-1"), "looks like ISO-8859-1"),
    ("windows.csv", "a,b\n1,“x”\n".encode("cp1252"), "looks like WINDOWS-1252"),
    ("mac.csv", b"a,b\r1,2\r", "a bare carriage return"),
    ("zeros.csv", bytes(900), "is binary"),
    ("blank.csv", b"\n\na,b\n1,2\n", "the first line of"),
    ("sum.csv.gz", gzip.compress(CSV)[:-6] + b"123456", "its checksum does not fit"),
    ("binary.csv", bytes(range(256)) * 9, "is binary"),
    ("noise.csv", b"\x99\x81\x03\xfe" * 99, "is not UTF-8 text"),
    ("book.xlsx", b"PK\x03\x04" + b"\0" * 99, "an Excel workbook"),
    ("cut.csv.gz", gzip.compress(CSV)[:-30], "its end is missing"),
    ("cut.parquet.gz", gzip.compress(parquet())[:-30], "its end is missing"),
    ("bad.csv.gz", gzip.compress(CSV)[:40] + b"\xff" * 80, "cannot read"),
    ("cut.parquet", parquet()[:-30], "its end is missing"),
    ("hole.parquet", parquet()[:9] + b"\0" * 90 + parquet()[99:], "cannot read"),
    ("text.parquet", b"a,b\n1,2\n", "is no parquet file"),
    ("cut.arrow", ipc()[:-30], "its end is missing"),
    ("array.ndjson", b'[{"a": 1, "b": 2}]', "is one JSON array"),
    ("half.ndjson", b'{"a": 1, "b": 2}\n{"a": \n', "cannot read"),
    ("words.ndjson", b"hello\nworld\n", "cannot read"),
    ("mixed.ndjson", b'{"a": 1, "b": 2}\n' * 2000 + b'{"a": "x", "b": 2}\n', "cannot read"),
]


@pytest.mark.parametrize(
    ("name", "content", "sentence"), BAD_FILES, ids=[name for name, *_ in BAD_FILES]
)
def test_a_bad_file_gets_one_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_rows(open_source(tmp_path / name), ["a", "b"])
    assert sentence in caught.value.problem
    assert "\n" not in caught.value.problem
    assert all("\n" not in line for line in caught.value.evidence)


@pytest.mark.parametrize("aim", ["nowhere.csv", "link.csv"])
def test_a_link_that_leads_nowhere_is_no_misspelling(tmp_path, aim):
    (tmp_path / "link.csv").symlink_to(aim)
    with pytest.raises(DataError) as caught:
        open_source(tmp_path / "link.csv")
    assert "is a link that leads nowhere" in caught.value.problem
    assert caught.value.evidence == (f"it says '{aim}'",)


def test_the_faults_have_distinct_sentences(tmp_path):
    kinds = {
        sentence for _, _, sentence in BAD_FILES if sentence not in ("cannot read", "row 3 of")
    }
    assert len(kinds) > 20


@pytest.mark.parametrize("cut", [1, 9, 60])
def test_a_cut_zstd_file(tmp_path, cut):
    frame = bytes.fromhex("28b52ffd") + b"\x24" * cut
    (tmp_path / "t.csv.zst").write_bytes(frame)
    with pytest.raises(DataError):
        read_rows(open_source(tmp_path / "t.csv.zst"), ["a"])


def test_ragged_rows_say_how_many_fields(tmp_path):
    (tmp_path / "t.csv").write_text('a,b\n1,"x,y\nz"\n3,4,5\n')
    with pytest.raises(DataError, match=r"row 3 of .* has 3 fields, the first row has 2"):
        read_rows(open_source(tmp_path / "t.csv"), ["a", "b"])


def test_parquet_inside_zstd_gets_the_command_that_works(tmp_path):
    (tmp_path / "t.parquet.zst").write_bytes(bytes.fromhex("28b52ffd00"))
    with pytest.raises(UsageError) as caught:
        open_source(tmp_path / "t.parquet.zst")
    assert caught.value.tries[0].endswith("| mlefit fit - --input-format parquet")


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "visits.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="no file") as caught:
        open_source(tmp_path / "vists.csv")
    assert caught.value.tries == (str(tmp_path / "visits.csv"),)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nowhere/t.csv", "no directory"), ("*.csv", "no file matches"), ("", "no data file")],
)
def test_nothing_there(tmp_path, name, sentence):
    with pytest.raises(DataError, match=sentence):
        open_source(str(tmp_path / name))


def test_a_directory_of_several_formats_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    (tmp_path / "t.parquet").write_bytes(parquet())
    with pytest.raises(DataError, match="mixes csv and parquet files"):
        open_source(tmp_path)


@pytest.mark.parametrize("second", ["b,a\n2,1\n", "a\n1\n", "a,c\n1,2\n"])
def test_files_of_different_columns_are_no_table(tmp_path, second):
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text(second)
    with pytest.raises(DataError, match="does not have the columns of"):
        open_source(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    (tmp_path / "t.csv").chmod(0)
    with pytest.raises(DataError, match="permission denied"):
        open_source(tmp_path / "t.csv")


def test_empty_standard_input_and_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(DataError, match="standard input is empty"):
        open_source(None)
    terminal = io.TextIOWrapper(io.BytesIO(b""))
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    with pytest.raises(UsageError, match="standard input is a terminal"):
        open_source("-")


def test_an_unknown_input_format(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(UsageError) as caught:
        open_source(tmp_path / "t.csv", input_format="parket")
    assert caught.value.tries == ("--input-format parquet",)


def test_a_file_of_blank_lines(tmp_path):
    (tmp_path / "t.csv").write_text("\n\n")
    with pytest.raises(DataError, match=r"is empty|is blank"):
        open_source(tmp_path / "t.csv")


def test_a_url_that_cannot_be_scanned():
    with pytest.raises(DataError, match="cannot read nowhere://"):
        open_source("nowhere://bucket/t.parquet")
