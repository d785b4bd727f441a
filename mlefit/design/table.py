"""Complete rows to the series a model needs: target, factors, weights, offsets.

A plain column keeps polars' own chunks, uncopied; a term such as log(x) and the
codes of a factor are computed once. Everything is checked here, with the row
number of the first offender.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.again import Again, Making
from mlefit.design.censoring import drop_unknown, kinds_of, seen
from mlefit.design.classes import Target
from mlefit.design.coding import key_of
from mlefit.design.columns import CLUSTER, POSITION, TARGET, WEIGHT, Columns
from mlefit.design.levels import codes_of, is_categorical, levels_of, spoiled_numbers
from mlefit.design.roles import Roles
from mlefit.design.store import Change, InMemory, Store
from mlefit.design.suggest import Place
from mlefit.design.target import check_support, settled_target, target_of
from mlefit.design.values import numbers
from mlefit.design.weights import (
    group_names,
    kin_of,
    kin_places,
    mean_weight,
    offset_of,
    trials_of,
    weights_of,
    without_zero_weights,
)
from mlefit.errors import MlefitError, UsageError
from mlefit.families._base import Family
from mlefit.formula import Factor
from mlefit.frozen import frozen
from mlefit.request import Request
from mlefit.source import Numbered, Reading, Rows
from mlefit.source.learnt import Learnt
from mlefit.support import Facts


@frozen
class Table:
    """The series of a fit.

    Attributes:
        rows: the rows they have, less those of weight zero.
        columns: all of them, by key; where others make them again, all but features.
        again: makes them all once more, for rows that are used elsewhere.
        levels: label of each factor -> its levels, the base first.
        event: for a two-level target, the level that counts as 1.
        other_event: the one that counts as 0.
        seen: rows by what is known of their target; empty if all of it is.
        facts: what is known of the target.
        clusters: code of each row's cluster, if clusters were named.
        groups: values of the column that groups are named by; none without one.
        notes: what a person should know.
        warnings: what a person must know.
    """

    rows: Numbered
    columns: Columns
    again: Again | None
    levels: Mapping[str, tuple[str, ...]]
    event: str | None
    other_event: str | None
    seen: Mapping[str, int]
    facts: Facts
    clusters: NDArray[Any] | None
    groups: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def tabulate(
    request: Request, roles: Roles, rows: Reading, family: Family, store: Store | None = None
) -> Table:
    """Compute and check every series, a run of rows at a time.

    Args:
        request: the words of the command.
        roles: what they mean.
        rows: the complete rows.
        family: the distribution.
        store: what keeps the series of the runs; None for memory.

    Raises:
        DataError: a value that the model cannot use, with its column and row.
        UsageError: a column of a type that its part cannot have.
    """
    making = Tabulation(request, roles, family)
    made = walked(making, rows, store)
    columns, settled = made.columns, making.settled
    least, most = check_support(columns, roles, made.rows, request, family)
    target = settled.target
    return Table(
        rows=made.rows,
        columns=columns,
        again=made.again,
        levels=settled.levels,
        event=target.event,
        other_event=target.other_event,
        seen=settled.seen,
        facts=Facts(target.levels, least, most),
        clusters=columns.whole(CLUSTER) if CLUSTER in columns else None,
        groups=group_names(request, making.learnt),
        notes=() if target.note is None else (target.note,),
        warnings=tuple(_warnings(settled.levels)),
    )


class Growing(Making, Protocol):
    """Series in the making, of rows that are not all known yet."""

    @property
    def learnt(self) -> Learnt:
        """What is known of all rows so far."""
        ...

    def changes(self) -> Mapping[str, Change]:
        """For the key of a series, what makes its values final, once every run was added."""
        ...


@frozen
class Made:
    """The series of all runs.

    Attributes:
        rows: that they have.
        columns: all of them, by key.
        again: makes them once more, for rows that are used elsewhere.
    """

    rows: Numbered
    columns: Columns
    again: Again | None


def walked(making: Growing, rows: Reading, store: Store | None) -> Made:
    """Make series, a run of rows at a time.

    Args:
        making: makes them.
        rows: of the table.
        store: what keeps the series of the runs; None for memory.

    Raises:
        MlefitError: what is wrong with the rows, told as of all of them.
    """
    store = InMemory() if store is None else store
    memory, rereading = rows.memory(), rows.rereading
    refused: MlefitError | None = None
    keys: tuple[str, ...] = ()
    for run in rows.runs():
        try:
            kept, series = making.add(run)
        except MlefitError as error:  # what is wrong with the table itself is told first
            refused = refused or error
            continue
        memory.add(kept)
        if series:
            store.append(series)
            keys = tuple(series)
    making.learnt.settle()
    if refused is not None:
        raise refused
    changes = making.changes()
    for key, change in changes.items():
        store.change(key, change)
    columns = store.columns()
    again = None
    if rereading is not None:
        again = Again(rereading, making, changes, memory.begins, columns.rows, keys)
    return Made(memory.numbered(), columns, again)


@frozen
class Settled:
    """What all rows say of the series of every run.

    Attributes:
        levels: label of each factor -> its levels, the base first.
        target: of the left side.
        seen: rows by what is known of their target; empty if all of it is.
        changes: for the key of a series, what makes its values final.
    """

    levels: Mapping[str, tuple[str, ...]]
    target: Target
    seen: Mapping[str, int]
    changes: Mapping[str, Change]


class Tabulation:
    """A table in the making.

    A level has a code as soon as it appears, so one walk over the rows is enough: `settled`
    then tells how to turn codes by appearance into codes by rank.

    Args:
        request: the words of the command.
        roles: what they mean.
        family: the distribution.
    """

    def __init__(self, request: Request, roles: Roles, family: Family) -> None:
        self.learnt = Learnt()
        self._request, self._roles, self._family = request, roles, family
        self._factors = _factors(roles)
        self._categorical: dict[str, tuple[Factor, Place]] = {}

    def add(self, rows: Rows) -> tuple[Rows, dict[str, pl.Series]]:
        """The rows of a run that count, and their series; none if no row does.

        Raises:
            UsageError: a column of a type that its part cannot have.
        """
        request, family, learnt = self._request, self._family, self.learnt
        if not rows.frame.is_empty():
            rows = without_zero_weights(request, rows, learnt)
        if not rows.frame.is_empty():
            rows = drop_unknown(request, rows, learnt)
        if rows.frame.is_empty():
            return rows, {}
        target = target_of(request, self._roles, rows, family, learnt)
        known = seen(request, rows, target, family, learnt)
        return rows, {
            TARGET: known.target,
            **known.series,
            **self._features(rows),
            **weights_of(request, rows),
            **offset_of(request, rows, learnt),
            **trials_of(request, rows, family, learnt),
            **kin_of(request, rows, learnt),
            **_counts(rows),
        }

    def _features(self, rows: Rows) -> dict[str, pl.Series]:
        """The series of every factor of the right sides."""
        series: dict[str, pl.Series] = {}
        schema = rows.frame.schema  # polars makes it anew each time it is asked
        for label, (factor, place) in self._factors.items():
            if is_categorical(factor, schema):
                self._categorical[label] = factor, place
                series[key_of(label)] = codes_of(factor, rows, place, self.learnt)
            else:
                series[key_of(label)] = numbers(factor.expression, rows, place, self.learnt)
        return series

    def changes(self) -> Mapping[str, Change]:
        """What makes the values of a series final."""
        return self.settled.changes

    @cached_property
    def settled(self) -> Settled:
        """What all rows say, once every run was added and nothing is wrong."""
        levels: dict[str, tuple[str, ...]] = {}
        changes: dict[str, Change] = {}
        for label, (factor, place) in self._categorical.items():
            places, levels[label] = levels_of(factor, place, self.learnt).settled()
            changes[key_of(label)] = Places(places)
        target = settled_target(self.learnt)
        if target.places is not None:
            changes[TARGET] = Places(target.places)
        for key, ranks in kin_places(self._request, self.learnt).items():
            changes[key] = Places(ranks)
        mean = mean_weight(self._request, self.learnt)
        if mean is not None:
            changes[WEIGHT] = partial(divided, mean)
        return Settled(
            levels=levels,
            target=target,
            seen=kinds_of(self.learnt).ordered(),
            changes={
                key: change
                for key, change in changes.items()
                if not (isinstance(change, Places) and change.are_the_codes)
            },
        )


class Places:
    """Codes of levels to the numbers that they stand for."""

    def __init__(self, places: NDArray[Any]) -> None:
        self._places = places

    @property
    def are_the_codes(self) -> bool:
        """Whether nothing changes."""
        return bool((self._places == np.arange(len(self._places))).all())

    def __call__(self, codes: NDArray[Any]) -> NDArray[Any]:
        return self._places[codes.astype(np.intp)]


def _counts(rows: Rows) -> dict[str, pl.Series]:
    """How many identical rows each stands for, and where the first of them is."""
    if rows.counts is None or rows.firsts is None:
        return {}
    return {WEIGHT: rows.counts, POSITION: rows.firsts}


def divided(by: float, values: NDArray[Any]) -> NDArray[Any]:
    """Values over a number."""
    return values / by


def _warnings(levels: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for label, only in levels.items():
        if len(only) == 1:
            yield f"'{label}' has only the level '{only[0]}'"
    for label, texts in levels.items():
        odd = spoiled_numbers(texts)
        if odd is not None:
            yield (
                f"'{label}' is used as text, a column for each of its {len(texts)} levels, because "
                f"of values such as '{odd}'; the others look like numbers"
            )


def _factors(roles: Roles) -> dict[str, tuple[Factor, Place]]:
    """Every factor by its label; one `ref=` holds for all formulas, as it does within one."""
    found: dict[str, tuple[Factor, Place]] = {}
    for factor, place in roles.factors():
        before, first = found.setdefault(factor.label, (factor, place))
        if factor.reference is None or factor.reference == before.reference:
            continue
        if before.reference is not None:
            raise UsageError(
                f"{factor.label} has two base levels",
                f"'{before.reference}' in {first.text}",
                f"'{factor.reference}' in {place.text}",
            )
        found[factor.label] = replace(before, reference=factor.reference), place
    return found
