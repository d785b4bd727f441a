"""What can be profiled: coefficients, parameters without covariates, derived quantities.

Each is profiled in one coordinate and shown in another: a parameter on the scale of its link
and on its own. Wald's interval is symmetric on a third.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mlefit.errors import UntrustworthyError, UsageError, did_you_mean
from mlefit.expression import NoValueError
from mlefit.frozen import frozen
from mlefit.inference.constrained import Single
from mlefit.inference.derived import NoEstimateError, derived_function, names_of, scale_of
from mlefit.inference.intervals import Ends
from mlefit.inference.places import Place, places
from mlefit.inference.profile import Curve, of_function
from mlefit.inference.quantities import Quantity, understood
from mlefit.links import LINKS, Link
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum

Map = Callable[[float], float]
_OWN = "own"
_MOST_NAMED = 12


@frozen
class Scale:
    """A coordinate of a quantity.

    Attributes:
        name: a link, or own.
        to: from the shown value to it.
        back: from it to the shown value.
    """

    name: str
    to: Map
    back: Map

    @classmethod
    def of(cls, link: Link) -> Scale:
        """That of a parameter's link."""
        if link.name == "identity":
            return OWN
        return cls(
            link.name,
            lambda value: float(link.forward(np.array([value]))[0]),
            lambda eta: float(link.inverse(np.array([eta]))[0]),
        )


OWN = Scale(_OWN, lambda value: value, lambda value: value)


@frozen
class Subject:
    """A quantity that is profiled.

    Attributes:
        name: what a reader calls it.
        expression: of a derived quantity.
        curve: its profile.
        scale: the coordinate that is profiled.
        falls: whether the shown value falls as that coordinate grows.
        std_error: of the shown value.
        wald: the coordinate in which Wald's interval is symmetric.
        wald_error: standard error in that coordinate.
        tested: whether zero would say that it has no effect.
    """

    name: str
    expression: str | None
    curve: Curve
    scale: Scale
    falls: bool
    std_error: float
    wald: Scale
    wald_error: float
    tested: bool

    @property
    def estimate(self) -> float:
        """The shown value at the maximum."""
        return self.scale.back(self.curve.estimate)

    def ends(self, quantile: float) -> Ends:
        """The ends of the profile interval, shown."""
        ends = self.curve.ends(quantile)
        shown = ends._replace(
            low=None if ends.low is None else self.scale.back(ends.low),
            high=None if ends.high is None else self.scale.back(ends.high),
        )
        return shown.turned if self.falls else shown

    def wald_ends(self, quantile: float) -> tuple[float, float]:
        """The ends of Wald's interval, shown."""
        middle, reach = self.wald.to(self.estimate), quantile * self.wald_error
        ends = self.wald.back(middle - reach), self.wald.back(middle + reach)
        return min(ends), max(ends)

    def wald_drop(self, value: float) -> float:
        """What Wald's parabola has at a shown value."""
        away = self.wald.to(value) - self.wald.to(self.estimate)
        return 0.0 - 0.5 * (away / self.wald_error) ** 2


def subjects(derive: Sequence[str], maximum: Maximum, search: Search) -> Iterator[Subject]:
    """Everything that a fit can be asked about, the derived quantities last.

    Raises:
        UsageError: a derived quantity has no meaning, or no profile.
        UntrustworthyError: it needs a coefficient that has no estimate.
    """
    for position, place in enumerate(places(maximum)):
        yield _of_place(place, Curve(maximum, search, Single(position)))
    for quantity in understood(derive, names_of(maximum)):
        yield _of_quantity(quantity, maximum, search)


def resolved(asked: Sequence[str], there_are: Sequence[str]) -> list[str]:
    """The names of what was asked for, in that order; all where nothing was.

    Args:
        asked: names as they were written; a term of the first parameter needs no name before it.
        there_are: the names of everything.

    Raises:
        UsageError: there is nothing of such a name.
    """
    first = there_are[0].partition(":")[0]
    short = {name.removeprefix(f"{first}:"): name for name in there_are}
    found = []
    for name in asked:
        if name not in there_are and name not in short:
            more = ", ..." if len(short) > _MOST_NAMED else ""
            raise UsageError(
                f"no coefficient or parameter '{name}'",
                f"there are: {', '.join(list(short)[:_MOST_NAMED])}{more}",
                tries=[f"--param {close}" for close in did_you_mean(name, [*short, *there_are])],
            )
        found.append(name if name in there_are else short[name])
    return list(dict.fromkeys(found or there_are))


def _of_place(place: Place, curve: Curve) -> Subject:
    scale, factor = OWN, 1.0
    if place.link is not None:
        scale = Scale.of(place.link)
        factor = abs(float(place.link.slope(np.array([curve.estimate]))[0]))
    return Subject(
        name=place.name,
        expression=None,
        curve=curve,
        scale=scale,
        falls=place.falls,
        std_error=factor * curve.std_error,
        wald=scale,
        wald_error=curve.std_error,
        tested=place.link is None,
    )


def _of_quantity(quantity: Quantity, maximum: Maximum, search: Search) -> Subject:
    if maximum.vertex is not None:
        raise UsageError(
            f"{quantity.name} has no profile: with a corner at its location "
            f"{maximum.model.family.name} has those of single coefficients only",
            tries=["the same without --derive"],
        )
    try:
        function = derived_function(quantity, maximum)
        function.at(np.concatenate(maximum.betas))
        scale = scale_of(function, quantity, maximum)
    except NoEstimateError as error:
        raise UntrustworthyError(f"{quantity.name} has no profile: {error}") from None
    except NoValueError as error:
        raise UsageError(f"{quantity.name}: {error.problem}", *error.evidence) from None
    curve = of_function(maximum, search, function)
    wald = OWN if scale.name == _OWN else Scale(scale.name, _to(scale.name), scale.back)
    return Subject(
        name=quantity.name,
        expression=quantity.text,
        curve=curve,
        scale=OWN,
        falls=False,
        std_error=curve.std_error,
        wald=wald,
        wald_error=of_function(maximum, search, scale.function).std_error,
        tested=scale.name == _OWN,
    )


def _to(name: str) -> Map:
    return Scale.of(LINKS[name]).to
