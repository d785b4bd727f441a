"""How often the default gate cries wolf, and how often it sees a drift: a recorded simulation.

    .venv/bin/python benchmarks/gate.py 2000 > benchmarks/gate.csv

Each scenario draws the rows of a baseline day and of a day to check, fits the baseline, and runs
the gate that `mlefit check DAY --baseline MODEL` runs, without a checks file. The seeds are those
of the lines, so that a line can be made again.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

import mlefit
from mlefit.checking import gate
from mlefit.request import CheckRequest

Draw = Callable[[np.random.Generator, int, float], pl.DataFrame]


@dataclass(frozen=True)
class Scenario:
    """Days to check.

    Attributes:
        name: what a line calls it.
        family: of the fit.
        formula: of the fit.
        draw: rows of a day, given a shift in standard deviations of the target.
        before: rows of the baseline.
        rows: of a day.
        shift: of the day.
        days: of it, as a share of those asked for.
    """

    name: str
    family: str
    formula: str
    draw: Draw
    before: int
    rows: int
    shift: float = 0.0
    days: float = 1.0


def normal(rng: np.random.Generator, n: int, shift: float) -> pl.DataFrame:
    """A normal target with two columns."""
    x, z = rng.normal(size=(2, n))
    return pl.DataFrame({"x": x, "z": z, "y": 1 + 0.5 * x - 0.2 * z + shift + rng.normal(size=n)})


def counts(rng: np.random.Generator, n: int, shift: float) -> pl.DataFrame:
    """Poisson counts with a column and a factor of three levels; a shift in root means."""
    x, g = rng.normal(size=n), rng.integers(3, size=n)
    eta = 1 + 0.3 * x + np.array([0.0, 0.3, -0.3])[g]
    mean = np.exp(eta) + shift * np.exp(eta / 2)
    return pl.DataFrame({"x": x, "g": np.array(list("abc"))[g], "y": rng.poisson(mean)})


def overdispersed(rng: np.random.Generator, n: int, shift: float) -> pl.DataFrame:
    """Counts that spread three times as much as Poisson's, whatever the fit takes them for."""
    frame = counts(rng, n, shift)
    mean = frame["y"].to_numpy() + 0.5
    return frame.with_columns(y=rng.poisson(mean * rng.gamma(2, 0.5, size=n)))


def binary(rng: np.random.Generator, n: int, shift: float) -> pl.DataFrame:
    """Yes and no with two columns; a shift in standard deviations of the target."""
    x, z = rng.normal(size=(2, n))
    p = 1 / (1 + np.exp(-(0.3 + 0.7 * x - 0.4 * z)))
    p = np.clip(p + shift * np.sqrt(p * (1 - p)), 0, 1)
    return pl.DataFrame({"x": x, "z": z, "y": (rng.random(n) < p).astype(int)})


def waiting(rng: np.random.Generator, n: int, shift: float) -> pl.DataFrame:
    """Gamma times without columns; a shift in standard deviations."""
    return pl.DataFrame({"y": rng.gamma(2, 1, size=n) + shift * math.sqrt(2)})


SCENARIOS = (
    Scenario("normal", "normal", "y ~ x + z", normal, 1000, 1000),
    Scenario("normal, few rows", "normal", "y ~ x + z", normal, 100, 60),
    Scenario("counts", "poisson", "y ~ x + g", counts, 1000, 500),
    Scenario("counts, few rows", "poisson", "y ~ x + g", counts, 200, 100),
    Scenario("overdispersed counts as Poisson", "poisson", "y ~ x + g", overdispersed, 500, 500),
    Scenario("yes and no", "bernoulli", "y ~ x + z", binary, 500, 500),
    Scenario("gamma sample", "gamma", "y ~ 1", waiting, 300, 300),
    Scenario("normal, shift 0.3", "normal", "y ~ x + z", normal, 1000, 1000, 0.3, 0.25),
    Scenario("counts, shift 0.3", "poisson", "y ~ x + g", counts, 1000, 1000, 0.3, 0.25),
    Scenario("yes and no, shift 0.3", "bernoulli", "y ~ x + z", binary, 1000, 1000, 0.3, 0.25),
    Scenario("gamma sample, shift 0.3", "gamma", "y ~ 1", waiting, 1000, 1000, 0.3, 0.25),
    Scenario("normal, 1e7, shift 0.01", "normal", "y ~ x", normal, 10**7, 10**7, 0.01, 0.0005),
)  # fmt: skip


FIELDS = ("scenario", "rows_before", "rows", "shift", "days", "fail", "warn", "error", "seed")


def run(scenario: Scenario, days: int, seed: int) -> dict[str, object]:
    """How many of so many days failed, warned, or had a check that could not look."""
    rng = np.random.default_rng([seed, *scenario.name.encode()])
    found = {"fail": 0, "warn": 0, "error": 0}
    for _ in range(days):
        before = scenario.draw(rng, scenario.before, 0.0)
        model = mlefit.fit(before, scenario.formula, family=scenario.family)
        today = scenario.draw(rng, scenario.rows, scenario.shift)
        result = gate.run(CheckRequest(data=today, baseline=model))
        if result.status in found:
            found[result.status] += 1
    return {
        "scenario": scenario.name,
        "rows_before": scenario.before,
        "rows": scenario.rows,
        "shift": scenario.shift,
        "days": days,
        **found,
        "seed": seed,
    }


def lines(days: int, only: str) -> Iterator[dict[str, object]]:
    """One line for each scenario."""
    for scenario in SCENARIOS:
        if only in scenario.name:
            yield run(scenario, max(round(days * scenario.days), 1), seed=1)


def main() -> None:
    """Write CSV to standard output."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    writer = csv.DictWriter(sys.stdout, FIELDS, lineterminator="\n")
    writer.writeheader()
    for line in lines(days, " ".join(sys.argv[2:])):
        writer.writerow(line)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
