"""Whether the intervals of predictions keep their promise: of the mean, and of a new outcome.

They are made as `mlefit predict` makes them. An interval of the mean holds the true mean or does
not. A limit of a new outcome is no estimate of a number, so what counts is how probable an
outcome within the limits is under the truth: its mean over the samples is the coverage, without
an outcome being drawn. Counts move in steps, so their limits hold the level or more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.inference.covariance import Reference
from mlefit.prediction.centre import Centre, RowSpread
from mlefit.prediction.outcome import limits
from mlefit.results.study import Coverage
from mlefit.study.moments import error_of_mean, finite
from mlefit.study.properties import shares
from mlefit.study.setup import Setup
from mlefit.study.simulation import Simulation

NEW_OUTCOME = "new outcome"
"""What is within its limits by a probability, not by a count of samples."""


@frozen
class SampleSpread(RowSpread):
    """A plain row of each of several fits, whose coefficients have a covariance each, (m, p, p)."""

    def error_of(self, slopes: Any) -> Rows:
        parts = [
            np.zeros_like(X) if slope is None else X * slope
            for X, slope in zip(self.designs, slopes, strict=True)
        ]
        c = np.concatenate(parts)
        variance = np.einsum("im,mij,jm->m", c, self.covariance, c)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    @cached_property
    def matrices(self) -> Matrix:
        """The covariance of every fit's predictors, shape (m, K, K)."""
        count = len(self.designs)
        free = np.flatnonzero([len(X) for X in self.designs])
        found = np.zeros((len(self.covariance), count, count))
        found[:, free[:, None], free] = self.covariance
        return found


def of_mean(simulation: Simulation, level: float) -> Iterator[Coverage]:
    """Coverage of the interval of the mean; nothing for a family of classes."""
    setup = simulation.setup
    if setup.family.support.levels:
        return
    centre = Centre(setup.model)
    etas, spread = _predictors(simulation)
    known = setup.known_of(len(spread.covariance))
    quantile = Reference().quantile(level)
    with np.errstate(all="ignore"):
        _, low, high = centre.interval(etas, known, spread, quantile)
    truth = float(centre.at([np.array([eta]) for eta in setup.etas], setup.known_of(1))[0])
    misses = (high < truth, low > truth)
    held = (low <= truth) & (truth <= high)
    name = "mean of an outcome" if centre.is_mean else setup.family.parameters[0].name
    yield shares(name, simulation.rows, "predicted", "any", level, held, *misses)


def of_outcome(simulation: Simulation, level: float) -> Iterator[Coverage]:
    """Coverage of the limits of a new outcome; nothing for values without an order."""
    setup = simulation.setup
    if setup.family.support.levels or type(setup.family).log_cdf is Family.log_cdf:
        return
    etas, spread = _predictors(simulation)
    count = len(spread.covariance)
    if not count:
        return
    tail = (1 - level) / 2
    with np.errstate(all="ignore"):  # a search for a quantile looks where there is none
        low, high = limits(setup.model, etas, setup.known_of(count), spread, (tail, 1 - tail))
        below, above = _beyond(setup, low, high)
    within = 1 - below - above
    yield Coverage(
        name=NEW_OUTCOME,
        rows=simulation.rows,
        method="predicted",
        scale="any",
        level=level,
        coverage=finite(within.mean()),
        std_error=finite(error_of_mean(within)),
        below=finite(above.mean()),
        above=finite(below.mean()),
    )


def _predictors(simulation: Simulation) -> tuple[list[Rows], SampleSpread]:
    """Linear predictors of a plain row of each fit, and how sure they are."""
    setup, found = simulation.setup, simulation.found
    etas = [np.full(len(found), eta) for eta in setup.etas]
    for j, k in enumerate(setup.estimated):
        etas[k] = found[:, j]
    one = np.ones((1, len(found)))
    designs = [one if k in setup.estimated else one[:0] for k in range(len(etas))]
    return etas, SampleSpread(designs, simulation.covariances[simulation.has_maximum])


def _beyond(setup: Setup, low: Vector, high: Vector) -> tuple[Vector, Vector]:
    """The true probabilities of outcomes below and above each pair of limits."""
    theta = setup.model.theta([np.array([eta]) for eta in setup.etas])
    known = setup.known_of(len(low))
    # a limit itself is within: with an atom or a step there the probability below it is less
    last = np.nextafter(low, -np.inf)
    below = np.asarray(setup.family.log_cdf(last, *theta, **known))
    above = np.asarray(setup.family.log_sf(high, *theta, **known))
    return np.broadcast_to(np.exp(below), low.shape), np.broadcast_to(np.exp(above), low.shape)
