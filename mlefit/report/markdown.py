"""The report as GitHub Markdown: rounded like the terminal, for summaries and issues."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlefit.report import estimates, path, wording
from mlefit.report.clean import clean
from mlefit.report.comparison import Section
from mlefit.report.estimates import Grid
from mlefit.report.options import ReportOptions
from mlefit.results import FitResult

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~#]")


def render(result: FitResult, options: ReportOptions) -> str:
    """The whole report, or only the table that was asked for."""
    if options.table == "terms":
        blocks = _estimates(result)
    elif options.table == "fit":
        blocks = [_bullets(wording.fit_pieces(result))]
    elif options.table == "path":
        blocks = [_grid(path.whole(result))]
    else:
        blocks = _whole(result)
    text = "\n\n".join(blocks) + "\n"
    return clean_lines(text, ascii_only=options.ascii_only)


def sections(
    title: Sequence[str], ledger: str, parts: Sequence[Section], options: ReportOptions
) -> str:
    """A report of several tables; one of them alone has no title."""
    blocks = []
    if options.table is None:
        blocks += [f"### {_escaped(' · '.join(title))}", _bullets([ledger])]
    for part in parts:
        lines = [[" · ".join(pieces) for pieces in side] for side in (part.before, part.after)]
        blocks += [f"#### {_escaped(part.title)}"] if part.title else []
        blocks += [_bullets(lines[0])] if lines[0] else []
        blocks += [_grid(part.grid)] if part.grid is not None else []
        blocks += [_bullets(lines[1])] if lines[1] else []
    return clean_lines("\n\n".join(blocks) + "\n", ascii_only=options.ascii_only)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """A GitHub table: the first `words` columns flush left, the others flush right."""
    rules = [":--" if index < words else "--:" for index in range(len(headings))]
    cells = [[_escaped(cell.strip()) for cell in row] for row in (headings, *rows)]
    lines = [cells[0], rules, *cells[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def clean_lines(text: str, *, ascii_only: bool) -> str:
    """The text with its own line breaks kept and nothing else unprintable."""
    return "\n".join(clean(line, ascii_only=ascii_only) for line in text.split("\n"))


def _whole(result: FitResult) -> list[str]:
    banner = wording.banner(result)
    status = [wording.ledger(result), wording.status(result), *wording.roles(result)]
    facts = wording.diagnostics(result.diagnostics)
    return [
        *([f"**{_escaped(banner)}**"] if banner else []),
        f"### {_escaped(' · '.join(wording.title(result)))}",
        _bullets(status),
        *_estimates(result),
        _bullets(wording.fit_pieces(result)),
        *_losses(result),
        *_penalty(result),
        *_strength(result),
        *(["#### Does it fit?", _bullets(["   ".join(line) for line in facts])] if facts else []),
    ]


def _estimates(result: FitResult) -> list[str]:
    return [_grid(grid) for grid in estimates.every(result)]


def _grid(grid: Grid) -> str:
    rows = [[re.sub(r"(?<=\S)   +(?=\S)", " to ", cell) for cell in row] for row in grid.rows]
    return table(grid.headings, rows, grid.words)


def _losses(result: FitResult) -> list[str]:
    if not result.losses:
        return []
    lines = [" → ".join(wording.assumption(result))]
    lines += [" ".join(wording.loss_identity(loss, result.fit.mean_nll)) for loss in result.losses]
    lines += ["; ".join(settings) for settings in wording.elsewhere(result.losses)]
    return ["#### The same fit, as a loss", _bullets(lines)]


def _penalty(result: FitResult) -> list[str]:
    lines = [" ".join(pieces) for pieces in wording.penalty_lines(result)]
    return ["#### The prior, as a penalty", _bullets(lines)] if lines else []


def _strength(result: FitResult) -> list[str]:
    if result.path is None:
        return []
    lines = [", ".join(pieces) for pieces in path.lines(result.path)]
    return ["#### The strength of the prior", _bullets(lines), _grid(path.grid(result.path))]


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_escaped(line)}" for line in lines)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", clean(text))
