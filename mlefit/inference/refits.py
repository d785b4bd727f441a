"""Fits of a family with a corner, one coefficient held: the linear programme once more.

At a vertex the slope of the objective jumps, so no multiplier tells how the least objective
changes with the value that is held. Each value is fitted as if it had been asked for.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mlefit.design.predictors import Basis, Predictor, split
from mlefit.engines.contract import Engine
from mlefit.inference.constrained import Least, Quantity
from mlefit.search.climb import Search
from mlefit.search.maximise import maximise
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status


class Refits:
    """The least objective with one coefficient held at any value.

    Args:
        maximum: of a family with a corner.
        quantity: one coefficient.
        search: how to find the rest.
    """

    def __init__(self, maximum: Maximum, quantity: Quantity, search: Search) -> None:
        self._maximum = maximum
        self._search = Search(search.tol, search.max_iter)  # its steps are not the reader's
        predictors = maximum.engine.predictors
        self._raw = [predictor.without_basis() for predictor in predictors]
        parts = split(quantity.at(np.zeros(len(maximum.optimum.gamma))).slope, predictors)
        self._k = next(k for k, part in enumerate(parts) if part.any())
        self._j = int(np.argmax(np.abs(parts[self._k])))

    def least(self, value: float) -> Least:
        """The least objective with the coefficient at a value; no multiplier is known."""
        engine = self._maximum.engine.with_predictors(self._holding(value))
        gamma = self._maximum.optimum.gamma
        still = np.zeros(len(gamma))
        if not any(predictor.size for predictor in engine.predictors):
            return Least(self._height(engine), gamma, math.nan, still, converged=True)
        found = maximise(self._maximum.model, engine, self._search)
        converged = found.optimum.status is Status.CONVERGED
        return Least(float(found.optimum.totals.nll), gamma, math.nan, still, converged)

    def _holding(self, value: float) -> list[Predictor]:
        raw, j = self._raw[self._k], self._j
        columns = raw.columns[:j] + raw.columns[j + 1 :]
        holding = replace(
            raw,
            columns=columns,
            held=(*raw.held, (raw.columns[j], value)),
            basis=Basis(np.zeros(len(columns))),
        )
        return [*self._raw[: self._k], holding, *self._raw[self._k + 1 :]]

    def _height(self, engine: Engine) -> float:
        """The objective where nothing is left to move."""
        model, nothing = self._maximum.model, split(np.zeros(0), engine.predictors)
        return float(engine.total(lambda block: model.totals(block, nothing)).nll)
