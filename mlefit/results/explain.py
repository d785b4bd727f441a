"""What an explanation hands over: steps of sentences and formulas, with letters or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated

from mlefit.frozen import frozen
from mlefit.results.fit import DataInfo

SCHEMA = "mlefit/explain/1"


@frozen
class Formula:
    """One formula, written in three ways."""

    name: Annotated[str, "what it is: density, log-density, score in mu; empty for a remark"]
    text: Annotated[str, "a line of plain mathematics"]
    latex: Annotated[str, "the same for a blackboard, without dollar signs"]
    expression: Annotated[str | None, "its right side in the expression language"] = None
    value: Annotated[float | None, "its value, where numbers stand in it"] = None


@frozen
class Line:
    """A sentence, formulas, or both."""

    words: Annotated[str, "what is said; empty for formulas alone"] = ""
    formulas: Annotated[Sequence[Formula], "on the same line, after the words"] = ()
    after: Annotated[str, "what is said behind the formulas"] = ""


@frozen
class Step:
    """One step of a derivation, or one part of a page."""

    title: Annotated[str, "what it is about: one row, all rows, slope"]
    lines: Annotated[Sequence[Line], "in reading order"]
    number: Annotated[int | None, "of a step in a derivation"] = None


@frozen
class Explanation:
    """The document `mlefit explain` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    topic: Annotated[str, "what was asked for, by its canonical name"]
    kind: Annotated[str, "family, loss, prior, link, field, concept, estimator or index"]
    title: Annotated[str, "its heading"]
    chain: Annotated[Sequence[str], "from an estimator to its distribution and its loss"] = ()
    data: Annotated[DataInfo | None, "the rows whose numbers are shown; null for letters"] = None
    steps: Annotated[Sequence[Step], "in reading order"] = ()
    see_also: Annotated[Sequence[str], "commands that go on from here"] = ()
    notes: Sequence[str] = field(default=())


RECORD = Explanation
