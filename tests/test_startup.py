"""Help and completion answer before anything numerical is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numpy", "polars", "scipy", "rich", "pydantic", "matplotlib"}
SHOW_MODULES_AT_THE_END = """
import atexit, json, sys

def show():
    json.dump([name for name, module in sys.modules.items() if module], sys.stderr)

atexit.register(show)
from mlefit.__main__ import run
run()
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
COMMANDS = [
    ["--help"],
    ["--version"],
    ["fit", "--help"],
    ["compare", "--help"],
    ["profile", "--help"],
    ["likelihood", "--help"],
    ["probability", "--help"],
    ["list", "--help"],
    ["show", "--help"],
    ["study", "--help"],
    ["predict", "--help"],
    ["simulate", "--help"],
    ["completion", "zsh"],
]


def loaded(arguments, **environ):
    """Top-level modules a command line leaves behind, and what it printed."""
    modules, out = loaded_modules(arguments, **environ)
    return {name.partition(".")[0] for name in modules}, out


def loaded_modules(arguments, **environ):
    """All modules a command line leaves behind, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW_MODULES_AT_THE_END, *arguments],
        env={**ENVIRONMENT, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr)), done.stdout


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_help_loads_nothing_heavy(arguments):
    modules, out = loaded(arguments)
    assert modules & HEAVY == set()
    assert out


def small_fit(family, folder):
    """Every module that a fit of sixty rows leaves behind."""
    most, least = 2 if family == "bernoulli" else 5, int(family in ("gamma", "weibull"))
    power = 2 if family == "negbinom" else 1  # one that spreads more than a poisson count
    rows = "".join(f"{(k % most) ** power + least},{k % 7}\n" for k in range(60))
    (folder / "small.csv").write_text("y,x\n" + rows)
    modules, out = loaded_modules(
        ["fit", str(folder / "small.csv"), "y ~ x", "-q", "--family", family]
    )
    assert "numpy" in modules
    assert out
    return modules


@pytest.mark.parametrize(
    "family", ["poisson", "negbinom", "normal", "bernoulli", "laplace", "gamma", "weibull"]
)
def test_a_small_fit_loads_no_scipy(family, tmp_path):
    assert not {name for name in small_fit(family, tmp_path) if name.partition(".")[0] == "scipy"}


# what a fit without priors, tests, pictures and trouble has no use for
RARE = [
    "matplotlib",
    "rich.console",
    "rich.table",
    "mlefit.algebra",
    "mlefit.comparison",
    "mlefit.diagnosis.gof",
    "mlefit.explaining",
    "mlefit.inference.constrained",
    "mlefit.inference.derived",
    "mlefit.inference.profile",
    "mlefit.pinball",
    "mlefit.prediction",
    "mlefit.report.canvas",
    "mlefit.report.pictures",
    "mlefit.search.corners",
    "mlefit.search.existence",
    "mlefit.search.fisher",
    "mlefit.search.together",
    "mlefit.strength",
    "mlefit.study",
    "mlefit.testing",
    "mlefit.translations",
]


@pytest.mark.parametrize("family", ["poisson", "normal", "bernoulli"])
def test_a_small_fit_loads_nothing_that_it_does_not_use(family, tmp_path):
    modules = small_fit(family, tmp_path)
    assert [rare for rare in RARE if rare in modules] == []
    others = {name for name in modules if name.startswith("mlefit.families.")}
    files = {name for name in others if not name.rpartition(".")[2].startswith("_")}
    assert len(files) <= 2  # its own, and one whose formulas it shares


def test_a_probability_reads_no_table_and_draws_no_file():
    at = ["--at", "mu=170,sigma=10", "--above", "185", "--quantile", "0.975"]
    modules, out = loaded(["probability", "--family", "normal", *at])
    assert modules & {"polars", "scipy", "matplotlib"} == set()
    assert "0.0668072" in out


def test_the_version_is_told_without_typer():
    modules, _ = loaded(["--version"])
    assert "typer" not in modules


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("mlefit ", "completion"),
        ("mlefit fit d.csv --fam", "--family"),
        ("mlefit fit d.csv --family pois", "poisson"),
        ("mlefit fit d.csv --se HC", "HC3"),
        ("mlefit list fam", "families"),
    ],
)
def test_completion_loads_nothing_heavy(shell, line, offered):
    modules, out = loaded([], **completing(shell, line))
    assert modules & HEAVY == set()
    assert offered in out


def completing(shell, line):
    """The environment in which a shell asks for completions of a line."""
    return {
        "_MLEFIT_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
