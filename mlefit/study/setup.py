"""One distribution with its parameters, and samples of any size drawn from it.

What is searched for are the coefficients on the link scale: an intercept for every parameter
that the family's name does not hold, and slopes of the first parameter on columns of standard
normal numbers that have no effect. A parameter that enters the density with others only as a
difference has no intercept, and theirs are told from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from mlefit import families
from mlefit._types import Matrix, Rows, Vector
from mlefit.batch import Samples
from mlefit.design.coding import INTERCEPT, Column, Numeric
from mlefit.design.columns import TARGET, Columns
from mlefit.design.predictors import Predictor
from mlefit.engines.local import LocalEngine
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.links import LINKS, Link
from mlefit.request import Request
from mlefit.specify import choose_links

# Rows that are drawn and searched together: enough to make calls cheap, few enough for caches.
# The draws of a seed depend on it.
_ROWS_AT_ONCE = 100_000


@frozen
class Setup:
    """A distribution, and how many columns without effect its samples have.

    Attributes:
        family: bound to its levels, if it has any.
        theta: its parameters, in its order.
        known: quantities that it knows of every row, such as trials.
        covariates: columns without effect.
        links: names of other links than the default, by parameter.
    """

    family: Family
    theta: tuple[float, ...]
    known: Mapping[str, float]
    covariates: int = 0
    links: tuple[str, ...] = ()

    @cached_property
    def model(self) -> Model:
        """The family with its links."""
        return Model(self.family, choose_links(Request(links=self.links), self.family))

    @cached_property
    def etas(self) -> Vector:
        """The true linear predictors, as far as samples can tell them; shape (K,)."""
        found = np.array(
            [
                float(link.forward(np.array([value]))[0])
                for link, value in zip(self.model.links, self.theta, strict=True)
            ]
        )
        names = [parameter.name for parameter in self.family.parameters]
        for k, parameter in enumerate(self.family.parameters):
            for name in parameter.taken_from:
                found[names.index(name)] -= found[k]
            if parameter.taken_from:
                found[k] = 0.0
        return found

    @cached_property
    def estimated(self) -> tuple[int, ...]:
        """Positions of the parameters that have an intercept to estimate."""
        return tuple(
            k
            for k, parameter in enumerate(self.family.parameters)
            if parameter.name not in self.family.fixes and not parameter.taken_from
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the estimated parameters."""
        return tuple(self.family.parameters[k].name for k in self.estimated)

    @property
    def own_links(self) -> tuple[Link, ...]:
        """Of the estimated parameters."""
        return tuple(self.model.links[k] for k in self.estimated)

    @cached_property
    def at(self) -> tuple[int, ...]:
        """Positions of the estimated parameters' intercepts among all coefficients."""
        sizes = np.cumsum([0, *(predictor.size for predictor in self.predictors)])
        return tuple(int(sizes[k]) for k in self.estimated)

    @property
    def truth(self) -> Vector:
        """The true values of the estimated parameters on the link scale."""
        return self.etas[list(self.estimated)]

    def natural(self, etas: Matrix) -> Matrix:
        """Estimated parameters on their natural scale, from the link scale; shape (R, k)."""
        columns = zip(self.own_links, etas.T, strict=True)
        return np.column_stack([link.inverse(eta) for link, eta in columns])

    def errors(self, natural: Matrix) -> Matrix:
        """What estimates on the natural scale differ from the truth by."""
        return self._differences(natural, self.natural(self.truth[None]))

    def link_errors(self, etas: Matrix) -> Matrix:
        """What estimates on the link scale differ from the truth by."""
        return self._differences(etas, self.truth)

    def _differences(self, values: Matrix, truth: Matrix | Vector) -> Matrix:
        """Differences; of an angle that is its own linear predictor the way round."""
        found = values - truth
        for j, k in enumerate(self.estimated):
            links = self.family.parameters[k].links
            turns = any(LINKS[name].onto == "circle" for name in links)
            if turns and self.model.links[k].name == "identity":
                found[:, j] = np.arctan2(np.sin(found[:, j]), np.cos(found[:, j]))
        return found

    def theta_of(self, etas: Matrix) -> tuple[Any, ...]:
        """All parameters as the family takes them, one row for each sample."""
        whole = np.repeat(self.etas[None], len(etas), axis=0)
        whole[:, list(self.estimated)] = etas
        return self.model.theta(list(whole.T))

    def known_of(self, rows: int) -> dict[str, Rows]:
        """The known quantities of so many rows."""
        return {name: np.full(rows, value) for name, value in self.known.items()}

    def of_family(self, function: Callable[..., Rows | None], etas: Matrix) -> Rows | None:
        """A function of the family's parameters, one value for each sample; None if none."""
        values = function(*self.theta_of(etas), **self.known_of(len(etas)))
        return None if values is None else np.broadcast_to(values, len(etas))

    def has_slopes(self, k: int) -> bool:
        """Whether the columns without effect are those of parameter k."""
        return self.covariates > 0 and (k == 0 or self.family.parameters[k].follows)

    @cached_property
    def predictors(self) -> tuple[Predictor, ...]:
        """One for each parameter, as a formula would give it."""
        names = [parameter.name for parameter in self.family.parameters]
        intercept = Column(INTERCEPT, ())
        slopes = tuple(Column(key, (Numeric(key),)) for key in self._keys)
        found = []
        for k, parameter in enumerate(self.family.parameters):
            free = (intercept,) if k in self.estimated else ()
            columns = (*free, *(slopes if self.has_slopes(k) else ()))
            held = (
                ((intercept, float(self.etas[k])),) if parameter.name in self.family.fixes else ()
            )
            found.append(
                Predictor(
                    columns,
                    held=held,
                    labels=tuple(column.label for column in columns),
                    taken_from=tuple(names.index(name) for name in parameter.taken_from),
                )
            )
        return tuple(found)

    @property
    def _keys(self) -> list[str]:
        return [f"x{j + 1}" for j in range(self.covariates)]

    def without(self, parameter: str, family: str) -> Setup:
        """What is left where a parameter is at an edge."""
        k = self._position(parameter)
        theta = (*self.theta[:k], *self.theta[k + 1 :])
        return Setup(families.load(family), theta, self.known, self.covariates)

    def samples_without(self, samples: Samples, parameter: str) -> Samples:
        """The same rows without the design of a parameter."""
        k = self._position(parameter)
        return replace(
            samples,
            designs=(*samples.designs[:k], *samples.designs[k + 1 :]),
            constant=(*samples.constant[:k], *samples.constant[k + 1 :]),
            offsets=(*samples.offsets[:k], *samples.offsets[k + 1 :]),
        )

    def _position(self, parameter: str) -> int:
        return [one.name for one in self.family.parameters].index(parameter)

    def draws(self, rng: np.random.Generator, replications: int, rows: int) -> Iterator[Samples]:
        """So many samples of so many rows, some at a time."""
        at_once = max(_ROWS_AT_ONCE // rows, 1)
        for first in range(0, replications, at_once):
            yield self.drawn(rng, min(at_once, replications - first), rows)

    def drawn(self, rng: np.random.Generator, count: int, rows: int) -> Samples:
        """Samples with their columns, which have no effect on the target."""
        total = count * rows
        known = {name: np.full(total, value) for name, value in self.known.items()}
        theta = self.model.theta([np.full(total, eta) for eta in self.etas])
        y = self.family.sample(rng, *theta, **known)
        X = np.ones((self.covariates + 1, total))
        X[1:] = rng.standard_normal((self.covariates, total))
        designs = tuple(
            X[int(k not in self.estimated) : None if self.has_slopes(k) else 1]
            for k in range(len(self.theta))
        )
        return Samples(
            y=y,
            edges=np.arange(count + 1) * rows,
            designs=designs,
            constant=tuple(k in self.estimated and len(X) == 1 for k, X in enumerate(designs)),
            offsets=tuple(
                float(eta) if parameter.name in self.family.fixes else 0.0
                for eta, parameter in zip(self.etas, self.family.parameters, strict=True)
            ),
            known=known,
        )

    def engine(self, samples: Samples, r: int) -> LocalEngine:
        """One of the samples as a fit of its own sees it."""
        rows = samples.sample(r)
        own: dict[str, list[Rows]] = {TARGET: [samples.y[rows]]}
        own |= {name: [values[rows]] for name, values in samples.known.items()}
        if self.covariates:
            X = next(X for X in samples.designs if len(X) >= self.covariates)
            own |= {
                key: [np.ascontiguousarray(column[rows])]
                for key, column in zip(self._keys, X[-self.covariates :], strict=True)
            }
        return LocalEngine(Columns(own), self.predictors, tuple(samples.known), threads=1)

    def coefficients(self, etas: Matrix) -> Matrix:
        """All coefficients of plain samples, slopes of zero: (R, p), from all etas (R, K)."""
        gamma = np.zeros((len(etas), sum(predictor.size for predictor in self.predictors)))
        gamma[:, list(self.at)] = etas[:, list(self.estimated)]
        return gamma
