"""Complete rows to the series a model needs: target, factors, weights, offsets.

A plain column keeps polars' own chunks, uncopied; a term such as log(x) and the
codes of a factor are computed once. Everything is checked here, with the row
number of the first offender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.censoring import drop_unknown, seen
from mlefit.design.coding import key_of
from mlefit.design.columns import POSITION, TARGET, WEIGHT, Columns
from mlefit.design.levels import is_categorical, levels_of, spoiled_numbers
from mlefit.design.roles import Roles
from mlefit.design.suggest import Place
from mlefit.design.target import check_support, target_of
from mlefit.design.values import numbers
from mlefit.design.weights import (
    clusters_of,
    offset_of,
    trials_of,
    weights_of,
    without_zero_weights,
)
from mlefit.errors import UsageError
from mlefit.families._base import Family
from mlefit.formula import Factor
from mlefit.request import Request
from mlefit.source import Rows
from mlefit.support import Facts


@dataclass(frozen=True)
class Table:
    """The series of a fit.

    Attributes:
        rows: the rows they have, less those of weight zero.
        columns: all of them, by key.
        levels: label of each factor -> its levels, the base first.
        event: for a two-level target, the level that counts as 1.
        other_event: the one that counts as 0.
        seen: rows by what is known of their target; empty if all of it is.
        facts: what is known of the target.
        clusters: code of each row's cluster, if clusters were named.
        notes: what a person should know.
        warnings: what a person must know.
    """

    rows: Rows
    columns: Columns
    levels: Mapping[str, tuple[str, ...]]
    event: str | None
    other_event: str | None
    seen: Mapping[str, int]
    facts: Facts
    clusters: NDArray[np.intp] | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def tabulate(request: Request, roles: Roles, rows: Rows, family: Family) -> Table:
    """Compute and check every series.

    Raises:
        DataError: a value that the model cannot use, with its column and row.
        UsageError: a column of a type that its part cannot have.
    """
    rows = drop_unknown(request, without_zero_weights(request, rows))
    target = target_of(request, roles, rows, family)
    known = seen(request, rows, target.values, family)
    features, levels = _features(roles, rows)
    series = {
        TARGET: known.target,
        **known.series,
        **features,
        **weights_of(request, rows),
        **offset_of(request, rows),
        **trials_of(request, rows, family),
        **_counts(rows),
    }
    columns = Columns({key: _chunks(values) for key, values in series.items()})
    least, most = check_support(columns, roles, rows, request, family)
    return Table(
        rows=rows,
        columns=columns,
        levels=levels,
        event=target.event,
        other_event=target.other_event,
        seen=known.counts,
        facts=Facts(target.levels, least, most),
        clusters=clusters_of(request, rows),
        notes=() if target.note is None else (target.note,),
        warnings=(
            *(
                f"'{label}' has only the level '{only[0]}'"
                for label, only in levels.items()
                if len(only) == 1
            ),
            *(
                f"'{label}' is used as text, a column for each of its {len(texts)} levels, because "
                f"of values such as '{odd}'; the others look like numbers"
                for label, texts in levels.items()
                if (odd := spoiled_numbers(texts)) is not None
            ),
        ),
    )


def _counts(rows: Rows) -> dict[str, pl.Series]:
    """How many identical rows each stands for, and where the first of them is."""
    if rows.counts is None or rows.firsts is None:
        return {}
    return {WEIGHT: rows.counts, POSITION: rows.firsts}


def _features(roles: Roles, rows: Rows) -> tuple[dict[str, pl.Series], dict[str, tuple[str, ...]]]:
    """The series of every factor of the right sides, and the levels of those that have any."""
    series: dict[str, pl.Series] = {}
    levels: dict[str, tuple[str, ...]] = {}
    schema = rows.frame.schema  # polars makes it anew each time it is asked
    for label, (factor, place) in _factors(roles).items():
        if is_categorical(factor, schema):
            series[key_of(label)], levels[label] = levels_of(factor, rows, place)
        else:
            series[key_of(label)] = numbers(factor.expression, rows, place)
    return series, levels


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


def _chunks(series: pl.Series) -> list[NDArray[Any]]:
    return [chunk.to_numpy() for chunk in series.get_chunks() if len(chunk)]
