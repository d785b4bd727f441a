"""The sentence itself: survey, solve a sample, sum what it foretells, solve the band, check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlefit._types import Vector
from mlefit.frozen import frozen
from mlefit.pinball.plane import Plane
from mlefit.pinball.preprocess import (
    Check,
    Globs,
    Survey,
    band_limit,
    check,
    complete_rank,
    everything,
    partition,
    survey,
)
from mlefit.pinball.rows import Index, Pass, Positions, Run, Sample, T
from mlefit.pinball.simplex import ENOUGH_PIVOTS, Duals, Tilt, simplex
from mlefit.pinball.start import first_independent, starting_basis, whitening

SMALL = 5000
"""Rows up to which all are solved at once: a sample would not pay."""

BAND = 1.2
"""Rows in the band, relative to those in the sample; at 0.8 the solution often lies outside."""

FEW = 10
"""Rows per column that may turn out wrong before the simplex's last basis is a poor start."""

DEPENDENT = "the columns are linearly dependent, or rows with weight are fewer than columns"


@frozen
class Vertex:
    """An interpolating solution and what proves it optimal.

    Attributes:
        beta: coefficients in the data's units, shape (p,); y = x'beta in the basic rows.
        objective: sum of w rho_tau(y - x'beta) over all rows.
        zero_rows: positions of the p basic rows, ascending; of equal rows the first one solved.
        dual: dual values of the basic rows per unit of weight (equal rows count together),
            within [tau - 1, tau] at the optimum.
        optimal: whether the dual values of all rows are feasible, verified in a last full pass.
        unique: False when a dual value is on its bound within rounding, so that another vertex
            has the same objective (or would have, if no further row were tied).
        passes: how many times the rows were walked.
        message: empty, or why the vertex is not known to be optimal.
    """

    beta: Vector
    objective: float
    zero_rows: Positions
    dual: Vector
    optimal: bool
    unique: bool
    passes: int
    message: str


def minimise_pinball(
    blocks: Pass,
    p: int,
    n: int,
    tau: float = 0.5,
    *,
    near: Positions | None = None,
    max_rounds: int = 20,
) -> Vertex:
    """Minimise sum_i w_i rho_tau(y_i - x_i'b), exactly.

    Args:
        blocks: each call walks all rows, the same ones.
        p: number of columns, of full rank.
        n: number of rows, those of weight zero included.
        tau: quantile level, 0 < tau < 1.
        near: basic rows of a vertex that is likely to be near: with few rows, where to start.
        max_rounds: how often the band may be widened before giving up.

    Returns:
        The optimal vertex. Without one: `optimal` False, a message, and NaN unless the last vertex
        failed only its certificate.
    """
    walked = _Counted(blocks)
    size = n if n <= SMALL else int(np.sqrt(p) * n ** (2 / 3))
    try:
        while size < n // 2:
            found = _by_sample(walked, p, n, tau, size, max_rounds)
            if found is not None:
                return found
            size *= 2
        return _directly(walked, p, n, tau, near)
    except _StuckError as stuck:
        nowhere = np.full(p, np.nan)
        none = np.full(p, -1, dtype=np.int64)
        return Vertex(nowhere, np.nan, none, nowhere, False, False, walked.passes, str(stuck))


class _StuckError(Exception):
    """Why no vertex can be given; reported, never raised to the caller."""


@dataclass
class _Counted:
    """The caller's pass, counting."""

    blocks: Pass
    passes: int = 0

    def __call__(self, function: Callable[[Run], T]) -> list[T]:
        self.passes += 1
        return self.blocks(function)


def _directly(blocks: _Counted, p: int, n: int, tau: float, near: Positions | None) -> Vertex:
    """Solve all rows at once."""
    first = survey(blocks, p, n, n)
    plane = _solve(first.sample, near, tau, first.tilt)
    found = check(blocks, plane, everything(first.sample, n), first.units, tau, 0)
    return _certify(plane, found, first, tau, blocks.passes)


