"""What the commands that fit share: where the rows come from, where the report goes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO

import typer

from mlefit.cli import _messages, _values
from mlefit.cli.options import WEIGHTS
from mlefit.errors import UsageError
from mlefit.report import ReportOptions, terminal
from mlefit.report.progress import Progress
from mlefit.request import Request
from mlefit.telling import Tell, unheard


def exclusive(ctx: typer.Context, names: tuple[str, ...]) -> None:
    """Refuse flags that cannot stand together."""
    given = [f"--{name.replace('_', '-')}" for name in names if ctx.params[name] is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} cannot stand together", tries=given)


def positionals(
    command: str, data: str | None, formulas: tuple[str, ...], *, several: bool = False
) -> tuple[str, tuple[str, ...]]:
    """Data and formulas; where a formula stands first the rows come from standard input.

    Args:
        command: for the error.
        data: the first argument.
        formulas: the others.
        several: whether there can be more than one formula.
    """
    is_formula = data is not None and "~" in data.lstrip()[1:] and (several or not formulas)
    if is_formula and not Path(str(data)).exists():
        data, formulas = None, (str(data), *formulas)
    if data == "":
        raise UsageError(
            "the name of the data file is empty", "is it a variable of the shell that is not set?"
        )
    stdin: TextIO | None = sys.stdin  # None if it was closed before the start
    example = " --model m.json" if command == "predict" else " 'y ~ x'"
    if data in {None, "-"} and stdin is not None and stdin.isatty():
        raise UsageError(
            "no data: name a file, or pipe rows in", tries=[f"mlefit {command} DATA{example}"]
        )
    return data or "-", formulas


def fit_request(ctx: typer.Context, command: str, **fixed: Any) -> Request:
    """The flags of a fit under the names that the request has for them.

    Args:
        ctx: of a command that takes the flags of a model.
        command: for errors.
        fixed: fields that the command itself decides.
    """
    flags = ctx.params
    exclusive(ctx, ("family", "loss"))
    exclusive(ctx, WEIGHTS)
    formula = flags["formula"]
    data, formulas = positionals(command, flags["data"], () if formula is None else (formula,))
    given: dict[str, Any] = {
        # what can be repeated is empty where it was not given
        one.name: tuple(flags[one.name] or ()) if one.default == () else flags[one.name]
        for one in fields(Request)
        if one.name in flags
    }
    return Request(
        **given
        | {
            "data": data,
            "formula": next(iter(formulas), None),
            "family": flags["family"] or flags["loss"],
            "features": _values.names("-x", flags["features"] or ()),
            "levels": _values.names("--levels", flags["levels"] or ()),
            "command": ctx.find_root().obj["arguments"],
            **fixed,
        }
    )


def report_options(flags: Mapping[str, Any]) -> ReportOptions:
    """Where the report goes and what it looks like there."""
    stream, plot = sys.stdout, flags.get("plot", "auto")
    return ReportOptions(
        format=flags["form"],
        table=flags["table"],
        output=flags["output"],
        colour=terminal.use_colour(flags["color"], stream, os.environ),
        ascii_only=flags["ascii_only"] or terminal.needs_ascii(stream),
        width=terminal.width_of(stream),
        quiet=flags["quiet"],
        plot=terminal.use_pictures(plot if isinstance(plot, str) else "auto", stream),
        picture=plot if isinstance(plot, Path) else None,
    )


def tell_notes(notes: Iterable[str], options: ReportOptions) -> None:
    """Notes on standard error, unless nobody wants them."""
    if not options.quiet:
        _messages.tell_all("note", notes)


@contextlib.contextmanager
def watched(flags: Mapping[str, Any]) -> Iterator[tuple[Callable[[str], None], Tell]]:
    """What takes a line for each step of the work, and what takes how far it is."""
    with Progress(verbose=flags.get("verbose", False), quiet=flags["quiet"]) as progress:
        yield progress.log, progress.tell if progress.heard else unheard
