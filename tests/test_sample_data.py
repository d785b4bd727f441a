"""Every sample file is described, has the rows its description states, and is used."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_data"
ROW = re.compile(r"^\| `(?P<file>[^`]+)` \| (?P<rows>\d+) \| (?P<columns>.+) \| .+ \|$", re.M)
DESCRIBED = {
    row["file"]: row for row in ROW.finditer((SAMPLES / "README.md").read_text(encoding="utf-8"))
}

every_file = pytest.mark.parametrize("name", sorted(DESCRIBED))


def test_every_file_is_described_and_every_description_has_a_file():
    assert sorted(DESCRIBED) == sorted(path.name for path in SAMPLES.glob("*.csv"))


@every_file
def test_a_file_has_the_rows_its_description_states(name):
    assert len(rows_of(name)) == int(DESCRIBED[name]["rows"])


@every_file
def test_every_column_is_explained(name):
    explained = set(re.findall(r"`(\w+)`", DESCRIBED[name]["columns"]))
    assert explained == set(rows_of(name)[0])


@every_file
def test_no_cell_is_empty_and_no_row_is_short(name):
    assert all(None not in row and all(row.values()) for row in rows_of(name))


@every_file
def test_a_file_is_used(name):
    assert any(name in path.read_text(encoding="utf-8") for path in users())


def rows_of(name):
    with (SAMPLES / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def users():
    """The files that may put a sample to use: the README and the tests."""
    readme = ROOT / "README.md"
    return [*([readme] if readme.exists() else []), *(ROOT / "tests").rglob("*.py")]
