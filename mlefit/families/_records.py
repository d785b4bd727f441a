"""What a family states about itself beside its formulas: parameters, losses, readings, edges."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.frozen import frozen
from mlefit.support import Domain, Facts


@frozen
class Narrowing:
    """How a parameter narrows its distribution to a point, where the likelihood has no bound.

    The standard deviation of the target over its size goes as (parameter / size^unit)^power.

    Attributes:
        power: positive for a scale, negative for a shape that narrows as it grows.
        unit: power of the target's unit that the parameter is measured in.
    """

    power: float
    unit: float


@frozen
class Parameter:
    """One parameter of a family.

    Attributes:
        name: the letter of the formula, in ASCII.
        link: name of the default link.
        domain: the open set it lives in.
        meaning: finishes the sentence "it is the ...".
        links: links that make sense; empty for all that suit the domain.
        precision_power: power of a precision weight that multiplies it: -1/2 for the
            scale of a location-scale family, whose variance then goes as 1 / weight.
        norm: q if the scale's maximum given the location is the q-th root of the mean
            of |y - location|^q, each side perhaps with a factor of its own, so that no
            search is needed for it.
        latent: whether its link is one that the family applies itself, to several
            predictors at once: the parameter is then its linear predictor.
        follows: whether it has the covariates of the first parameter, unless given its own.
        taken_from: names of parameters that it enters the density with as a difference
            only. Their intercepts stand for its own, which it has not.
        narrowing: how the distribution becomes a point as it runs to one end; None if it
            does not.
    """

    name: str
    link: str
    domain: Domain
    meaning: str
    links: tuple[str, ...] = ()
    precision_power: float | None = None
    norm: float | None = None
    latent: bool = False
    follows: bool = False
    taken_from: tuple[str, ...] = ()
    narrowing: Narrowing | None = None


class Contrast(NamedTuple):
    """A difference of two linear predictors that some rows' likelihood only rises with.

    Attributes:
        rows: which rows, shape (m,).
        plus: position of the parameter whose predictor is counted up; None for zero.
        minus: of the one that is counted down.
        sides: the level of the rows, and the level they are told from.
    """

    rows: Any
    plus: int | None
    minus: int | None
    sides: tuple[str, str]


class Example(NamedTuple):
    """Parameters of one distribution of a family, with its known quantities."""

    theta: tuple[float, ...]
    known: Mapping[str, float] = {}
    facts: Facts = Facts((), math.nan, math.nan)


@frozen
class Loss:
    """A loss with the same minimiser as the negative log-likelihood.

    For every row: -log f(y; theta) = scale(rest) * value(y, mu) + constant(y, rest),
    where mu is the named parameter and rest are the others; a joint loss takes all of
    them in place of mu, leaves no rest, and has a slope in each. Parameters in `given` shape
    the loss itself, as sigma does a threshold of k sigma: `value` and `slope` take them too.

    Attributes:
        name: what people call it.
        parameter: the parameter it is minimised over.
        formula: the loss of one row.
        value: (y, mu, **known, **given) -> rows.
        slope: its derivative with respect to mu, same arguments.
        scale: (*rest) -> factor, free of y and mu.
        constant: (y, *rest, **known) -> rows, free of mu.
        apis: for each link, library -> setting that gives the same coefficients.
        same_loss: for each link, library -> objective that minimises this loss.
        joint: whether it is minimised over all parameters together.
        given: names of the parameters that the loss is made with.
    """

    name: str
    parameter: str
    formula: str
    value: Callable[..., Rows]
    slope: Callable[..., Any]
    scale: Callable[..., Any]
    constant: Callable[..., Any]
    apis: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    same_loss: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    joint: bool = False
    given: tuple[str, ...] = ()

    def parts(self, theta: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        """The parameters it is minimised over, and the rest."""
        return (theta, ()) if self.joint else (theta[:1], theta[1:])

    def slopes(self, y: Rows, moving: Sequence[Any], **keywords: Any) -> Sequence[Rows]:
        """Its derivative with respect to each parameter it is minimised over."""
        found = self.slope(y, *moving, **keywords)
        return tuple(found) if self.joint else (found,)

    def made_with(self, parameters: Sequence[Parameter], theta: Sequence[Any]) -> dict[str, Any]:
        """The keywords that `value` and `slope` take beside the known quantities."""
        every = {parameter.name: value for parameter, value in zip(parameters, theta, strict=True)}
        return {name: every[name] for name in self.given}


@frozen
class Reading:
    """What a field calls exp(sign * b), or exp(sign * b * theta), of a coefficient b.

    Attributes:
        name: "time ratio", "hazard ratio".
        link: of the first parameter, for which this holds.
        sign: 1 or -1.
        times: name of the parameter theta; None for none.
    """

    name: str
    link: str
    sign: int = 1
    times: str | None = None

    def expression(self, coefficient: str) -> str:
        """The formula: exp(-b[x] * k), of b[x]."""
        minus = "-" if self.sign < 0 else ""
        return f"exp({minus}{coefficient}{'' if self.times is None else f' * {self.times}'})"


@frozen
class Limit:
    """A simpler family that a family becomes as one of its parameters nears an edge.

    The shared parameters have the same names in both. Near the edge the log-density and
    the score must be exact, since their sign there tells whether the edge is a maximum.

    Attributes:
        parameter: the one that nears an edge of its domain.
        end: which edge.
        family: name of what is left; None if it has no name here, or other parameters.
        words: what a reader is told where the maximum lies at the edge.
        near: a value so close to the edge that only the first order of the distance counts;
            None for 1e10 or 1e-10.
        instead: name of what is left if its parameters are others, so that only a fit of its
            own tells their errors.
    """

    parameter: str
    end: Literal["lower", "upper"]
    family: str | None
    words: str
    near: float | None = None
    instead: str | None = None

    @property
    def value(self) -> float:
        """A value of the parameter near the edge."""
        if self.near is not None:
            return self.near
        return 1e-10 if self.end == "lower" else 1e10


class Special(NamedTuple):
    """A simpler family that a family is where one of its parameters has a value inside its domain.

    The others move with the same columns in both, each under its own default link. The value
    is a number, or the name of another parameter that it equals.
    """

    parameter: str
    value: float | str
    family: str


@frozen
class Moments:
    """A few weighted sums over the target, and a sample of it: all a start value may ask for.

    Attributes:
        rows: sum of the weights.
        mean: of the target.
        variance: of the target, divisor `rows`.
        known: mean of every known quantity.
        least: smallest value of the target.
        most: its largest value.
        sample: some thousands of values, evenly spaced over the rows; shape (m,).
        weight: their weights, shape (m,).
    """

    rows: float
    mean: float
    variance: float
    known: Mapping[str, float]
    least: float
    most: float
    sample: Rows
    weight: Rows

    def mean_of(self, function: Callable[[Rows], Rows]) -> float:
        """Weighted mean over the sample of a function of the target."""
        return float(np.average(function(self.sample), weights=self.weight))

    def quantile(self, share: float) -> float:
        """The value below which this share of the sample's weight lies."""
        order = np.argsort(self.sample)
        reached = np.cumsum(self.weight[order])
        at = int(np.searchsorted(reached, share * reached[-1]))
        return float(self.sample[order][min(at, len(order) - 1)])

    def shortest(self, share: float) -> tuple[float, float]:
        """The ends of the shortest interval that holds this share of the sample's weight."""
        order = np.argsort(self.sample)
        y, reached = self.sample[order], np.cumsum(self.weight[order])
        before = reached - self.weight[order]
        ends = np.searchsorted(reached, before + share * reached[-1] * (1 - 1e-12))
        inside = ends < len(y)
        at = int(np.argmin(y[ends[inside]] - y[inside]))
        return float(y[inside][at]), float(y[ends[inside]][at])


class Escape(NamedTuple):
    """How a further parameter's regression can run away, as `Family.escape` for the first.

    Attributes:
        rows: (y, **known) -> rows whose likelihood only rises towards the lower end, and
            towards the upper end.
        lower: what the target is in the rows of the lower end: "above 0".
        upper: the same for the upper end.
    """

    rows: Callable[..., tuple[Any, Any]]
    lower: str
    upper: str
