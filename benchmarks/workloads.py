"""The workloads: what is fitted to which data, against whom, and what is to be reached.

Nothing here imports numpy: who measures must stay small (see compare.py).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FLOOR = Path(__file__).with_name("floor.py")
GENERATORS = Path(__file__).with_name("generators.py")
MLEFIT = (sys.executable, "-m", "mlefit")


@dataclass(frozen=True)
class Workload:
    """One line of the table.

    Attributes:
        what: The model and the data, in words.
        data: Its name in generators.py.
        rows: Their number at scale 1.
        words: The model as `mlefit fit DATA` takes it.
        kind: The second half of the names of its peers' scripts.
        family: What those scripts are told.
        peers: Who runs unless others are asked for.
        targets: Format of the file -> the time of the rival in times of mlefit's, at least.
        rival: The peer that the targets were set against.
        also: Further peers, with targets of time of their own.
        memory: Peak memory as a share of the rival's, at most; None if it does not matter.
        ceiling: Peak memory in megabytes, at most.
        floored: Whether most of the time is start and reading: see floor.py.
        l1: Strength of the lasso for each row: glmnet divides the likelihood by the rows.
        within: How far the answers may differ: absolutely below 1, relatively above.
    """

    what: str
    data: str
    rows: int
    words: Sequence[str]
    kind: str
    family: str
    peers: Sequence[str]
    targets: Mapping[str, float]
    rival: str
    also: Sequence[tuple[str, float]] = ()
    memory: float | None = 0.6
    ceiling: float | None = None
    floored: bool = False
    l1: float | None = None
    within: float = 1e-5

    def scaled(self, scale: float) -> int:
        """The rows at this scale, 100 at least."""
        return max(round(self.rows * scale), 100)

    def file(self, folder: Path, form: str, rows: int) -> Path:
        """The data as a file of this format, made if it is not there yet."""
        path = folder / f"{self.data}-{rows}.{form}"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            words = [sys.executable, str(GENERATORS), self.data, str(rows), str(path)]
            subprocess.run(words, check=True)
        return path

    def command(self, data: Path, rows: int) -> list[str]:
        """The words of mlefit's fit."""
        strength = [] if self.l1 is None else ["--l1", f"{self.l1 * rows:g}"]
        return [*MLEFIT, "fit", str(data), *self.words, *strength]


GLM = ("rustystats", "glum", "sklearn", "statsmodels", "r")
POISSON = ("y ~ .", "--family", "poisson")
BERNOULLI = ("y ~ .", "--family", "bernoulli")
CSV, PARQUET = "csv", "parquet"

WORKLOADS = {
    "tiny": Workload(
        "Poisson, 100 x 2", "tiny", 100, POISSON, "glm", "poisson",
        ("r", "gretl", "rustystats"), {CSV: 1 / 1.3}, "r", memory=None,
    ),
    "poisson20": Workload(
        "Poisson, 1e6 x 20", "poisson20", 1_000_000, POISSON, "glm", "poisson",
        GLM, {CSV: 1.8, PARQUET: 2.2}, "rustystats", floored=True,
    ),
    "poisson20big": Workload(
        "Poisson, 1e7 x 20", "poisson20", 10_000_000, POISSON, "glm", "poisson",
        ("glum", "rustystats"), {PARQUET: 3.5}, "glum", memory=0.5,
        floored=True,
    ),
    "poisson20streamed": Workload(
        "Poisson, 1e7 x 20, in 500 MB", "poisson20", 10_000_000,
        (*POISSON, "--max-memory", "500MB"), "glm", "poisson",
        ("glum",), {PARQUET: 2}, "glum", memory=None, ceiling=500,
    ),
    "logit50": Workload(
        "logistic, 1e6 x 50", "logit50", 1_000_000, BERNOULLI, "glm", "bernoulli",
        ("rustystats", "glum", "sklearn", "intelex"), {PARQUET: 2.2}, "rustystats",
        floored=True,
    ),
    "gauss100": Workload(
        "least squares, 1e6 x 100", "gauss100", 1_000_000, ("y ~ .", "--family", "normal"),
        "glm", "normal", ("intelex", "rustystats", "glum", "sklearn"), {PARQUET: 2}, "intelex",
        floored=True,
    ),
    "factors": Workload(
        "logistic, factors of 10 + 100 + 2,000 levels, 1e6", "factors", 1_000_000, BERNOULLI,
        "glm", "bernoulli", ("pyfixest", "glum", "sklearn"), {PARQUET: 6}, "pyfixest",
        also=(("glum", 7.5),),  # pyfixest absorbs the factors and has errors of two slopes only
    ),
    "cells": Workload(
        "Poisson, 4 factors (1,200 cells), 1e7", "cells", 10_000_000, POISSON,
        "glm", "poisson", ("glum",), {PARQUET: 15}, "glum",
    ),
    "gamma10": Workload(
        "gamma, 2e5 x 10", "gamma10", 200_000, ("y ~ .", "--family", "gamma"),
        "glm", "gamma", GLM, {PARQUET: 1.1}, "rustystats",
    ),
    "negbinom10": Workload(
        "negative binomial, 2e5 x 10", "negbinom10", 200_000, ("y ~ .", "--family", "negbinom"),
        "negbinom", "negbinom", ("rustystats", "gretl", "r", "statsmodels"), {PARQUET: 2.7},
        "rustystats",
    ),
    "lad10": Workload(
        "least absolute deviations, 1e6 x 10", "lad10", 1_000_000, ("y ~ .", "--family", "laplace"),
        "quantile", "0.5", ("pyqreg", "r"), {PARQUET: 1.7}, "pyqreg",
    ),
    "lasso500": Workload(
        "lasso logistic, 1e5 x 500, one strength", "lasso500", 100_000,
        BERNOULLI, "lasso", "one", ("adelie", "r"), {PARQUET: 2.3}, "adelie", l1=0.01,
    ),
    "lasso500path": Workload(
        "lasso logistic, 1e5 x 500, path of 100", "lasso500", 100_000,
        (*BERNOULLI, "--path", "100"), "lasso", "path", ("r",),
        {PARQUET: 1.7}, "r", l1=0.01, within=5e-3,  # glmnet stops at three to four digits
    ),
    "categorical20": Workload(
        "5 classes, 2e5 x 20", "categorical20", 200_000, ("y ~ .", "--family", "categorical"),
        "multinomial", "5", ("sklearn", "statsmodels"), {PARQUET: 4.5}, "sklearn",
    ),
    "scale": Workload(
        "normal with sigma ~ z, 2e5", "scale", 200_000,
        ("y ~ x1 + x2", "--family", "normal", "--model", "sigma ~ z"),
        "scale", "normal", ("r",), {PARQUET: 8}, "r",
    ),
    "gamma-sample": Workload(
        "gamma sample, 1e7", "gamma-sample", 10_000_000, ("y ~ 1", "--family", "gamma"),
        "sample", "gamma", ("scipy",), {PARQUET: 3.5}, "scipy",
    ),
    "weibull-sample": Workload(
        "Weibull sample, 1e7", "weibull-sample", 10_000_000, ("y ~ 1", "--family", "weibull"),
        "sample", "weibull", ("scipy",), {PARQUET: 20}, "scipy",
        within=1e-4,  # scipy's search stops at four to six digits
    ),
}  # fmt: skip
