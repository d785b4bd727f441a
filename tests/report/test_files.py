from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlefit.errors import DataError, UsageError
from mlefit.report.files import check_output, write_atomically
from mlefit.report.options import ReportOptions


def test_a_file_is_replaced_as_a_whole_and_keeps_its_mode(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("old")
    path.chmod(0o640)
    write_atomically(path, "new ÿ\n")
    assert path.read_bytes() == "new ÿ\n".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path):
    write_atomically(tmp_path / "a.json", "")
    (tmp_path / "b.json").touch()
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    write_atomically(tmp_path / "link.json", "text")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "text"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    def fail(file: int) -> None:
        raise error

    path = tmp_path / "model.json"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((DataError, KeyboardInterrupt)):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.jsonn", "a", ".json", "a.parquet"])
def test_an_extension_that_names_no_format_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="cannot tell a format"):
        check_output(tmp_path / name)


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "a.json").mkdir()
    os.mkfifo(tmp_path / "b.csv")
    for name in ("a.json", "b.csv"):
        with pytest.raises(UsageError, match="not a regular file"):
            check_output(tmp_path / name)


def test_a_missing_directory_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no directory"):
        check_output(tmp_path / "no" / "a.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_one_may_not_write_is_refused(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(UsageError, match="is not writable"):
        check_output(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("name", "form", "table"),
    [("m.json", "json", None), ("m.CSV", "csv", "fit"), ("m.txt", "text", "fit")],
)
def test_a_file_gets_its_own_format_and_no_colour(name, form, table):
    shown = ReportOptions(format="md", table="fit", colour=True, width=80)
    options = shown.for_file(Path(name))
    assert (options.format, options.table) == (form, table)
    assert (options.colour, options.width) == (False, None)
