"""Cross-validation of a strength: fit without a part of the rows, and ask what it says of them.

The mean over folds and its standard error weigh each fold by its rows:

    mean = sum w_k m_k / sum w_k,    se^2 = sum w_k (m_k - mean)^2 / sum w_k / (K - 1)

Source: T. Hastie, R. Tibshirani and J. Friedman (2009), The Elements of Statistical
Learning, 2nd ed., section 7.10, as in glmnet's cv.glmnet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Vector
from mlefit.design.blocks import Block, Columns, split
from mlefit.engines.local import LocalEngine
from mlefit.likelihood import Model
from mlefit.maximise import Maximum, Search, maximise
from mlefit.optimise import Status
from mlefit.sparse import without_zeros
from mlefit.strength.path import follow
from mlefit.strength.varying import Varying

Folds = NDArray[np.integer]


@dataclass(frozen=True)
class Scores:
    """Held-out NLL of each strength.

    Attributes:
        mean_nll: for each row held out, shape (s,).
        std_error: of it, shape (s,).
    """

    mean_nll: Vector
    std_error: Vector

    @property
    def best(self) -> int:
        """Position of the least held-out NLL; the strongest where several share it."""
        return int(np.argmin(self.mean_nll))

    @property
    def chosen(self) -> int:
        """Position of the strongest strength within one standard error of the least NLL."""
        limit = self.mean_nll[self.best] + self.std_error[self.best]
        return int(np.argmax(self.mean_nll <= limit))


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


def cross_validate(
    model: Model,
    engine: LocalEngine,
    search: Search,
    varying: Varying,
    strengths: Vector,
    folds: Folds,
) -> Scores:
    """Held-out NLL of every strength.

    Args:
        model: family and links.
        engine: all rows and the predictors.
        search: when to stop.
        varying: the priors.
        strengths: to score, the strongest first.
        folds: the fold of each row.
    """
    parts = [
        _held_out(model, engine, search, varying, strengths, folds == k)
        for k in range(folds.max() + 1)
    ]
    means = np.array([mean for mean, _ in parts])
    weights = np.array([weight for _, weight in parts])
    share = (weights / weights.sum())[:, None]
    mean = (share * means).sum(axis=0)
    # rows that one fold's fit holds for impossible make that strength impossible
    possible = np.isfinite(mean)
    error = np.full_like(mean, np.inf)
    spread = means[:, possible] - mean[possible]
    error[possible] = np.sqrt((share * spread**2).sum(axis=0) / (len(parts) - 1))
    return Scores(mean, error)


def _held_out(
    model: Model,
    engine: LocalEngine,
    search: Search,
    varying: Varying,
    strengths: Vector,
    out: NDArray[np.bool_],
) -> tuple[Vector, float]:
    """NLL of each held-out row, shape (strengths,), and the weight of those rows."""
    kept = _with_rows(engine, ~out)
    start = maximise(model, kept, search, varying.at(float(strengths[0])))
    # the same columns and the same shift as the fit: what it left out stays out
    rest = _with_rows(engine, out).with_predictors(start.engine.predictors)
    sums = np.array([_nll(m, rest) for m in follow(start, search, varying, strengths)])
    means = np.full(len(strengths), np.inf)
    means[: len(sums)] = sums[:, 0] / sums[:, 1]
    return means, float(sums[0, 1])


def _nll(maximum: Maximum, engine: LocalEngine) -> Vector:
    """Sum of the NLL over rows, and of their weights; infinite if the search did not converge."""
    engine, gamma = without_zeros(engine, maximum.optimum.gamma)
    gammas = split(gamma, engine.predictors)

    def term(block: Block) -> Vector:
        density = maximum.model.row_terms(block, gammas, "observed").log_density
        rows = len(block.y) if block.weight is None else block.weight.sum()
        return np.array([-block.weighted(density).sum(), rows])

    nll, rows = engine.total(term)
    usable = maximum.optimum.status is Status.CONVERGED and not math.isnan(nll)
    return np.array([nll if usable else math.inf, rows])


def _with_rows(engine: LocalEngine, keep: NDArray[np.bool_]) -> LocalEngine:
    columns = engine.columns
    return engine.with_columns(
        Columns({key: [columns.whole(key)[keep]] for key in columns.piece(0)})
    )


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = values * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
