"""The examples in the help are commands that work, one after the other."""

from __future__ import annotations

import importlib
import shlex
from pathlib import Path

import pytest

from mlefit.cli._root import COMMANDS
from mlefit.report.document import dumps
from tests.checking.days import baseline, day

ROOT = Path(__file__).parents[2]


def examples() -> dict[str, list[str]]:
    """The lines of every command that shows some; those of completion are for a shell's files."""
    names = [name for name in COMMANDS if name != "completion"]
    modules = {name: importlib.import_module(f"mlefit.cli.{name}") for name in names}
    return {
        name: [line.strip() for line in module._EXAMPLES.splitlines()[2:]]
        for name, module in modules.items()
        if hasattr(module, "_EXAMPLES")
    }


def days_to_check() -> None:
    """The files that the examples of `check` name, of days that are alike."""
    for seed, name in ((1, "model"), (2, "monday"), (3, "tuesday")):
        Path(f"{name}.json").write_text(dumps(baseline(seed)))
    day(2).write_csv("today.csv")
    Path("checks.toml").write_text(
        '[model]\nbaseline = "model.json"\n\n[[check]]\ntype = "rows"\nfail = { below = 200 }\n'
    )


@pytest.mark.parametrize(("name", "lines"), examples().items(), ids=examples())
def test_examples_run(run, name, lines, tmp_path, monkeypatch):
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    monkeypatch.chdir(tmp_path)
    if name == "check":
        days_to_check()
    printed = ""
    for line in lines:
        program, *arguments = shlex.split(line)
        code, out, err = run(*arguments)
        assert (program, code) == ("mlefit", 0), err
        assert not err.startswith("error")
        assert out or "-o" in arguments
        printed += out
    assert f"mlefit {name}" in "".join(lines)
    assert name not in ("fit", "compare") or " rows" in printed
