"""Rows that move the fit, and intervals that cannot be trusted.

Influence is Cook's distance in its one-step form for any likelihood: with h_i the
leverage of row i and s_i its score in the first parameter's linear predictor,

    D_i = s_i^2 x_i' A^-1 x_i / (p (1 - h_i)^2)

(R. D. Cook 1977, Technometrics 19, 15-18; D. Pregibon 1981, Ann. Statist. 9, 705-724).

A Wald statistic b/se(b) should grow with b. Near the edge of a probability its error
grows faster, so that a strong effect looks like none (W. W. Hauck and A. Donner 1977,
J. Am. Stat. Assoc. 72, 851-853); its derivative in b tells (T. W. Yee 2022, J. Am.
Stat. Assoc. 117, 1763-1774).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.design.blocks import Block, block_diagonal
from mlefit.inference import own_inverse
from mlefit.maximise import Maximum

_INFLUENTIAL = 1.0
_SHOWN = 3
# A statistic whose derivative is looked at row by row; larger fits do not come near an edge.
_MOST_WORK = 20_000_000
_STEP = 1e-4


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
    p = maximum.engine.predictors[0].size
    joint, own = bread[:p, :p], own_inverse(maximum, 0)

    def largest(block: Block) -> Influential:
        terms = model.row_terms(block, gammas, model.leverage_kind)
        X = block.designs[0]
        reach = np.einsum("ij,ij->j", X, joint @ X)
        alone = np.einsum("ij,ij->j", X, own @ X)
        weight = 1.0 if block.weight is None else block.weight
        leverage = np.clip(weight * terms.information[0, 0] * alone, 0, 1 - 1e-12)
        distance = (weight * terms.score[0]) ** 2 * reach / (p * (1 - leverage) ** 2)
        top = np.flatnonzero(distance > _INFLUENTIAL)
        top = top[np.argsort(-distance[top])][:_SHOWN]
        return Influential(
            tuple(int(i) + block.start for i in top), tuple(float(distance[i]) for i in top)
        )

    return maximum.engine.total(largest) if p else Influential((), ())


def declining_statistics(maximum: Maximum) -> list[int]:
    """Positions of first-parameter coefficients whose Wald statistic falls as they grow."""
    predictor = maximum.engine.predictors[0]
    work = maximum.engine.columns.rows * len(maximum.optimum.gamma) * predictor.size
    family = maximum.model.family
    if family.escape is None or not family.has_expected or work > _MOST_WORK:
        return []
    to_user = block_diagonal([p.basis.to_user() for p in maximum.engine.predictors])
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
