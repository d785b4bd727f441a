"""What the commands that give rows share: where these go, in which format."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mlefit.cli import _messages, _option
from mlefit.cli import options as opt
from mlefit.cli._fitting import watched
from mlefit.cli._flags import Flags
from mlefit.cli._values import choice, writable
from mlefit.errors import UsageError
from mlefit.report import FORMATS, terminal
from mlefit.report.files import replacing
from mlefit.report.options import ROW_FORMATS, row_format_of
from mlefit.telling import Tell

_TEXT = "text"
_SHOWN = (_TEXT, *ROW_FORMATS)
_EVERY = tuple(dict.fromkeys((*_SHOWN, *FORMATS)))
# Lines of a text whose columns are set at once.
_LINES = 1000

SPELT = ("csv", "tsv")
"""Formats in which columns of a text file are repeated as they are spelt there."""

Model = Annotated[
    str | None,
    typer.Option(
        "-m", "--model",
        metavar="FILE.json", rich_help_panel=_option.MODEL,
        help="A fit, as mlefit fit ... -o FILE.json saved it.",
    ),
]  # fmt: skip
_Format = Annotated[
    str | None,
    typer.Option(
        "-f", "--format",
        metavar="|".join(_SHOWN), parser=choice("--format", _EVERY),
        autocompletion=lambda incomplete: [f for f in _EVERY if f.startswith(incomplete)],
        rich_help_panel=_option.SHOWN,
        help="What stdout gets, if not text in a terminal and csv in a pipe.",
    ),
]  # fmt: skip
_Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output",
        metavar="FILE", parser=writable, rich_help_panel=_option.SHOWN,
        help="Write .csv, .tsv, .json, .ndjson, .parquet or .arrow, and nothing to stdout.",
    ),
]  # fmt: skip
_Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", rich_help_panel=_option.SHOWN, help="No notes.")
]

Keep = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="COL,...", rich_help_panel=_option.SHOWN,
        help="Columns of the table to repeat, or all. Repeatable.",
    ),
]  # fmt: skip
Unseen = Annotated[
    str,
    typer.Option(
        "--unseen",
        metavar="error|null", parser=choice("--unseen", ("error", "null")),
        rich_help_panel=_option.ROWS, help="Rows with a level that the fit had not seen.",
    ),
]  # fmt: skip

ROWS_OUT: Flags = {
    "keep": (Keep, None),
    "form": (_Format, None),
    "output": (_Output, None),
    "ascii_only": (opt.Ascii, False),
    "quiet": (_Quiet, False),
}


def row_format(flags: Mapping[str, Any]) -> str:
    """The format that rows are to have.

    Raises:
        UsageError: it is one of reports.
    """
    form, output = flags["form"], flags["output"]
    if output is not None:
        return row_format_of(output)
    if form is None:
        return _TEXT if terminal.is_terminal(sys.stdout) else "csv"
    if form not in _SHOWN:
        raise UsageError(
            f"-f {form} is for reports, and here are rows",
            f"formats of rows: {', '.join(_SHOWN)}",
            tries=["-f csv"],
        )
    return str(form)


def deliver(
    frames: Iterable[Any],
    schema: Mapping[str, Any],
    form: str,
    flags: Mapping[str, Any],
) -> bool:
    """Write runs of rows to the file or to standard output while they come.

    Returns:
        Whether all of them were taken: a reader of standard output may have left.

    Raises:
        MlefitError: what the runs raise, or the file or standard output cannot take them.
    """
    output: Path | None = flags["output"]
    # what scrolls by on a terminal tells enough
    shown = output is None and terminal.is_terminal(sys.stdout)
    with watched({"quiet": flags["quiet"] or shown}) as (_, tell_rows):
        return _deliver(_counted(frames, tell_rows), schema, form, output, flags["ascii_only"])


def _counted(frames: Iterable[Any], tell_rows: Tell) -> Iterator[Any]:
    rows = 0
    for frame in frames:
        tell_rows("writing, rows", rows, 0)
        yield frame
        rows += frame.height


def _deliver(
    frames: Iterable[Any],
    schema: Mapping[str, Any],
    form: str,
    output: Path | None,
    ascii_only: bool,
) -> bool:
    from mlefit.prediction import sink

    if output is not None:
        with replacing(output) as temporary:
            sink.write(frames, schema, temporary, form)
        return True
    if form == _TEXT:
        from mlefit.report.rows import RowPage  # rich loads here

        page = RowPage(ascii_only=ascii_only or terminal.needs_ascii(sys.stdout))
        runs = (piece for frame in frames for piece in frame.iter_slices(_LINES))
        return all(terminal.emit(page.text(run.columns, run.rows())) for run in runs)
    return all(terminal.emit(text) for text in sink.texts(frames, form))


def tell(notes: Iterable[str], flags: Mapping[str, Any]) -> None:
    """Notes on standard error, unless nobody wants them."""
    if not flags["quiet"]:
        _messages.tell_all("note", notes)
