"""What is known of a target that was not always seen: censored rows and a truncated range.

Three ways of saying that a row is censored, of which a command uses one:

    --event COL                          0: the value is at least what the target says
    --lower COL --upper COL              the value lies between; a missing end is open
    --censored-below V, --censored-above V   values at a limit stand for all beyond it
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit._types import Rows as Values
from mlefit.design.values import contents, is_number
from mlefit.errors import DataError, UsageError
from mlefit.families._base import Family
from mlefit.families._conditioned import LOWER, UPPER, Conditioned
from mlefit.frozen import frozen
from mlefit.request import Request
from mlefit.source import Rows
from mlefit.source.learnt import Learnt, at_once

Mask = NDArray[np.bool_]


@frozen
class Seen:
    """What of every row's target was seen.

    Attributes:
        target: the value, or for a censored row a value its interval allows: a start needs one.
        series: the ends of every row's interval by key; empty without censoring.
    """

    target: pl.Series
    series: Mapping[str, pl.Series]


@dataclass
class Kinds:
    """Rows by what is known of them, in words, and a value that a start may be given.

    Attributes:
        counts: empty without censoring.
        inside: the median of the first run's values that lie in the support.
    """

    counts: Counter[str] = field(default_factory=Counter)
    inside: float | None = None

    def ordered(self) -> dict[str, int]:
        """The counts that are not zero."""
        return {kind: self.counts[kind] for kind in _KINDS if self.counts[kind]}

    def error(self) -> None:
        """Nothing can be wrong with them."""


_KINDS = ("exact", "right-censored", "left-censored", "interval-censored")


def conditioned(request: Request, family: Family) -> Family:
    """The family given what of its values can be seen.

    Raises:
        UsageError: the flags contradict each other, or the family cannot be censored.
    """
    _check(request)
    below = -math.inf if request.truncated_below is None else request.truncated_below
    above = math.inf if request.truncated_above is None else request.truncated_above
    truncated = below > -math.inf or above < math.inf
    if not (_is_censored(request) or truncated):
        return family
    what = "censored" if _is_censored(request) else "truncated"
    if family.vertex is not None:
        raise UsageError(
            f"{family.name} cannot be {what} here: its location is a vertex of a linear "
            "programme over values that were seen",
            tries=["--family huber", "--family student", "--family logistic"],
        )
    if type(family).log_cdf is Family.log_cdf or family.support.levels:
        raise UsageError(f"{family.name} has no distribution of numbers that could be {what}")
    _check_range(below, above, family)
    return Conditioned(family, censored=_is_censored(request), below=below, above=above)


def interval_columns(request: Request) -> tuple[str, ...]:
    """The columns in which a missing value is an open end."""
    return tuple(name for name in (request.lower, request.upper) if name is not None)


def drop_unknown(request: Request, rows: Rows, learnt: Learnt | None = None) -> Rows:
    """Leave out rows whose interval is open on both sides: they say nothing.

    Raises:
        DataError: no row is left.
    """
    if request.lower is None:
        return rows
    lower, upper = _ends(request, rows)
    known = pl.Series(np.isfinite(lower) | np.isfinite(upper))
    with at_once(learnt) as found:
        found.of("known", lambda: _Known(request)).rows += int(known.sum())
    return rows if known.all() else rows.only(known, f"missing:{request.lower} and {request.upper}")


@dataclass
class _Known:
    """Rows with an end."""

    request: Request
    rows: int = 0

    def error(self) -> DataError | None:
        """Refuse rows of which none says anything."""
        if self.rows:
            return None
        return DataError(f"no row has a value in {self.request.lower!r} or {self.request.upper!r}")


def seen(
    request: Request,
    rows: Rows,
    target: pl.Series,
    family: Family,
    learnt: Learnt | None = None,
) -> Seen:
    """The ends of every row's interval.

    Args:
        request: which columns and limits there are.
        rows: complete rows.
        target: the target; where two columns give its ends, anything.
        family: its support tells which values a start may be given.
        learnt: what is learnt of all runs, where these rows are one of them.

    Raises:
        DataError: ends in the wrong order, or an event that is neither 0 nor 1.
        UsageError: a column that does not hold numbers.
    """
    if not _is_censored(request):
        return Seen(target, {})
    with at_once(learnt) as found:
        return _seen(request, rows, target, family, found)


def _seen(request: Request, rows: Rows, target: pl.Series, family: Family, learnt: Learnt) -> Seen:
    if request.lower is not None:
        lower, upper = _ends(request, rows)
        _watch_crossed(request, rows, lower, upper, learnt)
        y = np.where(np.isinf(lower), upper, np.where(np.isinf(upper), lower, (lower + upper) / 2))
    else:
        y = target.cast(pl.Float64).to_numpy()
        lower, upper = y.copy(), y.copy()
        if request.event is not None:
            upper[~_event(request.event, rows, learnt)] = np.inf
        if request.censored_below is not None:
            at_limit = y <= request.censored_below
            lower[at_limit], upper[at_limit] = -np.inf, request.censored_below
        if request.censored_above is not None:
            at_limit = y >= request.censored_above
            lower[at_limit], upper[at_limit] = request.censored_above, np.inf
    exact = lower == upper
    masks = (
        exact,
        np.isinf(upper),
        np.isinf(lower),
        ~exact & np.isfinite(lower) & np.isfinite(upper),
    )
    kinds = kinds_of(learnt)
    kinds.counts.update(
        {kind: rows.number_of(pl.Series(m)) for kind, m in zip(_KINDS, masks, strict=True)}
    )
    return Seen(
        pl.Series(_inside(y, exact, family, kinds)),
        {LOWER: pl.Series(lower), UPPER: pl.Series(upper)},
    )


def kinds_of(learnt: Learnt) -> Kinds:
    """What is learnt of how rows were seen."""
    return learnt.of("kinds", Kinds)


def _inside(y: Values, exact: Mask, family: Family, kinds: Kinds) -> Values:
    """Values of censored rows moved into the support: a start takes them for real ones."""
    support = family.support
    if support.discrete:
        return np.where(exact, y, np.clip(np.round(y), support.lower, support.upper))
    outside = (y <= support.lower) | (y >= support.upper)
    moved = ~exact & outside
    if kinds.inside is None and not outside.all():
        kinds.inside = float(np.median(y[~outside]))
    if not moved.any() or kinds.inside is None:
        return y
    return np.where(moved, kinds.inside, y)


def _event(name: str, rows: Rows, learnt: Learnt) -> Mask:
    """Whether each row's value was seen."""
    event = _numbers(
        name, rows, "--event needs 1 for a value that was seen, 0 for one that was not"
    )
    problem = f"event {name!r} has values other than 0 and 1"
    wrong = pl.Series((event != 0) & (event != 1))
    learnt.watch(problem, wrong, rows.told(pl.Series(event), ".12g"), 1)
    return event == 1


