"""Coverage of nominal 95 % intervals at n = 1000 for every family, by `mlefit study`.

    python benchmarks/coverage.py [REPLICATIONS] [FAMILY ...] > benchmarks/coverage.csv

One line for each parameter of the first example of each family: the share of intervals that
hold the truth, how many of its binomial standard errors that is from 95 %, the shares that lie
below and above, and the samples without a maximum inside the family.
"""

from __future__ import annotations

import csv
import sys

from mlefit import families
from mlefit.request import StudyRequest
from mlefit.results.study import Coverage
from mlefit.study import INTERVALS, run

ROWS, LEVEL = 1000, 0.95
COLUMNS = (
    "family", "at", "seed", "parameter", "interval", "samples", "without maximum", "coverage",
    "standard errors from 95 %", "below", "above", "mean z", "sd z",
)  # fmt: skip


def request(name: str, replications: int) -> StudyRequest:
    """The study of the first example of a family."""
    family = families.load(name)
    example = family.examples[0]
    if family.open:
        family = family.bound(example.facts)
    # the smallest value of a pareto distribution belongs to its name
    label = f"{name}:{example.facts.least:g}" if name == "pareto" else name
    at = ",".join(
        f"{parameter.name}={value!r}"
        for parameter, value in zip(family.parameters, example.theta, strict=True)
    )
    return StudyRequest(
        family=label,
        at=(at,),
        levels=example.facts.levels or None,
        trials=example.known.get("trials"),
        rows=(ROWS,),
        replications=replications,
        # a seed of its own, so that families whose draws are alike do not err together
        seed=1 + families.NAMES.index(name),
        conf_level=LEVEL,
        show=("coverage", "normality"),
        ci=INTERVALS,
    )


def interval(one: Coverage) -> str:
    """How it is made, and where it is symmetric."""
    return one.method if one.scale == "any" else f"{one.method}, {one.scale}"


def main(arguments: list[str]) -> None:
    """Write the table."""
    replications = int(arguments[0]) if arguments else 2000
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for name in arguments[1:] or families.NAMES:
        asked = request(name, replications)
        result = run(asked)
        size = result.replications[0]
        shapes = {shape.parameter: shape for shape in result.shapes}
        for one in result.coverage:
            z = shapes.get(one.name) if one.method == "wald" else None
            row = [
                *(asked.family, asked.at[0], asked.seed, one.name, interval(one)),
                *(size.samples, size.samples - size.fitted, rounded(one.coverage)),
                *(distance(one), rounded(one.below), rounded(one.above)),
                *(("", "") if z is None else (f"{z.mean:.3f}", f"{z.sd:.3f}")),
            ]
            out.writerow(row)
            sys.stdout.flush()


def rounded(share: float | None) -> str:
    """A share to four places."""
    return "" if share is None else f"{share:.4f}"


def distance(one: Coverage) -> str:
    """Of a share from its level; a probability of an outcome is no share of the samples."""
    if one.coverage is None or one.std_error is None or one.name == "new outcome":
        return ""
    return f"{(one.coverage - one.level) / one.std_error:+.1f}"


main(sys.argv[1:])
