"""The cases in which other systems' densities are held against the families': shared by the
script that asks R and by the tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from mlefit import families
from mlefit.design.coding import INTERCEPT
from mlefit.expression import Leaf, Name, NoValueError, evaluate
from mlefit.families._base import Family, Probability
from mlefit.families._elsewhere import Elsewhere, filled
from mlefit.inference.quantities import Names, quantity
from mlefit.links import LINKS
from mlefit.support import Domain

TRIALS = 7.0


class Case(NamedTuple):
    """One distribution of a family and one way of writing it elsewhere.

    Attributes:
        family: the family, at a setting if it has one.
        theta: its parameters.
        record: the way of writing.
        values: the arguments there.
    """

    family: Family
    theta: tuple[float, ...]
    record: Elsewhere
    values: Mapping[str, float]

    @property
    def call(self) -> str:
        """As a person would paste it."""
        return filled(self.record.call, {name: repr(v) for name, v in self.values.items()})

    @property
    def id(self) -> str:
        """For a test report."""
        return f"{self.family.label}-{self.theta}-{self.record.call.partition('(')[0]}"

    def log_density(self, y: np.ndarray) -> np.ndarray:
        """The family's own."""
        known = {"trials": np.full(len(y), TRIALS)} if "trials" in self.family.known else {}
        with np.errstate(all="ignore"):
            found = self.family.log_density(y, *arrays(self.family, self.theta), **known)
        return np.broadcast_to(found, y.shape)


def cases(system: str) -> Iterator[Case]:
    """Every conversion of every family to a system, at every example where it has a value."""
    for plain in families.every():
        settings = plain.setting.examples if plain.setting else ()
        for family in (plain, *(plain.with_setting(value) for value in settings)):
            for theta, _, facts in family.examples:
                yield from _cases_of(family.bound(facts), theta, system)


def _cases_of(family: Family, theta: tuple[float, ...], system: str) -> Iterator[Case]:
    if family.name == "ordinal":
        for link in ("logit", "probit"):
            one = family.through([LINKS[link]])
            yield from _at(one, (0.0, *theta[1:]), system)  # the location of a plain sample
    else:
        yield from _at(family, theta, system)


def _at(family: Family, theta: tuple[float, ...], system: str) -> Iterator[Case]:
    names = Names.of(family, [(INTERCEPT,)] * len(family.parameters))
    at: dict[Leaf, float] = {
        Name(one.name): value for one, value in zip(family.parameters, theta, strict=True)
    }
    for record in family.elsewhere:
        if record.system != system:
            continue
        values = {}
        try:
            for name, text in record.arguments.items():
                asked = quantity(name, text, names)
                values[name] = evaluate(asked.expression, at, asked.constants).value
        except NoValueError:
            continue
        yield Case(family, theta, record, values)


def places(case: Case) -> np.ndarray:
    """A few values in the middle of the distribution, and some of its tails."""
    rng = np.random.default_rng(1)
    theta = [np.full(2000, value) for value in case.theta]
    known = {"trials": np.full(2000, TRIALS)} if "trials" in case.family.known else {}
    drawn = case.family.sample(
        rng, *(_given(p, t) for p, t in zip(case.family.parameters, theta, strict=True)), **known
    )
    values = np.unique(
        [float(f"{value:.6g}") for value in np.quantile(drawn, np.linspace(0.01, 0.99, 9))]
    )
    return np.round(values) if case.family.support.discrete else values


def arrays(family: Family, theta: tuple[float, ...]) -> list[Any]:
    """Parameters as a family takes them."""
    return [_given(p, np.array([t])) for p, t in zip(family.parameters, theta, strict=True)]


def _given(parameter: Any, theta: np.ndarray) -> Any:
    return Probability(theta, 1 - theta) if parameter.domain == Domain.UNIT else theta
