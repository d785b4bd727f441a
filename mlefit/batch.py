"""Newton's method for many samples at once: the same steps, taken side by side.

A thousand small fits spend their time on calls, not on arithmetic. Here the rows of all
samples lie one after the other, so that a family is asked once for all of them, and the sums
of each sample are cut out of the answer:

    nll_r = -sum_{i in r} l_i      score_r = -sum X_i l'_i      information_r = sum X_i J_i X_i'

Each sample has its own coefficients, step length and end. What a step is and when a search
has converged is as in `optimise`: half g' H^-1 g falls below `tol`, and further steps take the
digits that are left. Where H bends the other way, the sizes of its eigenvalues stand for it
(Y. Dauphin et al. 2014, NeurIPS 27, 2933-2941). Nothing is judged: whether a maximum exists,
or lies at an edge, is for those who ask to find out about the samples that do not converge in
a few steps.

Coefficients are those of the columns as they are given, so columns should have means that are
not large for their spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Block
from mlefit.likelihood import Kind, Model
from mlefit.priors._base import Prior

_LAST_STEP = 1e-4  # of the squared tolerance, as in `optimise`
_SUFFICIENT_DECREASE = 1e-4
_HALVINGS = 30
_FLATTEST = 1e-6
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Samples:
    """Rows of R samples, one sample after the other; N rows in all.

    Attributes:
        y: target, shape (N,).
        edges: sample r has rows edges[r] to edges[r + 1], at least one; shape (R + 1,).
        designs: one matrix (p_k, N) for each parameter.
        constant: for each parameter, whether its design is an intercept alone.
        offsets: one array (N,) or number for each parameter.
        known: further known quantities, each (N,).
        weight: of the rows, shape (N,), or None for ones.
    """

    y: Rows
    edges: NDArray[np.intp]
    designs: tuple[Matrix, ...]
    constant: tuple[bool, ...]
    offsets: tuple[Any, ...]
    known: Mapping[str, Rows] = field(default_factory=dict)
    weight: Rows | None = None

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.edges) - 1

    @property
    def rows(self) -> NDArray[np.intp]:
        """Rows of each sample, shape (R,)."""
        return np.diff(self.edges)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """One value of each sample, for every row of it."""
        return np.repeat(values, self.rows)

    def sums(self, values: Any) -> Any:
        """The sum over the rows of each sample, along the last axis."""
        return np.add.reduceat(values, self.edges[:-1], axis=-1)

    def sample(self, r: int) -> slice:
        """The rows of a sample."""
        return slice(self.edges[r], self.edges[r + 1])

    def only(self, chosen: NDArray[np.bool_]) -> Samples:
        """Some of the samples."""
        if chosen.all():
            return self
        rows = self.spread(chosen)
        return replace(
            self,
            y=self.y[rows],
            edges=np.concatenate([[0], np.cumsum(self.rows[chosen])]),
            designs=tuple(
                X[:, : np.count_nonzero(rows)] if constant else X[:, rows]
                for X, constant in zip(self.designs, self.constant, strict=True)
            ),
            offsets=tuple(offset[rows] if np.ndim(offset) else offset for offset in self.offsets),
            known={name: values[rows] for name, values in self.known.items()},
            weight=None if self.weight is None else self.weight[rows],
        )

    def etas(self, gamma: Matrix) -> list[Rows]:
        """Linear predictors of every row, at coefficients of shape (R, p)."""
        found = []
        for (lo, hi), X, offset, constant in zip(
            self.spans, self.designs, self.offsets, self.constant, strict=True
        ):
            eta = np.zeros(len(self.y))
            if constant:
                eta += self.spread(gamma[:, lo])
            else:
                for j, column in zip(range(lo, hi), X, strict=True):
                    eta += column * self.spread(gamma[:, j])
            found.append(eta + offset)
        return found

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last coefficient, plus one, of each parameter."""
        return list(pairwise(np.cumsum([0, *(len(X) for X in self.designs)]).tolist()))

    def block(self, etas: Sequence[Rows]) -> Block:
        """All rows as a block whose linear predictors are given: offsets without columns."""
        nothing = np.empty((0, len(self.y)))
        return Block(
            start=0,
            y=self.y,
            known=self.known,
            weight=self.weight,
            precision=None,
            designs=(nothing,) * len(etas),
            offsets=tuple(etas),
            constant=(False,) * len(etas),
        )


@dataclass(frozen=True)
class Sums:
    """NLL of each sample (R,), its gradient (R, p) and its information (R, p, p)."""

    nll: Vector
    score: Matrix
    information: NDArray[np.floating[Any]]

    def only(self, chosen: Any) -> Sums:
        """Of some samples."""
        return Sums(self.nll[chosen], self.score[chosen], self.information[chosen])


@dataclass(frozen=True)
class Fits:
    """Where the searches ended.

    Attributes:
        gamma: coefficients, shape (R, p).
        sums: there, with the observed information; those of the priors added.
        converged: whether the decrement fell below the tolerance at a maximum, shape (R,).
        steps: taken by each, shape (R,).
    """

    gamma: Matrix
    sums: Sums
    converged: NDArray[np.bool_]
    steps: NDArray[np.intp]


