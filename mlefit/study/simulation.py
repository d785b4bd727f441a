"""The estimates of many samples of one size, and what they are in the end compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.batch import Samples
from mlefit.frozen import frozen
from mlefit.study.fits import fitted
from mlefit.study.profiles import signed_roots
from mlefit.study.setup import Setup
from mlefit.telling import Tell, unheard

Statistic = Callable[[Samples], Matrix]
"""Numbers of every sample, shape (R, m)."""


@frozen
class Simulation:
    """R samples of one size and their maxima.

    Attributes:
        setup: what they were drawn from.
        rows: of each sample.
        etas: estimates of the parameters on the link scale, shape (R, k); NaN for none.
        covariances: of those, shape (R, k, k).
        failures: for each reason how many samples have no maximum inside the family.
        statistics: further numbers of each sample, for each that was asked for.
        roots: signed roots of the likelihood ratio at the truth, shape (R, k), if asked for.
    """

    setup: Setup
    rows: int
    etas: Matrix
    covariances: NDArray[np.floating[Any]]
    failures: Counter[str]
    statistics: Sequence[Matrix]
    roots: Matrix | None = None

    @property
    def has_maximum(self) -> NDArray[np.bool_]:
        """Which samples have one, shape (R,)."""
        return np.asarray(np.isfinite(self.etas).all(axis=1))

    @property
    def found(self) -> Matrix:
        """The estimates that there are, on the link scale."""
        return self.etas[self.has_maximum]

    @property
    def natural(self) -> Matrix:
        """The estimates that there are, on the natural scale."""
        return self.setup.natural(self.found)

    @property
    def errors(self) -> Matrix:
        """Of the estimates that there are, on the natural scale."""
        return self.setup.errors(self.natural)

    @property
    def std_errors(self) -> Matrix:
        """Of the estimates that there are, on the link scale."""
        variances = np.diagonal(self.covariances, axis1=1, axis2=2)
        return np.sqrt(variances[self.has_maximum])

    @property
    def z(self) -> Matrix:
        """(estimate - truth) / standard error, on the link scale."""
        distances = self.setup.link_errors(self.found)
        with np.errstate(all="ignore"):
            return np.asarray(distances / self.std_errors)


def generator(seed: int, *branch: int) -> np.random.Generator:
    """Draws of their own for each size, whatever other sizes there are."""
    return np.random.default_rng([seed, *branch])


def simulate(
    setup: Setup,
    rows: int,
    replications: int,
    seed: int,
    statistics: Sequence[Statistic] = (),
    tell: Tell = unheard,
    *,
    profile: bool = False,
) -> Simulation:
    """Draw samples and find their maxima.

    Args:
        setup: what to draw from.
        rows: of each sample.
        replications: how many samples.
        seed: of the draws.
        statistics: further numbers to keep of every sample.
        tell: takes what is done, how many samples are, and how many there will be.
        profile: whether to search once more for each parameter, held at the truth.
    """
    rng = generator(seed, rows)
    at = list(setup.at)
    etas: list[Vector] = []
    matrices: list[Any] = []
    kept: list[list[Matrix]] = [[] for _ in statistics]
    roots: list[Matrix] = []
    failures: Counter[str] = Counter()
    done = 0
    for samples in setup.draws(rng, replications, rows):
        tell(f"samples of {rows:,} rows", done, replications)
        fits = fitted(setup, samples)
        etas.extend(fits.gamma[:, at])
        matrices.extend(fits.covariance[:, at][:, :, at])
        failures += fits.failures
        if profile:
            roots.append(signed_roots(setup, samples, fits.gamma))
        for numbers, statistic in zip(kept, statistics, strict=True):
            numbers.append(statistic(samples))
        done += samples.count
    tell(f"samples of {rows:,} rows", done, replications)
    return Simulation(
        setup,
        rows,
        np.array(etas),
        np.array(matrices),
        failures,
        [np.concatenate(numbers) for numbers in kept],
        np.concatenate(roots) if profile else None,
    )
