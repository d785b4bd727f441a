"""What goes to standard error: errors, warnings and notes, one form for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import typer

from mlefit.errors import ExitCode, MlefitError, UsageError, did_you_mean
from mlefit.report import terminal
from mlefit.report.clean import clean

# The class of everything Typer itself refuses; only its subclass has a public name.
PARSE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]


def tell(kind: str, text: str) -> None:
    """One message: its first line behind its kind, the others as they are."""
    first, *rest = (clean(line) for line in text.split("\n"))
    terminal.tell("\n".join([f"{kind}: {first}", *rest]) + "\n")


def tell_all(kind: str, texts: Iterable[str]) -> None:
    """Several messages of one kind."""
    for text in texts:
        tell(kind, text)


def refuse(error: MlefitError, arguments: Sequence[str]) -> ExitCode:
    """Print an error mlefit raised on purpose; the traceback only for `--debug`."""
    if "--debug" in arguments:
        import traceback

        terminal.tell("".join(traceback.format_exception(error)))
    tell("error", str(error))
    return error.exit_code


def refuse_parse(error: Exception, arguments: Sequence[str]) -> ExitCode:
    """Print what Typer refused, in the words of mlefit."""
    if type(error).__name__ == "NoArgsIsHelpError":
        terminal.tell(f"{error}\n")
        return ExitCode.USAGE
    return refuse(_translated(error), arguments)


def _translated(error: Exception) -> UsageError:
    context: Any = getattr(error, "ctx", None)
    option = getattr(error, "option_name", "")
    if hasattr(error, "possibilities"):
        # without the dashes, which every long option shares
        known = [
            name[2:]
            for param in context.command.get_params(context)
            for name in param.opts
            if name.startswith("--")
        ]
        close = did_you_mean(option[2:], known) if option.startswith("--") else ()
        tries = [f"--{name}" for name in close] or [f"{context.command_path} --help"]
        return UsageError(f"no option {option} in {context.command_path}", tries=tries)
    message = str(error.format_message()) if hasattr(error, "format_message") else str(error)
    problem = message[:1].lower() + message[1:].rstrip(".")
    if "unexpected extra argument" in problem:
        return UsageError(problem, "a formula is one argument: put it in quotes")
    return UsageError(problem, tries=[f"{context.command_path} --help"] if context else ())
