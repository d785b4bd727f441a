"""Whether the rows of a fit stay in memory, or pass by a run at a time into a temporary file.

In memory is quicker while there is room. Where there is none, or less than a person allows, each
run of rows is turned into the series of the model, which are kept in a file that has no name: a
pass over the rows then reads them from there, a block at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from mlefit import room
from mlefit.design.censoring import interval_columns
from mlefit.design.coding import key_of
from mlefit.design.condense import condensed
from mlefit.design.roles import Roles
from mlefit.design.spill import Spill
from mlefit.design.store import InMemory, Store, WithoutFeatures
from mlefit.design.table import Table
from mlefit.errors import UsageError
from mlefit.expression import Name
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.request import Request
from mlefit.source import (
    Counting,
    Ledger,
    Reading,
    Rows,
    Source,
    count_rows,
    read_rows,
    stream_rows,
)
from mlefit.source.extent import rows_expected, width_of
from mlefit.source.records import missing_column
from mlefit.telling import Tell, counting_bytes

# What is read takes more for a moment: the buffers of its file, a copy without missing values.
_MORE = 1.3
_MOST_OF_FREE = 0.8
# Rows are looked up in a table while they are counted: what one takes there, in its own width.
_COUNTED = 25
# The interpreter with its libraries and what decodes a file, without and with a run of rows.
_PROGRAM, _STREAMING = 250_000_000, 400_000_000
# A smaller file is not looked at: it fits wherever the program does.
_SMALL = 20_000_000
_RUN = 12_000_000
_FEWEST_ROWS, _MOST_ROWS = 2048, 65_536
# Runs of a table that others read, at least, as long as they have so many rows.
_RUNS = 64
FEWEST = 16_384


@frozen
class Held:
    """Rows to be read, and what keeps their series.

    Attributes:
        rows: complete rows, in memory or a run at a time.
        store: what keeps the series.
        notes: why they do not stay in memory.
    """

    rows: Reading
    store: Store
    notes: tuple[str, ...] = ()

    @property
    def streams(self) -> bool:
        """Whether the rows do not stay in memory."""
        return isinstance(self.store, Spill)


def read(
    request: Request, source: Source, columns: Sequence[str], log: Callable[[str], None]
) -> Rows:
    """The complete rows of some columns, in memory.

    Raises:
        DataError: they cannot be read, or none is complete.
    """
    rows = read_rows(source, columns, **_asked(request))
    tell_of_rows(rows.ledger, log)
    return rows


def told(source: Source, columns: Sequence[str], tell: Tell) -> AbstractContextManager[None]:
    """Tell of the bytes that are read while some columns are."""
    name = source.name.rpartition("/")[2] or source.name
    return counting_bytes(tell, f"reading {name}", source.bytes_of(columns))


def tell_of_rows(ledger: Ledger, log: Callable[[str], None]) -> None:
    """One line on the rows of a table."""
    log(f"read {ledger.read} rows, {ledger.used} complete")


def count(
    request: Request,
    source: Source,
    roles: Roles,
    counting: Counting,
    log: Callable[[str], None],
) -> Rows | None:
    """The different rows of a fit, each with its number, where that pays.

    They are few, so they stay in memory however many rows they stand for.
    """
    allowed = _allowed(request)
    if allowed is not None:
        width = _COUNTED * _width(request, source, roles)
        counting = replace(counting, most=_beside_the_program(allowed) / width)
    rows = count_rows(source, roles.columns, counting, **_asked(request))
    if rows is not None:
        tell_of_rows(rows.ledger, log)
        log(f"identical rows are counted: {rows.frame.height} rows stand for them")
    return rows


def condense(family: Family, table: Table, counting: Counting, log: Callable[[str], None]) -> Table:
    """A large plain sample of a smooth family, seen as few weighted values."""
    columns, facts = table.columns, table.facts
    if family.smooth_in is None or not columns.is_plain_sample or columns.rows < counting.fewest:
        return table
    step = counting.step(columns.rows)
    few = condensed(columns, family.smooth_in, (facts.least, facts.most), step)
    if few is None:
        return table
    log(f"{few.rows} values with the same sums stand for the sample")
    return replace(table, columns=few)


def share(request: Request, source: Source, roles: Roles, log: Callable[[str], None]) -> Held:
    """The complete rows of a fit, of which others will make the features once more.

    Raises:
        DataError: the rows cannot be read.
    """
    expected = rows_expected(source)
    # runs are what shares are put together of, so a small table should have several too
    most = _MOST_ROWS if expected is None else min(max(expected // _RUNS, FEWEST), _MOST_ROWS)
    features = {key_of(factor.label) for factor, _ in roles.factors()}
    log(f"rows: in runs of {most:,}, once for their levels; the workers read their own")
    rows = stream_rows(source, roles.columns, most_rows=most, shared=True, **_asked(request))
    return Held(rows, WithoutFeatures(features))


def hold_all(
    request: Request,
    source: Source,
    roles: Roles,
    columns: Sequence[str],
    log: Callable[[str], None],
) -> Held:
    """All rows of some columns, whatever they lack, in memory if there is room.

    Raises:
        UsageError: an unknown column, or `--max-memory` is no size.
        DataError: the rows cannot be read.
    """
    for name in columns:
        if name not in source.schema:
            raise missing_column(source, name)
    width = width_of(source, columns) + _computed(request, roles)
    why = _too_many(request, source, width)
    # nothing has to be there and everything may be infinite
    free: dict[str, Any] = {"where": request.where, "complete": (), "open_ended": columns}
    if why is None:
        return Held(read_rows(source, columns, **free), InMemory())
    return _spilt(source, columns, width, why, log, free)


def hold(request: Request, source: Source, roles: Roles, log: Callable[[str], None]) -> Held:
    """The complete rows of a fit, in memory if there is room.

    Raises:
        UsageError: `--max-memory` is no size.
        DataError: the rows cannot be read; in memory, also that none is complete.
    """
    width = _width(request, source, roles)
    why = _too_many(request, source, width)
    if why is None:
        return Held(read(request, source, roles.columns, log), InMemory())
    return _spilt(source, roles.columns, width, why, log, _asked(request))


def _spilt(
    source: Source,
    columns: Sequence[str],
    width: int,
    why: str,
    log: Callable[[str], None],
    asked: Mapping[str, Any],
) -> Held:
    most = min(max(_RUN // width, _FEWEST_ROWS), _MOST_ROWS)
    rows = stream_rows(source, columns, most_rows=most, **asked)
    store = Spill()
    store.require((rows_expected(source) or 0) * width)
    log(f"rows: in runs of {most:,} into a temporary file in {store.folder}")
    return Held(rows, store, (f"the rows pass through a file in {store.folder}: {why}",))


def _asked(request: Request) -> dict[str, Any]:
    """Which rows a fit may use, in the words of whatever reads them."""
    return {
        "where": request.where,
        "missing": request.missing,
        "max_dropped": request.max_dropped,
        "open_ended": interval_columns(request),
    }


def _too_many(request: Request, source: Source, width: int) -> str | None:
    """Why the rows should not stay in memory; None if they may."""
    given = request.max_memory
    allowed = None if given is None else room.size(given)
    stored = source.stored
    if allowed is None and (stored is None or stored < _SMALL):
        return None
    rows = rows_expected(source)
    if rows is None:
        unknown = "their number is not known before they are read, and --max-memory allows"
        return None if given is None else f"{unknown} {given}"
    need = rows * width * _MORE
    if allowed is None:
        free = room.free()
        if free is None or need <= _MOST_OF_FREE * free:
            return None
        return f"{room.spelt(need)} of them would not fit into the {room.spelt(free)} that are free"
    if need + _PROGRAM <= allowed:
        return None
    why = f"in memory they take about {room.spelt(need + _PROGRAM)}, --max-memory allows {given}"
    if allowed < _STREAMING:
        why += f"; the program itself takes up to {room.spelt(_STREAMING)}"
    return why


def _allowed(request: Request) -> int | None:
    """Bytes that may be taken; None where nothing tells."""
    return room.free() if request.max_memory is None else room.size(request.max_memory)


def _beside_the_program(allowed: int) -> int:
    """What of them is left for what is kept while rows pass by."""
    return max(allowed - _STREAMING, allowed // 2)


def _width(request: Request, source: Source, roles: Roles) -> int:
    """Bytes that a row takes as it is read, and its computed series."""
    return width_of(source, roles.columns) + _computed(request, roles)


def _computed(request: Request, roles: Roles) -> int:
    computed = {
        factor.label for factor, _ in roles.factors() if not isinstance(factor.expression, Name)
    }
    ends = (request.event, request.lower, request.censored_below, request.censored_above)
    censored = any(end is not None for end in ends)
    return 8 * len(computed) + 24 * censored


def refuse_what_is_as_long(request: Request, family: Family, rows: int) -> None:
    """Refuse what keeps some bytes of every row, where these are more than may be kept.

    Raises:
        UsageError: what it is, what it takes, and a way out.
    """
    allowed = _allowed(request)
    if allowed is None:
        return
    most = _beside_the_program(allowed)
    for flag, width in _as_long(request, family):
        if rows * width > most:
            need = room.spelt(rows * width + _STREAMING)
            raise UsageError(
                f"{flag} keeps {width} bytes of each of {rows:,} rows, {need} with the program, "
                f"and {room.spelt(allowed)} are allowed or free",
                tries=[f"--max-memory {need.replace(' ', '')}", f"the same without {flag}"],
            )


def _as_long(request: Request, family: Family) -> Iterator[tuple[str, int]]:
    """What is asked for that keeps something of every row, and how many bytes."""
    if request.cv is not None:
        yield "--cv", 48
    if request.gof:
        yield "--gof", 24 if family.support.discrete else 48
    if "bootstrap" in {request.se, request.ci}:
        yield f"--{'se' if request.se == 'bootstrap' else 'ci'} bootstrap", 40
    if request.cluster is not None:
        yield "--cluster", 4
    if request.by is not None:
        yield "--by", 4
