"""The examples in the help are commands that work."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from mlefit.cli import compare, fit

ROOT = Path(__file__).parents[2]


EXAMPLES = [
    line.strip() for command in (fit, compare) for line in command._EXAMPLES.splitlines()[2:]
]


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_runs(run, line, tmp_path, monkeypatch):
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(line)
    code, out, err = run(*arguments)
    assert (program, code) == ("mlefit", 0)
    assert not err.startswith("error")
    assert " rows" in out