def _ends(request: Request, rows: Rows) -> tuple[Values, Values]:
    """Lower and upper ends; a missing one is open."""
    assert request.lower is not None
    assert request.upper is not None
    lower, upper = (
        _numbers(name, rows, "the ends of an interval are numbers")
        for name in (request.lower, request.upper)
    )
    return np.where(np.isnan(lower), -np.inf, lower), np.where(np.isnan(upper), np.inf, upper)


def _numbers(name: str, rows: Rows, words: str) -> Values:
    values = rows.frame.get_column(name)
    if not is_number(values.dtype):
        raise UsageError(f"{words}, and column {name!r} holds {contents(values.dtype)}")
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _watch_crossed(
    request: Request, rows: Rows, lower: Values, upper: Values, learnt: Learnt
) -> None:
    learnt.watch(
        f"{request.lower!r} lies above {request.upper!r}",
        pl.Series(lower > upper),
        lambda at: f"row {rows.row_number(at)} = {lower[at]:.12g} and {upper[at]:.12g}",
        1,
    )


def _is_censored(request: Request) -> bool:
    ways = (request.event, request.lower, request.censored_below, request.censored_above)
    return any(way is not None for way in ways)


def _check(request: Request) -> None:
    if (request.lower is None) != (request.upper is None):
        absent = "--upper" if request.upper is None else "--lower"
        raise UsageError("an interval has two ends", tries=[f"{absent} COL"])
    limits = request.censored_below is not None or request.censored_above is not None
    ways = [
        flag
        for flag, given in (
            ("--event", request.event is not None),
            ("--lower and --upper", request.lower is not None),
            ("--censored-below and --censored-above", limits),
        )
        if given
    ]
    if len(ways) > 1:
        raise UsageError(f"{ways[0]} and {ways[1]} say twice what was seen of a row: use one")
    for one, other, words in (
        (request.censored_below, request.censored_above, "censored"),
        (request.truncated_below, request.truncated_above, "truncated"),
    ):
        if one is not None and other is not None and one >= other:
            raise UsageError(f"--{words}-below {one:g} is not less than --{words}-above {other:g}")


def _check_range(below: float, above: float, family: Family) -> None:
    support = family.support
    if below > -math.inf and below <= support.lower:
        raise UsageError(
            f"--truncated-below {below:g} leaves nothing out: values of {family.name} are "
            f"{support.words}"
        )
    if above < math.inf and above >= support.upper:
        raise UsageError(
            f"--truncated-above {above:g} leaves nothing out: values of {family.name} are "
            f"{support.words}"
        )
