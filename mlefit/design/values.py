"""The numbers of an expression, one for each row, every one of them finite."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import polars as pl

from mlefit.design.compile import to_polars
from mlefit.design.suggest import Place
from mlefit.errors import DataError, UsageError
from mlefit.expression import (
    Expression,
    Name,
    Text,
    children,
    is_text_comparison,
    names,
    quote,
    render,
    walk,
)
from mlefit.source import Rows
from mlefit.source.learnt import Fault, Learnt, at_once

_LARGEST = 1e150


def is_text(dtype: pl.DataType) -> bool:
    """Whether a column of this type holds text, under whatever encoding."""
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def is_number(dtype: pl.DataType) -> bool:
    """Whether a column of this type can be computed with; booleans count as 0 and 1."""
    return dtype.is_numeric() or dtype == pl.Boolean


def contents(dtype: pl.DataType) -> str:
    """What a column of this type holds, in a word."""
    if is_text(dtype):
        return "text"
    if dtype.is_temporal():
        return "dates or times"
    return "numbers" if dtype.is_numeric() else f"values of type {dtype}"


def numbers(
    expression: Expression, rows: Rows, place: Place | None = None, learnt: Learnt | None = None
) -> pl.Series:
    """The values of an expression, every one of them finite.

    Args:
        expression: its tree.
        rows: complete rows of every column it names.
        place: the term it is, for a formula that would work; None for a target.
        learnt: what is learnt of all runs, where these rows are one of them.

    Returns:
        The column itself, uncopied, if the expression is no more than a column of numbers.

    Raises:
        UsageError: a column that is not of numbers, or one of numbers compared with a text.
        DataError: a value that is not a finite number, with its row.
    """
    values = evaluated(expression, rows, place)
    label = render(expression)
    with at_once(learnt) as seen:
        if not isinstance(expression, Name):
            fault = seen.of(f"undefined:{label}", lambda: Fault(partial(_undefined, label)))
            wrong = ~values.is_finite().fill_null(False)
            fault.see(len(wrong), wrong.arg_true(), lambda at: _with_inputs(expression, rows, at))
        seen.of(f"immense:{label}", lambda: _Largest(label)).see(values, rows, expression)
    return values


def evaluated(expression: Expression, rows: Rows, place: Place | None = None) -> pl.Series:
    """The values of an expression as they are, also where they are no numbers.

    Raises:
        UsageError: as `numbers`.
    """
    for name in numeric_names(expression):
        _require_number(name, rows.frame.get_column(name).dtype, expression, place)
    _require_text(expression, rows, place)
    if isinstance(expression, Name):
        return plain(rows.frame.get_column(expression.name))
    return _computed(expression, rows.frame)


def plain(series: pl.Series) -> pl.Series:
    """A series of numbers as numpy can view it; only odd types are converted."""
    if series.dtype in (pl.Float64, pl.Float32) or series.dtype.is_integer():
        return series
    return series.cast(pl.Float64)


def _computed(expression: Expression, frame: pl.DataFrame) -> pl.Series:
    # Under a name such as "*" or "^a$" polars would look for a pattern.
    aliases = {name: f"column {i}" for i, name in enumerate(names(expression))}
    columns = pl.DataFrame([frame.get_column(name).alias(aliases[name]) for name in aliases])
    compiled = to_polars(expression, lambda name: pl.col(aliases[name]))
    return columns.select(compiled.alias("value")).to_series()


def numeric_names(expression: Expression) -> list[str]:
    """Every column that is used otherwise than beside a text."""
    nodes = list(walk(expression))
    beside_text = {
        id(side) for node in nodes if is_text_comparison(node) for side in children(node)
    }
    return [node.name for node in nodes if isinstance(node, Name) and id(node) not in beside_text]


def _require_number(
    name: str, dtype: pl.DataType, expression: Expression, place: Place | None
) -> None:
    if is_number(dtype):
        return
    tries = []
    if place is not None and not dtype.is_nested():
        factor = quote(name) if is_text(dtype) else f"C({quote(name)})"
        spelt = place.at.end > place.at.start
        tries = [place.instead(factor) if spelt else place.without(quote(name))]
    where = "" if isinstance(expression, Name) else f" in {render(expression)}"
    raise UsageError(
        f"column {name!r} holds {contents(dtype)}, where{where} numbers are needed", tries=tries
    )


def _require_text(expression: Expression, rows: Rows, place: Place | None) -> None:
    """Refuse `x == 'b'` for a column x of numbers: it would never hold."""
    for node in filter(is_text_comparison, walk(expression)):
        name = next(side.name for side in children(node) if isinstance(side, Name))
        text = next(side for side in children(node) if isinstance(side, Text))
        dtype = rows.frame.get_column(name).dtype
        if not dtype.is_numeric():
            continue
        tries = []
        if place is not None and _is_number_text(text.value):
            tries = [Place(place.text, text.at, place.flag).instead(text.value)]
        raise UsageError(
            f"column {name!r} holds numbers and cannot be compared with the text {render(text)}",
            f"values: {', '.join(map(str, rows.frame.get_column(name).head(3)))}, ...",
            tries=tries,
        )


def _is_number_text(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()


@dataclass
class _Largest:
    """The largest size of a value: every sum of a fit is one of squares.

    Attributes:
        label: what the values are.
        size: the largest.
        shown: its row, where its square is no number.
    """

    label: str
    size: float = 0.0
    shown: str = ""

    def see(self, values: pl.Series, rows: Rows, expression: Expression) -> None:
        """Look at a run of the values of an expression."""
        known = rows.squares.get(expression.name) if isinstance(expression, Name) else None
        if self._is_plain(values, known):
            return
        lowest, highest = float(values.min() or 0), float(values.max() or 0)  # type: ignore[arg-type]
        size = max(-lowest, highest)
        if size <= self.size:
            return
        self.size = size
        if not 1 / _LARGEST <= size <= _LARGEST:
            at = int((values.arg_min() if -lowest > highest else values.arg_max()) or 0)
            self.shown = f"largest: row {rows.row_number(at)} = {values[at]:g}"

    def _is_plain(self, values: pl.Series, known: float | None) -> bool:
        """Whether the sum of squares, which is fast to have, shows that all squares are numbers."""
        if not values.dtype.is_float() or values.is_empty():
            return False
        squares = float(values.dot(values) or 0.0) if known is None else known
        if not len(values) / _LARGEST**2 <= squares <= _LARGEST**2:
            return False
        # no more than the largest, and as good as it: between the limits
        self.size = max(self.size, math.sqrt(squares / len(values)))
        return True

    def error(self) -> DataError | None:
        """Refuse numbers whose squares are no numbers."""
        if self.size == 0 or 1 / _LARGEST <= self.size <= _LARGEST:
            return None
        if self.size > _LARGEST:
            problem = f"{self.label} has values beyond {_LARGEST:g}, whose squares overflow"
            remedy = f"the same in larger units, such as I({self.label} / 1e100)"
        else:
            problem = f"{self.label} has only values below {1 / _LARGEST:g}, whose squares vanish"
            remedy = f"the same in smaller units, such as I({self.label} * 1e100)"
        return DataError(problem, self.shown, tries=[remedy])


def _undefined(label: str, fault: Fault) -> DataError:
    return DataError(
        f"{label} is not a finite number in {fault.count} of {fault.rows} rows",
        f"first: {fault.shown[0]}",
    )


def _with_inputs(expression: Expression, rows: Rows, at: int) -> str:
    inputs = ", ".join(f"{name} = {rows.frame.get_column(name)[at]}" for name in names(expression))
    return f"row {rows.row_number(at)}, where {inputs}"
