"""The sum over rows: log-density, score and information of a model at its coefficients.

Every parameter theta_k of the family has a linear predictor eta_k = X_k gamma_k +
offset_k and a link. With s and J the family's score and information in theta,
the chain rule gives in eta

    score_k          = s_k theta_k'
    information_kl   = J_kl theta_k' theta_l' - [k = l] s_k theta_k''
    expected_kl      = E J_kl theta_k' theta_l'    or score_k score_l, whose mean it is
    guide_kl         the same with what the family would rather be searched by

and in gamma the sums X_k score_k and X_k information_kl X_l'. This is the only
place where families, links and columns meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement, pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.arrow import Symmetric
from mlefit.design.blocks import Block
from mlefit.design.coded import Coded, Design, against, predictor_of, squares_against, sum_of
from mlefit.families._base import Family, Pairs, Probability, ProductPairs
from mlefit.frozen import frozen
from mlefit.gram import factored_product, weighted_product
from mlefit.links import Link
from mlefit.products import information
from mlefit.support import Domain

Kind = Literal["observed", "expected", "guide"]

# Classes from which one product of all columns is faster than one for each class besides.
_SHARED = 2

Beside = Callable[["Block", Sequence[Rows], "RowTerms"], Any]
"""What else to sum over the rows of a block, given their linear predictors and terms."""


@frozen
class Totals:
    """Sums over the rows seen so far. Adding two gives the sums over both.

    Attributes:
        nll: negative log-likelihood; infinite where a parameter leaves its domain.
        score: gradient of the NLL, shape (p,).
        information: its second derivatives, or their expectation, shape (p, p).
        rows: sum of the weights.
        beside: what else was summed over the rows in the same look at them, if anything was.
    """

    nll: float
    score: Vector
    information: Symmetric
    rows: float
    beside: Any = None

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.nll + other.nll,
            self.score + other.score,
            self.information + other.information,
            self.rows + other.rows,
            None if self.beside is None else self.beside + other.beside,
        )


@frozen
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


@frozen
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

    def part(self, rows: NDArray[np.intp]) -> RowTerms:
        """Those of some rows."""
        return RowTerms(
            self.log_density[rows],
            [score[rows] for score in self.score],
            {pair: values[rows] for pair, values in self.information.items()},
        )


class Model:
    """A family with a link for each parameter. It holds no data.

    Args:
        family: the distribution.
        links: one for each parameter, in the family's order.
        fuse: whether to use the family's faster form for canonical links.
    """

    def __init__(self, family: Family, links: Sequence[Link], *, fuse: bool = True) -> None:
        self.family = family.through(links)
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

    def ends_of(self, k: int) -> tuple[str | None, str | None]:
        """Which end of its domain parameter k nears as its eta goes to -inf and to +inf."""
        link, domain = self.links[k], self.family.parameters[k].domain
        if link.onto == "real":
            return ("lower", "upper") if domain == Domain.REAL else (None, None)
        return link.ends

    @property
    def leverage_kind(self) -> Kind:
        """The information that a row's own leverage is made of."""
        return "expected" if self.family.has_expected else "observed"

    def theta(self, etas: Sequence[Rows]) -> tuple[Any, ...]:
        """Parameters of linear predictors, one entry for each parameter."""
        return tuple(
            Probability(link.inverse(eta), link.complement(eta))
            if parameter.domain == Domain.UNIT
            else link.inverse(eta)
            for link, parameter, eta in zip(self.links, self.family.parameters, etas, strict=True)
        )

    def etas(self, block: Block, gammas: Sequence[Vector]) -> list[Rows]:
        """Linear predictors of a block, each (m,), or (1,) where all rows have the same one.

        What a family computes from constant parameters alone is then computed once.
        """
        return [
            _shifted(predictor_of(gamma, X[:, :1] if constant else X), offset)
            for gamma, X, offset, constant in zip(
                gammas, block.designs, block.offsets, block.constant, strict=True
            )
        ]

    def log_density(self, block: Block, gammas: Sequence[Vector]) -> Rows:
        """Log-density of every row of a block; NaN where a parameter leaves its domain."""
        theta = self.theta(self.etas(block, gammas))
        if not self._inside(theta):
            return np.full_like(block.y, np.nan)
        density = self.family.log_density(block.y, *theta, **block.known)
        return np.broadcast_to(density, block.y.shape)

    def row_terms(self, block: Block, gammas: Sequence[Vector], kind: Kind) -> RowTerms:
        """Log-density and derivatives of every row of a block, without weights."""
        return self.terms(block, self.etas(block, gammas), kind)

    def terms(self, block: Block, etas: Sequence[Rows], kind: Kind) -> RowTerms:
        """The same at given linear predictors."""
        if self._fused is not None:
            etas = [np.broadcast_to(eta, block.y.shape) for eta in etas]
            return RowTerms(*self._fused(block.y, *etas, **block.known))
        terms = self._general(block, etas, kind)
        rows = block.y.shape
        return RowTerms(
            np.broadcast_to(terms.log_density, rows),
            [np.broadcast_to(score, rows) for score in terms.score],
            {pair: np.broadcast_to(values, rows) for pair, values in terms.information.items()},
        )

    def _general(self, block: Block, etas: Sequence[Rows], kind: Kind) -> RowTerms:
        theta = self.theta(etas)
        if not self._inside(theta):
            outside = np.full_like(block.y, np.nan)
            return RowTerms(
                outside, [outside] * len(etas), {(k, k): outside for k in range(len(etas))}
            )
        family, y, known = self.family, block.y, block.known
        slopes, bends = self._derivatives(etas, theta)
        score = family.score(y, *theta, **known)
        if kind == "observed":
            pairs = family.observed(y, *theta, **known)
        else:
            guide = kind == "guide"
            found = family.guide(y, *theta, **known) if guide else family.expected(*theta, **known)
            # without a closed form the product of the scores, which has the same mean and is
            # never negative, guides the search
            pairs = found or _products(score)
        information = _in_etas(pairs, slopes)
        if kind == "observed":
            for k, bend in enumerate(bends):
                if bend is not None:
                    information[k, k] = information.get((k, k), 0.0) - score[k] * bend
        return RowTerms(
            family.log_density(y, *theta, **known),
            [_times(s, slope) for s, slope in zip(score, slopes, strict=True)],
            information,
        )

    def with_leverage(self, block: Block, etas: Sequence[Rows], terms: RowTerms) -> RowTerms:
        """Terms with the observed information, with that which leverage is made of."""
        if self.is_fused or self.leverage_kind == "observed":
            return terms
        theta = self.theta(etas)
        pairs = self.family.expected(*theta, **block.known)
        return replace(terms, information=_in_etas(pairs or {}, self._derivatives(etas, theta)[0]))

    def _derivatives(
        self, etas: Sequence[Rows], theta: Sequence[Any]
    ) -> tuple[tuple[Rows | None, ...], tuple[Rows | None, ...]]:
        """Slopes and curvatures of the links, None where theta is eta."""
        found = [
            link.derivatives(eta, value.p if isinstance(value, Probability) else value)
            if link.bends
            else (None, None)
            for link, eta, value in zip(self.links, etas, theta, strict=True)
        ]
        slopes, bends = zip(*found, strict=True)
        return slopes, bends

    def inside(self, etas: Sequence[Rows]) -> NDArray[np.bool_]:
        """Of which rows every parameter lies in its domain; linear predictors of shape (m,)."""
        inside = np.ones(etas[0].shape, dtype=bool)
        if any(self._watched):
            for value, domain in self._watched_values(self.theta(etas)):
                inside &= domain.holds(value)
        return inside

    def _inside(self, theta: Sequence[Any]) -> bool:
        return all(domain.contains(value) for value, domain in self._watched_values(theta))

    def _watched_values(self, theta: Sequence[Any]) -> Iterator[tuple[Rows, Domain]]:
        for value, parameter, watched in zip(
            theta, self.family.parameters, self._watched, strict=True
        ):
            if watched:
                yield value.p if isinstance(value, Probability) else value, parameter.domain

    def totals(
        self,
        block: Block,
        gammas: Sequence[Vector],
        kind: Kind | None = "observed",
        beside: Beside | None = None,
    ) -> Totals:
        """NLL, its gradient and its information over a block; without the last if no kind is."""
        etas = self.etas(block, gammas)
        terms = self.terms(block, etas, kind or self.leverage_kind)
        rows = len(block.y) if block.weight is None else float(block.weight.sum())
        nll = -block.total(terms.log_density)
        score = [
            -sum_of(X, block.weighted(s)) for X, s in zip(block.designs, terms.score, strict=True)
        ]
        return Totals(
            nll if not math.isnan(nll) else math.inf,
            np.concatenate(score),
            np.zeros((0, 0)) if kind is None else _information(block, terms.information),
            rows,
            None if beside is None else beside(block, etas, terms),
        )

    def slopes(self, block: Block, points: Sequence[Matrix], kind: Kind | None) -> Slopes:
        """NLL, gradient and diagonal of the information over a block, at several points.

        Args:
            block: rows.
            points: for each parameter its coefficients at every point, shape (k, p).
            kind: of the information; None for none.
        """
        etas = [
            _shifted(_combined(gammas, X), offset)
            for gammas, X, offset in zip(points, block.designs, block.offsets, strict=True)
        ]
        terms = [self.terms(block, at, kind or "observed") for at in zip(*etas, strict=True)]
        nll = np.array([-block.total(term.log_density) for term in terms])
        score, diagonal = [], []
        for k, X in enumerate(block.designs):
            slopes = np.array([block.weighted(term.score[k]) for term in terms])
            score.append(-against(slopes, X))
            if kind is not None:
                bends = np.array([block.weighted(term.information[k, k]) for term in terms])
                diagonal.append(squares_against(bends, X))
        if kind is None:
            diagonal = [np.zeros((len(nll), 0))]
        return Slopes(np.where(np.isnan(nll), np.inf, nll), np.hstack(score), np.hstack(diagonal))


