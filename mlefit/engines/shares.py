"""Rows on the workers of a cluster: runs of them, in row order, one beside the other.

What was made from other shares is made again by the scheduler where a worker dies. What this
process has sent is sent again by `restore`, and what depends on it made once more.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlefit.design.columns import Columns
from mlefit.engines.cluster import Cluster

if TYPE_CHECKING:
    from distributed import Future

    from mlefit.design.again import Again

LEAST_ROWS = 16_384
"""Fewer in a share cost less than the task that walks them."""
_SHARES_A_THREAD = 2

Place = Callable[[Sequence[int]], "list[Future]"]
"""Brings the shares of some numbers to the workers."""


class Shares:
    """Rows on workers.

    Args:
        edges: positions of the first row of each share, and the number of rows.
        keys: of the series.
        place: brings shares there.
        made_from: the shares that `place` makes these from.

    Attributes:
        futures: one for each share.
    """

    def __init__(
        self,
        edges: Sequence[int],
        keys: Sequence[str],
        place: Place,
        made_from: Shares | None = None,
    ) -> None:
        self.edges = tuple(edges)
        self.keys = tuple(keys)
        self._place = place
        self._made_from = made_from
        self.futures = place(range(len(edges) - 1))

    @property
    def rows(self) -> int:
        """Of all shares."""
        return self.edges[-1]

    def restore(self) -> None:
        """Bring back the shares that were lost with the workers they lay on."""
        if self._made_from is not None:
            self._made_from.restore()
        gone = [i for i, one in enumerate(self.futures) if one.status in ("cancelled", "lost")]
        for i, future in zip(gone, self._place(gone), strict=True):
            self.futures[i] = future

    def cut(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """Values of all rows, by share."""
        return [values[lo:hi] for lo, hi in pairwise(self.edges)]


def sent(cluster: Cluster, columns: Columns) -> Shares:
    """The rows of some series, of which this process keeps a copy."""
    most = max(1, columns.rows // LEAST_ROWS)
    count = min(most, _SHARES_A_THREAD * cluster.threads)
    edges = [columns.rows * i // count for i in range(count + 1)]

    def place(at: Sequence[int]) -> list[Future]:
        parts = [columns.part(edges[i], edges[i + 1]) for i in at]
        found: list[Future] = cluster.client.scatter(parts, hash=False) if parts else []
        return found

    return Shares(edges, columns.keys, place)


def read(cluster: Cluster, again: Again) -> Shares:
    """Rows that the workers read themselves, and read again where one of them dies."""
    bounds = again.shares(_SHARES_A_THREAD * cluster.threads)
    parcel = packed(again)

    def place(at: Sequence[int]) -> list[Future]:
        return _mapped(cluster, _made, [bounds[i] for i in at], [parcel] * len(at))

    return Shares(again.edges(bounds), again.keys, place)


def replaced(cluster: Cluster, shares: Shares, key: str, values: NDArray[Any]) -> Shares:
    """The same rows with other values of a series, or with one more."""
    parts = shares.cut(values)

    def place(at: Sequence[int]) -> list[Future]:
        own = [shares.futures[i] for i in at], [parts[i] for i in at]
        return _mapped(cluster, _replaced, *own, series=key)

    keys = dict.fromkeys([*shares.keys, key])
    return Shares(shares.edges, tuple(keys), place, made_from=shares)


def kept(cluster: Cluster, shares: Shares, keep: NDArray[Any]) -> Shares:
    """The rows for which a mask holds; a share of which nothing is left is none."""
    masks = shares.cut(keep)
    counts = [int(mask.sum()) for mask in masks]
    used = [i for i, count in enumerate(counts) if count] or [0]
    edges = [0, *np.cumsum([counts[i] for i in used]).tolist()]

    def place(at: Sequence[int]) -> list[Future]:
        own = [shares.futures[used[i]] for i in at], [masks[used[i]] for i in at]
        return _mapped(cluster, _kept, *own, [edges[i] for i in at])

    return Shares(edges, shares.keys, place, made_from=shares)


def _mapped(
    cluster: Cluster, function: Callable[..., Any], *items: Sequence[Any], **same: Any
) -> list[Future]:
    if not items[0]:
        return []
    found: list[Future] = cluster.client.map(function, *items, pure=False, **same)
    return found


def packed(whatever: Any) -> bytes:
    """Something for a worker, functions and all.

    It goes to tasks as one of their own arguments, not as one that all share: those that are
    long dask makes tasks, and fails to hand them on.
    """
    import cloudpickle

    parcel: bytes = cloudpickle.dumps(whatever)
    return parcel


def _made(share: tuple[int, int], parcel: bytes) -> Columns:
    again: Again = pickle.loads(parcel)
    return again.columns(share)


def _replaced(columns: Columns, values: NDArray[Any], series: str) -> Columns:
    return columns.replaced(series, values)


def _kept(columns: Columns, keep: NDArray[Any], start: int) -> Columns:
    return columns.kept(keep, start)
