"""A new family costs one file: nothing else in the package knows its name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parents[2]

MAXWELL = '''
"""Maxwell target: y > 0, the length of a normal vector in three dimensions.

    ell(y; a) = log(2/pi)/2 + 2 log y - 3 log a - y^2/(2 a^2)

    d ell/da = (y^2/a^2 - 3)/a      -d2/da2 = 3 (y^2/a^2 - 1)/a^2      expected: 6/a^2

Source: N. L. Johnson, S. Kotz and N. Balakrishnan (1994), Continuous Univariate
Distributions 1, 2nd ed., chapter 18.
"""

import numpy as np
from scipy import special, stats

from mlefit.families._base import Family
from mlefit.families._derivation import Derivation
from mlefit.families._records import Example, Parameter
from mlefit.support import POSITIVE, Domain

ALIASES = ("maxwell-boltzmann",)


class Maxwell(Family):
    """See the module's docstring."""

    name = "maxwell"
    summary = "speeds in a gas"
    support = POSITIVE
    parameters = (Parameter("a", "log", Domain.POSITIVE, "scale"),)
    examples = (Example((1.0,)), Example((0.02,)), Example((3000.0,)))
    losses = ()
    derivation = Derivation(
        "log(2/pi)/2 + 2*log(y) - 3*log(a) - y^2/(2*a^2)",
        estimate={"a": "sqrt(mean(y^2)/3)"},
        information={"a": "6/a^2"},
    )

    def log_density(self, y, a):
        return np.log(2 / np.pi) / 2 + 2 * np.log(y) - 3 * np.log(a) - (y / a) ** 2 / 2

    def score(self, y, a):
        return (((y / a) ** 2 - 3) / a,)

    def observed(self, y, a):
        return {(0, 0): 3 * ((y / a) ** 2 - 1) / a / a}

    def expected(self, a):
        return {(0, 0): 6 / a / a}

    def start(self, moments):
        return (moments.mean / np.sqrt(8 / np.pi),)

    def mean(self, a):
        return a * np.sqrt(8 / np.pi)

    def variance(self, a):
        return a**2 * (3 - 8 / np.pi)

    def log_cdf(self, y, a):
        return np.log(special.gammainc(1.5, (np.maximum(y, 0) / a) ** 2 / 2))

    def log_sf(self, y, a):
        return np.log(special.gammaincc(1.5, (np.maximum(y, 0) / a) ** 2 / 2))

    def sample(self, rng, a):
        return stats.maxwell.rvs(scale=a, random_state=rng, size=np.shape(a) or None)


FAMILY = Maxwell()
'''


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("clone")
    for directory in ("mlefit", "tests"):
        shutil.copytree(
            ROOT / directory, root / directory, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "mlefit/families/maxwell.py").write_text(MAXWELL.lstrip())
    rng = np.random.default_rng(8)
    pl.DataFrame({"speed": np.linalg.norm(rng.normal(0, 3, (500, 3)), axis=1)}).write_csv(
        root / "gas.csv"
    )
    return root


def test_it_is_listed_with_its_aliases(clone):
    rows = json.loads(call(clone, "mlefit", "list", "families", "-f", "json"))
    assert "maxwell" in json.dumps(rows)
    assert "maxwell-boltzmann" in json.dumps(rows)


def test_it_is_fitted_as_a_sample_and_in_closed_form(clone):
    arguments = ("-F", "Maxwell-Boltzmann", "-f", "json", "--gof", "--replications", "39")
    document = json.loads(call(clone, "mlefit", "fit", "gas.csv", *arguments))
    (row,) = document["parameters"]
    y = pl.read_csv(clone / "gas.csv")["speed"].to_numpy()
    closed = np.sqrt(np.mean(y**2) / 3)
    assert row["estimate"] == pytest.approx(closed, rel=1e-12)
    assert row["std_error"] == pytest.approx(closed / np.sqrt(6 * len(y)), rel=1e-12)
    assert document["diagnostics"]["goodness_of_fit"]["tests"]


def test_it_has_censoring_priors_and_comparison(clone):
    limits = ("--censored-above", "6", "-f", "json")
    document = json.loads(call(clone, "mlefit", "fit", "gas.csv", "-F", "maxwell", *limits))
    (row,) = document["parameters"]
    assert row["estimate"] == pytest.approx(3, abs=4 * row["std_error"])
    both = ("--families", "maxwell,normal", "--table", "candidates", "-f", "csv")
    assert "maxwell" in call(clone, "mlefit", "compare", "gas.csv", *both).splitlines()[1]


def test_it_is_explained_from_its_formula(clone):
    table = ("-y", "speed", "-f", "json", "--table", "formulas")
    rows = json.loads(call(clone, "mlefit", "explain", "maxwell", "gas.csv", *table))
    by_name = {row["name"]: row for row in rows}
    assert by_name["density"]["text"] == "p(y | a) = √(2/π) y² e^(−y²/(2a²))/a³"
    assert by_name["score in a"]["text"] == "∂ℓ/∂a = Σy²/a³ − 3n/a"
    y = pl.read_csv(clone / "gas.csv")["speed"].to_numpy()
    closed = np.sqrt(np.mean(y**2) / 3)
    rows = [row for row in rows if row["name"] == "standard error of a"]
    assert rows[-1]["value"] == pytest.approx(closed / np.sqrt(6 * len(y)), rel=1e-9)


def test_it_meets_the_contract(clone):
    out = call(
        clone,
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/families/test_contract.py",
        "tests/families/test_derivation.py",
        "-k",
        "maxwell",
    )
    passed = int(out.rsplit(" passed", 1)[0].rsplit(None, 1)[-1])
    assert passed >= 30


def call(clone: Path, module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
