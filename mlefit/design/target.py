"""The target: its values, the level that counts as 1, and whether the family can produce it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from mlefit.design.blocks import TARGET, Columns
from mlefit.design.levels import level_text, listed_levels
from mlefit.design.roles import Roles
from mlefit.design.suggest import word
from mlefit.design.usable import facts_of, suitable_families
from mlefit.design.values import is_text, numbers
from mlefit.errors import DataError
from mlefit.expression import Name
from mlefit.families._base import Family
from mlefit.request import Request
from mlefit.source import Rows

_CHECKED_ROWS = 65_536
_SHOWN_ROWS = 2


def target_of(roles: Roles, rows: Rows, family: Family) -> tuple[pl.Series, str | None]:
    """The target (n,), and for one of two levels the level that counts as 1.

    Raises:
        UsageError: a column that is neither numbers nor two levels.
        DataError: text or levels that the family cannot produce.
    """
    if not isinstance(roles.response, Name):
        return numbers(roles.response, rows), None
    values = rows.frame.get_column(roles.response.name)
    if values.dtype == pl.Boolean:
        return values.cast(pl.Float64), "true" if family.support.binary else None
    if not is_text(values.dtype):
        return numbers(roles.response, rows), None
    return _event(values.cast(pl.String), roles, rows, family)


def _event(values: pl.Series, roles: Roles, rows: Rows, family: Family) -> tuple[pl.Series, str]:
    """A two-level column of text as 0 and 1: the second level in sorted order is the event."""
    name, levels = values.name, values.unique().sort().to_list()
    if not family.support.binary:
        raise DataError(
            f"column {name!r} holds text, but {family.name} needs {family.support.words}",
            _first_text(values, rows),
            tries=[f"--family {fitting}" for fitting in suitable_families(facts_of(values))],
        )
    if len(levels) != 2:
        event = levels[-1].replace("'", "''")
        raise DataError(
            f"column {name!r} has {len(levels)} level{'s' * (len(levels) != 1)}, "
            f"but {family.name} needs two",
            listed_levels(levels),
            tries=[_compared(roles, f"'{event}'")] if len(levels) > 2 else (),
        )
    return (values == levels[-1]).cast(pl.Float64), levels[-1]


def _first_text(values: pl.Series, rows: Rows) -> str:
    """The first value that is no number: among numbers it is the one to look at."""
    odd = values.str.strip_chars().cast(pl.Float64, strict=False).is_null()
    first = int(odd.arg_true()[0]) if odd.any() else 0
    number, value = rows.row_number(first), values[first]
    return f"first: row {number} = {value!r} ({int(odd.sum())} of {len(values)} rows)"


def check_support(
    columns: Columns, roles: Roles, rows: Rows, request: Request, family: Family
) -> None:
    """Compare the target with what the family can produce, a run of rows at a time.

    Raises:
        DataError: it cannot have produced a value; with the first rows.
    """
    wrong, words = 0, ""
    shown: list[str] = []
    for span in columns.spans(_CHECKED_ROWS):
        piece = columns.piece(span.piece)
        run = slice(span.lo, span.hi)
        y = piece[TARGET][run].astype(float)
        found = family.support.first_violation(y, {key: piece[key][run] for key in family.known})
        if found is None:
            continue
        words = words or found[0]
        positions = np.flatnonzero(found[1])
        wrong += len(positions)
        for at in positions[: _SHOWN_ROWS - len(shown)]:
            shown.append(f"row {rows.row_number(span.start + int(at))} = {y[at]:.12g}")
    if wrong:
        raise DataError(
            f"{roles.main.response_label!r} does not suit {family.name}: it has {words}",
            f"first: {', '.join(shown)} ({wrong} of {columns.rows} rows)",
            tries=_instead(columns, roles, request, family),
        )


def _instead(columns: Columns, roles: Roles, request: Request, family: Family) -> Sequence[str]:
    """Another coding of a two-valued target, or families that can produce it."""
    facts = facts_of(pl.Series(columns.whole(TARGET)))
    if family.support.binary and facts.values == 2:
        return [_compared(roles, level_text(float(np.max(columns.whole(TARGET)))))]
    # Links, formulas and values of parameters may mean nothing to another family.
    tied = request.links or request.models or request.fix or family.known
    return [] if tied else [f"--family {name}" for name in suitable_families(facts)]


def _compared(roles: Roles, event: str) -> str:
    """The formula with 1 where the target has this level."""
    right = roles.main.text.partition("~")[2].strip()
    return word(f"{roles.main.response_label} == {event} ~ {right}")
