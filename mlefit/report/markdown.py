"""The report as GitHub Markdown: rounded like the terminal, for summaries and issues."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlefit.report.clean import clean
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Grid, Section

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~#]")


def sections(
    title: Sequence[str], ledger: str, parts: Sequence[Section], options: ReportOptions
) -> str:
    """A report of several tables; one of them alone has no title."""
    blocks = []
    if options.table is None and title:
        blocks += [f"### {escaped(' · '.join(title))}", *([bullets([ledger])] if ledger else [])]
    for part in parts:
        blocks += section(part)
    return clean_lines("\n\n".join(blocks) + "\n", ascii_only=options.ascii_only)


def section(part: Section) -> list[str]:
    """The blocks of a part of the report."""
    before, after = ([" · ".join(pieces) for pieces in side] for side in (part.before, part.after))
    return [
        *([f"#### {escaped(part.title)}"] if part.title else []),
        *([bullets(before)] if before else []),
        *([grid(part.grid)] if part.grid is not None else []),
        *([bullets(after)] if after else []),
    ]


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """A GitHub table: the first `words` columns flush left, the others flush right."""
    rules = [":--" if index < words else "--:" for index in range(len(headings))]
    cells = [[escaped(cell.strip()) for cell in row] for row in (headings, *rows)]
    lines = [cells[0], rules, *cells[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def clean_lines(text: str, *, ascii_only: bool) -> str:
    """The text with its own line breaks kept and nothing else unprintable."""
    return "\n".join(clean(line, ascii_only=ascii_only) for line in text.split("\n"))


def grid(cells: Grid) -> str:
    """The table of a report; an interval is written with its word."""
    rows = [[re.sub(r"(?<=\S)   +(?=\S)", " to ", cell) for cell in row] for row in cells.rows]
    return table(cells.headings, rows, cells.words)


def bullets(lines: Sequence[str]) -> str:
    """One item for each line."""
    return "\n".join(f"- {escaped(line)}" for line in lines)


def escaped(text: str) -> str:
    """The text with nothing in it that Markdown would obey."""
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", clean(text))
