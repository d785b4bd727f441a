"""The plane through p rows, and on which side of it every other row lies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.frozen import frozen
from mlefit.pinball.rows import Index, Positions, Sample

EPS = float(np.finfo(np.float64).eps)


@frozen
class Plane:
    """Coefficients that interpolate p independent rows, all in `Units`.

    Attributes:
        X: the basic rows as columns, shape (p, p).
        y: their targets, shape (p,).
        inverse: inverse of X', shape (p, p).
        beta: solution of X'beta = y.
        gamma: solution of X'gamma = e: how beta answers the infinitesimal shift.
        at: positions of the basic rows in the data.
    """

    X: Matrix
    y: Vector
    inverse: Matrix
    beta: Vector
    gamma: Vector
    at: Positions
    _beta_error: Vector
    _gamma_error: Vector

    @classmethod
    def through(cls, rows: Sample) -> Plane:
        """The plane through exactly p rows.

        Raises:
            np.linalg.LinAlgError: the rows are dependent.
        """
        inverse: Matrix = np.linalg.inv(rows.X.T).astype(np.float64, copy=False)
        beta = _interpolate(rows.X, rows.y, inverse)
        gamma = _interpolate(rows.X, rows.e, inverse)
        size = np.abs(rows.X.T)
        return cls(
            rows.X,
            rows.y,
            inverse,
            beta,
            gamma,
            rows.at,
            size @ np.abs(beta) + np.abs(rows.y),
            size @ np.abs(gamma) + np.abs(rows.e),
        )

    @property
    def near(self) -> float:
        """Residuals below this may be zero but for rounding; above it they are not examined."""
        return 1e-5 * float(1 + np.abs(self.beta).sum())

    def is_tied(self, X: Matrix, y: Rows, residual: Rows) -> NDArray[np.bool_]:
        """Whether residuals vanish within a bound on their rounding error, basic rows' included."""
        return np.abs(residual) <= self._rounding(X, y, self.beta, self._beta_error)

    def shift(self, X: Matrix, e: Rows) -> Rows:
        """Residuals of the infinitesimal shift; zero within rounding becomes zero."""
        s = e - self.gamma @ X
        small = np.flatnonzero(np.abs(s) <= 1e-5 * (1 + np.abs(self.gamma).sum()))
        bound = 16 * self._rounding(X[:, small], e[small], self.gamma, self._gamma_error)
        s[small[np.abs(s[small]) <= bound]] = 0.0
        return s

    def _rounding(self, X: Matrix, y: Rows, beta: Vector, error: Vector) -> Rows:
        own = np.abs(beta) @ np.abs(X) + np.abs(y)
        inherited = error @ np.abs(self.inverse.T @ X)
        return np.asarray(4 * (len(beta) + 4) * EPS * (own + inherited))


def sides(
    plane: Plane, residual: Rows, near: float, rows: Callable[[Index], Sample]
) -> tuple[Rows, Index, Rows]:
    """Signs of residuals, those of ties taken from the infinitesimal shift.

    Args:
        plane: where the residuals come from.
        residual: shape (m,); tied ones are set to zero in place.
        near: `plane.near` in the units of the residuals.
        rows: gives the rows at an index, in `Units`.

    Returns:
        Signs (0 for a basic row and rows equal to one), the index of the ties, their shift.
    """
    index = np.flatnonzero(np.abs(residual) <= near)
    sign = np.sign(residual)
    if not index.size:
        return sign, index, np.zeros(0)
    close = rows(index)
    tied = np.flatnonzero(plane.is_tied(close.X, close.y, close.y - plane.beta @ close.X))
    shift = plane.shift(close.X[:, tied], close.e[tied])
    index = index[tied]
    residual[index] = 0.0
    sign[index] = np.sign(shift)
    return sign, index, shift


def _interpolate(X: Matrix, y: Vector, inverse: Matrix) -> Vector:
    """Solve X'beta = y, with one step of refinement on a residual in extended precision."""
    beta = inverse @ y
    exact = y - (X.astype(np.longdouble) * beta[:, None]).sum(axis=0)
    return np.asarray(beta + inverse @ exact.astype(np.float64))
