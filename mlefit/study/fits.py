"""The maximum of every sample: side by side where that is plain, one by one where it is not.

A sample whose search took more than a few steps, or ended within a standard error of an edge
of the family, is fitted again as `mlefit fit` would fit it: that search knows whether a
maximum exists and whether it lies at an edge. Samples without a maximum inside the family are
counted by what was found.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit import batch
from mlefit._types import Matrix, Rows, Vector
from mlefit.batch import Fits, Samples
from mlefit.errors import UntrustworthyError
from mlefit.families._records import Limit
from mlefit.frozen import frozen
from mlefit.inference.boundary import highest
from mlefit.inference.covariance import covariance
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.search.penalty import Assigned
from mlefit.study.setup import Setup

# A search that leads away takes a step for each factor gained; see `maximise`.
_FEW_STEPS = 10
_FURTHER_STEPS = 30
# On the link scale: a standard error over this is a distance to the edge below one of them.
_DOUBTFUL_ERROR = 1.0


@frozen
class Fitted:
    """The maxima of several samples.

    Attributes:
        gamma: coefficients, shape (R, p); NaN where there is no maximum inside the family.
        covariance: inverse information, shape (R, p, p).
        failures: for each reason how many samples have no maximum inside.
    """

    gamma: Matrix
    covariance: NDArray[np.floating[Any]]
    failures: Counter[str]


def fitted(setup: Setup, samples: Samples, priors: Sequence[Assigned] = ()) -> Fitted:
    """The maximum of every sample.

    Args:
        setup: the family they are of.
        samples: some of its draws.
        priors: of slopes; the maximum is then that of the posterior density.
    """
    with np.errstate(all="ignore"):
        found = _side_by_side(setup, samples, priors)
        if found is None:
            gamma = np.full((samples.count, _size(setup)), np.nan)
            matrices = np.full((*gamma.shape, gamma.shape[1]), np.nan)
            doubted = np.ones(samples.count, dtype=bool)
        else:
            kind = "observed" if setup.family.vertex is None else "expected"
            sums = found.sums
            if kind == "expected":
                sums = batch.evaluate(setup.model, samples, found.gamma, "expected")
            gamma, matrices = found.gamma.copy(), batch.inverses(sums.information)
            doubted = _doubted(setup, samples, found, matrices, priors)
    failures: Counter[str] = Counter()
    for r in np.flatnonzero(doubted):
        maximum, cause = _alone(setup, samples, int(r), priors)
        gamma[r], matrices[r] = np.nan, np.nan
        if maximum is None:
            failures[cause] += 1
            continue
        gamma[r] = np.concatenate(maximum.betas)
        own = covariance(maximum, "observed")
        matrices[r] = math.nan if own is None else own
    return Fitted(gamma, matrices, failures)


def _size(setup: Setup) -> int:
    return sum(predictor.size for predictor in setup.predictors)


def _side_by_side(setup: Setup, samples: Samples, priors: Sequence[Assigned]) -> Fits | None:
    """All searches together; None where they are not of the kind that can be."""
    smooth = _smooth(setup, priors)
    vertex = setup.family.vertex is not None
    if smooth is None or (vertex and setup.covariates):
        return None
    first, *others = _starts(setup, samples)
    free = None
    if vertex:
        first[:, 0] = _order_statistics(samples, float(setup.family.vertex or 0))
        free, others = np.arange(1, first.shape[1]), []
    best = batch.newton(
        setup.model, samples, first, free=free, priors=smooth, max_steps=_FURTHER_STEPS
    )
    for start in others:
        other = batch.newton(setup.model, samples, start, priors=smooth, max_steps=_FURTHER_STEPS)
        best = batch.higher(best, other)
    return best


def _smooth(setup: Setup, priors: Sequence[Assigned]) -> batch.Priors | None:
    """The priors with the positions of their coefficients; None if one has a corner."""
    if any(one.prior.corner_weight or one.prior.wide is not None for one in priors):
        return None
    labels = [
        f"{parameter.name}:{column.label}"
        for parameter, predictor in zip(setup.family.parameters, setup.predictors, strict=True)
        for column in predictor.columns
    ]
    return [(labels.index(label), one.prior) for one in priors for label in one.labels]


def _starts(setup: Setup, samples: Samples) -> list[Matrix]:
    """Coefficients to search from: for each sample as many as the family names."""
    each = [setup.family.starts(samples.moments(r)) for r in range(samples.count)]
    found = []
    for i in range(max(map(len, each))):
        thetas = np.array([starts[min(i, len(starts) - 1)] for starts in each])
        columns = zip(setup.model.links, thetas.T, strict=True)
        etas = np.column_stack([link.forward(theta) for link, theta in columns])
        found.append(setup.coefficients(etas))
    return found


def _order_statistics(samples: Samples, tau: float) -> Vector:
    """The least value that tau of each sample reaches: where a sum of pinball losses is least."""
    found = []
    for r in range(samples.count):
        y: Rows = np.sort(samples.y[samples.sample(r)])
        found.append(y[max(math.ceil(len(y) * tau * (1 - 1e-12)) - 1, 0)])
    return np.array(found)


def _doubted(
    setup: Setup,
    samples: Samples,
    found: Fits,
    covariances: NDArray[np.floating[Any]],
    priors: Sequence[Assigned],
) -> NDArray[np.bool_]:
    """Samples that may have no maximum, or one at an edge of the family."""
    doubted = ~found.converged | (found.steps >= _FEW_STEPS)
    doubted |= ~np.isfinite(covariances).all(axis=(1, 2))
    for limit, near in _near_edges(setup, covariances):
        asked = near & ~doubted
        if asked.any():
            heights = found.sums.nll[asked]
            lower = _is_lower(setup, samples.only(asked), limit, heights, priors)
            doubted[np.flatnonzero(asked)[~lower]] = True
    return doubted


def _near_edges(
    setup: Setup, covariances: NDArray[np.floating[Any]]
) -> Iterator[tuple[Limit, NDArray[np.bool_]]]:
    """For each edge of the family the samples that may be at it."""
    names = list(setup.names)
    for limit in setup.family.limits:
        if limit.parameter in names:
            at = setup.at[names.index(limit.parameter)]
            yield limit, ~(covariances[:, at, at] < _DOUBTFUL_ERROR**2)


def _is_lower(
    setup: Setup,
    samples: Samples,
    limit: Limit,
    heights: Vector,
    priors: Sequence[Assigned],
) -> NDArray[np.bool_]:
    """Of which samples the likelihood at an edge is surely below the maximum inside.

    What the family becomes there is searched for side by side, too.
    """
    lower = np.zeros(samples.count, dtype=bool)
    simpler = None if limit.family is None else setup.without(limit.parameter, limit.family)
    if simpler is None or simpler.family.support.lower > setup.family.support.lower:
        return lower
    found = _side_by_side(simpler, setup.samples_without(samples, limit.parameter), priors)
    if found is not None:
        lower = found.converged & (found.sums.nll > heights + batch.SAME_HEIGHT)
    return lower


def _alone(
    setup: Setup, samples: Samples, r: int, priors: Sequence[Assigned]
) -> tuple[Maximum | None, str]:
    """One sample as `mlefit fit` would fit it; or why it has no maximum inside."""
    try:
        maximum = highest(setup.model, setup.engine(samples, r), Search(), priors)
    except UntrustworthyError as error:
        return None, str(error).split("\n", 1)[0]
    if maximum.edges:
        return None, maximum.edges[0].limit.words
    if any(maximum.redundant):
        return None, "a column depends on the others"
    if maximum.status is not Status.CONVERGED:
        return None, maximum.status.value
    return maximum, ""
