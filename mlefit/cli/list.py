"""`mlefit list`: what there is to choose from."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._values import choice
from mlefit.report import ReportOptions, terminal, write_list

_KINDS = ("families", "losses", "links", "priors", "checks")

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Kind = Annotated[
    str,
    typer.Argument(
        metavar="[families|losses|links|priors|checks]",
        parser=choice("list", _KINDS, usage="mlefit list"),
        autocompletion=lambda incomplete: [k for k in _KINDS if k.startswith(incomplete)],
        show_default=False,
        help="What to show. Default: families.",
    ),
]


@app.command("list", cls=Command)
def show(
    kind: Kind = "families",
    form: opt.Format = "text",
    color: opt.Colour = "auto",
    ascii_only: opt.Ascii = False,
) -> None:
    """Show the families, losses, links, priors and checks there are."""
    from mlefit import catalogue  # imports every family

    rows = {
        "families": catalogue.families,
        "losses": catalogue.losses,
        "links": catalogue.links,
        "priors": catalogue.priors,
        "checks": catalogue.checks,
    }[kind]()
    stream = sys.stdout
    write_list(
        rows,
        ReportOptions(
            format=form,
            colour=terminal.use_colour(color, stream, os.environ),
            ascii_only=ascii_only or terminal.needs_ascii(stream),
            width=terminal.width_of(stream),
        ),
    )
