"""Text that is meant as numbers: 1,234 and 1'234 and 1.234,5. It is refused, never guessed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import polars as pl

from mlefit.errors import DataError
from mlefit.source.records import Rows, Source
from mlefit.source.types import present

_SAMPLE = 1000
_PLAIN = r"\d+(\.\d+)?"
_GROUPED = r"\d{1,3}([, '_\u00a0\u202f]\d{3})+(\.\d+)?"
_DOTTED = r"\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}"
_DECIMAL_COMMA = r"\d+,\d+"

# What makes a value odd; a whole column is odd if the rest of it is plain numbers.
_KINDS = {
    "thousands separators": f"{_GROUPED}|{_DOTTED}",
    "a decimal comma": f"{_DECIMAL_COMMA}|{_DOTTED}",
}
_REMEDY = {
    "thousands separators": r"""sed -E ':a;s/("[+-]?[0-9]+),([0-9]{3}[",.])/\1\2/;ta'""",
    "a decimal comma": r"""sed -E 's/"([+-]?[0-9]+),([0-9]+)"/\1.\2/g'""",
}


def spoken_number(value: str) -> str | None:
    """What keeps a text from being a number: "thousands separators", "a decimal comma" or None."""
    text = value.strip()
    for what, odd in _KINDS.items():
        if re.fullmatch(f"[+-]?({odd})", text):
            return what
    return None


def refuse_spelt_numbers(source: Source, rows: Rows, names: Sequence[str]) -> None:
    """Raise a DataError for a text column of numbers that are spelt for people.

    As text every number would be a level of its own, and the model another one.
    """
    for name in names:
        values = rows.frame[name]
        if values.dtype == pl.String and (what := _kind_of(values)) is not None:
            odd = values.str.strip_chars().str.contains(f"^[+-]?({_KINDS[what]})$")
            first = int(odd.fill_null(False).arg_true()[0])
            raise DataError(
                f"column {name!r} looks like numbers with {what}, which are read as text",
                f"first: row {rows.row_number(first)} = {values[first]!r} "
                f"({int(odd.sum())} of {len(values)} rows)",
                tries=remedy(source, values[first]),
            )


def remedy(source: Source, value: str) -> tuple[str, ...]:
    """What turns a column of such values into numbers, if possible a command."""
    what, delimited = spoken_number(value), source.delimited
    commas_only = re.fullmatch(r"[\d+,-]+", value.strip()) is not None
    if what is None or not commas_only or delimited is None or delimited.separator != ",":
        return ("write such numbers with digits and a decimal point only: 1234.5",)
    unpack = {"gzip": "gzip -dc", "zstd": "zstd -dc"}.get(delimited.place.compression or "", "cat")
    return (f"{unpack} {shlex.quote(source.name)} | {_REMEDY[what]} | mlefit fit - ...",)


def _kind_of(values: pl.Series) -> str | None:
    """The oddity of a column all of whose values are numbers, in spite of it."""
    for sample in (values.head(_SAMPLE), values):
        frame = sample.to_frame("text").select(present(pl.col("text"))).drop_nulls()
        found = [what for what in _KINDS if _is_of(frame.to_series(), _KINDS[what])]
        if not found:
            return None
    return found[0]


def _is_of(values: pl.Series, odd: str) -> bool:
    if not bool(values.str.contains(f"^[+-]?({_PLAIN}|{odd})$").all()):
        return False
    return bool(values.str.contains(f"^[+-]?({odd})$").any())