Priors = Sequence[tuple[int, Prior]]
"""Smooth priors, each with the position of its coefficient."""


def evaluate(
    model: Model, samples: Samples, gamma: Matrix, kind: Kind, priors: Priors = ()
) -> Sums:
    """NLL, gradient and information of every sample at coefficients of its own.

    Args:
        model: family and links.
        samples: the rows.
        gamma: coefficients, shape (R, p).
        kind: of the information.
        priors: for some of the coefficients.
    """
    etas = samples.etas(gamma)
    inside = np.logical_and.reduceat(model.inside(etas), samples.edges[:-1])
    if not inside.all():
        return _where_inside(model, samples, gamma, kind, priors, inside)
    block = samples.block(etas)
    terms = model.row_terms(block, [np.zeros(0)] * len(etas), kind)
    nll = -samples.sums(block.weighted(terms.log_density))
    score = np.empty(gamma.shape)
    information = np.zeros((*gamma.shape, gamma.shape[1]))
    for k, (lo, hi) in enumerate(samples.spans):
        score[:, lo:hi] = -_products(samples, k, block.weighted(terms.score[k])).T
    for (j, k), values in terms.information.items():
        (lo, hi), (left, right) = samples.spans[j], samples.spans[k]
        for row in range(lo, hi):
            X = samples.designs[j][row - lo]
            held = block.weighted(values) if samples.constant[j] else block.weighted(values) * X
            information[:, row, left:right] = _products(samples, k, held).T
        if j != k:
            information[:, left:right, lo:hi] = information[:, lo:hi, left:right].swapaxes(1, 2)
    for position, prior in priors:
        b = gamma[:, position]
        nll = nll - prior.log_density(b)
        score[:, position] -= prior.slope(b)
        information[:, position, position] += prior.curvature(b)
    return Sums(np.where(np.isnan(nll), np.inf, nll), score, information)


def _products(samples: Samples, k: int, values: Rows) -> Matrix:
    """Sums of the columns of parameter k times values, shape (p_k, R)."""
    if samples.constant[k]:
        return np.asarray(samples.sums(values))[None]
    return np.asarray(samples.sums(samples.designs[k] * values))


def _where_inside(
    model: Model,
    samples: Samples,
    gamma: Matrix,
    kind: Kind,
    priors: Priors,
    inside: NDArray[np.bool_],
) -> Sums:
    """The sums of the samples whose parameters are inside their domains; no height elsewhere."""
    p = gamma.shape[1]
    nll = np.full(samples.count, np.inf)
    score, information = np.full((len(nll), p), np.nan), np.full((len(nll), p, p), np.nan)
    if inside.any():
        found = evaluate(model, samples.only(inside), gamma[inside], kind, priors)
        nll[inside], score[inside], information[inside] = (
            found.nll,
            found.score,
            found.information,
        )
    return Sums(nll, score, information)


def newton(
    model: Model,
    samples: Samples,
    start: Matrix,
    *,
    free: NDArray[np.intp] | None = None,
    priors: Priors = (),
    tol: float = 1e-10,
    max_steps: int = 100,
) -> Fits:
    """Minimise the NLL of every sample from a start of its own.

    Args:
        model: family and links.
        samples: the rows.
        start: coefficients, shape (R, p).
        free: positions to move; None for all.
        priors: for some of the coefficients.
        tol: decrement, in nats, at which a search has converged.
        max_steps: most steps.
    """
    moving = np.arange(start.shape[1]) if free is None else free
    with np.errstate(all="ignore"):  # a refused step may overflow; its NLL tells
        search = _Search(model, samples, start, moving, priors, tol)
        for _ in range(max_steps):
            if not len(search.at):
                break
            search.step()
    return search.ended()


