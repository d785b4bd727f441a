from __future__ import annotations

import pytest

from mlefit import __version__
from mlefit.cli._root import COMMANDS


def test_help_names_every_command(run):
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_fits_eighty_columns(run, command, flag):
    code, out, err = run(*command, flag)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_introduced_by_its_own_words(run, name):
    code, out, err = run(name, "--help")
    assert (code, err) == (0, "")
    assert out.splitlines()[2].strip() == COMMANDS[name]


def test_nothing_to_do_shows_the_help_and_is_a_usage_error(run):
    code, out, err = run()
    assert (code, out) == (2, "")
    assert err.startswith("Usage: mlefit")


def test_the_version_is_told(run):
    assert run("--version") == (0, f"mlefit {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fti"], "error: no command 'fti'\n  try:  mlefit fit\n"),
        (["zzz"], f"error: no command 'zzz'\n  commands: {', '.join(COMMANDS)}\n"),
        (["--vresion"], "error: no option --vresion in mlefit\n  try:  --version\n"),
        (["fit", "--famly", "x"], "error: no option --famly in mlefit fit\n  try:  --family\n"),
        (["fit", "-Z"], "error: no option -Z in mlefit fit\n  try:  mlefit fit --help\n"),
        (["fit", "-x"], "error: option '-x' requires an argument\n"),
        (["completion"], "error: missing argument 'bash|zsh|fish'\n"),
        (["completion", "bsh"], "error: no shell 'bsh'\n  choices: bash, zsh, fish\n"),
    ],
)
def test_a_misspelling_gets_one_sentence_and_a_way_out(run, arguments, said):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(said)


def test_a_data_file_in_place_of_a_command_gets_the_command(run, tmp_path):
    data = tmp_path / "a.csv"
    data.write_text("y\n1\n")
    code, out, err = run(str(data))
    assert (code, out) == (2, "")
    assert f"try:  mlefit fit {data} --family NAME" in err
