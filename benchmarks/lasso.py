"""L1 logistic regression, one strength and a path of 100: mlefit and R's glmnet, whole process.

    python benchmarks/lasso.py [--rows 100000] [--columns 500] [--runs 3] [--folder DIR]

Needs `Rscript` with the packages glmnet and data.table (Debian: r-base-core r-cran-glmnet
r-cran-data.table) and `mlefit` installed for the Python that runs this.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from compare import Command, compare

SCRIPT = Path(__file__).with_name("lasso.R")
PER_ROW = 0.01
"""glmnet's lambda; mlefit sums over the rows, so its strength is so much for each row."""


def main() -> None:
    """Build the data, then compare each pair."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=("one", "path"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = asked.folder or Path(made)
        csv, parquet = build(folder, asked.rows, asked.columns)
        for what in (asked.only,) if asked.only else ("one", "path"):
            for thresh in ("1e-7", "1e-10"):
                for ours in (csv, parquet):
                    compare(
                        f"{what}, {asked.rows:,} x {asked.columns}, glmnet thresh {thresh}",
                        Command(f"mlefit ({ours.suffix[1:]})", mlefit(ours, what, asked.rows)),
                        Command("glmnet (csv)", ["Rscript", str(SCRIPT), str(csv), what, thresh]),
                        runs=asked.runs,
                    )


def mlefit(data: Path, what: str, rows: int) -> list[str]:
    """The command of one strength, or of a path from the strongest down to 1e-4 of it."""
    strength = {
        "one": ["--l1", f"{PER_ROW * rows:g}"],
        "path": ["--l1", f"{PER_ROW * rows:g}", "--path", "100"],
    }[what]
    module = [sys.executable, "-m", "mlefit"]
    return [*module, "fit", str(data), "y ~ .", "--family", "bernoulli", *strength]


def build(folder: Path, rows: int, columns: int) -> tuple[Path, Path]:
    """Independent normal columns, of which 30 matter and 50 hardly, as CSV and as Parquet."""
    csv, parquet = folder / "lasso.csv", folder / "lasso.parquet"
    if csv.exists() and parquet.exists():
        return csv, parquet
    rng = np.random.default_rng(7)
    X = rng.normal(size=(rows, columns))
    effects = np.zeros(columns)
    effects[:30] = 0.5 * rng.normal(size=30)
    effects[30:80] = 0.05 * rng.normal(size=50)
    chance = 1 / (1 + np.exp(0.5 - X @ effects))
    frame = pl.DataFrame(X, schema=[f"x{j}" for j in range(columns)])
    frame = frame.select(pl.Series("y", (rng.random(rows) < chance).astype(int)), pl.all())
    frame.write_parquet(parquet)
    frame.write_csv(csv, float_precision=6)
    return csv, parquet


if __name__ == "__main__":
    main()
