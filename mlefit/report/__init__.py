"""Results in, text out: the only place that formats and the only one that prints them.

Each format is a module that is loaded when it is asked for; rich belongs to `text` alone.
A document is shown by the view that its schema names.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from mlefit.errors import UsageError, did_you_mean
from mlefit.report.files import check_output, write_atomically
from mlefit.report.options import FORMATS, ReportOptions
from mlefit.report.terminal import emit

if TYPE_CHECKING:
    from mlefit.report.pictures import Picture
    from mlefit.results.fit import DryRun

__all__ = [
    "FORMATS",
    "Document",
    "ReportOptions",
    "check_output",
    "render",
    "write",
    "write_dry_run",
    "write_list",
]


class Document(Protocol):
    """A record that knows its kind: `mlefit/fit/1`."""

    @property
    def schema(self) -> str:
        """Its kind and major version."""


class DocumentView(Protocol):
    """What a report of a document shows."""

    @property
    def table_names(self) -> Sequence[str]:
        """Names of the tables that can be asked for alone."""

    def render(self, record: object, options: ReportOptions) -> str:
        """The report in the format of the options, ending in a line break."""

    def pictures(self) -> Sequence[Picture]:
        """Everything there is to draw."""


def write(record: Document, options: ReportOptions) -> None:
    """Print a document, and write it to the output file if there is one.

    Raises:
        DataError: standard output or the file cannot take it.
    """
    if not (options.quiet and options.output):
        emit(render(record, options))
    if options.output:
        write_atomically(options.output, render(record, options.for_file(options.output)))
    if options.picture:
        from mlefit.report import plots

        plots.write(view_of(record).pictures(), options.picture)


def render(record: Document, options: ReportOptions) -> str:
    """The document in the format of the options, ending in a line break.

    Raises:
        UsageError: it has no such table.
    """
    view = view_of(record)
    if options.table is not None and options.table not in view.table_names:
        names = view.table_names
        raise UsageError(
            f"{record.schema} has no table '{options.table}'",
            f"tables: {', '.join(names)}",
            tries=[f"--table {name}" for name in did_you_mean(options.table, names) or names[:1]],
        )
    return view.render(record, options)


def view_of(record: Document) -> DocumentView:
    """What a report of this kind of document shows."""
    kind = record.schema.split("/")[1]
    module = importlib.import_module(f"mlefit.report.views.{kind}")
    return cast("DocumentView", module.view(record))


def write_dry_run(plan: DryRun, options: ReportOptions) -> None:
    """Print what a fit would do."""
    from mlefit.report import listing

    emit(listing.dry_run(plan, options))


def write_list(rows: Sequence[Mapping[str, str]], options: ReportOptions) -> None:
    """Print a table of words whose rows share their keys."""
    from mlefit.report import listing

    emit(listing.render(rows, options))
