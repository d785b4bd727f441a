"""What a family is: a density in its own parameters, and the derivatives of its logarithm.

Arrays have shape (n,). Parameters arrive in the order of `parameters`, each as
rows; one that lives in the unit interval arrives as a `Probability`, so that 1 - p
keeps its digits. Quantities named in `known` (such as trials) arrive as keywords.

A family knows no link, no coefficient and no weight: the chain rule is applied
once, in `likelihood`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeAlias

from mlefit._types import Rows
from mlefit.support import Domain, Support


class Probability(NamedTuple):
    """A parameter in the unit interval, with its complement."""

    p: Rows
    q: Rows
    """1 - p, computed by the link without a subtraction."""


Pairs: TypeAlias = Mapping[tuple[int, int], Rows]
"""Entries (j, k), j <= k, of a symmetric matrix for each row; an absent pair is zero."""


class Fused(NamedTuple):
    """One row's log-density and its derivatives with respect to the linear predictor.

    Only for a canonical link, where observed and expected information agree.
    """

    log_density: Rows
    score: Rows
    information: Rows


@dataclass(frozen=True)
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
            of |y - location|^q, so that no search is needed for it.
    """

    name: str
    link: str
    domain: Domain
    meaning: str
    links: tuple[str, ...] = ()
    precision_power: float | None = None
    norm: float | None = None


@dataclass(frozen=True)
class Loss:
    """A loss with the same minimiser as the negative log-likelihood.

    For every row: -log f(y; theta) = scale(rest) * value(y, mu) + constant(y, rest),
    where mu is the named parameter and rest are the others.

    Attributes:
        name: what people call it.
        parameter: the parameter it is minimised over.
        formula: the loss of one row.
        value: (y, mu, **known) -> rows.
        slope: its derivative with respect to mu, same arguments.
        scale: (*rest) -> factor, free of y and mu.
        constant: (y, *rest, **known) -> rows, free of mu.
        apis: for each link, library -> setting that gives the same coefficients.
        same_loss: for each link, library -> objective that minimises this loss.
    """

    name: str
    parameter: str
    formula: str
    value: Callable[..., Rows]
    slope: Callable[..., Rows]
    scale: Callable[..., Any]
    constant: Callable[..., Any]
    apis: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    same_loss: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Moments:
    """A few weighted sums over the target: all a start value may ask for.

    Attributes:
        rows: sum of the weights.
        mean: of the target.
        variance: of the target, divisor `rows`.
        known: mean of every known quantity.
    """

    rows: float
    mean: float
    variance: float
    known: Mapping[str, float]


class Family(ABC):
    """A distribution of one target value."""

    name: ClassVar[str]
    summary: ClassVar[str]
    support: ClassVar[Support]
    parameters: ClassVar[tuple[Parameter, ...]]
    known: ClassVar[tuple[str, ...]] = ()
    losses: ClassVar[tuple[Loss, ...]] = ()
    elsewhere: ClassVar[Mapping[str, str]] = {}
    """What R, scipy and others call it."""

    escape: ClassVar[Callable[..., tuple[Any, Any]] | None] = None
    """(y, **known) -> rows whose likelihood only rises as the first parameter nears the
    lower end of its domain, and as it nears the upper end. None if there are none."""

    vertex: ClassVar[float | None] = None
    """The quantile level tau if the location maximises a sum of pinball losses.

    The log-density then has a corner in its first parameter, whose maximum is a
    vertex of a linear programme: no derivative finds it.
    """

    @abstractmethod
    def log_density(self, y: Rows, *theta: Any, **known: Any) -> Rows:
        """Log-density or log-mass of every row, with every constant."""

    @abstractmethod
    def score(self, y: Rows, *theta: Any, **known: Any) -> tuple[Rows, ...]:
        """Derivative of the log-density with respect to each parameter."""

    @abstractmethod
    def observed(self, y: Rows, *theta: Any, **known: Any) -> Pairs:
        """Minus the second derivatives of the log-density."""

    @abstractmethod
    def expected(self, *theta: Any, **known: Any) -> Pairs:
        """Mean of `observed` over the distribution itself."""

    def information_slope(self, *theta: Any, **known: Any) -> Rows | None:
        """Derivative of the logarithm of `expected` in the family's only parameter.

        None if there are several, or if the family does not say.
        """
        return None

    @abstractmethod
    def start(self, moments: Moments) -> tuple[float, ...]:
        """A parameter value inside the domain, near the maximum of a plain sample."""

    def fused(self, links: tuple[str, ...]) -> Callable[..., Fused] | None:
        """A form (y, eta, **known) for canonical links that is faster than the general one."""
        return None

    def mean(self, *theta: Any, **known: Any) -> Rows | None:
        """Mean of the distribution; None if it has none."""
        return None

    def variance(self, *theta: Any, **known: Any) -> Rows | None:
        """Variance of the distribution; None if it has none."""
        return None

    def unit_deviance(self, y: Rows, *theta: Any, **known: Any) -> Rows | None:
        """The row's deviance as GLM programs define it; None if the family has none."""
        return None

    @property
    def has_free_scale(self) -> bool:
        """Whether a parameter sets the spread, so that dispersion is fitted and not implied."""
        return any(parameter.precision_power is not None for parameter in self.parameters)
