"""Completion in real shells: names come from the file, the model and the checks on the line."""

from __future__ import annotations

import os
import re
import select
import shutil
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from mlefit.cli import _complete
from tests.checking.conftest import files  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("files")
SCRIPTS = Path(__file__).parents[2] / "completions"
SHELLS = {
    "bash": (["--norc", "-i"], [f"source {SCRIPTS}/mlefit.bash"]),
    "zsh": (
        ["-f", "-i"],
        [
            "autoload -U compinit; compinit -u -D",
            f"fpath=({SCRIPTS} $fpath); autoload -U _mlefit; compdef _mlefit mlefit",
        ],
    ),
    "fish": (["--no-config", "-i"], [f"source {SCRIPTS}/mlefit.fish"]),
}
LINES = {
    "mlefit fit odd.csv -x price,ro": "price,rooms",
    "mlefit fit odd.csv -y lo": "lot\\ size",
    "mlefit fit odd.csv 'price ~ ro": "'price ~ rooms",
    "mlefit check monday.csv --baseline model.json --only fit": "fit_gap",
    "mlefit check monday.csv --baseline model.json --expect 'b[x": "'b[x]",
}


@pytest.fixture
def line(monkeypatch):
    """Set the line that a shell asks about, as zsh and fish do or as bash does."""

    def set_line(text: str, bash: bool = False) -> None:
        monkeypatch.delenv("COMP_WORDS", raising=False)
        monkeypatch.delenv("_TYPER_COMPLETE_ARGS", raising=False)
        if bash:
            monkeypatch.setenv("COMP_WORDS", "\n".join(text.split(" ")))
        else:
            monkeypatch.setenv("_TYPER_COMPLETE_ARGS", text)

    return set_line


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals of this kind")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes_in_a_real_shell(shell, monkeypatch, tmp_path):
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    pl.DataFrame({"lot size": [1], "price": [2], "rooms": [3]}).write_csv("odd.csv")
    script = f"#!{sys.executable}\nfrom mlefit.__main__ import run\nrun()\n"
    (tmp_path / "mlefit").write_text(script)
    (tmp_path / "mlefit").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("TERM", "xterm")
    arguments, setup = SHELLS[shell]
    for begun, wanted in LINES.items():
        shown = typed([path, *arguments], setup, begun, wanted)
        assert wanted in shown, (begun, shown)


def typed(command: list[str], setup: list[str], begun: str, wanted: str) -> str:
    """What a terminal shows of a line and a TAB behind it."""
    import pty

    process, terminal = pty.fork()
    if not process:
        os.execv(command[0], command)
    try:
        read(terminal, 0.5)
        for words in setup:
            os.write(terminal, f"{words}\n".encode())
            read(terminal, 0.5)
        os.write(terminal, begun.encode())
        read(terminal, 0.3)
        os.write(terminal, b"\t")
        shown = begun + read(terminal, 15.0, lambda text: wanted in begun + text or wanted in text)
    finally:
        os.close(terminal)
        os.waitpid(process, 0)
    return shown


def read(terminal: int, seconds: float, done=lambda text: False) -> str:
    """What comes in so many seconds, or until that is enough, without its control codes."""
    raw, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                raw += os.read(terminal, 1 << 16)
            except OSError:
                break
        text = plain(raw)
        if done(text):
            return text
    return plain(raw)


def plain(raw: bytes) -> str:
    text = raw.decode(errors="replace")
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[=>]|[\x07\x08]", "", text)


def test_columns_are_those_of_the_file_on_the_line(line):
    line("mlefit fit monday.csv -y ")
    assert [name for name, _ in _complete.column("")] == ["x", "g", "y"]
    assert dict(_complete.column("g"))["g"].startswith("e.g. ")
    assert [name for name, _ in _complete.columns("x,")] == ["x,g", "x,y"]


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".ndjson", ".csv.gz", ".tsv"])
def test_every_format_has_its_columns(line, suffix, tmp_path):
    frame = pl.DataFrame({"aa": [1], "ab": ["x"]})
    path = tmp_path / f"table{suffix}"
    if suffix == ".parquet":
        frame.write_parquet(path)
    elif suffix == ".arrow":
        frame.write_ipc(path)
    elif suffix == ".ndjson":
        frame.write_ndjson(path)
    elif suffix == ".tsv":
        frame.write_csv(path, separator="\t")
    else:
        import gzip

        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    line(f"mlefit fit {path} -y a")
    assert [name for name, _ in _complete.column("a")] == ["aa", "ab"]


def test_a_formula_goes_on_after_its_target_and_quotes_odd_names(line):
    pl.DataFrame({"lot size": [1], "price": [2]}).write_csv("odd.csv")
    line("mlefit fit odd.csv 'p")
    assert _complete.formula("p") == [("price ~ ", "e.g. 2")]
    assert _complete.formula("price ~ ")[0] == ("price ~ `lot size`", "e.g. 1")


@pytest.mark.parametrize("bash", [True, False])
def test_what_cannot_be_read_gives_nothing_and_no_error(line, bash, capsys, tmp_path):
    Path("bad.parquet").write_bytes(b"nonsense")
    for words in ("mlefit fit bad.parquet -y ", "mlefit fit none.csv -y ", "", "mlefit 'open"):
        for path in tmp_path.glob("*.csv"):
            path.unlink()
        line(words, bash)
        assert _complete.column("") == []
        assert _complete.term("q") == []
    assert capsys.readouterr() == ("", "")


def test_a_single_file_in_the_directory_is_meant(line, tmp_path):
    for name in ("tuesday.csv", "wednesday.csv"):
        (tmp_path / name).unlink()
    line("mlefit fit -y ")
    assert [name for name, _ in _complete.column("x")] == ["x"]


def test_terms_and_checks_are_those_of_the_files(line, tmp_path):
    (tmp_path / "c.toml").write_text('[[check]]\nname = "my gate"\ntype = "rows"\n')
    line("mlefit check monday.csv --baseline model.json --checks c.toml --expect ")
    assert [name for name, _ in _complete.term("b[")] == [
        "b[Intercept]",
        "b[x]",
        "b[g[b]]",
        "b[g[c]]",
    ]
    assert ("b[x] > fit_gap", "") in _complete.term("b[x] > fit")
    assert ("my gate", "") in _complete.check("my")
    assert ("rows,fit_gap", "") in _complete.check("rows,fit")
