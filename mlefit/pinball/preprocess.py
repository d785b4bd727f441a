"""Passes over all rows: the sample, the band around its solution, and the final check.

Nothing here holds more than the sample, the band, and one byte per row of the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.frozen import frozen
from mlefit.pinball.plane import Plane, sides
from mlefit.pinball.rows import (
    FAR,
    Index,
    Pass,
    Positions,
    Run,
    Sample,
    Units,
    join,
    merge,
    sample_of,
)
from mlefit.pinball.simplex import Tilt
from mlefit.pinball.start import INDEPENDENT

# Of at most two rows for each column: more rows outside a span than these add nothing.
_MOST_PIECES = 100


@frozen
class Survey:
    """What the first pass learns: units, sums that settle ties, and a sample of rows."""

    units: Units
    tilt: Tilt
    sample: Sample


def survey(blocks: Pass, p: int, n: int, count: int) -> Survey:
    """Sum over all rows, and copy about `count`: evenly spread ones, and all that weigh more.

    A spread row stands for n / count rows, and its weight grows accordingly; one that weighs as
    much as they do stands for itself.
    """
    wanted = _spread(n, count)
    stands_for = n / max(len(wanted), 1)

    def look(run: Run) -> tuple[_Sums, _Block]:
        w = run.w
        low, high = np.searchsorted(wanted, (run.here.start, run.here.stop))
        spread = wanted[low:high] - run.here.start
        if run.kept is not None:
            spread = np.flatnonzero(np.isin(run.kept, spread))
        heavy = (w > stands_for * w.mean() if len(w) else w > 0) & (stands_for > 1)
        heavy |= run.sampled
        local = np.union1d(spread, np.flatnonzero(heavy))
        weight = w[local] * np.where(heavy[local], 1.0, stands_for)
        return _Sums.of(run), (run.X[:, local], run.y[local], weight, run.positions(local))

    found = blocks(look)
    sums = sum((part for part, _ in found), _Sums(*np.zeros((4, p + 1))))
    typical = np.exp(sums.log / np.maximum(sums.not_zero, 1e-300))
    units = Units.of(typical[:-1], float(typical[-1]))
    tilt = Tilt(sums.value[:-1] / units.columns, sums.size[:-1] / units.columns)
    copied = [sample_of(*piece, units) for _, piece in found]
    return Survey(units, tilt, merge(join(copied), units) if copied else _none(p, units))


@frozen
class _Sums:
    """Weighted sums over rows, of every column and of y, each of shape (p + 1,); they add.

    Attributes:
        value: of x.
        size: of |x|.
        log: of log |x| where x is not zero.
        not_zero: of 1 there.
    """

    value: Vector
    size: Vector
    log: Vector
    not_zero: Vector

    @classmethod
    def of(cls, run: Run) -> _Sums:
        parts = zip(*(_sums_of(values, run.w) for values in (run.X, run.y[None])), strict=True)
        return cls(*map(np.concatenate, parts))

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(
            self.value + other.value,
            self.size + other.size,
            self.log + other.log,
            self.not_zero + other.not_zero,
        )


def _sums_of(X: Matrix, w: Rows) -> tuple[Vector, Vector, Vector, Vector]:
    """These of each column, and of its logarithm where that is a number."""
    size = np.abs(X)
    value, sums = np.dot(X, w), np.dot(size, w)
    if size.all():
        return value, sums, np.dot(np.log(size, out=size), w), np.full(len(X), w.sum())
    there = size > 0
    logs = np.log(size, where=there, out=np.zeros_like(size))
    return value, sums, np.dot(logs, w), np.dot(there, w)


def complete_rank(blocks: Pass, rows: Sample, units: Units) -> Sample | None:
    """Add rows outside the span of `rows`; None when the data hold no such row.

    A level that occurs three times in a million rows is in no sample, but must be in the basis.
    """
    p = rows.X.shape[0]
    span = _orthonormal(rows.X)

    def look(run: Run) -> Sample:
        scaled = run.X / units.columns[:, None]
        outside = scaled - span @ (span.T @ scaled)
        sizes = np.square(outside).sum(axis=0) / np.square(scaled).sum(axis=0).clip(1e-300)
        index = np.argsort(-sizes, kind="stable")[: 2 * p]
        return _sample(run, index[sizes[index] > INDEPENDENT**2], units)

    pieces = [piece for piece in blocks(look) if len(piece.y)][:_MOST_PIECES]
    return merge(join([rows, *pieces]), units) if pieces else None


@dataclass
class Globs:
    """Rows summed by the side they are expected on, and the rows that are not.

    Attributes:
        band: distinct rows that are solved for one by one.
        expected: -1, 0 or 1 for every row of the data; 0 is the band.
        sums: weighted sums of (x, y) and of w below and above, in the data's units, (2, p + 2).
    """

    band: Sample
    expected: NDArray[np.int8]
    sums: Matrix

    def problem(self, units: Units) -> Sample:
        """The band, and for either side one row with the mean of its rows and their weight."""
        full = np.flatnonzero(self.sums[:, -1] > 0)
        w = self.sums[full, -1]
        means = self.sums[full, :-1] / w[:, None]
        # A far shift keeps a sum of rows on its side even when all of them are tied.
        e = np.array([-FAR, FAR])[full]
        totals = Sample(
            means[:, :-1].T / units.columns[:, None],
            means[:, -1] / units.target,
            w,
            e,
            np.full(len(full), -1, dtype=np.int64),
        )
        return join([self.band, totals])

    def release(self, wrong: list[_Block], units: Units) -> None:
        """Take rows found on the other side out of the sums and into the band."""
        for X, y, w, at in wrong:
            side = self.expected[at]
            for k, sign in enumerate((-1, 1)):
                self.sums[k] -= _totals(X, y, w * (side == sign))
            self.expected[at] = 0
        for k, sign in enumerate((-1, 1)):
            if not (self.expected == sign).any():
                self.sums[k] = 0.0  # what subtraction left is rounding, not a row
        released = [sample_of(*block, units) for block in wrong]
        self.band = merge(join([self.band, *released]), units)


_Block = tuple[Matrix, Rows, Rows, Positions]


def everything(rows: Sample, n: int) -> Globs:
    """No sums: every row is in the band."""
    return Globs(rows, np.zeros(n, dtype=np.int8), np.zeros((2, rows.X.shape[0] + 2)))


def partition(
    blocks: Pass, n: int, units: Units, plane: Plane, width: Matrix, limit: float
) -> Globs:
    """Sum the rows whose residual exceeds `limit` standard errors of the fitted value.

    Args:
        blocks: all rows.
        n: how many.
        units: of the data.
        plane: solution of the sample.
        width: `width @ x` has the standard error of x'b as its norm, up to a constant.
        limit: as `band_limit` gives it.
    """
    near, beta = plane.near * units.target, plane.beta * units.target / units.columns
    raw_width = width / units.columns

    def look(run: Run) -> tuple[NDArray[np.int8], Matrix, Sample]:
        residual = run.y - np.dot(beta, run.X)
        distance = _distance(plane, units, residual, near, run)
        bound = limit * units.target * _norms(raw_width, run.X)
        side = (distance > bound).astype(np.int8) - (distance < -bound).astype(np.int8)
        sums = [_totals(run.X, run.y, run.w * (side == sign)) for sign in (-1, 1)]
        band = merge(_sample(run, np.flatnonzero(side == 0), units), units)
        expected = np.zeros(run.here.stop - run.here.start, dtype=np.int8)
        expected[slice(None) if run.kept is None else run.kept] = side
        return expected, np.array(sums), band

    expected, sums, bands = zip(*blocks(look), strict=True)
    band = merge(join(list(bands)), units)
    return Globs(band, np.concatenate(expected), np.sum(sums, axis=0))


def band_limit(rows: Sample, plane: Plane, width: Matrix, share: float) -> float:
    """The limit within which lies about `share` of the sample, and never fewer than 6 p rows."""
    residual = rows.y - plane.beta @ rows.X
    _, tied, shift = sides(plane, residual, plane.near, rows.take)
    residual[tied] = shift * _tie_unit(plane)
    ratio = np.sort(np.abs(residual) / _norms(width, rows.X))
    rank = int(share * len(ratio)) + 6 * len(plane.beta)
    return float(ratio[min(rank, len(ratio) - 1)])


@frozen
class Check:
    """Sums of one pass over rows at a plane.

    Attributes:
        wrong: rows that are not where they were expected, as far as they were copied.
        wrong_rows: how many there are in all.
        gradient: sum of a_i x_i over the rows off the plane, in `Units`.
        weight: weight of all rows equal to each basic row, shape (p,).
        objective: sum of w rho_tau(r), in the data's units.
        strays: rows on the plane, shift included, that equal no basic row.
    """

    wrong: list[_Block]
    wrong_rows: int
    gradient: Vector
    weight: Vector
    objective: float
    strays: int


def check(blocks: Pass, plane: Plane, globs: Globs, units: Units, tau: float, limit: int) -> Check:
    """Compare every row with what was expected of it, and add up the certificate.

    No more than about `limit` wrong rows are copied.
    """
    near, beta = plane.near * units.target, plane.beta * units.target / units.columns
    copied = 0

    def look(run: Run) -> Check:
        nonlocal copied
        residual = run.y - np.dot(beta, run.X)
        sign, tied, _ = sides(plane, residual, near, _Close(run, units))
        slope = np.where(sign < 0, tau - 1, tau) * run.w
        loss = float(np.dot(slope, residual))
        on_plane = tied[sign[tied] == 0]
        slope[on_plane] = 0.0
        gradient = np.dot(run.X, slope) / units.columns
        weight, strays = _weighed(plane, _sample(run, on_plane, units))
        expected = run.of_each(globs.expected)
        wrong = np.flatnonzero((expected != 0) & (expected != sign))
        copied += len(wrong)
        kept = [run.copied(wrong)] if len(wrong) and copied <= limit else []
        return Check(kept, len(wrong), gradient, weight, loss, strays)

    found = blocks(look)
    return Check(
        wrong=list(chain.from_iterable(one.wrong for one in found)),
        wrong_rows=sum(one.wrong_rows for one in found),
        gradient=np.sum([one.gradient for one in found], axis=0),
        weight=np.sum([one.weight for one in found], axis=0),
        objective=math.fsum(one.objective for one in found),
        strays=sum(one.strays for one in found),
    )


def _weighed(plane: Plane, rows: Sample) -> tuple[Vector, int]:
    """The weight of the rows that equal each basic row, and how many equal none."""
    weight, stray = np.zeros(len(plane.y)), np.ones(len(rows.y), dtype=bool)
    for k, (x, y) in enumerate(zip(plane.X.T, plane.y, strict=True)):
        equal = (rows.y == y) & (x[:, None] == rows.X).all(axis=0)
        weight[k] = rows.w[equal].sum()
        stray &= ~equal
    return weight, int(stray.sum())


@frozen
class _Close:
    """Rows of a block, brought to `Units` on demand: few are near the plane."""

    run: Run
    units: Units

    def __call__(self, index: Index) -> Sample:
        return _sample(self.run, index, self.units)


def _sample(run: Run, index: Index, units: Units) -> Sample:
    return sample_of(*run.copied(index), units)


def _distance(plane: Plane, units: Units, residual: Rows, near: float, run: Run) -> Rows:
    """Residuals in which ties are replaced by a small multiple of their shift."""
    _, tied, shift = sides(plane, residual, near, _Close(run, units))
    residual[tied] = shift * (_tie_unit(plane) * units.target)
    return residual


def _tie_unit(plane: Plane) -> float:
    """Small enough that a shifted tie stays nearer than any residual that is not tied."""
    return plane.near * 1e-12 / float(1 + np.abs(plane.gamma).sum())


def _totals(X: Matrix, y: Rows, w: Rows) -> Vector:
    return np.array([*np.dot(X, w), np.dot(y, w), w.sum()])


def _norms(width: Matrix, X: Matrix) -> Rows:
    scaled = np.dot(width, X)
    return np.asarray(np.sqrt(np.einsum("ij,ij->j", scaled, scaled)) + 1e-300)


def _spread(n: int, count: int) -> Positions:
    """`count` of n positions, one in each of as many strata, at no fixed distance."""
    if count >= n:
        return np.arange(n, dtype=np.int64)
    strata = np.arange(count)
    golden = (math.sqrt(5) - 1) / 2
    return ((strata + (strata * golden) % 1.0) * (n / count)).astype(np.int64)


def _orthonormal(X: Matrix) -> Matrix:
    vectors, values, _ = np.linalg.svd(X, full_matrices=False)
    return np.asarray(vectors[:, values > INDEPENDENT * values.max(initial=1e-300)])


def _none(p: int, units: Units) -> Sample:
    return sample_of(np.zeros((p, 0)), np.zeros(0), np.zeros(0), np.zeros(0, np.int64), units)
