"""What a fit takes at the least: start, reading all columns, and three passes over the rows.

    python benchmarks/floor.py FILE

A pass is that of Newton's method without anything of a model: from the columns a block, its linear
predictor, an exponential for each row, and the products of the weighted columns. The threads are
those of mlefit, each with blocks of its own.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is there; rows are shared out instead

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import polars as pl

PASSES = 3
BLOCK = 8192


def main() -> None:
    """Read, pass three times, and tell a number, so that nothing is left out."""
    (file,) = sys.argv[1:]
    frame = pl.read_csv(file) if file.endswith(".csv") else pl.read_parquet(file)
    pieces = zip(*(frame[name].get_chunks() for name in frame.columns), strict=True)
    spans = [
        ([series.to_numpy()[at : at + BLOCK] for series in piece], min(BLOCK, len(piece[0]) - at))
        for piece in pieces
        for at in range(0, len(piece[0]), BLOCK)
    ]
    workers = len(os.sched_getaffinity(0))
    edges = [len(spans) * i // workers for i in range(workers + 1)]
    shares = [spans[lo:hi] for lo, hi in pairwise(edges)]
    beta = np.full(frame.width - 1, 1e-3)
    with ThreadPoolExecutor(workers) as pool:
        for _ in range(PASSES):
            sums = sum(pool.map(lambda share: products(share, beta), shares))
    print(float(sums[0, 0]))


def products(spans: list[tuple[list[np.ndarray], int]], beta: np.ndarray) -> np.ndarray:
    """The sums of the products of all columns, weighted."""
    sums = np.zeros((len(beta) + 1, len(beta) + 1))
    buffer = np.empty((len(beta) + 1) * BLOCK)
    for columns, rows in spans:
        block = buffer[: (len(beta) + 1) * rows].reshape(-1, rows)
        for place, column in zip(block, columns, strict=True):
            place[:] = column
        block *= np.exp(beta @ block[1:] / 2)
        sums += np.dot(block, block.T)
    return sums


if __name__ == "__main__":
    main()
