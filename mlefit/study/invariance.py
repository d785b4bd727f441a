"""A function of the maximum likelihood estimate is the estimate of the function.

Two things show it. The same samples searched through another link have their maximum at the
same parameters. And functions of the estimates are near the functions of the truth, with the
standard errors of the delta method,

    g(theta^) - g(theta) ~ Normal(0, g' V g'')

whose intervals need not hold the truth as often as those of the link scale: the estimate is
invariant, an interval of estimate and error is not.

Source: A. W. van der Vaart (1998), Asymptotic Statistics, chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.frozen import frozen
from mlefit.inference.derived import DerivedFunction, Moving
from mlefit.inference.quantities import Names, Place, understood
from mlefit.results import study as results
from mlefit.specify import suitable_links
from mlefit.study.fits import fitted
from mlefit.study.moments import finite
from mlefit.study.properties import covered
from mlefit.study.setup import Setup
from mlefit.study.simulation import Simulation, generator
from mlefit.support import Domain

# Other links to search through, each for parameters whose whole domain it reaches.
_OTHERS = {Domain.POSITIVE: "sqrt", Domain.UNIT: "probit"}
_MOST_SAMPLES = 200
# Of a standard error: the step of a difference, whose error is of the order of its square.
_STEP = 1e-4


@frozen
class Derived:
    """A function of the parameters.

    Attributes:
        name: as people read it.
        values: of estimates on the link scale (R, k), shape (R,).
        slopes: its derivatives, shape (R, k); None to take differences.
        is_usual: whether nobody asked for it, so that it may be left out if it tells nothing.
    """

    name: str
    values: Callable[[Matrix], Vector]
    slopes: Callable[[Matrix], Matrix] | None = None
    is_usual: bool = False


def written(setup: Setup, texts: Sequence[str]) -> list[Derived]:
    """The functions that `NAME = EXPR` texts define.

    Raises:
        UsageError: a text is no definition, or names what there is not.
    """
    labels = [[column.label for column in predictor.columns] for predictor in setup.predictors]
    found = []
    for one in understood(texts, Names.of(setup.family, labels)):
        leaves = {leaf: _moving(setup, place) for leaf, place in one.places.items()}
        function = DerivedFunction(one.expression, leaves, one.constants)
        found.append(
            Derived(
                f"{one.name} = {one.text}",
                partial(_each, function.value),
                partial(_each, function.gradient),
            )
        )
    return found


def _moving(setup: Setup, place: Place) -> Moving:
    j = setup.names.index(place.parameter)
    return Moving(j, setup.own_links[j] if place.natural else None)


def _each(function: Callable[[Vector], Any], etas: Matrix) -> Any:
    return np.array([function(eta) for eta in etas])


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
            exact = None if one.slopes is None else one.slopes(etas)
            slopes = _differences(one, etas, simulation.std_errors) if exact is None else exact
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
            covered(one.name, simulation.rows, "wald", "its own", z, level),
        )


def _differences(one: Derived, etas: Matrix, std_errors: Matrix) -> Matrix:
    columns = []
    for j in range(etas.shape[1]):
        step = np.zeros_like(etas)
        step[:, j] = _STEP * std_errors[:, j]
        columns.append((one.values(etas + step) - one.values(etas - step)) / (2 * step[:, j]))
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
        name = _OTHERS.get(parameter.domain, link.name)
        if name in suitable_links(parameter) and name != link.name:
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
