"""README shows what the program prints, names what exists, and its Python runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlefit.cli import app

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RUN = re.compile(r"(<!-- run: mlefit (.+?) -->\n```text\n)(.*?)(```)", re.S)
TABLE = re.compile(r"(<!-- table: mlefit (.+?) -->\n)(.*?)(<!-- end -->)", re.S)
COMMAND = re.compile(r"`mlefit ((?:fit|compare) [^`]+)`")


BEFORE = re.compile(r"<!-- before: mlefit (.+?) -->")


def test_what_readme_shows_is_what_the_program_prints(current, monkeypatch, tmp_path):
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    monkeypatch.chdir(tmp_path)
    for command in BEFORE.findall(README.read_text(encoding="utf-8")):
        printed(command)
    text = RUN.sub(filled, README.read_text(encoding="utf-8"))
    current(README, TABLE.sub(filled, text))


@pytest.mark.parametrize("command", COMMAND.findall(README.read_text(encoding="utf-8")))
def test_every_command_in_a_table_runs(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert printed(command)


def test_the_python_example_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    exec(compile(code, "README.md", "exec"), {})
    assert "Intercept" in capsys.readouterr().out


def test_every_path_that_readme_names_exists():
    text = README.read_text(encoding="utf-8")
    for path in set(re.findall(r"\b(?:sample_data|completions|tests|mlefit)/[\w./-]*\w", text)):
        if path not in ("mlefit/fit/1", "mlefit/compare/1"):  # the names of schemas
            assert (ROOT / path).exists(), path


def filled(match: re.Match[str]) -> str:
    return match[1] + printed(match[2]) + match[4]


def printed(arguments: str) -> str:
    runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
    result = runner.invoke(app, shlex.split(arguments), prog_name="mlefit")
    # 4 is the answer that no maximum exists; what a terminal shows is both streams
    assert result.exit_code in (0, 4), result.output
    return result.output
