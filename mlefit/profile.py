"""Profile intervals: how far one coefficient can go before the objective falls too low.

With f the objective minimised over all other coefficients, the signed root

    r(b) = sign(b - b^) sqrt(2 (f(b) - f(b^)))

is standard normal where f is a negative log-likelihood of many rows. The ends of an
interval of level P are where r = -q and r = q with q the normal quantile, which is twice
f(b) - f(b^) = the chi-square quantile of one degree of freedom; r(0) tests b = 0.

r is nearly linear, so Newton's method finds the ends in a few refits: its slope is
f'(b)/r, and f'(b) is the multiplier of the constraint.

Sources: D. J. Venzon and S. H. Moolgavkar (1988), Appl. Stat. 37, 87-94; for penalised
likelihoods G. Heinze and M. Schemper (2002), Stat. Med. 21, 2409-2419.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.design.blocks import user_matrix
from mlefit.likelihood import Kind, Totals
from mlefit.maximise import Search
from mlefit.maximum import Maximum
from mlefit.optimise import newton

_MOST_REFITS = 40
_SAME_ROOT = 1e-9


@dataclass(frozen=True)
class Profile:
    """What the profile of one coefficient says.

    Attributes:
        root: signed root of the ratio against zero; None if zero is not allowed.
        low: lower end of the interval; None if it has none.
        high: upper end.
    """

    root: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class _Place:
    """Where the objective is least with one coefficient held.

    Attributes:
        at: the value it is held at.
        gamma: all coefficients.
        root: signed root there; its absolute value is infinite outside the domain.
        slope: its derivative.
    """

    at: float
    gamma: Vector
    root: float
    slope: float


def profiles(maximum: Maximum, search: Search, quantile: float) -> tuple[Profile, ...]:
    """One profile for each free coefficient of the user's columns, in order."""
    to_user = user_matrix(maximum.engine.predictors)
    return tuple(_Curve(maximum, search, row).profile(quantile) for row in to_user)


class _Curve:
    """The profile of the coefficient b = t'gamma."""

    def __init__(self, maximum: Maximum, search: Search, t: Vector) -> None:
        self._maximum = maximum
        self._search = search
        self._t = t
        self._best = float(t @ maximum.optimum.gamma)
        # eliminating the largest entry keeps the others as they are
        self._k = k = int(np.argmax(np.abs(t)))
        others = np.delete(np.arange(len(t)), k)
        self._basis: Matrix = np.zeros((len(t), len(others)))
        self._basis[others, np.arange(len(others))] = 1.0
        self._basis[k] = -t[others] / t[k]
        ahead = np.linalg.solve(maximum.optimum.totals.information, t)
        self._variance = float(t @ ahead)
        # the other coefficients follow the held one along this line, to first order
        self._along = ahead / self._variance

    def profile(self, quantile: float) -> Profile:
        here = _Place(self._best, self._maximum.optimum.gamma, 0.0, self._variance**-0.5)
        zero = self._held(0.0, here)
        return Profile(
            root=-zero.root if math.isfinite(zero.root) else None,
            low=self._end(here, -quantile),
            high=self._end(here, quantile),
        )

    def _end(self, here: _Place, wanted: float) -> float | None:
        """Where the root is `wanted`: Newton's method inside a bracket; None without an end."""
        inside, outside = here, math.copysign(math.inf, wanted)
        reach = math.copysign(math.sqrt(self._variance), wanted)
        place = here
        for _ in range(_MOST_REFITS):
            ahead = place.at + (wanted - place.root) / place.slope if place.slope > 0 else math.nan
            low, high = sorted((inside.at, outside))
            if not low < ahead < high:
                ahead = (inside.at + outside) / 2 if math.isfinite(outside) else inside.at + reach
            # a step too far may leave the path
            farthest = inside.at + reach
            ahead = min(ahead, farthest) if wanted > 0 else max(ahead, farthest)
            place = self._held(ahead, inside)
            if abs(place.root - wanted) <= _SAME_ROOT * abs(wanted):
                # the others may have a better place that no path from the maximum leads to
                other = self._held(ahead, here, follow=False)
                if not abs(other.root) < abs(place.root) - _SAME_ROOT:
                    return place.at
                place, outside = other, math.copysign(math.inf, wanted)
            if abs(place.root) < abs(wanted):
                inside = place
            else:
                outside = place.at
            if not math.isfinite(place.root):
                place = inside
        return None

    def _held(self, at: float, near: _Place, *, follow: bool = True) -> _Place:
        """The least objective with the coefficient held at a value, searched from a place.

        The others start where that place predicts them, or not to `follow`, where they are.
        """
        start = near.gamma + (at - near.at) * self._along if follow else near.gamma
        start = start + (at - self._t @ start) / self._t[self._k] * np.eye(len(start))[self._k]
        evaluate, basis = self._maximum.evaluate, self._basis

        slopes: dict[bytes, float] = {}

        def held(u: Vector, kind: Kind) -> Totals:
            whole = evaluate(start + basis @ u, kind)
            slopes[u.tobytes()] = float(whole.score[self._k])
            return Totals(
                whole.nll, basis.T @ whole.score, basis.T @ whole.information @ basis, whole.rows
            )

        zero = np.zeros(basis.shape[1])
        first = held(zero, "observed")
        if not math.isfinite(first.nll):
            return _Place(at, start, math.copysign(math.inf, at - self._best), math.nan)
        # the last step squares what is left, and only the height is asked for
        tol = math.sqrt(self._search.tol)
        optimum = newton(held, zero, first=first, tol=tol, max_iter=self._search.max_iter)
        gamma = start + basis @ optimum.gamma
        rise = max(optimum.totals.nll - self._maximum.optimum.totals.nll, 0.0)
        root = math.copysign(math.sqrt(2 * rise), at - self._best)
        multiplier = slopes[optimum.gamma.tobytes()] / float(self._t[self._k])
        return _Place(at, gamma, root, multiplier / root if root else self._variance**-0.5)
