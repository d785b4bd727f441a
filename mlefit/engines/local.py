"""Passes over columns in this process, on threads when there is enough to do.

numpy releases the interpreter lock in the loops that matter, so two threads that
each walk their own blocks use two cores; BLAS itself stays on one thread. Between these
loops the lock changes hands, which is why blocks are large (see `design.blocks`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlefit.design.blocks import Block, Form, Reader, block_rows
from mlefit.design.columns import Columns
from mlefit.design.predictors import Predictor
from mlefit.engines.contract import Engine, S, Site, T
from mlefit.errors import UsageError
from mlefit.telling import Tell, unheard

if TYPE_CHECKING:
    from mlefit.design.table import Table
    from mlefit.source.place import Place

# With fewer blocks a thread costs more than it brings.
_FEWEST_BLOCKS = 2
# Blocks are made shorter to have enough of them, but not shorter than this.
_FEWEST_SHARED = 16_384


class LocalEngine(Engine):
    """Adds a function over all blocks of the rows.

    Args:
        columns: the series.
        predictors: one for each parameter.
        known: keys of the family's known quantities.
        threads: at most so many; None for the cores this process may use.
        most_rows: rows in a block; None for what suits the cache.
        tell: hears of every pass how far it is.
        form: in which blocks hold the columns.
    """

    def __init__(
        self,
        columns: Columns,
        predictors: Sequence[Predictor],
        known: Sequence[str] = (),
        threads: int | None = None,
        most_rows: int | None = None,
        tell: Tell = unheard,
        *,
        form: Form = Form.MIXED,
    ) -> None:
        super().__init__(predictors, known, tell, form=form)
        self._columns = columns
        self._threads = threads
        self._most_rows = most_rows
        shared = max(-(-columns.rows // (_FEWEST_BLOCKS * self._workers)), _FEWEST_SHARED)
        self._rows = most_rows or min(block_rows(self.predictors, form), shared)
        self._spans = tuple(columns.spans(self._rows))

    @property
    def _workers(self) -> int:
        return self._threads or available_cores()

    @property
    def rows(self) -> int:
        return self._columns.rows

    @property
    def stands_for(self) -> int:
        return self._columns.stands_for

    def __contains__(self, key: object) -> bool:
        return key in self._columns

    def whole(self, key: str) -> NDArray[Any]:
        return self._columns.whole(key)

    def thinned(self, key: str, step: int) -> NDArray[Any]:
        return self._columns.thinned(key, step)

    def every(self, step: int) -> LocalEngine:
        return self._with(self._columns.every(step))

    def runs(self, step: int) -> LocalEngine:
        return self._with(self._columns.runs(step))

    def kept(self, keep: NDArray[Any]) -> LocalEngine:
        return self._with(self._columns.kept(keep))

    def replaced(self, key: str, values: NDArray[Any]) -> LocalEngine:
        return self._with(self._columns.replaced(key, values))

    def _with(self, columns: Columns) -> LocalEngine:
        return LocalEngine(
            columns,
            self.predictors,
            self.known,
            self._threads,
            self._most_rows,
            form=self.form,
        )

    def _through(self, predictors: Sequence[Predictor], tell: Tell, *, form: Form) -> LocalEngine:
        return LocalEngine(
            self._columns,
            predictors,
            self.known,
            self._threads,
            self._most_rows,
            tell,
            form=form,
        )

    def in_place(self) -> Engine:
        return self if self._columns.streamed else super().in_place()

    def blocks(self, purpose: str = "") -> Generator[Block]:
        self.passes += 1
        return self._walked(self._pass(purpose))

    def _walked(self, what: str) -> Generator[Block]:
        reader, rows, done = self._reader(), self.rows, 0
        self.tell(what, done, rows)
        try:
            for span in self._spans:
                yield reader.read(span)
                done += span.rows
                self.tell(what, done, rows)
        finally:
            if 0 < done < rows:  # who walked had seen enough
                self.tell(what, done, done)

    def each(self, term: Callable[[Block], T], purpose: str = "") -> list[T]:
        return self.total(lambda block: [term(block)], purpose)

    def total(self, term: Callable[[Block], T], purpose: str = "") -> T:
        self.passes += 1
        most = len(self._spans) // _FEWEST_BLOCKS
        workers = max(1, min(self._workers, most))
        edges = [len(self._spans) * i // workers for i in range(workers + 1)]
        shares = [self._spans[lo:hi] for lo, hi in pairwise(edges)]

        what, rows = self._pass(purpose), self.rows
        self.tell(what, 0, rows)

        def work(share: int) -> T:
            spans = shares[share]
            reader = self._reader()
            first, *rest = spans
            # a refused step may overflow; it is told by its NLL. Threads do not inherit this.
            with np.errstate(all="ignore"):
                total: Any = term(reader.read(first))
                for done, span in enumerate(rest, start=1):
                    total = total + term(reader.read(span))
                    if share == 0:  # the others are about as far
                        self.tell(what, rows * done // len(spans), rows)
            return total

        others = [_pool(workers - 1).submit(work, share) for share in range(1, workers)]
        total: Any = work(0)
        for other in others:
            total = total + other.result()
        self.tell(what, rows, rows)
        return total

    def _reader(self) -> Reader:
        return Reader(self._columns, self.predictors, self.known, self._rows, form=self.form)


class Cores(Site):
    """The threads of this process.

    Args:
        threads: at most so many; None for the cores it may use.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads

    def reads(self, place: Place | None) -> bool:
        return False

    def engine(
        self, table: Table, predictors: Sequence[Predictor], known: Sequence[str]
    ) -> LocalEngine:
        return LocalEngine(table.columns, predictors, known, self._threads)

    def ordered(self, function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        return map(function, items)


def site(scheduler: str | None, threads: int | None) -> Cores:
    """This process.

    Raises:
        UsageError: a scheduler was named, and nothing here would hear of it.
    """
    if scheduler is not None:
        raise UsageError(
            "--scheduler names a cluster, and the local engine runs in this process",
            tries=[f"--engine dask --scheduler {scheduler}"],
        )
    return Cores(threads)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads beside the calling one, started once for all passes."""
    return ThreadPoolExecutor(threads)


def available_cores() -> int:
    """The processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
