"""Results in, text out: the only place that formats and the only one that prints them.

Each format is a module that is loaded when it is asked for; rich belongs to `text` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from mlefit.report.files import check_output, write_atomically
from mlefit.report.options import FORMATS, TABLES, ReportOptions
from mlefit.report.terminal import emit

if TYPE_CHECKING:
    from mlefit.results import ComparisonResult, DryRun, FitResult

__all__ = [
    "FORMATS",
    "TABLES",
    "ReportOptions",
    "check_output",
    "render",
    "write",
    "write_comparison",
    "write_dry_run",
    "write_list",
]


def write(result: FitResult, options: ReportOptions) -> None:
    """Print the result, and write it to the output file if there is one.

    Raises:
        DataError: standard output or the file cannot take it.
    """
    _deliver(partial(render, result), options)


def write_comparison(result: ComparisonResult, options: ReportOptions) -> None:
    """Print a comparison, and write it to the output file if there is one.

    Raises:
        DataError: standard output or the file cannot take it.
    """
    from mlefit.report import comparison

    _deliver(partial(comparison.render, result), options)


def _deliver(rendered: Callable[[ReportOptions], str], options: ReportOptions) -> None:
    if not (options.quiet and options.output):
        emit(rendered(options))
    if options.output:
        write_atomically(options.output, rendered(options.for_file(options.output)))


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
