"""Least squares: sums that are known everywhere once they are known anywhere.

With a constant scale sigma and an identity link, a normal density has the NLL

    n log sigma + S(b)/(2 sigma^2) + constant,      S(b) = S(c) - 2 q'(b - c) + (b - c)' G (b - c)

with G = sum w x x' and q = sum w x (y - x'c). One pass at any c tells S(c), q and G, so the
search needs no other. Its end is confirmed by a pass that sums residuals anew but no products
of columns, which G already has: the refinement of the normal equations (A. Bjorck 1967,
BIT 7, 257-278).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.engines.contract import Engine
from mlefit.frozen import frozen
from mlefit.likelihood import Beside, Kind, Model, Totals
from mlefit.search.maximum import sums_at

# A difference of squares that is less than this share of them has lost too many digits.
_CANCELLED = 1e-6


def is_quadratic(model: Model, engine: Engine) -> bool:
    """Whether the NLL is a sum of squares over one scale."""
    if not model.family.quadratic:
        return False
    location, scale = model.links
    predictor = engine.predictors[1]
    return (
        location.name == "identity"
        and scale.name == "log"
        and predictor.is_constant
        and predictor.size <= 1
    )


@frozen
class LeastSquares:
    """The sums of a quadratic NLL.

    Attributes:
        model: family and links.
        engine: the rows.
        gamma: where they were summed.
        totals: the sums there, with an information of any kind.
    """

    model: Model
    engine: Engine
    gamma: Vector
    totals: Totals

    def foretell(self, gamma: Vector, kind: Kind) -> Totals:
        """The sums at any place, without a pass unless little of the squares is left there."""
        p, n, now = self._p, self.totals.rows, self.totals
        before, after = self._precision(self.gamma), self._precision(gamma)
        moved = gamma[:p] - self.gamma[:p]
        bent = self._gram @ moved
        slope = now.score[:p] / before + bent  # -q + G (b - c), with q = -slope / precision
        more = float(moved @ (2 * now.score[:p] / before + bent))
        if self._has_scale:
            squares = (n - float(now.score[p])) / before
            if not squares + more > _CANCELLED * squares:
                return self.evaluate(gamma, kind)
            nll = now.nll + 0.5 * (after * (squares + more) - before * squares)
            nll -= 0.5 * n * math.log(after / before)
            score = np.append(after * slope, n - after * (squares + more))
        else:
            nll, score = now.nll + 0.5 * after * more, after * slope
        return self._totals(gamma, nll, score, kind)

    def evaluate(self, gamma: Vector, kind: Kind, beside: Beside | None = None) -> Totals:
        """The sums at any place, from a pass over the residuals."""
        seen = sums_at(self.model, self.engine, gamma, None, beside)
        return replace(self._totals(gamma, seen.nll, seen.score, kind), beside=seen.beside)

    def _totals(self, gamma: Vector, nll: float, score: Vector, kind: Kind) -> Totals:
        p, rows = self._p, self.totals.rows
        information = np.zeros((len(gamma), len(gamma)))
        information[:p, :p] = self._precision(gamma) * self._gram
        if self._has_scale:
            observed = kind == "observed"
            information[:p, p] = information[p, :p] = -2 * score[:p] if observed else 0.0
            information[p, p] = 2 * (rows - score[p]) if observed else 2 * rows
        return Totals(nll, score, information, rows)

    @property
    def _p(self) -> int:
        return self.engine.predictors[0].size

    @property
    def _has_scale(self) -> bool:
        return len(self.gamma) > self._p

    @property
    def _gram(self) -> Matrix:
        return self.totals.information[: self._p, : self._p] / self._precision(self.gamma)

    def _precision(self, gamma: Vector) -> float:
        """sigma^-2, estimated or held."""
        held = sum(value for _, value in self.engine.predictors[1].held)
        return math.exp(-2 * float(gamma[self._p :].sum() + held))
