"""Values of flags, checked before any work: each parser refuses with a way out."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from mlefit import room
from mlefit.errors import UsageError, did_you_mean
from mlefit.report.options import PICTURE_FILES


def choice(what: str, names: Sequence[str], usage: str = "") -> Callable[[str], str]:
    """A parser that accepts the names, in any case; `usage` stands before a suggested one."""
    spelt = {name.lower(): name for name in names}

    def parse(value: str) -> str:
        if value.lower() in spelt:
            return spelt[value.lower()]
        tries = [f"{usage or what} {name}" for name in did_you_mean(value, names)]
        raise UsageError(f"no {what} '{value}'", f"choices: {', '.join(names)}", tries=tries)

    return parse


def number(flag: str, above: float, below: float = math.inf) -> Callable[[str], float]:
    """A parser for a number strictly between two others."""
    ends = [(f"above {above:g}", above), (f"below {below:g}", below)]
    bounds = " and ".join(words for words, end in ends if math.isfinite(end))

    def parse(value: str | float) -> float:
        try:
            parsed = float(value)
        except ValueError:
            parsed = math.nan
        if above < parsed < below:
            return parsed
        raise UsageError(f"{flag} must be a number{bounds and ' '}{bounds}, not '{value}'")

    return parse


def whole(flag: str, least: int) -> Callable[[str], int]:
    """A parser for a whole number that is not below another."""

    def parse(value: str | int) -> int:
        try:
            parsed = int(value)
        except ValueError:
            parsed = least - 1
        if parsed >= least:
            return parsed
        raise UsageError(f"{flag} must be a whole number of at least {least}, not '{value}'")

    return parse


def size(flag: str) -> Callable[[str], str]:
    """A parser for bytes as people write them, which stay as they are written."""

    def parse(value: str) -> str:
        room.size(value, flag)
        return value

    return parse


def names(flag: str, values: Sequence[str]) -> tuple[str, ...] | None:
    """Column names from comma lists; quotes keep a name that has a comma together.

    None when the flag was not given.
    """
    if not values:
        return None
    listed = [name.strip() for row in csv.reader(values, skipinitialspace=True) for name in row]
    if not listed or "" in listed:
        raise UsageError(f"{flag} has an empty name in '{','.join(values)}'")
    return tuple(listed)


def numbers(flag: str, values: Sequence[str], above: float, below: float) -> tuple[float, ...]:
    """Numbers strictly between two others, from comma lists."""
    parse = number(flag, above, below)
    return tuple(parse(word) for word in names(flag, values) or ())


def writable(value: str) -> Path:
    """A path that can be written, whatever its extension."""
    from mlefit.report.files import check_writable

    path = Path(value)
    check_writable(path)
    return path


def pictures(when: Sequence[str]) -> Callable[[str], str | Path]:
    """A parser for when to draw, or for a file to draw into."""
    named = choice("--plot", (*when, "FILE.svg", "FILE.png"), "--plot")

    def parse(value: str) -> str | Path:
        if Path(value).suffix.lower() not in PICTURE_FILES:
            return named(value)
        from mlefit.report import plots

        plots.check_picture_file(Path(value))
        return Path(value)

    return parse


def output_file(value: str) -> Path:
    """A path that can be written, with an extension that names a format."""
    from mlefit.report import check_output

    path = Path(value)
    check_output(path)
    return path
