"""Maximum likelihood to 50 digits from a log-density alone, sharing no code with mlefit.

A file in `families/` beside this one writes a family's log-density in mpmath, by hand,
and names some fits of it; this module differentiates it numerically at three times the
digits promised and runs Newton's method from the fitted values of mlefit, which are a
start and nothing more. `python -m tests.reference.density NAME ...` writes what it finds
to `families/NAME.json`.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import mpmath
import polars as pl
from mpmath import mp, mpf

from tests.reference.exact import FORWARD, INTERCEPT, INVERSE, Column, Design
from tests.reference.tables import SAMPLES, table

HERE = Path(__file__).parent / "families"
DIGITS = 50
WORKING = 150
STEP = mpf(10) ** -40  # central differences: 80 digits of a slope, 70 of a curvature
DECREMENT = mpf(10) ** -60


@dataclass(frozen=True)
class Case:
    """One fit, both as mlefit is asked for it and as columns computed here.

    Attributes:
        id: unique in its file.
        data: a file of sample_data.
        formula: of the first parameter.
        target: of a row, as `table` reads it.
        designs: the columns of every parameter that has covariates.
        rows: use the first so many only; None for all.
        model: formulas of further parameters.
        options: further options of the fit.
        known: known quantities of a row, by their names in the family.
        family: with a setting such as huber:1.35; None for the file's name.
        links: of the parameters, where the rows and not the family decide them; else empty.
        setting: further arguments of the log-density, the same for every row.
    """

    id: str
    data: str
    formula: str
    target: Column
    designs: Mapping[str, Design] = field(default_factory=dict)
    rows: int | None = None
    model: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Column] = field(default_factory=dict)
    family: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    setting: Mapping[str, str] = field(default_factory=dict)


LogDensity = Callable[..., Any]
"""(y, *theta, **known) -> the log-density of one row, all in mpmath."""


class Likelihood:
    """The log-likelihood of a case as a function of all coefficients."""

    def __init__(self, case: Case, module: Any) -> None:
        self.links = links = case.links or module.LINKS
        self.log_density: LogDensity = partial(module.log_density, **case.setting)
        self.designs = [case.designs.get(name, (INTERCEPT,)) for name in links]
        self.names = [
            (name, term)
            for name, design in zip(links, self.designs, strict=True)
            for term, _ in design
        ]
        patterns: Counter[Any] = Counter()
        for row in table(case.data)[: case.rows]:
            known = tuple((key, mpf(column(row))) for key, column in case.known.items())
            xs = tuple(tuple(mpf(c(row)) for _, c in design) for design in self.designs)
            patterns[(mpf(case.target(row)), known, xs)] += 1
        self.rows = list(patterns.items())
        self.edges = list(pairwise(accumulate((len(d) for d in self.designs), initial=0)))

    def row(self, y: Any, known: Any, etas: Sequence[Any]) -> Any:
        theta = [INVERSE[link](eta)[0] for link, eta in zip(self.links.values(), etas, strict=True)]
        return self.log_density(y, *theta, **dict(known))

    def totals(self, beta: Sequence[Any]) -> tuple[Any, mp.matrix, mp.matrix]:
        """Value, gradient and minus the second derivatives of the log-likelihood."""
        size = len(self.names)
        value, score, information = mpf(0), mp.matrix(size, 1), mp.matrix(size, size)
        for (y, known, xs), count in self.rows:
            etas = [mp.fdot(x, beta[lo:hi]) for x, (lo, hi) in zip(xs, self.edges, strict=True)]
            height, slopes, curves = differences(partial(self.row, y, known), etas)
            value += count * height
            flat = [(k, x) for k, part in enumerate(xs) for x in part]
            for i, (k, x) in enumerate(flat):
                score[i] += count * slopes[k] * x
                for j, (m, z) in enumerate(flat):
                    information[i, j] -= count * curves[k][m] * x * z
        return value, score, information


def differences(function: Any, at: Sequence[Any]) -> tuple[Any, list[Any], list[list[Any]]]:
    """Value, slopes and curvatures by central differences."""

    def moved(*steps: tuple[int, int]) -> Any:
        there = list(at)
        for k, sign in steps:
            there[k] += sign * STEP
        return function(there)

    n = len(at)
    here = function(at)
    up = [moved((k, 1)) for k in range(n)]
    down = [moved((k, -1)) for k in range(n)]
    slopes = [(u - d) / (2 * STEP) for u, d in zip(up, down, strict=True)]
    curves = [[mpf(0)] * n for _ in range(n)]
    for j in range(n):
        curves[j][j] = (up[j] - 2 * here + down[j]) / STEP**2
        for k in range(j):
            mixed = moved((j, 1), (k, 1)) + moved((j, -1), (k, -1))
            mixed -= moved((j, 1), (k, -1)) + moved((j, -1), (k, 1))
            curves[j][k] = curves[k][j] = mixed / (4 * STEP**2)
    return here, slopes, curves


def solve(likelihood: Likelihood, start: Sequence[Any]) -> tuple[Any, mp.matrix, mp.matrix]:
    """Log-likelihood, coefficients and covariance at the maximum near a start."""
    beta = mp.matrix([mpf(b) for b in start])
    for _ in range(30):
        value, score, information = likelihood.totals(list(beta))
        step = mp.lu_solve(information, score)
        if abs(mp.fdot(score, step)) < DECREMENT:
            mp.cholesky(information)  # raises where this is no maximum
            return value, beta, information**-1
        beta += step
    raise ArithmeticError("no convergence: the start is not near a maximum")


def reference(name: str, case: Case, module: Any) -> dict[str, Any]:
    """The record of one case."""
    likelihood = Likelihood(case, module)
    value, beta, covariance = solve(likelihood, start_of(name, case, module))
    numbers = []
    for j, (parameter, term) in enumerate(likelihood.names):
        estimate, error = beta[j], mp.sqrt(covariance[j, j])
        alone = parameter not in case.designs
        if alone and not (parameter == next(iter(likelihood.links)) and case.designs):
            theta, slope, _ = INVERSE[likelihood.links[parameter]](estimate)
            estimate, error = theta, abs(slope) * error
        numbers.append([parameter, None if alone else term, shown(estimate), shown(error)])
    described = asdict(case)
    for callables in ("target", "designs", "known"):
        del described[callables]
    return described | {
        "family": case.family or name,
        "log_likelihood": shown(value),
        "numbers": numbers,
    }


def start_of(name: str, case: Case, module: Any) -> list[float]:
    """What mlefit estimates, on the link scale."""
    result = fitted(case, name)
    found = {(row.parameter, row.term): row.estimate for row in result.coefficients}
    alone = {row.parameter: row.estimate for row in result.parameters}
    likelihood = Likelihood(case, module)
    return [
        found[parameter, term]
        if (parameter, term) in found
        else FORWARD[likelihood.links[parameter]](mpf(alone[parameter]))
        for parameter, term in likelihood.names
    ]


def fitted(case: Any, name: str) -> Any:
    """The case as mlefit fits it."""
    from mlefit.fitting import fit

    frame = pl.read_csv(SAMPLES / case.data, infer_schema_length=None)
    return fit(
        frame if case.rows is None else frame.head(case.rows),
        case.formula,
        family=case.family or name,
        model=case.model,
        **case.options,
    )


def shown(number: Any) -> str:
    return str(mpmath.nstr(number, 25))


def main(names: Sequence[str]) -> None:
    """Write the reference numbers of these families."""
    for name in names:
        file = name.replace("-", "_")
        module = importlib.import_module(f"tests.reference.families.{file}")
        with mp.workdps(WORKING):
            records = [reference(name, case, module) for case in module.CASES]
        document = {
            "program": f"mpmath {mpmath.__version__} on Python {sys.version.split()[0]}",
            "command": f"python -m tests.reference.density {name}",
            "date": date.today().isoformat(),
            "digits": f"computed to {DIGITS} and more, printed to 25",
            "cases": records,
        }
        text = json.dumps(document, indent=1) + "\n"
        (HERE / f"{file}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
