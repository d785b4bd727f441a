"""A function of the maximum likelihood estimate is the estimate of the function.

Two things show it. The same samples searched through another link have their maximum at the
same parameters. And functions of the estimates are near the functions of the truth, with the
standard errors of the delta method,

    g(theta^) - g(theta) ~ Normal(0, g' V g'')

whose intervals need not hold the truth as often as those of the link scale: the estimate is
invariant, an interval of estimate and error is not. Derivatives are central differences.

Source: A. W. van der Vaart (1998), Asymptotic Statistics, chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.results import study as results
from mlefit.specify import suitable_links
from mlefit.study.fits import fitted
from mlefit.study.moments import finite
from mlefit.study.properties import covered
from mlefit.study.setup import Setup
from mlefit.study.simulation import Simulation, generator

# Other links to search through, each onto the whole domain that its parameter has.
_OTHERS = ("sqrt", "probit")
_MOST_SAMPLES = 200
# Of a standard error: the step of a difference, whose error is of the order of its square.
_STEP = 1e-4


@dataclass(frozen=True)
class Derived:
    """A function of the parameters.

    Attributes:
        name: as people read it.
        values: of estimates on the link scale (R, k), shape (R,).
        is_usual: whether nobody asked for it, so that it may be left out if it tells nothing.
    """

    name: str
    values: Callable[[Matrix], Vector]
    is_usual: bool = False


def usual(setup: Setup) -> Iterator[Derived]:
    """Functions that any family has: parameters off their link scale, mean and variance."""
    for j, (name, link) in enumerate(zip(setup.names, setup.own_links, strict=True)):
        if link.name != "identity" and setup.family.parameters[setup.estimated[j]].latent is False:
            yield Derived(name, partial(_natural, setup, j))
    for name, function in (("mean", setup.family.mean), ("variance", setup.family.variance)):
        truth = setup.of_family(function, setup.truth[None])
        if truth is not None and np.isfinite(truth).all():
            yield Derived(name, partial(_of_family, setup, function), is_usual=True)


def _natural(setup: Setup, j: int, etas: Matrix) -> Vector:
    return setup.natural(etas)[:, j]


def _of_family(setup: Setup, function: Callable[..., Any], etas: Matrix) -> Vector:
    values = setup.of_family(function, etas)
    return np.full(len(etas), np.nan) if values is None else values


def functions(
    simulation: Simulation, wanted: list[Derived], level: float
) -> Iterator[tuple[results.Function, results.Coverage]]:
    """Each function of the estimates, and how often the delta method's interval holds the truth."""
    etas = simulation.found
    matrices = simulation.covariances[simulation.has_maximum]
    known = simulation.natural.T
    for one in wanted:
        truth = float(one.values(simulation.setup.truth[None])[0])
        with np.errstate(all="ignore"):
            values = one.values(etas)
            if one.is_usual and any(np.allclose(values, own, rtol=1e-12) for own in known):
                continue  # a parameter by another name
            slopes = _slopes(one, etas, _STEP * simulation.std_errors)
            errors = np.sqrt(np.einsum("ri,rij,rj->r", slopes, matrices, slopes))
            z = (values - truth) / errors
        enough = len(values) > 1
        yield (
            results.Function(
                name=one.name,
                rows=simulation.rows,
                truth=truth,
                mean=finite(values.mean()) if enough else None,
                sd=finite(values.std(ddof=1)) if enough else None,
                delta_error=finite(float(np.median(errors))) if enough else None,
            ),
            covered(one.name, simulation.rows, "its own", z, level),
        )


def _slopes(one: Derived, etas: Matrix, steps: Matrix) -> Matrix:
    columns = []
    for j in range(etas.shape[1]):
        step = np.zeros_like(etas)
        step[:, j] = steps[:, j]
        columns.append((one.values(etas + step) - one.values(etas - step)) / (2 * steps[:, j]))
    return np.column_stack(columns)


def other_links(
    setup: Setup, rows: int, replications: int, seed: int
) -> Iterator[results.OtherLink]:
    """The largest difference that another link makes to an estimate: none but rounding."""
    rng = generator(seed, rows)
    samples = next(setup.draws(rng, min(replications, _MOST_SAMPLES), rows))
    own = fitted(setup, samples)
    at = list(setup.at)
    theta = setup.natural(own.gamma[:, at])
    for j, k in enumerate(setup.estimated):
        parameter, link = setup.family.parameters[k], setup.own_links[j]
        for name in set(_OTHERS) & set(suitable_links(parameter)) - {link.name}:
            turned = replace(setup, links=(f"{parameter.name}={name}",))
            other = fitted(turned, samples)
            found = turned.natural(other.gamma[:, at])
            errors = np.abs(link.slope(own.gamma[:, at[j]])) * np.sqrt(
                own.covariance[:, at[j], at[j]]
            )
            difference = np.abs(found - theta)[:, j] / errors
            both = np.isfinite(difference)
            yield results.OtherLink(
                parameter=parameter.name,
                link=link.name,
                other=name,
                samples=int(both.sum()),
                difference=float(difference[both].max()) if both.any() else None,
            )
