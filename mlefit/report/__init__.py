"""Results in, text out: the only place that formats and the only one that prints them.

Each format is a module that is loaded when it is asked for; rich belongs to `text` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlefit.report.files import check_output, write_atomically
from mlefit.report.options import FORMATS, TABLES, ReportOptions
from mlefit.report.terminal import emit

if TYPE_CHECKING:
    from mlefit.results import DryRun, FitResult

__all__ = [
    "FORMATS",
    "TABLES",
    "ReportOptions",
    "check_output",
    "render",
    "write",
    "write_dry_run",
    "write_list",
]


def write(result: FitResult, options: ReportOptions) -> None:
    """Print the result, and write it to the output file if there is one.

    Raises:
        DataError: standard output or the file cannot take it.
    """
    if not (options.quiet and options.output):
        emit(render(result, options))
    if options.output:
        text = render(result, options.for_file(options.output))
        write_atomically(options.output, text)


def render(result: FitResult, options: ReportOptions) -> str:
    """The result in the format of the options, ending in a line break."""
    if options.format == "json":
        from mlefit.report import document

        return document.render(result, options)
    if options.format in {"csv", "tsv"}:
        from mlefit.report import delimited

        return delimited.render(result, options)
    if options.format == "md":
        from mlefit.report import markdown

        return markdown.render(result, options)
    from mlefit.report import text

    return text.render(result, options)


def write_dry_run(plan: DryRun, options: ReportOptions) -> None:
    """Print what a fit would do."""
    from mlefit.report import listing

    emit(listing.dry_run(plan, options))


def write_list(rows: Sequence[Mapping[str, str]], options: ReportOptions) -> None:
    """Print a table of words whose rows share their keys."""
    from mlefit.report import listing

    emit(listing.render(rows, options))
