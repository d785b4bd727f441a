"""Text that is meant as numbers: 1,234 and 1'234 and 1.234,5. It is refused, never guessed."""

from __future__ import annotations

import re
import shlex
from functools import partial

import polars as pl

from mlefit.errors import DataError, MlefitError
from mlefit.source.learnt import Fault
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


class Spelling:
    """Whether a text column holds numbers that are spelt for people, and only those.

    As text every number would be a level of its own, and the model another one.
    """

    def __init__(self, source: Source, name: str) -> None:
        self._source, self._name = source, name
        self._odd = {what: Fault(partial(self._refused, what)) for what in _KINDS}

    def see(self, rows: Rows) -> None:
        """Look at a run."""
        if not self._odd:
            return
        values = rows.frame[self._name]
        told = rows.told(values)
        # most text is told from numbers by its first values
        for some in (values.head(_SAMPLE), values):
            texts = some.to_frame("text").select(present(pl.col("text"))).drop_nulls().to_series()
            self._odd = {w: f for w, f in self._odd.items() if _only(texts, _KINDS[w])}
            if not self._odd:
                return
        for what, fault in self._odd.items():
            odd = values.str.strip_chars().str.contains(f"^[+-]?({_KINDS[what]})$")
            fault.see(len(odd), odd.arg_true(), told)

    def error(self) -> MlefitError | None:
        """The error, if every value is a number and some are spelt oddly."""
        return next((e for fault in self._odd.values() if (e := fault.error())), None)

    def _refused(self, what: str, fault: Fault) -> DataError:
        number, value = fault.shown[0].split(" = ", 1)
        return DataError(
            f"column {self._name!r} looks like numbers with {what}, which are read as text",
            f"first: {number} = {value!r} ({fault.count} of {fault.rows} rows)",
            tries=remedy(self._source, value),
        )


def remedy(source: Source, value: str) -> tuple[str, ...]:
    """What turns a column of such values into numbers, if possible a command."""
    what, delimited = spoken_number(value), source.delimited
    commas_only = re.fullmatch(r"[\d+,-]+", value.strip()) is not None
    if what is None or not commas_only or delimited is None or delimited.separator != ",":
        return ("write such numbers with digits and a decimal point only: 1234.5",)
    unpack = {"gzip": "gzip -dc", "zstd": "zstd -dc"}.get(delimited.place.compression or "", "cat")
    return (f"{unpack} {shlex.quote(source.name)} | {_REMEDY[what]} | mlefit fit - ...",)


def _only(values: pl.Series, odd: str) -> bool:
    return bool(values.str.contains(f"^[+-]?({_PLAIN}|{odd})$").all())
