"""Every error mlefit raises on purpose, and the exit code each one means.

    MlefitError
    ├── UsageError          2   a flag, column, family, formula or model file is wrong
    ├── DataError           3   the data are missing, unreadable, empty or outside the support
    └── UntrustworthyError  4   no maximum exists or none was reached, so nothing can be printed

An error is what happened, the evidence, and commands that would work. Colour and
layout are not its business. Anything else that escapes is a bug and exits 70.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum

MOST_SQUARE = 10_000
"""Columns of a matrix whose every entry is held: 0.8 GB, and a few of them are needed."""


class ExitCode(IntEnum):
    """What a caller in a pipeline learns from the exit status."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    DATA = 3
    UNTRUSTWORTHY = 4
    NOTHING_CHECKED = 5
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class MlefitError(Exception):
    """One sentence of what is wrong, then the evidence, then what would work.

    Args:
        problem: the sentence, in the user's own words, without a final stop.
        evidence: lines that show it (column, first row number, value).
        tries: flags or commands that would work; shown as `try:  a   or   b`.
    """

    exit_code = ExitCode.BUG

    def __init__(self, problem: str, *evidence: str, tries: Iterable[str] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.evidence = evidence
        self.tries = tuple(tries)

    def __str__(self) -> str:
        lines = [self.problem, *(f"  {line}" for line in self.evidence)]
        if self.tries:
            lines.append("  try:  " + "   or   ".join(self.tries))
        return "\n".join(lines)


class UsageError(MlefitError):
    """The command asks for something that does not exist or does not fit together."""

    exit_code = ExitCode.USAGE


class TooWideError(UsageError):
    """What is asked for needs every product of too many coefficients.

    Args:
        columns: how many.
    """

    def __init__(self, columns: int) -> None:
        super().__init__(
            f"this needs tables of {columns:,} by {columns:,} numbers, "
            f"{8 * columns**2 / 1e9:,.1f} GB each",
            f"beyond {MOST_SQUARE:,} columns there is the fit with its standard errors, but no "
            "prior, sandwich or profile",
        )


class DataError(MlefitError):
    """The data cannot be read, or hold values the model cannot have produced."""

    exit_code = ExitCode.DATA


class UntrustworthyError(MlefitError):
    """There is no estimate to print: no maximum exists, or no valid start was found."""

    exit_code = ExitCode.UNTRUSTWORTHY


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names closest to a misspelt one, best first; empty when none is close."""
    by_folded = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_folded, n=3, cutoff=0.6)
    return tuple(by_folded[folded] for folded in close)
