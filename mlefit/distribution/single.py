"""One distribution: a family at parameters, asked about single values.

Probabilities come as logarithms, so that they have no smallest one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.distribution.at import as_theta
from mlefit.distribution.quantile import quantiles
from mlefit.errors import UsageError
from mlefit.families._base import Family, Probability
from mlefit.families._interval import log_between
from mlefit.frozen import frozen

_DRAWS = 200
_SHARES = (0.01, 0.5, 0.99)
_NODES, _DOUBLINGS = 40, 40


@frozen
class Distribution:
    """A family, its parameters and what is known besides the target.

    Attributes:
        family: bound to its levels, if it has any.
        theta: as the family takes its parameters, each of shape (1,).
        known: each of shape (1,).
    """

    family: Family
    theta: Sequence[Any]
    known: Mapping[str, Rows]

    @classmethod
    def of(
        cls, family: Family, values: Sequence[float], known: Mapping[str, float] | None = None
    ) -> Distribution:
        """The distribution with these numbers for parameters, in the family's order."""
        theta = as_theta(family, values)
        return cls(family, theta, {k: np.array([float(v)]) for k, v in (known or {}).items()})

    @property
    def values(self) -> tuple[float, ...]:
        """The parameters as numbers."""
        return tuple(
            float((one.p if isinstance(one, Probability) else one)[0]) for one in self.theta
        )

    @property
    def named(self) -> dict[str, float]:
        """Every number it is made of by its name: parameters, then what is known."""
        names = [parameter.name for parameter in self.family.parameters]
        known = {name: float(value[0]) for name, value in self.known.items()}
        return dict(zip(names, self.values, strict=True)) | known

    @property
    def has_order(self) -> bool:
        """Whether there is a probability up to a value."""
        return type(self.family).log_cdf is not Family.log_cdf

    def has_mass(self, y: float) -> bool:
        """Whether this single value has a probability of its own."""
        support = self.family.support
        is_single = support.discrete or y in support.atoms
        return is_single and self.log_density(y) > -math.inf

    def log_density(self, y: float) -> float:
        """Log-density, or where the value has a probability its logarithm; -inf outside."""
        at = np.array([float(y)])
        if self.family.support.first_violation(at, self.known) is not None:
            return -math.inf
        return self._first(self.family.log_density(at, *self.theta, **self.known))

    def log_below(self, y: float, *, inclusive: bool = True) -> float:
        """ln P(Y <= y), or of less."""
        at = y if inclusive else float(np.nextafter(y, -np.inf))
        return self._first(self.family.log_cdf(np.array([at]), *self.theta, **self.known))

    def log_above(self, y: float, *, inclusive: bool = False) -> float:
        """ln P(Y > y), or of y and more."""
        at = float(np.nextafter(y, -np.inf)) if inclusive else y
        return self._first(self.family.log_sf(np.array([at]), *self.theta, **self.known))

    def log_between(self, low: float, high: float) -> float:
        """ln P(low <= Y <= high)."""
        if self.family.support.discrete:
            low, high = math.ceil(low), math.floor(high)
        if low > high:
            return -math.inf
        if not self.has_order and not self.family.support.levels:
            return self._log_arc(low, high) if low < high else -math.inf
        ends = np.array([float(low)]), np.array([float(high)])
        return self._first(log_between(self.family, *ends, self.theta, self.known))

    def _log_arc(self, low: float, high: float) -> float:
        """The density added up, of directions, which have an arc between two but no order.

        Gauss's rule on panels that double from every end and from where draws are, so that no
        peak is too narrow and no tail too steep for it.
        """
        if high - low >= 2 * math.pi:
            return 0.0
        many = [np.broadcast_to(value, _DRAWS) for value in self.theta]
        drawn = np.quantile(self.family.sample(np.random.default_rng(1), *many), _SHARES)
        turns = (drawn[:, None] + 2 * math.pi * np.array([-1, 0, 1])).ravel()
        inner = np.sort(turns[(turns > low) & (turns < high)])
        edges = np.unique([_doubling(a, b) for a, b in pairwise([low, *inner, high])])
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        half = np.diff(edges)[:, None] / 2
        y = (edges[:-1, None] + half * (1 + nodes)).ravel()
        heights = np.asarray(self.family.log_density(y, *self.theta, **self.known))
        top = float(heights.max())
        return top + math.log(float(np.exp(heights - top) @ (half * weights).ravel()))

    def quantile(self, below: float, above: float) -> float:
        """The smallest value that at least a share `below` = 1 - `above` is up to."""
        shares = np.array([below]), np.array([above])
        return float(quantiles(self.family, *shares, self.theta, self.known)[0])

    def _first(self, values: Rows | None) -> float:
        if values is None:
            raise UsageError(
                f"the values of {self.family.name} have no order, so nothing is below or above one",
                tries=["--equal V"],
            )
        return float(np.ravel(values)[0])


def _doubling(low: float, high: float) -> Rows:
    """Edges of panels that double from either end to the middle."""
    steps = (high - low) / 2 * 2.0 ** -np.arange(_DOUBLINGS + 1)
    return np.concatenate([[low], low + steps, high - steps, [high]])
