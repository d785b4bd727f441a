"""What a family is: a density in its own parameters, and the derivatives of its logarithm.

Arrays have shape (n,). Parameters arrive in the order of `parameters`, each as
rows, or with shape (1,) where all rows share one value, so that what depends on such
parameters alone is computed once; results broadcast. One that lives in the unit
interval arrives as a `Probability`, so that 1 - p keeps its digits. Quantities named
in `known` (such as trials) arrive as keywords.

A family knows no link, no coefficient and no weight: the chain rule is applied
once, in `likelihood`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from mlefit._types import Rows
from mlefit.errors import UsageError
from mlefit.families import _setting
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import Elsewhere
from mlefit.families._records import (
    Contrast,
    Escape,
    Example,
    Limit,
    Loss,
    Moments,
    Parameter,
    Reading,
    Special,
)
from mlefit.families._setting import Setting
from mlefit.support import Facts, Support


class Probability(NamedTuple):
    """A parameter in the unit interval, with its complement."""

    p: Rows
    q: Rows
    """1 - p, computed by the link without a subtraction."""


def part(theta: Sequence[Any], rows: Any) -> list[Any]:
    """The parameters of some rows; one that is the same for all rows stays a single value."""

    def picked(values: Rows) -> Rows:
        return values if len(values) == 1 else values[rows]

    return [
        Probability(picked(value.p), picked(value.q))
        if isinstance(value, Probability)
        else picked(value)
        for value in theta
    ]


def spread(theta: Sequence[Any], rows: int) -> list[Any]:
    """The parameters with a value for every row, also where one is the same for all."""
    return [
        Probability(np.broadcast_to(value.p, rows), np.broadcast_to(value.q, rows))
        if isinstance(value, Probability)
        else np.broadcast_to(value, rows)
        for value in theta
    ]


def joined(runs: Sequence[Sequence[Any]], rows: Sequence[int]) -> list[Any]:
    """The parameters of several runs of so many rows; one that all share stays a single value."""

    def whole(values: Sequence[Rows]) -> Rows:
        # a single value may also be that of a run of one row
        if all(len(value) == 1 and value[0] == values[0][0] for value in values):
            return values[0]
        return np.concatenate([np.broadcast_to(*one) for one in zip(values, rows, strict=True)])

    return [
        Probability(whole([value.p for value in values]), whole([value.q for value in values]))
        if isinstance(values[0], Probability)
        else whole(values)
        for values in zip(*runs, strict=True)
    ]


def in_domain(family: Family, theta: Sequence[Any]) -> Any:
    """Rows whose parameters are all where they may be, or nearly: rounding can reach an end."""
    found: Any = True
    for parameter, value in zip(family.parameters, theta, strict=True):
        number = value.p if isinstance(value, Probability) else value
        domain = parameter.domain
        found = found & (number >= domain.lower) & (number <= domain.upper) & np.isfinite(number)
    return found


Pairs: TypeAlias = Mapping[tuple[int, int], Rows]
"""Entries (j, k), j <= k, of a symmetric matrix for each row; an absent pair is zero."""


class ProductPairs(Mapping[tuple[int, int], Rows]):
    """Pairs of many parameters whose entries off the diagonal are minus products.

    Entry (k, k) is diagonal[k] and entry (j, k) is -factors[j] factors[k]: of K classes there
    are K^2 such entries, and nobody has to hold them. With `rest` the factors add up to one, so
    that diagonal[k] is factors[k] times all others and it.
    """

    def __init__(self, diagonal: Sequence[Rows], factors: Sequence[Rows], rest: Rows) -> None:
        self.diagonal = diagonal
        self.factors = factors
        self.rest = rest

    def __getitem__(self, pair: tuple[int, int]) -> Rows:
        j, k = pair
        if not 0 <= j <= k < len(self.diagonal):
            raise KeyError(pair)
        return self.diagonal[k] if j == k else -self.factors[j] * self.factors[k]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return combinations_with_replacement(range(len(self.diagonal)), 2)

    def __len__(self) -> int:
        count = len(self.diagonal)
        return count * (count + 1) // 2


class Fused(NamedTuple):
    """One row's log-density and its derivatives with respect to the linear predictors.

    Only for canonical links, where observed and expected information agree.
    """

    log_density: Rows
    score: tuple[Rows, ...]
    information: Pairs


class Drift(NamedTuple):
    """Derivatives of a quantile in the parameters: of the distribution function, over -density.

    Attributes:
        velocity: in each parameter, -(dF/dtheta_j)/f.
        change: entry (j, k), j <= k: the derivative of velocity j in parameter k where y
            stays; an absent one is zero.
    """

    velocity: tuple[Rows, ...]
    change: Pairs


class Family(ABC):
    """A distribution of one target value.

    Args:
        value: of the family's setting; None for its default.
    """

    name: str
    title: str = ""
    """Its name in a heading, before "regression" and "sample"; empty for `name` in capitals."""

    summary: str
    support: Support
    parameters: tuple[Parameter, ...]
    known: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    readings: tuple[Reading, ...] = ()
    """What coefficients of the first parameter are called where its values are times."""

    examples: tuple[Example, ...]
    """Distributions at which the contract is tested: typical ones, and some near an edge."""

    derivation: Derivation
    """Its formula in letters, from which everything that can be derived is."""

    elsewhere: tuple[Elsewhere, ...] = ()
    """The same distribution in R, scipy, Stan and others, with their parameters."""

    escape: Callable[..., tuple[Any, Any]] | None = None
    """(y, **known) -> rows whose likelihood only rises as the first parameter nears the
    lower end of its domain, and as it nears the upper end. None if there are none."""

    runaways: tuple[str, str] = ("0", "1")
    """What the target is in rows that `escape` to the lower and to the upper end."""

    further_escapes: Mapping[str, Escape] = {}
    """The same for parameters beside the first, by their names."""

    limits: tuple[Limit, ...] = ()
    """Families it becomes at edges of its parameters; maxima there are reported as theirs."""

    rare: bool = False
    """Whether it is nobody's first choice, so that no error suggests it."""

    specials: tuple[Special, ...] = ()
    """Families that it is at values inside the domains of its parameters."""

    elementary: bool = True
    """Whether the score is plain arithmetic, which numpy does in extended precision too."""

    quadratic: bool = False
    """Whether the log-density is -log(sigma) less a square of the first parameter over
    2 sigma^2, with sigma the second and last."""

    is_censored: bool = False
    """Whether some rows tell only where their value lies."""

    is_truncated: bool = False
    """Whether some values are never seen."""

    smooth_in: Literal["y", "log y"] | None = None
    """The scale of the target on which the log-density and its derivatives in the parameters are
    smooth everywhere, at about the width of the distribution; None if they have a corner, a
    probability at a value, or an end that moves."""

    setting: Setting | None = None
    """The number that can follow the family's name; None if none can."""

    open: bool = False
    """Whether its parameters depend on the target: `parameters` then only says what they
    are like until `bound` has seen it."""

    vertex: float | None = None
    """The quantile level tau if the location maximises a sum of pinball losses.

    The log-density then has a corner in its first parameter, whose maximum is a
    vertex of a linear programme: no derivative finds it.
    """

    def __init__(self, value: float | None = None) -> None:
        default = None if self.setting is None else self.setting.default
        self.value = default if value is None else value

    def with_setting(self, value: float, written: str = "") -> Family:
        """This family with its setting at a value.

        Args:
            value: of the setting.
            written: what the user wrote, for an error; its canonical form if empty.

        Raises:
            UsageError: the family has no setting, or it cannot have this value.
        """
        written = written or _setting.label(self.name, value)
        if self.setting is None:
            raise UsageError(
                f"'{written}': {self.name} takes no number", tries=[f"--family {self.name}"]
            )
        self.setting.require(value, written)
        return type(self)(value)

    @property
    def whole(self) -> Family:
        """The family of a value that is seen whatever it is: without censoring, without a range."""
        return self

    @property
    def uncensored(self) -> Family:
        """The family of a value as it is, within the range that can be seen."""
        return self

    @property
    def label(self) -> str:
        """The name with its setting, as people write it and documents record it."""
        return _setting.label(self.name, self.value)

    @property
    def fixes(self) -> Mapping[str, float]:
        """Parameters that the setting holds, and at which value."""
        if self.setting is None or self.value is None:
            return {}
        held = [p.name for p in self.parameters if p.name == self.setting.name]
        return dict.fromkeys(held, self.value)

    def bound(self, facts: Facts) -> Family:
        """The family for a target of which something is known.

        Raises:
            DataError: no maximum can exist for such a target.
        """
        return self

    def alike(self, other: Family) -> Family:
        """Another family of whose values as little is seen as of this one's."""
        return other

    def through(self, links: Sequence[Any]) -> Family:
        """The family that applies these links itself, to its latent parameters."""
        return self

    def contrasts(self, y: Rows) -> Sequence[Contrast]:
        """For several predictors what `escape` is for one: differences that may run away."""
        return ()

    def distribution(self, links: Sequence[str]) -> str | None:
        """The distribution of a row, where name and parameters alone would not tell it."""
        return None

    @abstractmethod
    def log_density(self, y: Rows, *theta: Any, **known: Any) -> Rows:
        """Log-density or log-mass of every row, with every constant."""

    def first_masses(self, count: int, *theta: Any, **known: Any) -> Iterator[Rows]:
        """The probabilities of the first so many counts, one after the other, in every row."""
        sizes = [len(one.p) if isinstance(one, Probability) else len(one) for one in theta]
        rows = max([*sizes, *map(len, known.values())])
        for k in range(count):
            y = np.full(rows, self.support.lower + k)
            yield np.exp(self.log_density(y, *theta, **known))

    @abstractmethod
    def score(self, y: Rows, *theta: Any, **known: Any) -> tuple[Rows, ...]:
        """Derivative of the log-density with respect to each parameter."""

    @abstractmethod
    def observed(self, y: Rows, *theta: Any, **known: Any) -> Pairs:
        """Minus the second derivatives of the log-density."""

    def expected(self, *theta: Any, **known: Any) -> Pairs | None:
        """Mean of `observed` over the distribution itself; None if it has no closed form."""
        return None

    def guide(self, y: Rows, *theta: Any, **known: Any) -> Pairs | None:
        """Information, never negative, to search by while far from the maximum.

        The expected one; another where that says nothing of the rows at hand, as where
        weights make least squares of a loss with a bend.
        """
        return self.expected(*theta, **known)

    def information_slope(self, *theta: Any, **known: Any) -> Rows | None:
        """Derivative of the logarithm of `expected` in the family's only parameter.

        None if there are several, or if the family does not say.
        """
        return None

    @abstractmethod
    def start(self, moments: Moments) -> tuple[float, ...]:
        """A parameter value near the maximum of a plain sample.

        Inside the domain, and with a finite log-density for every value of the target.
        """

    def starts(self, moments: Moments) -> tuple[tuple[float, ...], ...]:
        """All parameter values to search from; more than one if there can be several maxima.

        The first should be `start`; each keeps what `start` promises.
        """
        return (self.start(moments),)

    def with_likelier(
        self, moments: Moments, others: Sequence[tuple[float, ...]]
    ) -> tuple[tuple[float, ...], ...]:
        """The start, and those of others under which the sample is likelier than under it."""

        def height(theta: tuple[float, ...]) -> float:
            return moments.mean_of(lambda y: self.log_density(y, *np.array(theta)[:, None]))

        start = self.start(moments)
        least = height(start)
        return start, *(theta for theta in others if height(theta) > least)

    def fused(self, links: tuple[str, ...]) -> Callable[..., Fused] | None:
        """A form (y, *etas, **known) for canonical links that is faster than the general one."""
        return None

    def mean(self, *theta: Any, **known: Any) -> Rows | None:
        """Mean of the distribution; None if it has none at any parameters.

        Infinite or NaN where the parameters are such that there is none.
        """
        return None

    def variance(self, *theta: Any, **known: Any) -> Rows | None:
        """Variance of the distribution; None if it has none."""
        return None

    def log_cdf(self, y: Rows, *theta: Any, **known: Any) -> Rows | None:
        """Logarithm of P(Y <= y), any y; None if the values have no order.

        Exact to rounding also where the probability is small, down to the smallest float.
        """
        return None

    def log_sf(self, y: Rows, *theta: Any, **known: Any) -> Rows | None:
        """Logarithm of P(Y > y), any y, exact where it is small; None with `log_cdf`."""
        return None

    def drift(self, y: Rows, *theta: Any, **known: Any) -> Drift | None:
        """How the value with the probability of y below it moves as the parameters do.

        From this the derivatives of both tails are exact; None if it has no closed form.
        """
        return None

    @abstractmethod
    def sample(self, rng: np.random.Generator, *theta: Any, **known: Any) -> Rows:
        """One draw for every row of the parameters."""

    def unit_deviance(self, y: Rows, *theta: Any, **known: Any) -> Rows | None:
        """The row's deviance as GLM programs define it; None if the family has none."""
        return None

    def dispersion(self, *rest: Any) -> Any:
        """What GLM programs divide the deviance by, from all parameters but the first."""
        return 1.0

    @property
    def heading(self) -> str:
        """The label as it stands in a heading."""
        words = self.title or self.name.replace("-", " ").title()
        return _setting.label(words, self.value)

    @property
    def has_expected(self) -> bool:
        """Whether the expected information has a closed form."""
        return type(self).expected is not Family.expected

    @property
    def implies_variance(self) -> bool:
        """Whether a score linear in y weighs it by a variance that the mean alone sets.

        Then a spread beyond that variance scales every error and moves no estimate. Of 0 and
        1 the mean sets the variance whatever their distribution, so nothing can exceed it.
        """
        own = type(self)
        return (
            len(self.parameters) == 1
            and not self.support.binary
            and self.has_expected
            and own.variance is not Family.variance
            and own.unit_deviance is not Family.unit_deviance
        )

    @property
    def has_free_scale(self) -> bool:
        """Whether a parameter sets the spread, so that dispersion is fitted and not implied."""
        return any(parameter.precision_power is not None for parameter in self.parameters)
