"""How much memory and time a file larger than a run of rows takes: predict, simulate."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = [sys.executable, "-m", "mlefit"]


def main() -> None:
    """Print seconds and peak memory of every command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        # in a process of its own: a child is charged with what its parent holds
        builder = multiprocessing.Process(target=build, args=(rows,))
        builder.start()
        builder.join()
        run("fit", "head.parquet", "y ~ x + g", "-F", "poisson", "-q", "-o", "m.json")
        print(f"{rows:,} rows, CSV of {Path('rows.csv').stat().st_size / 1e6:.0f} MB")
        for arguments in (
            ("predict", "rows.csv", "-m", "m.json", "-o", "out.csv"),
            ("predict", "rows.csv", "-m", "m.json", "--aggregate"),
            ("predict", "rows.parquet", "-m", "m.json", "--keep", "id", "-o", "out.parquet"),
            ("predict", "rows.parquet", "-m", "m.json", "--what", "outcome", "-o", "out.arrow"),
            ("simulate", "rows.parquet", "-m", "m.json", "-o", "out.parquet"),
            ("simulate", "-F", "gamma", "--at", "mu=2,k=3", "-n", str(rows), "-o", "out.parquet"),
        ):
            seconds, peak = run(*arguments)
            print(f"{seconds:6.1f} s  {peak / 1e6:5.0f} MB  mlefit {' '.join(arguments)}")


def build(rows: int) -> None:
    """Write counts beside an identifier, a number and a factor."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(1)
    x, g = rng.normal(size=rows), rng.choice(["a", "b", "c"], rows)
    y = rng.poisson(np.exp(0.3 + 0.2 * x))
    frame = pl.DataFrame({"id": np.arange(rows), "x": x, "g": g, "y": y})
    frame.write_parquet("rows.parquet")
    frame.write_csv("rows.csv")
    frame.head(100_000).write_parquet("head.parquet")


def run(*arguments: str) -> tuple[float, float]:
    """Seconds and the largest resident set in bytes of one command."""
    start = time.perf_counter()
    child = os.posix_spawn(
        sys.executable,
        [*PROGRAM, *arguments],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"failed: mlefit {' '.join(arguments)}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024.0


if __name__ == "__main__":
    main()
