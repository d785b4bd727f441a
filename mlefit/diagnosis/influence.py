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

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.arrow import Spread, Symmetric, among
from mlefit.design.blocks import Block
from mlefit.design.coded import is_too_wide
from mlefit.design.predictors import is_coded, user_matrix
from mlefit.engines.contract import Engine
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.likelihood import Model, RowTerms
from mlefit.products import forms, lengths_at_most
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.special import ratio
from mlefit.symmetric import inverse

_INFLUENTIAL = 1.0
_SHOWN = 3
# A statistic whose derivative is looked at row by row; larger fits do not come near an edge.
_MOST_WORK = 20_000_000
_STEP = 1e-4
# Rows that are ruled out together, where they can be.
_RUN = 32


class Influence(NamedTuple):
    """Leverage h_i and distance D_i of every row of a block."""

    leverage: Rows
    distance: Rows


@frozen
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

    def own(self, bread: Spread) -> Spread:
        """A^-1, from the inverse information of all coefficients."""
        p = self.size
        if p == len(bread):
            return bread
        return np.asarray(np.linalg.inv(np.linalg.inv(bread)[:p, :p]))

    def influence(self, block: Block, terms: RowTerms, own: Spread) -> Influence:
        """Of every row of a block, with A^-1."""
        count, p = len(self.edges) - 1, self.size
        weight = 1.0 if block.own_weight is None else block.own_weight
        if count == 1:
            length = forms(block.designs[0], own)
            reach: Rows = terms.score[0] ** 2 * length
            share: Rows = terms.information[0, 0] * length
        else:
            reach, share = self._of_several(block, terms, own)
        leverage = np.clip(weight * share, 0, 1 - 1e-12)
        return Influence(leverage, weight**2 * reach / (p * (1 - leverage) ** 2))

    def _of_several(self, block: Block, terms: RowTerms, own: Spread) -> tuple[Rows, Rows]:
        """d' A d of every row's own step, and the share of it that the row itself supplies."""
        count = len(self.edges) - 1
        designs: list[Matrix] = [np.asarray(X) for X in block.designs[:count]]
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


@frozen
class Influential:
    """The rows of largest influence; they add by keeping the largest.

    Attributes:
        rows: of each its Cook's distance, its position among all rows, and how many are like
            it; the most influential first.
    """

    rows: tuple[tuple[float, int, int], ...]

    def __add__(self, other: Influential) -> Influential:
        return Influential(tuple(sorted(self.rows + other.rows, reverse=True)[:_SHOWN]))


