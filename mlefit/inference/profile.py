"""Profile likelihood: how far a quantity can go before the objective falls too low.

With f the objective minimised over everything else, the signed root

    r(b) = sign(b - b^) sqrt(2 (f(b) - f(b^)))

is standard normal where f is a negative log-likelihood of many rows. The ends of an
interval of level P are where r = -q and r = q with q the normal quantile, which is twice
f(b) - f(b^) = the chi-square quantile of one degree of freedom; r(0) tests b = 0. Nothing in
it depends on how the quantity is written: the interval of exp(b) is exp of that of b.

r is nearly linear, so Newton's method finds the ends in a few refits: its slope is
f'(b)/r, and f'(b) is the multiplier of the constraint. Where r flattens below q there is no
end: the rows allow every value on that side.

Sources: D. J. Venzon and S. H. Moolgavkar (1988), Appl. Stat. 37, 87-94; for penalised
likelihoods G. Heinze and M. Schemper (2002), Stat. Med. 21, 2409-2419.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mlefit._types import Vector
from mlefit.design.predictors import user_matrix
from mlefit.frozen import frozen
from mlefit.inference.constrained import Constraint, Differenced, Least, Quantity, Single, Smooth
from mlefit.inference.covariance import inverse_information
from mlefit.inference.intervals import Ends
from mlefit.inference.refits import Refits
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.several import SAME_HEIGHT

_MOST_REFITS = 80
_SAME_ROOT = 1e-9
# Where a step as long as all before it raises the root by less than this share of what is
# wanted, it has reached its last height.
_FLAT = 1e-6
_FARTHEST = 8.0  # standard errors before a profile may be called flat
_CLOSED = 1e-12
_STRIDES = 12
_ROUNDING = 1e-13  # of a height

UNBOUNDED = "the profile never falls far enough"
EDGE = "the parameters reach the edge of their domain"
HIGHER = "its profile leads above the maximum that was found"
LOST = "the refits with it held did not converge"


class HigherError(Exception):
    """Profiling came to a place higher than the maximum: the search had stopped too low.

    Attributes:
        gamma: the coefficients there, in the coordinates of the search.
        rise: how much higher it is, in nats.
    """

    def __init__(self, gamma: Vector, rise: float) -> None:
        super().__init__(f"{rise:.6g} nats higher")
        self.gamma = gamma
        self.rise = rise


@frozen
class Place:
    """Where the objective is least with the quantity held.

    Attributes:
        at: the value it is held at.
        gamma: all coefficients.
        root: signed root there; its absolute value is infinite outside the domain.
        slope: its derivative; NaN where it is not known.
        along: how the coefficients move with the value, to first order.
        converged: whether everything else has settled.
    """

    at: float
    gamma: Vector
    root: float
    slope: float
    along: Vector
    converged: bool = True


def profiles(
    maximum: Maximum,
    search: Search,
    quantile: float,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Ends, ...]:
    """The profile interval of each free coefficient of the user's columns, in order.

    Args:
        maximum: what they are measured from.
        search: how to find the rest.
        quantile: of the signed root at the ends.
        tell: takes the coefficients done and all of them.

    Raises:
        HigherError: the maximum was none.
    """
    count = len(maximum.optimum.gamma)
    found = []
    for position in range(count):
        tell(position, count)
        curve = Curve(maximum, search, Single(position))
        found.append(curve.ends(quantile)._replace(root=curve.root(0.0)))
    tell(count, count)
    return tuple(found)


def of_function(maximum: Maximum, search: Search, function: Smooth) -> Curve:
    """The profile of a function that comes with its gradient."""
    inverse = inverse_information(maximum, "observed")
    to_user = user_matrix(maximum.engine.predictors)
    steps = np.ones(len(to_user))
    if inverse is not None:
        steps = np.sqrt(np.einsum("ij,jk,ik->i", to_user, inverse, to_user))
    return Curve(maximum, search, Differenced(function, steps))


class Curve:
    """The profile of a quantity about a maximum.

    Args:
        maximum: of a smooth family; of one with a corner, for a single coefficient.
        search: how to find the rest.
        quantity: a smooth function of the coefficients.
        error: of every coefficient, where the curvature says nothing of how far to go.

    Attributes:
        estimate: the quantity at the maximum.
        std_error: by the delta method; NaN where the curvature gives none.
    """

    def __init__(
        self,
        maximum: Maximum,
        search: Search,
        quantity: Quantity,
        *,
        error: float | None = None,
    ) -> None:
        self._maximum = maximum
        self._search = search
        gamma = maximum.optimum.gamma
        inverse = inverse_information(maximum, "observed")
        if error is not None:
            inverse = error**2 * np.eye(len(gamma))
        elif inverse is None:
            inverse = np.full((len(gamma), len(gamma)), math.nan)
        errors = np.sqrt(np.diag(inverse))
        to_user = user_matrix(maximum.engine.predictors)
        self._constraint = Constraint(maximum.evaluate, quantity, to_user, errors)
        self._refits = Refits(maximum, quantity, search) if maximum.vertex is not None else None
        jet = self._constraint.at(gamma)
        ahead = inverse @ jet.slope
        variance = float(jet.slope @ ahead)
        self.estimate = jet.value
        self.std_error = math.sqrt(variance) if variance > 0 else math.nan
        self.top = Place(jet.value, gamma, 0.0, 1 / self.std_error, ahead / variance)

    def ends(self, quantile: float) -> Ends:
        """Where the root is as far from zero as the quantile, on either side."""
        (low, why_low), (high, why_high) = self.end(-quantile), self.end(quantile)
        return Ends(low, high, why_low, why_high)

    def root(self, value: float) -> float | None:
        """Signed root of the likelihood ratio against a value; None if it is not allowed."""
        place = self.near(value)
        return 0.0 - place.root if math.isfinite(place.root) and place.converged else None

    def near(self, value: float) -> Place:
        """The least objective at a value, in strides where it is too far for one."""
        place = self.held(value, self.top)
        if place.converged:
            return place
        strides = np.linspace(self.estimate, value, _STRIDES + 1)[1:]
        *_, place = self.along(strides.tolist())
        return place

    def along(self, values: Sequence[float]) -> Iterator[Place]:
        """The profile at values that go away from the estimate."""
        near = self.top
        for value in values:
            place = self.held(value, near)
            yield place
            if math.isfinite(place.root):
                near = place

    def end(self, wanted: float) -> tuple[float | None, str]:
        """Where the root is `wanted`, by Newton's method inside a bracket; and what is odd there.

        None if there is no such value, or none was found, and the reason.
        """
        if not math.isfinite(self.std_error):
            return None, LOST
        inside, outside = self.top, math.copysign(math.inf, wanted)
        reach = math.copysign(self.std_error, wanted)
        place, slope = self.top, self.top.slope
        for _ in range(_MOST_REFITS):
            ahead = _newton_step(place, slope, wanted, inside, outside, reach)
            # a step too far may leave the path
            bold = abs(ahead - inside.at) >= abs(reach)
            ahead = inside.at + reach if bold else ahead
            last, place = place, self.held(ahead, inside)
            slope = place.slope
            if not place.converged:  # outside the domain, or too far for the path to be followed
                reach = (ahead - inside.at) / 4
                if abs(reach) <= _CLOSED * max(abs(ahead), self.std_error):
                    return (None, LOST) if math.isfinite(place.root) else (inside.at, EDGE)
                place, slope = inside, inside.slope
                continue
            if math.isnan(slope):  # a corner has no multiplier
                slope = (place.root - last.root) / (place.at - last.at)
            if abs(place.root - wanted) <= _SAME_ROOT * abs(wanted):
                # the others may have a better place that no path from the maximum leads to
                other = self.held(ahead, self.top, follow=False)
                if not (other.converged and abs(other.root) < abs(place.root) - _SAME_ROOT):
                    return place.at + (wanted - place.root) / slope, ""
                place, slope, outside = other, other.slope, math.copysign(math.inf, wanted)
            if abs(place.root) < abs(wanted):
                gain = abs(place.root) - abs(inside.root)
                far = abs(place.at - self.estimate) > _FARTHEST * self.std_error
                if bold and far and math.isinf(outside) and gain <= _FLAT * abs(wanted):
                    return None, UNBOUNDED
                inside = place
                reach *= 2 if bold else 1
            else:
                outside = place.at
        return None, LOST

    def held(self, at: float, near: Place, *, follow: bool = True) -> Place:
        """The least objective with the quantity at a value, searched from a place.

        The others start where that place predicts them, or not to `follow`, where they are.

        Raises:
            HigherError: it is higher than the maximum.
        """
        found = self._least(at, near.gamma + (at - near.at) * near.along * follow)
        best = self._maximum.optimum.totals.nll
        slack = max(SAME_HEIGHT, self._search.tol, _ROUNDING * abs(best))
        if self._refits is None and found.converged and found.nll < best - slack:
            raise HigherError(found.gamma, best - found.nll)
        if not math.isfinite(found.nll):
            root = math.copysign(math.inf, at - self.estimate)
            return Place(at, near.gamma, root, math.nan, near.along, converged=False)
        rise = max(found.nll - best, 0.0)
        root = math.copysign(math.sqrt(2 * rise), at - self.estimate)
        slope = found.multiplier / root if root else self.top.slope
        return Place(at, found.gamma, root, slope, found.along, found.converged)

    def _least(self, at: float, start: Vector) -> Least:
        if self._refits is not None:
            return self._refits.least(at)
        # the last step squares what is left, and only the height is asked for
        tol = math.sqrt(self._search.tol)
        return self._constraint.least(at, start, tol=tol, max_iter=self._search.max_iter)


def _newton_step(
    place: Place, slope: float, wanted: float, inside: Place, outside: float, reach: float
) -> float:
    """Where the root would be `wanted` if it were a line; a middle where that is no help."""
    ahead = place.at + (wanted - place.root) / slope if slope > 0 else math.nan
    low, high = sorted((inside.at, outside))
    if low < ahead < high:
        return ahead
    return (inside.at + outside) / 2 if math.isfinite(outside) else inside.at + reach
