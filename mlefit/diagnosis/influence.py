"""Rows that move the fit, and intervals that cannot be trusted.

Influence is Cook's distance in its one-step form for any likelihood: with g_i the score
of row i in the coefficients of the first parameter (and of those that go with it, such
as further classes), A_i its information there, A the sum of these, with which other
parameters stay where they are, and d_i = A^-1 g_i its step,

    D_i = g_i' d_i / (p (1 - h_i)^2),    h_i = d_i' A_i d_i / d_i' A d_i

where h_i, for one linear predictor x_i' b and the row's information J_i in it, is the
leverage J_i x_i' A^-1 x_i of the row (R. D. Cook 1977, Technometrics 19, 15-18; D. Pregibon
1981, Ann. Statist. 9, 705-724).

A Wald statistic b/se(b) should grow with b. Near the edge of a probability its error
grows faster, so that a strong effect looks like none (W. W. Hauck and A. Donner 1977,
J. Am. Stat. Assoc. 72, 851-853); its derivative in b tells (T. W. Yee 2022, J. Am.
Stat. Assoc. 117, 1763-1774).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Block, user_matrix
from mlefit.families._base import Family
from mlefit.likelihood import RowTerms
from mlefit.search.maximum import Maximum
from mlefit.special import ratio

_INFLUENTIAL = 1.0
_SHOWN = 3
# A statistic whose derivative is looked at row by row; larger fits do not come near an edge.
_MOST_WORK = 20_000_000
_STEP = 1e-4


class Influence(NamedTuple):
    """Leverage h_i and distance D_i of every row of a block."""

    leverage: Rows
    distance: Rows


@dataclass(frozen=True)
class Group:
    """The coefficients that influence is about.

    Attributes:
        edges: where those of each of its parameters begin, and the end of the last.
    """

    edges: tuple[int, ...]

    @classmethod
    def of(cls, family: Family, sizes: Sequence[int]) -> Group:
        """Those of the first parameter and of what goes with it; `sizes` of all parameters."""
        first, *others = family.parameters
        count = 1 + sum(p.follows or p.name in first.taken_from for p in others)
        return cls(tuple(np.cumsum([0, *sizes[:count]]).tolist()))

    @property
    def size(self) -> int:
        """How many coefficients."""
        return self.edges[-1]

    def own(self, bread: Matrix) -> Matrix:
        """A^-1, from the inverse information of all coefficients."""
        p = self.size
        return bread if p == len(bread) else np.linalg.inv(np.linalg.inv(bread)[:p, :p])

    def influence(self, block: Block, terms: RowTerms, own: Matrix) -> Influence:
        """Of every row of a block, with A^-1."""
        count, p = len(self.edges) - 1, self.size
        weight = 1.0 if block.weight is None else block.weight
        if count == 1:
            X = block.designs[0]
            # np.dot leaves the interpreter lock to other threads, which matmul may not
            length = np.einsum("ij,ij->j", X, np.dot(own, X))
            reach, share = terms.score[0] ** 2 * length, terms.information[0, 0] * length
        else:
            reach, share = self._of_several(block, terms, own)
        leverage = np.clip(weight * share, 0, 1 - 1e-12)
        return Influence(leverage, weight**2 * reach / (p * (1 - leverage) ** 2))

    def _of_several(self, block: Block, terms: RowTerms, own: Matrix) -> tuple[Rows, Rows]:
        """d' A d of every row's own step, and the share of it that the row itself supplies."""
        count = len(self.edges) - 1
        designs = block.designs[:count]
        slopes = np.concatenate([X * s for X, s in zip(designs, terms.score, strict=False)])
        step = np.dot(own, slopes)
        reach = np.einsum("ij,ij->j", slopes, step)
        moved = [
            np.einsum("ij,ij->j", X, step[lo:hi])
            for X, (lo, hi) in zip(designs, pairwise(self.edges), strict=True)
        ]
        bend = sum(
            (1 if j == k else 2) * values * moved[j] * moved[k]
            for (j, k), values in terms.information.items()
            if k < count
        )
        return reach, ratio(bend, reach)


@dataclass(frozen=True)
class Influential:
    """The rows of largest influence; they add by keeping the largest.

    Attributes:
        positions: of the rows, the most influential first.
        distances: their Cook's distances.
    """

    positions: tuple[int, ...]
    distances: tuple[float, ...]

    def __add__(self, other: Influential) -> Influential:
        both = sorted(
            zip(self.distances + other.distances, self.positions + other.positions, strict=True),
            reverse=True,
        )[:_SHOWN]
        return Influential(tuple(i for _, i in both), tuple(d for d, _ in both))


def influential_rows(maximum: Maximum, bread: Matrix) -> Influential:
    """Rows whose absence would move the estimates by more than one joint error.

    Args:
        maximum: the fit.
        bread: inverse information in the search's coordinates, shape (p, p).
    """
    model, gammas = maximum.model, maximum.gammas
    group = Group.of(model.family, [len(gamma) for gamma in gammas])
    own = group.own(bread)

    def largest(block: Block) -> Influential:
        terms = model.row_terms(block, gammas, model.leverage_kind)
        distance = group.influence(block, terms, own).distance
        top = np.flatnonzero(distance > _INFLUENTIAL)
        top = top[np.argsort(-distance[top])][:_SHOWN]
        return Influential(
            tuple(int(i) + block.start for i in top), tuple(float(distance[i]) for i in top)
        )

    return maximum.engine.total(largest) if group.size else Influential((), ())


def declining_statistics(maximum: Maximum) -> list[int]:
    """Positions of first-parameter coefficients whose Wald statistic falls as they grow."""
    predictor = maximum.engine.predictors[0]
    work = maximum.engine.columns.rows * len(maximum.optimum.gamma) * predictor.size
    family = maximum.model.family
    if family.escape is None or not family.has_expected or work > _MOST_WORK:
        return []
    to_user = user_matrix(maximum.engine.predictors)
    to_search = np.linalg.inv(to_user)
    gamma = maximum.optimum.gamma
    beta = to_user @ gamma
    errors = _errors(maximum, gamma, to_user)
    declining = []
    for j, column in enumerate(predictor.columns):
        if column.is_intercept or abs(beta[j]) < errors[j]:
            continue  # no statistic that anyone would act upon
        away = np.sign(beta[j]) * _STEP * errors[j]
        further = _errors(maximum, gamma + away * to_search[:, j], to_user)
        if abs(beta[j] + away) / further[j] < abs(beta[j]) / errors[j]:
            declining.append(j)
    return declining


def _errors(maximum: Maximum, gamma: Vector, to_user: Matrix) -> Vector:
    """Standard errors of the user's coefficients that the expected information gives at a point."""
    information = maximum.evaluate(gamma, "expected").information
    variances = np.einsum("ij,ji->i", to_user @ np.linalg.inv(information), to_user.T)
    return np.sqrt(variances)
