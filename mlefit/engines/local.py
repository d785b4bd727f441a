"""Passes over columns in this process, on threads when there is enough to do.

numpy releases the interpreter lock in the loops that matter, so two threads that
each walk their own blocks use two cores; BLAS itself stays on one thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from mlefit._types import Rows
from mlefit.design.blocks import Block, Predictor, Reader, block_rows
from mlefit.design.columns import TARGET, Columns
from mlefit.telling import Tell, unheard

T = TypeVar("T")

# Below this many blocks the threads cost more than they bring.
_FEWEST_BLOCKS = 8


class LocalEngine:
    """Adds a function over all blocks of the rows.

    Args:
        columns: the series.
        predictors: one for each parameter.
        known: keys of the family's known quantities.
        threads: at most so many; None for the cores this process may use.
        most_rows: rows in a block; None for what suits the cache.
        tell: hears of every pass how far it is.
    """

    def __init__(
        self,
        columns: Columns,
        predictors: Sequence[Predictor],
        known: Sequence[str] = (),
        threads: int | None = None,
        most_rows: int | None = None,
        tell: Tell = unheard,
    ) -> None:
        self.columns = columns
        self.predictors = tuple(predictors)
        self.known = tuple(known)
        self.threads = threads
        self.most_rows = most_rows
        self.tell = tell
        self.passes = 0
        self._rows = most_rows or block_rows(self.predictors)
        self._spans = tuple(columns.spans(self._rows))

    def with_predictors(self, predictors: Sequence[Predictor]) -> LocalEngine:
        """The same rows seen through other predictors; the count of passes goes on."""
        return self._same_rows(predictors, self.tell)

    def telling(self, tell: Tell) -> LocalEngine:
        """The same rows, with another listener; the count of passes goes on."""
        return self._same_rows(self.predictors, tell)

    def _same_rows(self, predictors: Sequence[Predictor], tell: Tell) -> LocalEngine:
        engine = LocalEngine(
            self.columns, predictors, self.known, self.threads, self.most_rows, tell
        )
        engine.passes = self.passes
        return engine

    def with_target(self, y: Rows) -> LocalEngine:
        """The same rows with other values of the target."""
        return self.with_columns(self.columns.replaced(TARGET, y))

    def with_columns(self, columns: Columns) -> LocalEngine:
        """Other rows seen through the same predictors."""
        return LocalEngine(columns, self.predictors, self.known, self.threads, self.most_rows)

    def blocks(self, purpose: str = "") -> Iterator[Block]:
        """Every block in row order, one pass in this thread, and what it is for."""
        self.passes += 1
        return self._walked(self._pass(purpose))

    def _walked(self, what: str) -> Iterator[Block]:
        reader, rows, done = self._reader(), self.columns.rows, 0
        self.tell(what, done, rows)
        try:
            for span in self._spans:
                yield reader.read(span)
                done += span.hi - span.lo
                self.tell(what, done, rows)
        finally:
            if 0 < done < rows:  # who walked had seen enough
                self.tell(what, done, done)

    def _pass(self, purpose: str) -> str:
        return f"pass {self.passes}{purpose and f' ({purpose})'}, rows"

    def total(self, term: Callable[[Block], T], purpose: str = "") -> T:
        """The sum of `term` over all blocks; whatever it returns must add.

        The order of additions depends on the number of threads, so sums agree to
        rounding, not to the bit.

        Args:
            term: what is added.
            purpose: what the pass is for, in a word or three.
        """
        self.passes += 1
        workers = min(self.threads or available_cores(), len(self._spans) // _FEWEST_BLOCKS + 1)
        edges = [len(self._spans) * i // workers for i in range(workers + 1)]
        shares = [self._spans[lo:hi] for lo, hi in pairwise(edges)]

        what, rows = self._pass(purpose), self.columns.rows
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

        if workers == 1:
            first, rest = work(0), []
        else:
            with ThreadPoolExecutor(workers) as pool:
                first, *rest = pool.map(work, range(workers))
        self.tell(what, rows, rows)
        total: Any = first
        for more in rest:
            total = total + more
        return total

    def _reader(self) -> Reader:
        return Reader(self.columns, self.predictors, self.known, self._rows)


def available_cores() -> int:
    """The processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
