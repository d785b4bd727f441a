"""Passes over rows on the workers of a dask cluster, which keep their shares from pass to pass.

A pass sends every worker the predictors and the function, coefficients and all; each adds it up
over the blocks of its shares, and the sums are added as a tree on the workers until few are left.
"""

from __future__ import annotations

import operator
import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import reduce
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlefit.design.blocks import Block, Form
from mlefit.design.columns import Columns
from mlefit.design.predictors import Predictor
from mlefit.engines import shares as on_workers
from mlefit.engines.cluster import Cluster, connected
from mlefit.engines.contract import Engine, S, Site, T
from mlefit.engines.local import LocalEngine
from mlefit.engines.shares import Shares, packed
from mlefit.telling import Tell, unheard

if TYPE_CHECKING:
    from distributed import Future

    from mlefit.design.table import Table
    from mlefit.source.place import Place

_IN_PARTS = ("parquet", "ipc", "csv", "tsv")
_BRANCHES = 4
_AHEAD = 2  # tasks for each thread of the workers that are made before their results are asked for


class DaskEngine(Engine):
    """Adds a function over all blocks of rows on workers.

    Args:
        cluster: whose workers.
        shares: the rows.
        predictors: one for each parameter.
        known: keys of the family's known quantities.
        tell: hears of every pass how far it is.
        form: in which blocks hold the columns.
    """

    def __init__(
        self,
        cluster: Cluster,
        shares: Shares,
        predictors: Sequence[Predictor],
        known: Sequence[str],
        tell: Tell = unheard,
        *,
        form: Form = Form.MIXED,
    ) -> None:
        super().__init__(predictors, known, tell, form=form)
        self._cluster = cluster
        self._shares = shares

    def __getstate__(self) -> dict[str, Any]:
        """What of it goes along with a function that is sent to a worker: never the rows."""
        return {"predictors": self.predictors, "known": self.known, "form": self.form}

    @property
    def rows(self) -> int:
        return self._shares.rows

    def __contains__(self, key: object) -> bool:
        return key in self._shares.keys

    def whole(self, key: str) -> NDArray[Any]:
        return np.concatenate(self._from_shares(_whole, key))

    def thinned(self, key: str, step: int) -> NDArray[Any]:
        return np.concatenate(self._from_shares(_thinned, key, step))

    def every(self, step: int) -> LocalEngine:
        parts: list[Columns] = self._from_shares(_every, step)
        chunks = {
            key: [part.whole(key) for part in parts if part.rows] for key in self._shares.keys
        }
        return LocalEngine(Columns(chunks), self.predictors, self.known, form=self.form)

    def kept(self, keep: NDArray[Any]) -> DaskEngine:
        return self._with(on_workers.kept(self._cluster, self._shares, keep))

    def replaced(self, key: str, values: NDArray[Any]) -> DaskEngine:
        return self._with(on_workers.replaced(self._cluster, self._shares, key, values))

    def _with(self, shares: Shares) -> DaskEngine:
        return DaskEngine(self._cluster, shares, self.predictors, self.known, form=self.form)

    def _through(self, predictors: Sequence[Predictor], tell: Tell, *, form: Form) -> DaskEngine:
        return DaskEngine(self._cluster, self._shares, predictors, self.known, tell, form=form)

    def total(self, term: Callable[[Block], T], purpose: str = "") -> T:
        self.passes += 1
        what, rows, parcel = self._pass(purpose), self.rows, self._parcel(term)
        self.tell(what, 0, rows)
        client = self._cluster.client

        def work() -> T:
            futures = self._shares.futures
            parts: list[Future] = client.map(_total, futures, [parcel] * len(futures), pure=False)
            sums = parts
            while len(sums) > _BRANCHES:
                runs = [sums[i : i + _BRANCHES] for i in range(0, len(sums), _BRANCHES)]
                sums = [client.submit(_added, *run, pure=False) for run in runs]

            def tell() -> None:
                done = sum(part.status == "finished" for part in parts)
                self.tell(what, rows * done // len(parts), rows)

            return _added(*self._cluster.results(sums, tell))

        total = self._cluster.insisted(work, self._shares.restore)
        self.tell(what, rows, rows)
        return total

    def each(self, term: Callable[[Block], T], purpose: str = "") -> list[T]:
        self.passes += 1
        what, rows = self._pass(purpose), self.rows
        self.tell(what, 0, rows)
        runs: list[list[T]] = self._from_shares(_each, self._parcel(term))
        self.tell(what, rows, rows)
        return list(chain.from_iterable(runs))

    def blocks(self, purpose: str = "") -> Generator[Block]:
        self.passes += 1
        return self._fetched(self._pass(purpose))

    def _fetched(self, what: str) -> Generator[Block]:
        rows = self.rows
        self.tell(what, 0, rows)
        for i in range(len(self._shares.futures)):
            columns: Columns = self._cluster.insisted(
                lambda i=i: self._cluster.results([self._shares.futures[i]])[0],  # type: ignore[misc]
                self._shares.restore,
            )
            local = LocalEngine(columns, self.predictors, self.known, form=self.form)
            yield from local.blocks()
            self.tell(what, self._shares.edges[i + 1], rows)

    def _from_shares(self, function: Callable[..., Any], *same: Any) -> list[Any]:
        """What a function returns for every share, in row order."""
        client = self._cluster.client

        def work() -> list[Any]:
            futures = self._shares.futures
            parts = client.map(
                function, futures, *([one] * len(futures) for one in same), pure=False
            )
            return self._cluster.results(parts)

        return self._cluster.insisted(work, self._shares.restore)

    def _parcel(self, term: Callable[[Block], Any]) -> bytes:
        return packed((self.predictors, self.known, self.form, term))


class Workers(Site):
    """The workers of a cluster.

    Args:
        cluster: whose.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reads(self, place: Place | None) -> bool:
        """Files that every worker sees, of formats that can be read in part, and URLs."""
        if place is None or isinstance(place.target, bytes) or place.compression is not None:
            return False
        if place.format_by_name not in _IN_PARTS:
            return False
        return place.is_remote or self._cluster.all_see(place.target)

    def engine(
        self, table: Table, predictors: Sequence[Predictor], known: Sequence[str]
    ) -> DaskEngine:
        if table.again is None:
            shares = on_workers.sent(self._cluster, table.columns)
        else:
            shares = on_workers.read(self._cluster, table.again)
        return DaskEngine(self._cluster, shares, predictors, known)

    def ordered(self, function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        client, parcel = self._cluster.client, packed(function)
        ahead = _AHEAD * self._cluster.threads
        waiting: deque[Future] = deque()
        opened = client.submit(pickle.loads, parcel, pure=False)
        for item in items:
            waiting.append(client.submit(_applied, opened, item, pure=False))
            if len(waiting) > ahead:
                yield self._taken(waiting.popleft())
        while waiting:
            yield self._taken(waiting.popleft())

    def _taken(self, future: Future) -> Any:
        return self._cluster.insisted(lambda: self._cluster.results([future])[0], lambda: None)


def site(scheduler: str | None, threads: int | None) -> Workers:
    """The workers of the cluster at an address, or of one that is started on this machine.

    Raises:
        MlefitError: there is none that can do the work.
    """
    return Workers(connected(scheduler, threads))


# What follows runs on the workers.


def _total(columns: Columns, parcel: bytes) -> Any:
    predictors, known, form, term = pickle.loads(parcel)
    return LocalEngine(columns, predictors, known, threads=1, form=form).total(term)


def _each(columns: Columns, parcel: bytes) -> list[Any]:
    predictors, known, form, term = pickle.loads(parcel)
    return LocalEngine(columns, predictors, known, form=form).each(term)


def _added(*parts: Any) -> Any:
    return reduce(operator.add, parts)


def _applied(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)


def _whole(columns: Columns, series: str) -> NDArray[Any]:
    return columns.whole(series)


def _thinned(columns: Columns, series: str, step: int) -> NDArray[Any]:
    return columns.thinned(series, step)


def _every(columns: Columns, step: int) -> Columns:
    return columns.every(step)
