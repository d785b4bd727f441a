"""The least objective where a function of the coefficients is held at a value.

With g(gamma) = c solved for one coefficient gamma_k, the others u are free, and Newton's
method searches them as it searches everything: with f the objective, s its slope and H its
information, dg and D the slope and second derivatives of g,

    lambda = s_k / dg_k                      the multiplier of the constraint
    Z      = [ I ; -dg_u' / dg_k ]           the directions that leave g where it is
    slope  = Z's       information = Z'(H - lambda D) Z

At the minimum s = lambda dg, so lambda is the slope of the least objective in c.

Source: J. Nocedal and S. J. Wright (2006), Numerical Optimization, 2nd ed., sections 12.3,
15.3 and 18.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.frozen import frozen
from mlefit.likelihood import Kind, Totals
from mlefit.search.course import Kind as SearchKind
from mlefit.search.optimise import Status, newton

# Newton's method on g = c doubles the digits at each turn, so twenty are plenty.
_MOST_TURNS = 20
_SETTLED = 1e-12
_STEP = 1e-4


class Jet(NamedTuple):
    """A function of the coefficients at one place.

    Attributes:
        value: NaN outside its domain.
        slope: its derivatives, shape (p,).
    """

    value: float
    slope: Vector


class Quantity(Protocol):
    """A smooth function of the user's coefficients of all parameters, on the link scale."""

    @property
    def is_linear(self) -> bool:
        """Whether its slope is the same everywhere."""

    def at(self, beta: Vector) -> Jet:
        """Value and slope."""

    def bend(self, beta: Vector) -> Matrix:
        """Its second derivatives, shape (p, p); not asked for where it is linear."""


@frozen
class Single:
    """One coefficient, by its position among all."""

    position: int
    is_linear = True

    @property
    def positions(self) -> tuple[int]:
        """Its own."""
        return (self.position,)

    def value(self, beta: Vector) -> float:
        """The coefficient."""
        return float(beta[self.position])

    def gradient(self, beta: Vector) -> Vector:
        """One at its position."""
        slope = np.zeros(len(beta))
        slope[self.position] = 1.0
        return slope

    def at(self, beta: Vector) -> Jet:
        """Value and slope."""
        return Jet(self.value(beta), self.gradient(beta))

    def bend(self, beta: Vector) -> Matrix:
        """Nothing."""
        return np.zeros((len(beta), len(beta)))


class Smooth(Protocol):
    """A smooth function of the user's coefficients, on the link scale."""

    @property
    def positions(self) -> Collection[int]:
        """Of the coefficients that it depends on."""

    def value(self, beta: Vector) -> float:
        """The function; NaN where it has no value."""

    def gradient(self, beta: Vector) -> Vector:
        """Its derivatives, shape (p,); NaN where it has none."""


class Differenced:
    """A function that is known with its gradient.

    Its second derivatives, by central differences, only lead the search: where that ends is
    decided by the gradient.

    Args:
        function: with its gradient.
        steps: standard errors of the coefficients, shape (p,).
    """

    is_linear = False

    def __init__(self, function: Smooth, steps: Vector) -> None:
        self._function = function
        self._steps = _STEP * steps

    def at(self, beta: Vector) -> Jet:
        """Value and slope."""
        return Jet(self._function.value(beta), self._function.gradient(beta))

    def bend(self, beta: Vector) -> Matrix:
        """Its second derivatives, shape (p, p)."""
        found = np.zeros((len(beta), len(beta)))
        for i in self._function.positions:
            step = np.zeros(len(beta))
            step[i] = self._steps[i]
            rise = self._function.gradient(beta + step) - self._function.gradient(beta - step)
            found[i] = rise / (2 * step[i])
        return (found + found.T) / 2


@frozen
class Least:
    """Where the objective is least under the constraint.

    Attributes:
        nll: its value; infinite where no place in the domain was found.
        gamma: the coefficients, in the coordinates of the search.
        multiplier: slope of the least objective in the value that is held.
        along: how the coefficients move with that value, to first order.
        converged: whether the search came to an end.
    """

    nll: float
    gamma: Vector
    multiplier: float
    along: Vector
    converged: bool


@frozen
class _Held:
    """The sums over the free coefficients, and where they are of.

    Attributes:
        nll: the objective.
        score: its slope in the free coefficients.
        information: its second derivatives in them.
        rows: sum of the weights.
        gamma: all coefficients.
        multiplier: of the constraint.
        Z: the directions that leave the quantity where it is.
        lift: the change of gamma_k alone that moves the quantity by one.
        cross: second derivatives of the objective in `lift` and the free coefficients.
    """

    nll: float
    score: Vector
    information: Matrix
    rows: float
    gamma: Vector
    multiplier: float
    Z: Matrix
    lift: Vector
    cross: Vector

    @property
    def along(self) -> Vector:
        """How the minimum moves with the value: what leaves the slope in Z at zero."""
        try:
            return self.lift - self.Z @ np.linalg.solve(self.information, self.cross)
        except np.linalg.LinAlgError:
            return self.lift


