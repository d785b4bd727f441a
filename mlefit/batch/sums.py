"""NLL, gradient and information of every sample: a family is asked once for all their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.batch.samples import Samples
from mlefit.frozen import frozen
from mlefit.likelihood import Kind, Model
from mlefit.priors._base import Prior

Priors = Sequence[tuple[int, Prior]]
"""Smooth priors, each with the position of its coefficient."""


@frozen
class Sums:
    """NLL of each sample (R,), its gradient (R, p) and its information (R, p, p)."""

    nll: Vector
    score: Matrix
    information: NDArray[np.floating[Any]]

    def only(self, chosen: Any) -> Sums:
        """Of some samples."""
        return Sums(self.nll[chosen], self.score[chosen], self.information[chosen])


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


def squared_scores(model: Model, samples: Samples, gamma: Matrix) -> NDArray[np.floating[Any]]:
    """The sum of score score' over the rows of every sample, shape (R, p, p).

    Args:
        model: family and links.
        samples: the rows.
        gamma: coefficients, shape (R, p).
    """
    found = np.empty((*gamma.shape, gamma.shape[1]))
    with np.errstate(all="ignore"):
        etas = samples.etas(gamma)
        block = samples.block(etas)
        scores = model.row_terms(block, [np.zeros(0)] * len(etas), "observed").score
        rows = [
            score if constant else score * column
            for score, X, constant in zip(scores, samples.designs, samples.constant, strict=True)
            for column in X
        ]
        for j, one in enumerate(rows):
            held = block.weighted(one)
            for i, other in enumerate(rows[: j + 1]):
                found[:, i, j] = found[:, j, i] = samples.sums(held * other)
    return found


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
