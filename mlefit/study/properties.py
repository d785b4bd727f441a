"""Consistency, efficiency, normality and coverage, read off the estimates of many samples.

    consistency   root mean squared error against rows: log-log slope -1/2
    efficiency    the Cramer-Rao bound over the variance: 1 in the end
    normality     z = (estimate - truth) / standard error has the normal quantiles
    coverage      a share of `level` of the intervals holds the truth

z and the intervals are of the link scale, where `mlefit fit` makes its intervals; errors and
variances are of the natural scale. Every number has the error that comes of the number of
samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Vector
from mlefit.results.study import Coverage, Rate, Replications, Shape, Spread
from mlefit.study.moments import error_of_mean, finite, over, skewness, squares
from mlefit.study.simulation import Simulation

PROBABILITIES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
# Fewer estimates have no distribution to speak of.
_FEWEST = 2


def replications(simulation: Simulation) -> Replications:
    """How many samples there are, and how many with a maximum."""
    return Replications(
        simulation.rows,
        len(simulation.etas),
        int(simulation.has_maximum.sum()),
        dict(simulation.failures.most_common()),
    )


def spread(simulation: Simulation, bound: Vector | None) -> Iterator[Spread]:
    """For each parameter how far its estimates are from the truth, and from the bound."""
    setup, errors = simulation.setup, simulation.errors
    truths = setup.natural(setup.truth[None])[0]
    enough = len(errors) >= _FEWEST
    for j, name in enumerate(setup.names):
        least = None if bound is None else float(bound[j]) / simulation.rows
        if not enough:
            unknown = dict.fromkeys(("bias", "rmse", "rmse_std_error", "median_error", "variance"))
            yield Spread(
                parameter=name,
                rows=simulation.rows,
                truth=float(truths[j]),
                **unknown,
                bound=least,
                efficiency=None,
                efficiency_std_error=None,
            )
            continue
        error = errors[:, j]
        rmse = math.sqrt(float((error**2).mean()))
        around = squares(error)
        variance = float(around.mean())
        efficiency = efficiency_error = None
        if least is not None:
            efficiency = finite(over(least, variance))
            efficiency_error = finite(over(least * error_of_mean(around), variance**2))
        yield Spread(
            parameter=name,
            rows=simulation.rows,
            truth=float(truths[j]),
            bias=finite(error.mean()),
            rmse=finite(rmse),
            rmse_std_error=finite(over(error_of_mean(error**2), 2 * rmse)),
            median_error=finite(float(np.median(np.abs(error)))),
            variance=finite(variance),
            bound=least,
            efficiency=efficiency,
            efficiency_std_error=efficiency_error,
        )


def rates(spreads: Sequence[Spread]) -> Iterator[Rate]:
    """The least-squares line through the logs, for each parameter with two sizes or more."""
    for name in dict.fromkeys(one.parameter for one in spreads):
        own = [one for one in spreads if one.parameter == name and one.rmse and one.median_error]
        if len(own) < 2:
            continue
        x = np.log([one.rows for one in own])
        weight = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
        relative = np.array([(one.rmse_std_error or 0.0) / (one.rmse or 1.0) for one in own])
        yield Rate(
            parameter=name,
            slope=float(weight @ np.log([one.rmse or 1.0 for one in own])),
            std_error=float(np.sqrt((weight * relative) @ (weight * relative))),
            median_slope=float(weight @ np.log([one.median_error or 1.0 for one in own])),
            expected=-0.5,
        )


def shapes(simulation: Simulation) -> Iterator[Shape]:
    """For each parameter the distribution of z."""
    setup, z = simulation.setup, simulation.z
    for j, (name, link) in enumerate(zip(setup.names, setup.own_links, strict=True)):
        own = z[np.isfinite(z[:, j]), j]
        if len(own) < _FEWEST:
            quantiles: list[float | None] = [None] * len(PROBABILITIES)
            yield Shape(name, link.name, simulation.rows, None, None, None, quantiles)
            continue
        yield Shape(
            parameter=name,
            link=link.name,
            rows=simulation.rows,
            mean=float(own.mean()),
            sd=float(own.std(ddof=1)),
            skewness=finite(skewness(own)),
            quantiles=[float(q) for q in np.quantile(own, PROBABILITIES)],
        )


def wald_coverage(simulation: Simulation, level: float) -> Iterator[Coverage]:
    """For each parameter the share of Wald intervals that hold it."""
    setup, z = simulation.setup, simulation.z
    for j, (name, link) in enumerate(zip(setup.names, setup.own_links, strict=True)):
        yield covered(name, simulation.rows, "wald", link.name, z[:, j], level)


def profile_coverage(simulation: Simulation, level: float) -> Iterator[Coverage]:
    """For each parameter the share of profile intervals that hold it."""
    assert simulation.roots is not None
    roots = simulation.roots[simulation.has_maximum]
    for j, name in enumerate(simulation.setup.names):
        yield covered(name, simulation.rows, "profile", "any", roots[:, j], level)


def covered(name: str, rows: int, method: str, scale: str, z: Vector, level: float) -> Coverage:
    """How many intervals hold the truth: those with a z no larger than the normal quantile.

    Args:
        name: what the intervals are of.
        rows: of each sample.
        method: how the intervals are made.
        scale: on which they are symmetric.
        z: of each sample, where it has one; an interval without an error holds nothing.
        level: nominal coverage.
    """
    reach = NormalDist().inv_cdf(0.5 + level / 2)
    return shares(name, rows, method, scale, level, np.abs(z) <= reach, z < -reach, z > reach)


def shares(
    name: str,
    rows: int,
    method: str,
    scale: str,
    level: float,
    held: NDArray[np.bool_],
    below: NDArray[np.bool_],
    above: NDArray[np.bool_],
) -> Coverage:
    """The shares of intervals that hold the truth, and that lie below and above it."""
    count = len(held)
    return Coverage(
        name=name,
        rows=rows,
        method=method,
        scale=scale,
        level=level,
        coverage=float(held.mean()) if count else None,
        std_error=math.sqrt(level * (1 - level) / count) if count else None,
        below=float(below.mean()) if count else None,
        above=float(above.mean()) if count else None,
    )