@frozen
class Watch:
    """Looks for rows whose absence would move the estimates by more than one joint error.

    A row's g' A^-1 g is at most c times the sum of g_j^2/A_jj, with c the largest row sum of
    A^-1 in units of the diagonal, and its leverage at most c times the trace of A_i in those
    units. Of columns in codes, a row's length in A^-1 is at most the sum of those of its parts.
    Where that rules a row out nothing more is computed of it: among many rows few are left.

    Attributes:
        group: the coefficients.
        own: A^-1.
        at_most: c/A_jj, what bounds g' A^-1 g in the squares of g; empty where columns are codes.
        is_bounded: whether there is a bound; not for several parameters whose columns are codes
            or whose A_i may have a negative eigenvalue.
    """

    group: Group
    own: Spread
    at_most: Vector
    is_bounded: bool

    @classmethod
    def over(cls, maximum: Maximum) -> Watch | None:
        """Of a fit; None where it has no influence to speak of, or too much is to be computed."""
        cornered = maximum.penalty is not None and maximum.penalty.has_corners
        settled = maximum.optimum.status is Status.CONVERGED and not maximum.runs_to_edge
        # the median does not follow a row however far it lies
        if not settled or cornered or maximum.vertex is not None:
            return None
        return cls.at(maximum.model, maximum.engine, maximum.optimum.totals.information)

    @classmethod
    def at(cls, model: Model, engine: Engine, information: Symmetric) -> Watch | None:
        """The same with the information of all coefficients, wherever it was taken."""
        group = Group.of(model.family, [predictor.size for predictor in engine.predictors])
        information = among(information, np.arange(group.size))
        own = inverse(information)
        if own is None or not group.size:
            return None
        coded = is_coded(engine.predictors)
        if len(group.edges) > 2:
            if coded and is_too_wide(engine.rows, group.size):
                return None
            own = np.asarray(own)
        several = len(group.edges) > 2
        if coded or (several and model.leverage_kind != "expected"):
            return cls(group, own, np.zeros(0), is_bounded=not several)
        roots = np.sqrt(np.diag(information))
        largest = np.abs(own * np.outer(roots, roots)).sum(axis=1).max()
        return cls(group, own, largest / roots**2, is_bounded=True)

    @property
    def takes_steps(self) -> bool:
        """Whether the steps of whole rows are needed, which have a number for every column."""
        return len(self.group.edges) > 2

    def suspects(self, block: Block, terms: RowTerms) -> bool:
        """Whether the bound leaves a row of a block, or would with an information near by."""
        return len(self._possible(block, terms, _INFLUENTIAL / 2)) > 0

    def influential(self, block: Block, terms: RowTerms) -> Influential:
        """The most influential rows of a block, if any is."""
        _, positions = block.every(1)
        if self.is_bounded:
            at = self._possible(block, terms)
            if not len(at):
                return Influential(())
            block, terms, positions = block.part(at), terms.part(at), positions[at]
        distance = self.group.influence(block, terms, self.own).distance
        top = np.flatnonzero(distance > _INFLUENTIAL)
        top = top[np.argsort(-distance[top])][:_SHOWN]
        counts = block.counted(np.ones(len(block.y)))
        return Influential(
            tuple(
                (float(distance[i]), first, max(round(float(counts[i])) - 1, 0))
                for i, first in zip(top.tolist(), positions[top].tolist(), strict=True)
            )
        )

    @property
    def _bounds(self) -> Iterator[Callable[[Block], Iterator[Rows]]]:
        """What rows' lengths in A^-1 are at most, for each parameter; the fastest first."""
        if not len(self.at_most):
            yield lambda block: iter([lengths_at_most(block.designs[0], self.own)])
            return
        yield lambda block: _lengths_of_runs(self._parts(block))
        yield lambda block: _lengths(self._parts(block))

    def _parts(self, block: Block) -> list[tuple[Matrix, Vector]]:
        """The columns of each of the group's parameters, and their part of the bound."""
        edges = pairwise(self.group.edges)
        return [
            (np.asarray(X), self.at_most[lo:hi])
            for X, (lo, hi) in zip(block.designs, edges, strict=False)
        ]

    def _possible(
        self, block: Block, terms: RowTerms, influential: float = _INFLUENTIAL
    ) -> NDArray[np.intp]:
        """Rows that the bound does not rule out."""
        at = np.arange(len(block.y))
        for lengths in self._bounds:
            weight = 1.0 if block.own_weight is None else block.own_weight
            reach, share = np.zeros((2, len(at)))
            for k, length in enumerate(lengths(block)):
                reach += (weight * terms.score[k]) ** 2 * length
                share += weight * terms.information[k, k] * length
            rest = np.clip(1 - share, 0.0, 1.0)
            found = np.flatnonzero(reach > influential * self.group.size * rest**2)
            if not len(found):
                return found
            at, block, terms = at[found], block.part(found), terms.part(found)
        return at


def _lengths(parts: Sequence[tuple[Matrix, Vector]]) -> Iterator[Rows]:
    """The weighted sum of squares of every row of some matrices."""
    for X, at_most in parts:
        yield np.einsum("ij,ij,i->j", X, X, at_most)


def _lengths_of_runs(parts: Sequence[tuple[Matrix, Vector]]) -> Iterator[Rows]:
    """What that of no row exceeds, in half the time: for a run of rows the sum of theirs."""
    seen, squares = None, np.zeros((0, 0))
    for X, at_most in parts:
        m = X.shape[1]
        edges = np.arange(0, m, _RUN)
        if X is not seen:  # classes mostly have the same columns
            whole = m - m % _RUN
            runs, last = X[:, :whole].reshape(len(X), whole // _RUN, _RUN), X[:, whole:]
            squares = np.einsum("ijk,ijk->ij", runs, runs)
            if whole < m:
                squares = np.column_stack([squares, np.einsum("ij,ij->i", last, last)])
            seen = X
        yield np.repeat(at_most @ squares, np.diff(edges, append=m))


def declining_statistics(maximum: Maximum) -> list[int]:
    """Positions of first-parameter coefficients whose Wald statistic falls as they grow."""
    predictor = maximum.engine.predictors[0]
    work = maximum.engine.stands_for * len(maximum.optimum.gamma) * predictor.size
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
