"""`mlefit show`: a saved document, in any format."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from mlefit.cli import _messages, _option
from mlefit.cli._command import Command
from mlefit.cli._fitting import report_options, tell_notes
from mlefit.cli._flags import FORMAT, LOOKS, PICTURES, PROGRAM, takes
from mlefit.errors import ExitCode, UsageError
from mlefit.report import terminal, write

_EXAMPLES = """\b
Examples:
  mlefit fit sample_data/rivers.csv -y length_miles -F gamma -o rivers.json
  mlefit show rivers.json
  mlefit show rivers.json --table terms -f csv
  mlefit show rivers.json -q -o rivers.md
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Saved = Annotated[
    str | None,
    typer.Argument(metavar="[FILE.json]", show_default=False, help="A document, or - for stdin."),
]
Table = Annotated[
    str | None,
    typer.Option(
        "--table", metavar="NAME", rich_help_panel=_option.SHOWN, help="Only this table of it."
    ),
]


@app.command("show", cls=Command, epilog=_EXAMPLES)
@takes({"saved": (Saved, None)}, FORMAT, {"table": (Table, None)}, PICTURES, LOOKS, PROGRAM)
def show(ctx: typer.Context, **flags: Any) -> int:
    """Show or convert a saved document."""
    from mlefit import documents

    saved = flags["saved"] or "-"
    if saved == "-" and terminal.is_terminal(sys.stdin):
        raise UsageError(
            "no document: name a file, or pipe one in", tries=["mlefit show model.json"]
        )
    record, options = documents.read(saved), report_options(flags)
    tell_notes(getattr(record, "notes", ()), options)
    _messages.tell_all("warning", getattr(record, "warnings", ()))
    write(record, options)
    return ExitCode.OK