class Constraint:
    """A quantity that is held while everything else moves.

    Args:
        evaluate: the objective in the coordinates of the search.
        quantity: what is held.
        to_user: from those coordinates to the user's coefficients, shape (p, p).
        errors: standard errors in those coordinates: they measure which coefficient the
            quantity is most easily moved by.
    """

    def __init__(
        self,
        evaluate: Callable[[Vector, Kind], Totals],
        quantity: Quantity,
        to_user: Matrix,
        errors: Vector,
    ) -> None:
        self._evaluate = evaluate
        self._quantity = quantity
        self._to_user = to_user
        self._errors = errors

    def at(self, gamma: Vector) -> Jet:
        """The quantity and its slope in the coordinates of the search."""
        value, slope = self._quantity.at(self._to_user @ gamma)
        return Jet(value, self._to_user.T @ slope)

    def least(self, value: float, start: Vector, *, tol: float, max_iter: int) -> Least:
        """The least objective with the quantity at a value.

        Args:
            value: of the quantity.
            start: coefficients near where that is; it need not have the value.
            tol: decrement, in nats, at which the search has converged.
            max_iter: most steps.
        """
        nowhere = Least(math.inf, start, math.nan, np.zeros(len(start)), converged=False)
        first_jet = self.at(start)
        if not np.isfinite(first_jet.slope).all():
            return nowhere
        k = int(np.argmax(np.abs(first_jet.slope) * self._errors))
        others = np.delete(np.arange(len(start)), k)

        def held(u: Vector, kind: SearchKind) -> _Held:
            gamma = start.copy()
            gamma[others] += u
            return self._sums(gamma, k, others, value, kind)

        zero = np.zeros(len(others))
        first = held(zero, "observed")
        if not math.isfinite(first.nll):
            return nowhere
        optimum = newton(held, zero, first=first, tol=tol, max_iter=max_iter)
        found = optimum.totals
        assert isinstance(found, _Held)
        converged = optimum.status is Status.CONVERGED
        return Least(found.nll, found.gamma, found.multiplier, found.along, converged)

    def _sums(
        self, gamma: Vector, k: int, others: NDArray[np.intp], value: float, kind: SearchKind
    ) -> _Held:
        """The objective where gamma_k gives the quantity its value, seen by the others."""
        p = len(others)
        jet = self._solved(gamma, k, value)
        if jet is None:
            return _nowhere(gamma, p)
        # the family's guide stands for the expected information, as in every search
        whole = self._evaluate(gamma, "guide" if kind == "expected" else kind)
        multiplier = float(whole.score[k] / jet.slope[k])
        Z = np.zeros((len(gamma), p))
        Z[others, np.arange(p)] = 1.0
        Z[k] = -jet.slope[others] / jet.slope[k]
        lift = np.zeros(len(gamma))
        lift[k] = 1 / jet.slope[k]
        information = whole.information
        if kind == "observed" and not self._quantity.is_linear:
            T = self._to_user
            information = information - multiplier * (T.T @ self._quantity.bend(T @ gamma) @ T)
        ZH = Z.T @ information
        return _Held(
            nll=whole.nll,
            score=Z.T @ whole.score,
            information=ZH @ Z,
            rows=whole.rows,
            gamma=gamma,
            multiplier=multiplier,
            Z=Z,
            lift=lift,
            cross=ZH @ lift,
        )

    def _solved(self, gamma: Vector, k: int, value: float) -> Jet | None:
        """Move gamma_k to where the quantity has the value; None if that is nowhere near."""
        size = max(abs(gamma[k]), self._errors[k])
        for _ in range(_MOST_TURNS):
            jet = self.at(gamma)
            if not math.isfinite(jet.value) or not jet.slope[k]:
                return None
            step = (value - jet.value) / jet.slope[k]
            gamma[k] += step
            if self._quantity.is_linear or abs(step) <= _SETTLED * size:
                return jet
        return None


def _nowhere(gamma: Vector, free: int) -> _Held:
    """What the search sees where no coefficient gives the quantity its value."""
    nothing = np.full(free, math.nan)
    whole = np.zeros(len(gamma))
    Z = np.zeros((len(gamma), free))
    return _Held(
        math.inf, nothing, np.full((free, free), math.nan), 0.0, gamma, math.nan, Z, whole, nothing
    )
