"""The completion files are what the program prints; `pytest --update` rewrites them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlefit.cli import app
from mlefit.cli.completion import SHELLS

FILES = {"bash": "mlefit.bash", "zsh": "_mlefit", "fish": "mlefit.fish"}
FOLDER = Path(__file__).parents[1] / "completions"


def test_every_shell_has_its_file():
    assert set(FILES) == set(SHELLS)
    assert {path.name for path in FOLDER.iterdir()} == set(FILES.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_file_is_current(shell, current):
    done = CliRunner().invoke(app, ["completion", shell])
    assert (done.exit_code, done.stderr) == (0, "")
    current(FOLDER / FILES[shell], done.stdout)