def _by_sample(
    blocks: _Counted, p: int, n: int, tau: float, size: int, max_rounds: int
) -> Vertex | None:
    """Solve the band around the solution of a sample; None when the sample foretold too little."""
    first = survey(blocks, p, n, size)
    rows = _of_full_rank(blocks, first)
    plane = _solve(rows, None, tau, first.tilt)
    globs = _partition(blocks, first, rows, plane, n, BAND * size / n)
    plane = _solve(globs.problem(first.units), None, tau, first.tilt, plane.beta)
    for _ in range(max_rounds):
        limit = max(size, SMALL)
        found = check(blocks, plane, globs, first.units, tau, limit)
        if not found.wrong_rows:
            return _certify(plane, found, first, tau, blocks.passes)
        if found.wrong_rows > limit:
            return None
        globs.release(found.wrong, first.units)
        start = plane.at if found.wrong_rows <= FEW * p else None
        plane = _solve(globs.problem(first.units), start, tau, first.tilt, plane.beta)
    raise _StuckError(f"rows still changed sides after {max_rounds} rounds")


def _of_full_rank(blocks: Pass, first: Survey) -> Sample:
    """The sample, with the rows that it lacks for full rank."""
    rows = first.sample
    while first_independent(rows.X, np.arange(len(rows.y))) is None:
        more = complete_rank(blocks, rows, first.units)
        if more is None:
            raise _StuckError(DEPENDENT)
        rows = more
    return rows


def _partition(
    blocks: Pass, first: Survey, rows: Sample, plane: Plane, n: int, share: float
) -> Globs:
    width = whitening(rows.X)
    if width is None:
        raise _StuckError(DEPENDENT)
    limit = band_limit(rows, plane, width, share)
    return partition(blocks, n, first.units, plane, width, limit)


def _solve(
    rows: Sample, near: Positions | None, tau: float, tilt: Tilt, beta: Vector | None = None
) -> Plane:
    """The optimal plane, starting from the basic rows of another one if they are still there.

    Else from its coefficients, if it has any.
    """
    basis = None if near is None else _find(near, rows.at)
    optimal = None if basis is None else simplex(rows, basis, tau, tilt, ENOUGH_PIVOTS)
    if optimal is None:
        basis = starting_basis(rows, tau, beta)
        if basis is None:
            raise _StuckError(DEPENDENT)
        optimal = simplex(rows, basis, tau, tilt)
    if optimal is None:
        raise _StuckError("the simplex found no optimal vertex: columns may be nearly dependent")
    return Plane.through(rows.take(optimal))


def _find(wanted: Positions, at: Positions) -> Index | None:
    """Where the wanted positions are, None unless all are there."""
    order = np.argsort(at)
    places = np.searchsorted(at, wanted, sorter=order).clip(max=len(at) - 1)
    found = order[places]
    return found if (at[found] == wanted).all() and (wanted >= 0).all() else None


def _certify(plane: Plane, found: Check, first: Survey, tau: float, passes: int) -> Vertex:
    """The vertex, with the dual values that the last pass gives its basic rows."""
    duals = Duals.at(plane, found.gradient, found.weight, tau, first.tilt)
    message = ""
    if found.strays or not (found.weight > 0).all():
        message = "rows lie on the plane that equal none of those that define it"
    elif not duals.feasible or (duals.rounding > 0.01 * found.weight).any():
        message = "the dual values are not within their bounds, or not known well enough"
    order = np.argsort(plane.at)
    return Vertex(
        beta=plane.beta * first.units.target / first.units.columns,
        objective=found.objective,
        zero_rows=plane.at[order],
        dual=(duals.values / np.where(found.weight > 0, found.weight, 1.0))[order],
        optimal=not message,
        unique=duals.interior,
        passes=passes,
        message=message,
    )
