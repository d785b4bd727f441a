"""README and reference show what the program prints, name what exists; README's Python runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlefit.cli import app
from mlefit.cli._root import COMMANDS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "reference.md"
RUN = re.compile(r"(<!-- run: mlefit (.+?) -->\n```text\n)(.*?)(```)", re.S)
TABLE = re.compile(r"(<!-- table: mlefit (.+?) -->\n)(.*?)(<!-- end -->)", re.S)
COMMAND = re.compile(r"`mlefit ((?:fit|compare) [^`]+)`")
IN_SHELL = re.compile(r"^mlefit (.+)$", re.M)
SPEED = re.compile(r"(<!-- benchmarks -->\n)(.*?)(<!-- end -->)", re.S)
BEFORE = re.compile(r"<!-- before: mlefit (.+?) -->")


@pytest.mark.parametrize("page", [README, REFERENCE], ids=lambda page: page.name)
def test_what_a_page_shows_is_what_the_program_prints(page, current, monkeypatch, tmp_path):
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    for command in BEFORE.findall(text):
        printed(command)
    current(page, TABLE.sub(filled, RUN.sub(filled, text)))


def test_the_speeds_that_pages_show_are_those_that_were_measured(current, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import record  # type: ignore[import-not-found]

    results = record.kept()
    text = README.read_text(encoding="utf-8")
    current(README, SPEED.sub(lambda match: match[1] + record.brief(results) + match[3], text))
    current(record.SHOWN, record.page(results))


def test_the_reference_has_every_command():
    text = REFERENCE.read_text(encoding="utf-8")
    assert re.findall(r"<!-- run: mlefit (\w+) --help -->", text) == list(COMMANDS)


@pytest.mark.parametrize("command", COMMAND.findall(README.read_text(encoding="utf-8")))
def test_every_command_in_a_table_runs(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert printed(command)


def test_every_command_in_a_block_runs(monkeypatch, tmp_path):
    """In their order, for some read what others wrote."""
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    commands = [command for block in blocks for command in IN_SHELL.findall(block)]
    assert len(commands) > 10
    for command in commands:
        assert printed(command) or " -o " in command


def test_the_python_example_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    exec(compile(code, "README.md", "exec"), {})
    assert "Intercept" in capsys.readouterr().out


@pytest.mark.parametrize("page", [README, REFERENCE], ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    folders = "sample_data|completions|tests|mlefit|docs|benchmarks"
    for path in set(re.findall(rf"(?<![\w/])(?:{folders})/[\w./-]*\w", text)):
        if not re.fullmatch(r"mlefit/\w+/1", path):  # the name of a schema
            assert (ROOT / path).exists(), path


def filled(match: re.Match[str]) -> str:
    return match[1] + printed(match[2]) + match[4]


def printed(arguments: str) -> str:
    runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
    result = runner.invoke(app, shlex.split(arguments), prog_name="mlefit")
    # 4 is the answer that no maximum exists, 1 that a day fails; a terminal shows both streams
    assert result.exit_code in (0, 4) or arguments.startswith("check"), result.output
    return result.output
