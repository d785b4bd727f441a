"""How flags are declared: with a panel of the help they stand in, and a parser that refuses."""

from __future__ import annotations

from typing import Any

import typer

from mlefit.cli import _complete
from mlefit.cli._values import choice as one_of

MODEL, PARTLY, ROWS, ERRORS, TESTS, SEARCH, SHOWN, PROGRAM = (
    "Model",
    "Censored and truncated targets",
    "Rows and weights",
    "Standard errors",
    "Tests",
    "Search",
    "Output",
    "Program",
)


def flag(*names: str, panel: str, text: str) -> Any:
    """A flag without a value."""
    return typer.Option(*names, help=text, rich_help_panel=panel)


def text(*names: str, panel: str, metavar: str, text: str, **more: Any) -> Any:
    """A flag with a value."""
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=panel, **more)


def column(*names: str, panel: str, text: str) -> Any:
    """A flag that names a column of the table."""
    return typer.Option(
        *names,
        metavar="COL",
        autocompletion=_complete.column,
        help=text,
        rich_help_panel=panel,
    )


def choice(*names: str, panel: str, values: tuple[str, ...], text: str) -> Any:
    """A flag with one of several values."""
    return typer.Option(
        *names,
        metavar="|".join(values),
        parser=one_of(names[-1], values),
        autocompletion=lambda incomplete: [v for v in values if v.startswith(incomplete)],
        help=text,
        rich_help_panel=panel,
    )
