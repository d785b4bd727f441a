"""The expected information of all rows as a function of the coefficients, and its slope.

For a family with one parameter, with J(theta) its expected information, a row has in its
linear predictor the weight and the logarithmic slope

    w = J theta'^2,      l = d log w / d eta = (d log J / d theta) theta' + 2 theta''/theta'

so that I = sum w x x', and a function f of I with derivative G = df/dI has

    df/d gamma = sum w l (x'G x) x

G is known once the information is, so a second pass over the rows gives the slope. With
w (x'G x) held still its second derivative is sum w (x'G x) dl/d eta x x': as good a guide
of a step as the information is, and exact for a saturated model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.arrow import Symmetric
from mlefit.design.blocks import Block
from mlefit.design.predictors import split
from mlefit.engines.contract import Engine
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.links import Link
from mlefit.products import forms, information
from mlefit.support import Domain

# Only the length of a step depends on dl/d eta, so a difference quotient is good enough.
_NEARBY = 1e-4


@frozen
class Pull:
    """Slope of a function of the information, and a guide to minus its second derivatives."""

    slope: Vector
    bend: Symmetric

    def __add__(self, other: Pull) -> Pull:
        return Pull(self.slope + other.slope, self.bend + other.bend)


class Fisher:
    """The expected information of the rows, as often as it is asked for.

    Args:
        model: of a family for which `has_slope` holds.
        engine: the rows.
    """

    def __init__(self, model: Model, engine: Engine) -> None:
        self._model = model
        self._engine = engine

    def information(self, gamma: Vector) -> Symmetric:
        """Expected information in the search's coordinates, shape (p, p)."""
        gammas = split(gamma, self._engine.predictors)
        return self._engine.total(
            lambda block: self._model.totals(block, gammas, "expected"), "expected information"
        ).information

    def pull(self, gamma: Vector, G: Matrix) -> Pull:
        """What f(I) adds to the slope and the guide, given its derivative in I at gamma."""
        gammas = split(gamma, self._engine.predictors)

        def term(block: Block) -> Pull:
            X = block.designs[0]
            eta = self._model.etas(block, gammas)[0]
            weight = self._model.row_terms(block, gammas, "expected").information[0, 0]
            share = block.weighted(weight) * forms(X, G)
            bend = self._log_slope(block, eta + _NEARBY) - self._log_slope(block, eta - _NEARBY)
            bend = np.where(share > 0, np.maximum(-bend / (2 * _NEARBY), 0.0), 0.0)
            slope = np.where(share > 0, self._log_slope(block, eta), 0.0)
            return Pull(X @ (share * slope), information([X], {(0, 0): share * bend}))

        return self._engine.total(term, "pull of the prior")

    def _log_slope(self, block: Block, eta: Rows) -> Rows:
        """d log w / d eta of every row."""
        link = self._model.links[0]
        inner = self._model.family.information_slope(*self._model.theta([eta]), **block.known)
        assert inner is not None
        slope = link.slope(eta)
        return inner * slope + 2 * link.curvature(eta) / slope


def has_slope(family: Family, links: Sequence[Link]) -> bool:
    """Whether the expected information and its slope exist for every linear predictor."""
    parameter = family.parameters[0]
    onto = {Domain.UNIT: "unit", Domain.POSITIVE: "positive", Domain.REAL: "real"}
    return (
        type(family).information_slope is not Family.information_slope
        and links[0].onto == onto[parameter.domain]
    )