def _shifted(eta: Rows, offset: Any) -> Rows:
    """A linear predictor and its offset, which mostly is none."""
    return eta + offset if np.ndim(offset) or offset else eta


def _combined(points: Matrix, X: Design) -> Matrix:
    """points @ X, where most coefficients may be zero at every point."""
    if not isinstance(X, np.ndarray):
        return points @ X
    used = np.flatnonzero(points.any(axis=0))
    return points @ X if 2 * len(used) > len(X) else points[:, used] @ X[used]


def _information(block: Block, pairs: Pairs) -> Symmetric:
    if any(isinstance(X, Coded) for X in block.designs):
        return information(
            block.designs, {pair: block.weighted(values) for pair, values in pairs.items()}
        )
    designs = [np.asarray(X) for X in block.designs]
    if isinstance(pairs, ProductPairs):
        return _information_of_products(block, designs, pairs)
    edges = np.cumsum([0, *(len(X) for X in designs)])
    total = np.zeros((edges[-1], edges[-1]))
    for (j, k), values in pairs.items():
        product = weighted_product(designs[j], block.weighted(values), designs[k])
        total[edges[j] : edges[j + 1], edges[k] : edges[k + 1]] = product
        if j != k:
            total[edges[k] : edges[k + 1], edges[j] : edges[j + 1]] = product.T
    return total


