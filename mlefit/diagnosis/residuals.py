"""Quantile residuals: standard normal if and only if the rows come from the fitted distributions.

    r = Phi^-1(F(y))                              for a density
    r = Phi^-1(F(y) - (1 - u) f(y)),  0 < u < 1   where single values have a probability f(y)

u is spread evenly over the rows by the golden ratio, not drawn, so that a report can be
repeated whatever the blocks and threads.

Source: P. K. Dunn and G. K. Smyth (1996), J. Comput. Graph. Stat. 5, 236-244.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.families._base import Family, joined
from mlefit.families._interval import log_between
from mlefit.frozen import frozen
from mlefit.special import normal_quantile

Positions: TypeAlias = NDArray[np.integer[Any]]

_GOLDEN = (math.sqrt(5) - 1) / 2


def quantile_residuals(
    family: Family, y: Rows, theta: Sequence[Any], known: Mapping[str, Any], position: Positions
) -> Rows | None:
    """Quantile residuals of some rows; None if the family has no distribution function.

    NaN for a value below or above which there is nothing, as there is no z for it: the point of
    a truncation, the minimum where it is the estimate of a parameter.

    Args:
        family: the distribution.
        y: targets, shape (m,).
        theta: the parameters of each row.
        known: further known quantities of each row.
        position: number of each row among all, which decides its u.
    """
    tails = _log_tails(family, y, theta, known)
    if tails is None:
        return None
    below, above = _shares(family, y, theta, known, position, tails)
    # an outlier has a tail, however small; only its exponential may be 0
    last = (np.minimum(*tails) == -np.inf) & (np.minimum(below, above) == 0)
    return np.where(last, np.nan, normal_quantile(below, above))


def censored_residuals(
    family: Family,
    ends: tuple[Rows, Rows],
    theta: Sequence[Any],
    known: Mapping[str, Any],
    position: Positions,
) -> Rows:
    """Those of values that are only known to lie in intervals, spread over what these allow.

    Args:
        family: the distribution of the values; one that has `log_cdf`.
        ends: of the intervals, both of which belong to them.
        theta: the parameters of each row.
        known: further known quantities of each row.
        position: number of each row among all, which decides its u.
    """
    lower, upper = ends
    step = 1.0 if family.support.discrete else 0.0
    tails = _log_tails(family, lower - step, theta, known), _log_tails(family, upper, theta, known)
    assert tails[0] is not None
    assert tails[1] is not None
    inside = np.exp(log_between(family, lower, upper, theta, known))
    under = np.where(np.isneginf(lower), 0.0, np.exp(tails[0][0]))
    over = np.where(np.isposinf(upper), 0.0, np.exp(tails[1][1]))
    u = (position + 1) * _GOLDEN % 1.0
    return normal_quantile(under + u * inside, over + (1 - u) * inside)


def shares(
    family: Family, y: Rows, theta: Sequence[Any], known: Mapping[str, Any], position: Positions
) -> tuple[Rows, Rows] | None:
    """The probability below each value and above it, which add to one; uniform if all is well."""
    tails = _log_tails(family, y, theta, known)
    return None if tails is None else _shares(family, y, theta, known, position, tails)


def _log_tails(
    family: Family, y: Rows, theta: Sequence[Any], known: Mapping[str, Any]
) -> tuple[Rows, Rows] | None:
    lower, upper = family.log_cdf(y, *theta, **known), family.log_sf(y, *theta, **known)
    return None if lower is None or upper is None else (lower, upper)


def _shares(
    family: Family,
    y: Rows,
    theta: Sequence[Any],
    known: Mapping[str, Any],
    position: Positions,
    tails: tuple[Rows, Rows],
) -> tuple[Rows, Rows]:
    below, above = np.exp(tails[0]), np.exp(tails[1])
    single = _has_probability(family, y)
    if single.any():
        u = (position + 1) * _GOLDEN % 1.0
        mass = np.where(single, np.exp(family.log_density(y, *theta, **known)), 0.0)
        below, above = below - (1 - u) * mass, above + (1 - u) * mass
    return below, above


def _has_probability(family: Family, y: Rows) -> NDArray[np.bool_]:
    if family.support.discrete:
        return np.ones(len(y), dtype=bool)
    return np.isin(y, family.support.atoms)


class Piece(NamedTuple):
    """Some rows of a block, copied.

    Attributes:
        y: targets, shape (m,).
        theta: the parameters, each (m,), or (1,) where all rows share one.
        known: further known quantities of each row.
        weight: of each row.
        position: number of each row among all.
    """

    y: Rows
    theta: Sequence[Any]
    known: Mapping[str, Rows]
    weight: Rows
    position: Positions


def power_sums(family: Family, pieces: Sequence[Piece]) -> PowerSums:
    """Of the residuals of all pieces at once, for what a call costs is far more than a row."""
    nothing = PowerSums.of(np.zeros(0), np.zeros(0))
    if not pieces or family.support.binary:
        return nothing
    residuals = quantile_residuals(
        family,
        np.concatenate([piece.y for piece in pieces]),
        joined([piece.theta for piece in pieces], [len(piece.y) for piece in pieces]),
        {key: np.concatenate([piece.known[key] for piece in pieces]) for key in pieces[0].known},
        np.concatenate([piece.position for piece in pieces]),
    )
    if residuals is None:
        return nothing
    return PowerSums.of(residuals, np.concatenate([piece.weight for piece in pieces]))


@frozen
class PowerSums:
    """Sums of the powers 0 to 4 of residuals, and the weight of rows without one."""

    sums: tuple[float, float, float, float, float]
    without: float = 0.0

    @classmethod
    def of(cls, residuals: Rows, weight: Rows) -> PowerSums:
        """Of weighted residuals; NaN where a row has none."""
        has = ~np.isnan(residuals)
        without = float(weight[~has].sum())
        residuals, weight = residuals[has], weight[has]
        powers = [float((weight * residuals**k).sum()) for k in range(5)]
        return cls((powers[0], powers[1], powers[2], powers[3], powers[4]), without)

    @property
    def vary(self) -> bool:
        """Whether the residuals have a spread, and so a shape; those of a perfect fit have none."""
        n, m1, m2 = self.sums[:3]
        return n > 0 and m2 / n > (m1 / n) ** 2

    def moments(self) -> dict[str, float]:
        """Mean, standard deviation, skewness and kurtosis: 0, 1, 0 and 3 of normal ones."""
        n = self.sums[0]
        m1, m2, m3, m4 = (total / n for total in self.sums[1:])
        variance = m2 - m1**2
        spread = math.sqrt(variance)
        third = m3 - 3 * m1 * m2 + 2 * m1**3
        fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
        return {
            "mean": m1,
            "sd": spread,
            "skewness": third / spread**3,
            "kurtosis": fourth / spread**4,
        }
