"""Today and yesterday: what the checks look at; each thing is made once, when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from mlefit.checking.bygroup import Before, GroupGap, group_gaps
from mlefit.checking.gap import Gap, gap_between
from mlefit.design.blocks import Block
from mlefit.errors import MlefitError
from mlefit.fitting import Prepared, fitted
from mlefit.grouped.groups import Groups
from mlefit.prediction.saved import SavedModel
from mlefit.results.fit import FitResult
from mlefit.results.groups import GroupsResult
from mlefit.search.maximum import Maximum
from mlefit.source import Ledger, Source
from mlefit.telling import Tell, unheard

T = TypeVar("T")

Log = Callable[[str], None]


class Mean(NamedTuple):
    """A mean over rows, and how far rows are from it."""

    mean: float
    sd: float


class Once(Generic[T]):
    """A value that is made when it is asked for, or the error that was met instead."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._error: MlefitError | None = None

    @cached_property
    def _made(self) -> T:
        return self._make()

    def __call__(self) -> T:
        """The value.

        Raises:
            MlefitError: that making it raised, the first time and every time after.
        """
        if self._error is not None:
            raise self._error
        try:
            return self._made
        except MlefitError as error:
            self._error = error
            raise


@dataclass
class Day:
    """Today's rows or their saved fit, beside the model of a day before.

    Attributes:
        baseline: yesterday's model; None where only today is looked at.
        exact: whether the baseline is a specification, known without error.
        source: today's table; None for a saved fit.
        prepare: reads today's rows.
        saved: today's fit, if that was saved and its rows are not here.
        by: column whose values are groups to look at one by one; None for none.
        groups_before: the fits of groups of the day before, if the baseline has them.
        history: what the checks saw on days before, the oldest first.
        seed: of every random choice.
        log: takes one line for each step of the work.
        progress: takes what long work is at, the steps done and all of them.
        followed: what checks of trends want to find in the history of days to come.
    """

    baseline: SavedModel | None
    exact: bool = False
    source: Source | None = None
    prepare: Callable[[], Prepared] | None = None
    saved: FitResult | None = None
    by: str | None = None
    groups_before: GroupsResult | None = None
    history: tuple[Mapping[str, Any], ...] = ()
    seed: int = 1
    log: Log = field(default=lambda line: None, repr=False)
    progress: Tell = field(default=unheard, repr=False)
    followed: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._prepared = Once(self._read)
        self._fitted = Once(lambda: fitted(self.prepared, self.log, self.progress))
        self._today = Once(lambda: SavedModel.from_document(self.result, "today's fit"))

    def _read(self) -> Prepared:
        assert self.prepare is not None
        return self.prepare()

    @property
    def prepared(self) -> Prepared:
        """Today's rows, ready for the fit.

        Raises:
            MlefitError: they cannot be read.
        """
        return self._prepared()

    @property
    def ledger(self) -> Ledger:
        """What became of today's rows."""
        return self.prepared.rows.ledger if self.saved is None else ledger_of(self.saved)

    @property
    def maximum(self) -> Maximum:
        """Today's maximum.

        Raises:
            MlefitError: nothing could be fitted.
        """
        return self._fitted()[0]

    @property
    def result(self) -> FitResult:
        """The record of today's fit."""
        return self._fitted()[1] if self.saved is None else self.saved

    @property
    def today(self) -> SavedModel:
        """Today's estimates.

        Raises:
            UntrustworthyError: there is no maximum.
        """
        return self._today()

    @property
    def yesterday(self) -> SavedModel:
        """The baseline of a check that needs one."""
        assert self.baseline is not None
        return self.baseline

    @property
    def rows(self) -> float:
        """What today's likelihood is over: rows, or equal rows that they stand for."""
        return self.result.fit.nobs

    @property
    def rows_before(self) -> float:
        """The same of the baseline; infinite where it is exact."""
        return np.inf if self.exact else self.yesterday.record.fit.nobs

    def chance(self, change: float, variances: tuple[float, float]) -> float:
        """Two-sided probability of such a change, given the variances of both days."""
        today, before = variances
        variance = today + (0.0 if self.exact else before)
        return math.erfc(abs(change) / math.sqrt(2 * variance)) if variance > 0 else 1.0

    @cached_property
    def under_baseline(self) -> Mean:
        """Negative log-likelihood of today's rows under the baseline; infinite if impossible."""
        saved, prepared = self.yesterday, self.prepared
        engine = prepared.engine.with_predictors(saved.predictors).telling(self.progress)
        with np.errstate(all="ignore"):
            sums = engine.total(partial(_powers, saved), "residuals")
        rows, total, squares = map(float, sums)
        if np.isnan(total):
            return Mean(math.inf, math.nan)
        return Mean(total / rows, math.sqrt(max(squares / rows - (total / rows) ** 2, 0.0)))

    @cached_property
    def group_gaps(self) -> list[GroupGap]:
        """The same of every group of rows."""
        assert self.by is not None
        groups = Groups.of(self.prepared)
        before = Before.of(self.yesterday, self.groups_before, exact=self.exact)
        return list(group_gaps(groups, before, self.progress))

    @cached_property
    def gap(self) -> Gap:
        """What today's rows lose by keeping the baseline's parameters."""
        lost = self.under_baseline.mean - self.maximum.nll / self.rows
        return gap_between(self.maximum, self.prepared, lost, self.rows, self.rows_before)


def ledger_of(record: FitResult) -> Ledger:
    """What became of the rows of a fit."""
    data = record.data
    return Ledger(data.rows_read, data.rows_used, data.rows_dropped)


def _powers(saved: SavedModel, block: Block) -> Any:
    """Rows, NLL and squared NLL of a block under a saved model."""
    nll = -saved.model.log_density(block, saved.betas)
    return np.array([block.weighted(power).sum() for power in (np.ones_like(nll), nll, nll**2)])
