"""The steps: each sample has its own direction, its own step length and its own end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.batch.samples import Samples
from mlefit.batch.sums import Priors, Sums, evaluate
from mlefit.frozen import frozen
from mlefit.likelihood import Model

_LAST_STEP = 1e-4  # of the squared tolerance, as in `optimise`
_SUFFICIENT_DECREASE = 1e-4
_HALVINGS = 30
_FLATTEST = 1e-6
_ROUNDING = 1e-12

SAME_HEIGHT = 1e-6
"""Nats that two searches may differ by and be at the same maximum."""


@frozen
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


def higher(one: Fits, other: Fits) -> Fits:
    """Of each sample the search that came higher, a converged one among equals."""
    better = other.sums.nll < one.sums.nll - SAME_HEIGHT
    equal = np.abs(other.sums.nll - one.sums.nll) <= SAME_HEIGHT
    better |= equal & other.converged & ~one.converged
    quicker = equal & (other.converged == one.converged) & (other.steps < one.steps)
    better |= quicker
    one.gamma[better] = other.gamma[better]
    one.converged[better], one.steps[better] = other.converged[better], other.steps[better]
    for kept, new in (
        (one.sums.nll, other.sums.nll),
        (one.sums.score, other.sums.score),
        (one.sums.information, other.sums.information),
    ):
        kept[better] = new[better]
    return one


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
    # a coefficient that no row of a sample speaks of stays where it is
    silent = (diagonal == 0) & (g == 0)
    scaled[:, np.arange(len(moving)), np.arange(len(moving))] += silent
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
