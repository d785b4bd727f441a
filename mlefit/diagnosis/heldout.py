"""Rows held out: which fold a row is in, the two parts of the rows, what a fit says of a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.design.predictors import split
from mlefit.engines.contract import Engine
from mlefit.errors import UsageError
from mlefit.search.maximum import Maximum
from mlefit.search.sparse import without_zeros

Folds = NDArray[np.integer]


def check_folds(count: int, seed: int, rows: int) -> None:
    """Whether so many rows can be held out in so many folds.

    Raises:
        UsageError: fewer than two folds, more than rows, or a negative seed.
    """
    if not 2 <= count <= rows:
        raise UsageError(
            f"--cv needs 2 to {rows} folds for {rows} rows, not {count}",
            tries=[f"--cv {min(10, rows)}"] if rows >= 2 else [],
        )
    if seed < 0:
        raise UsageError(f"--seed must be a whole number of at least 0, not {seed}")


def fold_of_rows(rows: int, count: int, seed: int) -> Folds:
    """The fold of each row, shape (rows,): sizes differ by one at most.

    Rows are ranked by a hash of their position and the seed (SplitMix64, G. L. Steele,
    D. Lea and C. H. Flood 2014, OOPSLA), which no version of a library can change.
    """
    start = _mixed(np.array([seed], dtype=np.uint64))
    positions = np.arange(rows).astype(np.uint64)
    ranks = np.argsort(_mixed(np.add(start, positions, dtype=np.uint64)), kind="stable")
    folds = np.empty(rows, dtype=np.intp)
    folds[ranks] = np.arange(rows) % count
    return folds


def log_densities(maximum: Maximum, engine: Engine) -> Rows:
    """What a fit says of each row, shape (n,): also of rows that it has not seen.

    Args:
        maximum: of a model on some rows.
        engine: any rows with the same columns.
    """
    # the same columns and the same shift as the fit: what it left out stays out
    seen = engine.with_predictors(maximum.engine.predictors)
    seen, gamma = without_zeros(seen, maximum.optimum.gamma)
    model, gammas = maximum.model, split(gamma, seen.predictors)
    return np.concatenate(seen.each(lambda block: model.log_density(block, gammas)))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = values * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
