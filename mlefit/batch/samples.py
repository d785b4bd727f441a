"""The rows of many samples, one sample after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows
from mlefit.design.blocks import Block
from mlefit.families._records import Moments
from mlefit.frozen import frozen


@frozen
class Samples:
    """Rows of R samples, one sample after the other; N rows in all.

    Attributes:
        y: target, shape (N,).
        edges: sample r has rows edges[r] to edges[r + 1], at least one; shape (R + 1,).
        designs: one matrix (p_k, N) for each parameter.
        constant: for each parameter, whether its design is an intercept alone.
        offsets: one array (N,) or number for each parameter.
        known: further known quantities, each (N,).
        weight: of the rows, shape (N,), or None for ones.
    """

    y: Rows
    edges: NDArray[np.intp]
    designs: tuple[Matrix, ...]
    constant: tuple[bool, ...]
    offsets: tuple[Any, ...]
    known: Mapping[str, Rows] = field(default_factory=dict)
    weight: Rows | None = None

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.edges) - 1

    @property
    def rows(self) -> NDArray[np.intp]:
        """Rows of each sample, shape (R,)."""
        return np.diff(self.edges)

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """One value of each sample, for every row of it."""
        return np.repeat(values, self.rows)

    def sums(self, values: Any) -> Any:
        """The sum over the rows of each sample, along the last axis."""
        return np.add.reduceat(values, self.edges[:-1], axis=-1)

    def sample(self, r: int) -> slice:
        """The rows of a sample."""
        return slice(self.edges[r], self.edges[r + 1])

    def moments(self, r: int) -> Moments:
        """What a start may ask of one sample."""
        rows = self.sample(r)
        y = self.y[rows]
        weight = np.ones(len(y)) if self.weight is None else self.weight[rows]
        total = float(weight.sum())
        mean = float(weight @ y) / total
        return Moments(
            rows=total,
            mean=mean,
            variance=float(weight @ (y - mean) ** 2) / total,
            known={
                name: float(weight @ values[rows]) / total for name, values in self.known.items()
            },
            least=float(y.min()),
            most=float(y.max()),
            sample=y,
            weight=weight,
        )

    def only(self, chosen: NDArray[np.bool_]) -> Samples:
        """Some of the samples."""
        if chosen.all():
            return self
        rows = self.spread(chosen)
        return replace(
            self,
            y=self.y[rows],
            edges=np.concatenate([[0], np.cumsum(self.rows[chosen])]),
            designs=tuple(
                X[:, : np.count_nonzero(rows)] if constant else X[:, rows]
                for X, constant in zip(self.designs, self.constant, strict=True)
            ),
            offsets=tuple(offset[rows] if np.ndim(offset) else offset for offset in self.offsets),
            known={name: values[rows] for name, values in self.known.items()},
            weight=None if self.weight is None else self.weight[rows],
        )

    def etas(self, gamma: Matrix) -> list[Rows]:
        """Linear predictors of every row, at coefficients of shape (R, p)."""
        found = []
        for (lo, hi), X, offset, constant in zip(
            self.spans, self.designs, self.offsets, self.constant, strict=True
        ):
            eta = np.zeros(len(self.y))
            if constant:
                eta += self.spread(gamma[:, lo])
            else:
                for j, column in zip(range(lo, hi), X, strict=True):
                    eta += column * self.spread(gamma[:, j])
            found.append(eta + offset)
        return found

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last coefficient, plus one, of each parameter."""
        return list(pairwise(np.cumsum([0, *(len(X) for X in self.designs)]).tolist()))

    def block(self, etas: Sequence[Rows]) -> Block:
        """All rows as a block whose linear predictors are given: offsets without columns."""
        nothing = np.empty((0, len(self.y)))
        return Block(
            start=0,
            y=self.y,
            known=self.known,
            weight=self.weight,
            precision=None,
            designs=(nothing,) * len(etas),
            offsets=tuple(etas),
            constant=(False,) * len(etas),
        )