def _information_of_products(
    block: Block, designs: Sequence[Matrix], pairs: ProductPairs
) -> Matrix:
    """The same from one symmetric product of all columns times their factors."""
    root = 1.0 if block.weight is None else np.sqrt(block.weight)
    factors = [factor * root for factor in pairs.factors]
    first = designs[0]
    if len(designs) > _SHARED and all(X is first for X in designs):
        p, size = len(first), len(first) * len(designs)
        every = factored_product([*designs, first], [*factors, pairs.rest * root])
        total = -every[:size, :size]
        for k in range(len(designs)):
            at = slice(k * p, (k + 1) * p)
            # each class times all others, the one without coefficients among them
            sums = np.delete(every[at].reshape(p, -1, p), k, axis=1).sum(axis=1)
            total[at, at] = (sums + sums.T) / 2
        return total
    total = -factored_product(designs, factors)
    edges = np.cumsum([0, *(len(X) for X in designs)])
    for X, values, (lo, hi) in zip(designs, pairs.diagonal, pairwise(edges), strict=True):
        total[lo:hi, lo:hi] = weighted_product(X, block.weighted(values), X)
    return total


def _in_etas(pairs: Pairs, slopes: Sequence[Rows | None]) -> dict[tuple[int, int], Rows]:
    """The information in the linear predictors, but for what their links bend."""
    return {(j, k): _times(_times(J, slopes[j]), slopes[k]) for (j, k), J in pairs.items()}


def _times(values: Rows, slope: Rows | None) -> Rows:
    """Values times the slope of a link, which is None where it is 1."""
    return values if slope is None else values * slope


def _products(score: Sequence[Rows]) -> Pairs:
    """The outer product of the scores of each row."""
    pairs = combinations_with_replacement(range(len(score)), 2)
    return {(j, k): score[j] * score[k] for j, k in pairs}


def _stays_inside(link: Link, domain: Domain) -> bool:
    """Whether every finite eta gives a parameter inside the domain, or a NaN that tells."""
    if domain == Domain.REAL:
        return True
    if domain == Domain.POSITIVE:
        return link.onto in ("positive", "unit")
    # onto another interval rounding can reach an end, so that is watched
    return domain == Domain.UNIT and link.onto == "unit"
