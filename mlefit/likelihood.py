"""The sum over rows: log-density, score and information of a model at its coefficients.

Every parameter theta_k of the family has a linear predictor eta_k = X_k gamma_k +
offset_k and a link. With s and J the family's score and information in theta,
the chain rule gives in eta

    score_k          = s_k theta_k'
    information_kl   = J_kl theta_k' theta_l' - [k = l] s_k theta_k''
    expected_kl      = E J_kl theta_k' theta_l'

and in gamma the sums X_k score_k and X_k information_kl X_l'. This is the only
place where families, links and columns meet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Block
from mlefit.families._base import Family, Pairs, Probability
from mlefit.links import Link
from mlefit.support import Domain

Kind = Literal["observed", "expected"]


@dataclass(frozen=True)
class Totals:
    """Sums over the rows seen so far. Adding two gives the sums over both.

    Attributes:
        nll: negative log-likelihood; infinite where a parameter leaves its domain.
        score: gradient of the NLL, shape (p,).
        information: its second derivatives, or their expectation, shape (p, p).
        rows: sum of the weights.
    """

    nll: float
    score: Vector
    information: Matrix
    rows: float

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.nll + other.nll,
            self.score + other.score,
            self.information + other.information,
            self.rows + other.rows,
        )


@dataclass(frozen=True)
class Slopes:
    """What one pass tells of several points without a product of columns. They add.

    Attributes:
        nll: negative log-likelihood at each of k points, shape (k,).
        score: its gradients, shape (k, p).
        diagonal: of the information, shape (k, p), or (k, 0) if none was asked for.
    """

    nll: Vector
    score: Matrix
    diagonal: Matrix

    def __add__(self, other: Slopes) -> Slopes:
        return Slopes(
            self.nll + other.nll, self.score + other.score, self.diagonal + other.diagonal
        )


@dataclass(frozen=True)
class RowTerms:
    """Row by row: log-density, score and information in the linear predictors.

    Attributes:
        log_density: shape (m,).
        score: derivative of the log-density in each eta, each (m,).
        information: minus its second derivatives, or their expectation.
    """

    log_density: Rows
    score: Sequence[Rows]
    information: Pairs


class Model:
    """A family with a link for each parameter. It holds no data.

    Args:
        family: the distribution.
        links: one for each parameter, in the family's order.
        fuse: whether to use the family's faster form for canonical links.
    """

    def __init__(self, family: Family, links: Sequence[Link], *, fuse: bool = True) -> None:
        self.family = family
        self.links = tuple(links)
        self._fused = family.fused(tuple(link.name for link in links)) if fuse else None
        # a link that can leave the domain, such as identity for a mean > 0, needs watching
        self._watched = [
            not _stays_inside(link, parameter.domain)
            for link, parameter in zip(self.links, family.parameters, strict=True)
        ]

    @property
    def is_fused(self) -> bool:
        """Whether observed and expected information agree, as for a canonical link."""
        return self._fused is not None

    def theta(self, etas: Sequence[Rows]) -> tuple[Any, ...]:
        """Parameters of linear predictors, one entry for each parameter."""
        return tuple(
            Probability(link.inverse(eta), link.complement(eta))
            if parameter.domain is Domain.UNIT
            else link.inverse(eta)
            for link, parameter, eta in zip(self.links, self.family.parameters, etas, strict=True)
        )

    def etas(self, block: Block, gammas: Sequence[Vector]) -> list[Rows]:
        """Linear predictors of a block, each (m,)."""
        return [
            np.dot(gamma, X) + offset
            for gamma, X, offset in zip(gammas, block.designs, block.offsets, strict=True)
        ]

    def row_terms(self, block: Block, gammas: Sequence[Vector], kind: Kind) -> RowTerms:
        """Log-density and derivatives of every row of a block, without weights."""
        return self._terms(block, self.etas(block, gammas), kind)

    def _terms(self, block: Block, etas: Sequence[Rows], kind: Kind) -> RowTerms:
        if self._fused is not None:
            form = self._fused(block.y, *etas, **block.known)
            return RowTerms(form.log_density, [form.score], {(0, 0): form.information})
        return self._general(block, etas, kind)

    def _general(self, block: Block, etas: Sequence[Rows], kind: Kind) -> RowTerms:
        theta = self.theta(etas)
        if not self._inside(theta):
            outside = np.full_like(block.y, np.nan)
            return RowTerms(
                outside, [outside] * len(etas), {(k, k): outside for k in range(len(etas))}
            )
        family, y, known = self.family, block.y, block.known
        slopes = [link.slope(eta) for link, eta in zip(self.links, etas, strict=True)]
        score = family.score(y, *theta, **known)
        if kind == "expected":
            pairs = family.expected(*theta, **known)
        else:
            pairs = family.observed(y, *theta, **known)
        information = {(j, k): J * slopes[j] * slopes[k] for (j, k), J in pairs.items()}
        if kind == "observed":
            for k, (link, eta) in enumerate(zip(self.links, etas, strict=True)):
                bend = score[k] * link.curvature(eta)
                information[k, k] = information.get((k, k), 0.0) - bend
        return RowTerms(
            family.log_density(y, *theta, **known),
            [s * slope for s, slope in zip(score, slopes, strict=True)],
            information,
        )

    def _inside(self, theta: Sequence[Any]) -> bool:
        return all(
            parameter.domain.contains(value.p if isinstance(value, Probability) else value)
            for value, parameter, watched in zip(
                theta, self.family.parameters, self._watched, strict=True
            )
            if watched
        )

    def totals(self, block: Block, gammas: Sequence[Vector], kind: Kind = "observed") -> Totals:
        """NLL, its gradient and its information over a block."""
        terms = self.row_terms(block, gammas, kind)
        rows = len(block.y) if block.weight is None else float(block.weight.sum())
        nll = -float(block.weighted(terms.log_density).sum())
        score = [-X @ block.weighted(s) for X, s in zip(block.designs, terms.score, strict=True)]
        return Totals(
            nll if not math.isnan(nll) else math.inf,
            np.concatenate(score),
            _information(block, terms.information),
            rows,
        )

    def slopes(self, block: Block, points: Sequence[Matrix], kind: Kind | None) -> Slopes:
        """NLL, gradient and diagonal of the information over a block, at several points.

        Args:
            block: rows.
            points: for each parameter its coefficients at every point, shape (k, p).
            kind: of the information; None for none.
        """
        etas = [
            _combined(gammas, X) + offset
            for gammas, X, offset in zip(points, block.designs, block.offsets, strict=True)
        ]
        terms = [self._terms(block, at, kind or "observed") for at in zip(*etas, strict=True)]
        nll = np.array([-float(block.weighted(term.log_density).sum()) for term in terms])
        score, diagonal = [], []
        for k, X in enumerate(block.designs):
            slopes = np.array([block.weighted(term.score[k]) for term in terms])
            score.append(-(slopes @ X.T))
            if kind is not None:
                bends = np.array([block.weighted(term.information[k, k]) for term in terms])
                diagonal.append(bends @ (X * X).T)
        if kind is None:
            diagonal = [np.zeros((len(nll), 0))]
        return Slopes(np.where(np.isnan(nll), np.inf, nll), np.hstack(score), np.hstack(diagonal))


def _combined(points: Matrix, X: Matrix) -> Matrix:
    """points @ X, where most coefficients may be zero at every point."""
    used = np.flatnonzero(points.any(axis=0))
    return points @ X if 2 * len(used) > len(X) else points[:, used] @ X[used]


def _information(block: Block, pairs: Pairs) -> Matrix:
    edges = np.cumsum([0, *(len(X) for X in block.designs)])
    total = np.zeros((edges[-1], edges[-1]))
    for (j, k), values in pairs.items():
        X, Y = block.designs[j], block.designs[k]
        weight = block.weighted(values)
        if j == k and len(X) and weight.min() >= 0:
            # one symmetric product of half-weighted columns is exact in its symmetry, and
            # np.dot releases the interpreter lock where matmul does not
            half = X * np.sqrt(weight)
            product = np.dot(half, half.T)
        else:
            product = np.dot(X * weight, Y.T)
        total[edges[j] : edges[j + 1], edges[k] : edges[k + 1]] = product
        if j != k:
            total[edges[k] : edges[k + 1], edges[j] : edges[j + 1]] = product.T
    return total


def _stays_inside(link: Link, domain: Domain) -> bool:
    """Whether every finite eta gives a parameter inside the domain, or a NaN that tells."""
    if domain is Domain.REAL:
        return True
    if domain is Domain.POSITIVE:
        return link.onto in ("positive", "unit")
    return link.onto == "unit"
