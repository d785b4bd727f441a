"""Cross-validation of a strength: fit without a part of the rows, and ask what it says of them.

The mean over folds and its standard error weigh each fold by its rows:

    mean = sum w_k m_k / sum w_k,    se^2 = sum w_k (m_k - mean)^2 / sum w_k / (K - 1)

Source: T. Hastie, R. Tibshirani and J. Friedman (2009), The Elements of Statistical
Learning, 2nd ed., section 7.10, as in glmnet's cv.glmnet.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Vector
from mlefit.design.columns import WEIGHT
from mlefit.diagnosis.heldout import Folds, log_densities
from mlefit.engines.contract import Engine
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.search.climb import Search
from mlefit.search.maximise import maximise
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.strength.path import follow
from mlefit.strength.varying import Varying


@frozen
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


def cross_validate(
    model: Model,
    engine: Engine,
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
    engine: Engine,
    search: Search,
    varying: Varying,
    strengths: Vector,
    out: NDArray[np.bool_],
) -> tuple[Vector, float]:
    """NLL of each held-out row, shape (strengths,), and the weight of those rows."""
    start = maximise(model, engine.kept(~out), search, varying.at(float(strengths[0])))
    rest = engine.kept(out)
    weight = rest.whole(WEIGHT) if WEIGHT in rest else np.ones(rest.rows)
    nll = [_nll(maximum, rest, weight) for maximum in follow(start, search, varying, strengths)]
    means = np.full(len(strengths), np.inf)
    means[: len(nll)] = np.array(nll) / weight.sum()
    return means, float(weight.sum())


def _nll(maximum: Maximum, engine: Engine, weight: Vector) -> float:
    """Sum of the NLL over rows; infinite if the search did not converge."""
    if maximum.optimum.status is not Status.CONVERGED:
        return math.inf
    nll = -float((weight * log_densities(maximum, engine)).sum())
    return math.inf if math.isnan(nll) else nll