class _Search:
    """The samples that are still searching, and where all of them are.

    `at` holds the numbers of those that search; `samples` and `now` are of those only.
    """

    def __init__(
        self,
        model: Model,
        samples: Samples,
        start: Matrix,
        moving: NDArray[np.intp],
        priors: Priors,
        tol: float,
    ) -> None:
        self._model, self._priors, self._moving, self._tol = model, priors, moving, tol
        self.samples = samples
        self.at = np.arange(samples.count)
        self.gamma = start.copy()
        self.now = self._evaluate(samples, self.gamma)
        self._reached = self.now
        self._converged = np.zeros(samples.count, dtype=bool)
        self._steps = np.zeros(samples.count, dtype=np.intp)
        self._direct()
        self._leave(~np.isfinite(self.now.nll))

    def _evaluate(self, samples: Samples, gamma: Matrix) -> Sums:
        return evaluate(self._model, samples, gamma, "observed", self._priors)

    def _direct(self) -> None:
        self._direction, self._decrement, definite = directions(self.now, self._moving)
        self._near = definite & (self._decrement <= self._tol)

    def step(self) -> None:
        """One step of every sample; those that have no digit to gain stay and leave."""
        self._leave(self._near & (self._decrement <= _LAST_STEP * self._tol**2))
        if not len(self.at):
            return
        here = self.gamma[self.at]
        ahead = self._evaluate(self.samples, here + self._direction)
        left = directions(ahead, self._moving)[1]
        wanted = 2 * _SUFFICIENT_DECREASE * self._decrement
        falls = self._falls(ahead, self.now, wanted)
        good = np.where(self._near, left < self._decrement, falls)
        length = np.ones(len(self.at))
        again = ~good & ~self._near
        nll, score, information = ahead.nll.copy(), ahead.score.copy(), ahead.information.copy()
        for _ in range(_HALVINGS):
            if not again.any():
                break
            length[again] /= 2
            there = here[again] + length[again, None] * self._direction[again]
            tried = self._evaluate(self.samples.only(again), there)
            nll[again], score[again], information[again] = (
                tried.nll,
                tried.score,
                tried.information,
            )
            falls = self._falls(tried, self.now.only(again), (wanted * length)[again])
            good[again] = falls
            again[np.flatnonzero(again)[falls]] = False
        moved = np.where(good[:, None], here + length[:, None] * self._direction, here)
        self.gamma[self.at] = moved
        self._steps[self.at] += good
        self.now = Sums(
            np.where(good, nll, self.now.nll),
            np.where(good[:, None], score, self.now.score),
            np.where(good[:, None, None], information, self.now.information),
        )
        was_near = self._near
        self._direct()
        self._near |= was_near & ~good  # rounding may undo what had converged
        self._leave(~good)

    @staticmethod
    def _falls(ahead: Sums, now: Sums, wanted: Vector) -> NDArray[np.bool_]:
        """Whether each NLL fell by enough, up to its own rounding."""
        unseen = 4 * np.finfo(float).eps * np.abs(now.nll)
        return (ahead.nll <= now.nll - wanted + unseen) & np.isfinite(ahead.score).all(axis=1)

    def _leave(self, gone: NDArray[np.bool_]) -> None:
        """End some of the searches where they are."""
        self._record(gone)
        stay = ~gone
        self.samples, self.at = self.samples.only(stay), self.at[stay]
        self.now = self.now.only(stay)
        self._direction, self._decrement, self._near = (
            self._direction[stay],
            self._decrement[stay],
            self._near[stay],
        )

    def _record(self, gone: NDArray[np.bool_]) -> None:
        at = self.at[gone]
        self._converged[at] = self._near[gone]
        for kept, new in zip(
            (self._reached.nll, self._reached.score, self._reached.information),
            (self.now.nll, self.now.score, self.now.information),
            strict=True,
        ):
            kept[at] = new[gone]

    def ended(self) -> Fits:
        """All samples, those that never came to an end too."""
        self._record(np.ones(len(self.at), dtype=bool))
        return Fits(self.gamma, self._reached, self._converged, self._steps)


def directions(now: Sums, moving: NDArray[np.intp]) -> tuple[Matrix, Vector, NDArray[np.bool_]]:
    """-H^-1 g of every sample, half g' H^-1 g, and whether H is positive definite.

    Args:
        now: the sums.
        moving: positions that move; the direction is zero elsewhere.
    """
    direction = np.zeros_like(now.score)
    if not len(moving):
        return direction, np.zeros(len(now.nll)), np.ones(len(now.nll), dtype=bool)
    g = now.score[:, moving]
    H = now.information[:, moving[:, None], moving]
    diagonal = np.abs(np.diagonal(H, axis1=1, axis2=2))
    largest = diagonal.max(axis=1, keepdims=True)
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, np.where(largest > 0, largest, 1.0)))
    scaled = H * scale[:, :, None] * scale[:, None, :]
    usable = np.asarray(np.isfinite(scaled).all(axis=(1, 2)) & np.isfinite(g).all(axis=1))
    scaled = np.where(usable[:, None, None], scaled, np.eye(len(moving)))
    values, turned = np.linalg.eigh(scaled)
    definite = usable & (values[:, 0] > _ROUNDING)
    sizes = np.abs(values)
    flattest = np.where(definite, 0.0, _FLATTEST * sizes.max(axis=1))
    along = np.einsum("rij,ri->rj", turned, g * scale)
    step = along / np.maximum(sizes, flattest[:, None])
    direction[:, moving] = -np.einsum("rij,rj->ri", turned, step) * scale
    decrement = np.where(usable, 0.5 * (along * step).sum(axis=1), np.inf)
    direction[~usable] = 0.0
    return direction, decrement, definite


def inverses(information: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """The inverse of each matrix, shape (R, p, p); NaN for one that is not positive definite."""
    diagonal = np.diagonal(information, axis1=1, axis2=2)
    usable = np.isfinite(information).all(axis=(1, 2)) & (diagonal > 0).all(axis=1)
    one = np.eye(information.shape[1])
    scale = 1 / np.sqrt(np.where(usable[:, None], diagonal, 1.0))
    scaled = np.where(
        usable[:, None, None], information * scale[:, :, None] * scale[:, None, :], one
    )
    usable &= np.linalg.eigvalsh(scaled)[:, 0] > _ROUNDING
    scaled[~usable] = one
    found = np.linalg.inv(scaled) * scale[:, :, None] * scale[:, None, :]
    found[~usable] = np.nan
    return found
