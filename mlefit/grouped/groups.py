"""The rows of each group, wherever they are, and its own fit where it has to be fitted alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows
from mlefit.batch import Samples
from mlefit.design.blocks import Block
from mlefit.design.columns import GROUP
from mlefit.design.predictors import Predictor
from mlefit.engines.contract import Engine, Site
from mlefit.fitting import Prepared
from mlefit.frozen import frozen
from mlefit.source import Ledger, Numbered

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlefit.design.table import Table
    from mlefit.source.place import Place

S = TypeVar("S")
T = TypeVar("T")


@frozen
class Groups:
    """Rows by the value of a column.

    Attributes:
        prepared: all of them.
        engine: they, through predictors that shift nothing, written out, with their group's code.
        by: the column.
        names: its values as they are written, sorted.
        rows: of each group.
    """

    prepared: Prepared
    engine: Engine
    by: str
    names: tuple[str, ...]
    rows: NDArray[np.intp]

    @classmethod
    def of(cls, prepared: Prepared) -> Groups:
        """The groups that a request names."""
        by, names = prepared.request.by, prepared.table.groups
        assert by is not None
        bare = [Predictor(columns=()) for _ in prepared.predictors]
        plain = [predictor.without_basis() for predictor in prepared.predictors]
        engine = prepared.engine.knowing(GROUP)
        rows = engine.with_predictors(bare).total(
            partial(_counts, len(names)), "rows of the groups"
        )
        return cls(prepared, engine.with_predictors(plain).written_out(), by, names, rows)

    def runs(self, most_rows: int) -> Iterator[tuple[int, int]]:
        """First group and last, plus one, of runs of about so many rows."""
        edges = np.concatenate([[0], np.cumsum(self.rows)])
        first = 0
        while first < len(self.names):
            last = int(np.searchsorted(edges, edges[first] + most_rows, side="right")) - 1
            last = max(last, first + 1)
            yield first, last
            first = last

    def samples(self, first: int, last: int) -> Samples:
        """The rows of some groups, one group after the other."""
        parts = self.engine.each(
            partial(_picked, first, last, self.prepared.family.known), "groups"
        )
        code = np.concatenate([part.code for part in parts])
        order = np.argsort(code, kind="stable")
        predictors = self.prepared.predictors
        count = range(len(predictors))
        known = self.prepared.family.known
        weights = [part.weight for part in parts]
        return Samples(
            y=np.concatenate([part.y for part in parts])[order],
            edges=np.concatenate([[0], np.cumsum(self.rows[first:last])]),
            designs=tuple(
                np.concatenate([part.designs[k] for part in parts], axis=1)[:, order] for k in count
            ),
            constant=tuple(
                p.size == 1 and p.has_intercept and not p.offsets and not p.held for p in predictors
            ),
            offsets=tuple(_joined([part.offsets[k] for part in parts], order) for k in count),
            known={
                key: np.concatenate([part.known[key] for part in parts])[order] for key in known
            },
            weight=None
            if weights[0] is None
            else np.concatenate([w for w in weights if w is not None])[order],
        )

    def alone(self, r: int) -> Prepared:
        """A group as a table of its own."""
        prepared = self.prepared
        at = np.flatnonzero(self.engine.whole(GROUP) == r)
        keep = np.zeros(self.engine.rows, dtype=bool)
        keep[at] = True
        clusters = prepared.table.clusters
        table = replace(
            prepared.table,
            rows=_Some(prepared.rows, at),
            clusters=None if clusters is None else np.unique(clusters[at], return_inverse=True)[1],
        )
        kept = prepared.engine.kept(keep)
        return replace(prepared, rows=table.rows, table=table, site=_Here(kept))


class _Picked(NamedTuple):
    """The rows of some groups in a block."""

    code: NDArray[np.intp]
    y: Rows
    designs: tuple[Matrix, ...]
    offsets: tuple[Any, ...]
    known: dict[str, Rows]
    weight: Rows | None


def _picked(first: int, last: int, known: Sequence[str], block: Block) -> _Picked:
    code = block.known[GROUP]
    at = np.flatnonzero((code >= first) & (code < last))
    return _Picked(
        code[at].astype(np.intp),
        block.y[at].copy(),
        tuple(np.asarray(X)[:, at] for X in block.designs),
        tuple(offset[at] if np.ndim(offset) else offset for offset in block.offsets),
        {key: block.known[key][at] for key in known},
        None if block.weight is None else block.weight[at],
    )


def _counts(groups: int, block: Block) -> NDArray[np.intp]:
    return np.bincount(block.known[GROUP].astype(np.intp), minlength=groups)


def _joined(offsets: Sequence[Any], order: NDArray[np.intp]) -> Any:
    if not np.ndim(offsets[0]):
        return offsets[0]
    return np.concatenate(offsets)[order]


@frozen
class _Some:
    """Some of the rows of a table, which keep their numbers."""

    rows: Numbered
    at: NDArray[np.intp]

    @property
    def is_counted(self) -> bool:
        """Whether identical ones are there once; each of a group is there itself."""
        return False

    @property
    def ledger(self) -> Ledger:
        """What became of every row."""
        whole, used = self.rows.ledger, len(self.at)
        return Ledger(whole.read, used, {**whole.dropped, "other groups": whole.used - used})

    def row_number(self, position: int) -> int:
        """The number in the source."""
        return self.rows.row_number(int(self.at[position]))


@frozen
class _Here(Site):
    """Where rows are that are seen already."""

    rows: Engine

    def reads(self, place: Place | None) -> bool:
        return False

    def engine(self, table: Table, predictors: Sequence[Predictor], known: Sequence[str]) -> Engine:
        return self.rows.with_predictors(predictors)

    def ordered(self, function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        return map(function, items)
