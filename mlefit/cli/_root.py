"""The root command: it knows the others by name only, and it is where every error ends."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

from mlefit import __version__
from mlefit.cli import _messages
from mlefit.errors import DataError, ExitCode, MlefitError, UsageError, did_you_mean
from mlefit.memory import NOT_ENOUGH
from mlefit.report import terminal

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
COMPLETE_VARIABLE = "_MLEFIT_COMPLETE"

# name: short help. The module of the same name holds `app`, a Typer of one command.
COMMANDS = {
    "fit": "Estimate the parameters of a family by maximum likelihood.",
    "compare": "Rank families, losses and formulas on the same rows.",
    "likelihood": "Likelihood of parameters, the data being given.",
    "probability": "Probability of values, the parameters being given.",
    "profile": "See how the likelihood falls away from a fit, with intervals beside Wald's.",
    "predict": "Predict every row of a table by a saved fit.",
    "simulate": "Draw rows from a saved fit or from a distribution.",
    "check": "Check that today's data still fit yesterday's model.",
    "study": "See by simulation what the maximum likelihood estimate is worth.",
    "explain": "Derive a family, loss or prior step by step, in letters or your numbers.",
    "prior": "Translate a penalty between libraries and a prior.",
    "show": "Show or convert a saved document.",
    "list": "Show the families, losses, links, priors and checks there are.",
    "completion": "Print the completion script of a shell.",
}


class Root(TyperGroup):
    """Loads a command when it is called, and turns every refusal into lines and a code."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order a reader wants them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        return get_command(importlib.import_module(f"mlefit.cli.{cmd_name}").app)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As Typer does, but an unknown name gets a suggestion that works."""
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if close := did_you_mean(name, COMMANDS):
            raise UsageError(f"no command '{name}'", tries=[f"mlefit {word}" for word in close])
        if Path(name).exists():
            raise UsageError(f"no command '{name}'", tries=[f"mlefit fit {name} --family NAME"])
        raise UsageError(f"no command '{name}'", f"commands: {', '.join(COMMANDS)}")

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run one command line and leave with its exit code."""
        arguments = list(sys.argv[1:] if args is None else args)
        if COMPLETE_VARIABLE in os.environ:
            _complete(super().main)
        try:
            code = super().main(
                arguments,
                prog_name="mlefit",
                complete_var=COMPLETE_VARIABLE,
                standalone_mode=False,
                obj={"arguments": tuple(arguments)},
            )
        except MlefitError as error:
            code = _messages.refuse(error, arguments)
        except _messages.PARSE_ERROR as error:
            code = _messages.refuse_parse(error, arguments)
        except MemoryError as error:
            code = _messages.refuse(_no_memory(error), arguments)
        except OSError as error:  # Typer could not write its help
            if error.errno not in _FULL:
                raise
            code = _messages.refuse(terminal.unwritable(error), arguments)
        except SystemExit as leaving:
            # Typer leaves with 1 when the reader of its help has gone.
            code = ExitCode.OK if leaving.code == 1 else leaving.code
        sys.exit(int(code or ExitCode.OK))


def _no_memory(error: MemoryError) -> DataError:
    return DataError(NOT_ENOUGH, *([str(error)] if str(error) else []))


def _complete(answer: Callable[..., Any]) -> NoReturn:
    """Answer a shell that asks for completions; it reads Typer's own exit codes."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()
    # Typer would render every description with rich, which doubles the wait
    # for a TAB; a None entry is Python's way to say that a module is absent.
    cast("dict[str, object]", sys.modules).setdefault("rich", None)
    answer([], prog_name="mlefit", complete_var=COMPLETE_VARIABLE)
    sys.exit(ExitCode.OK)


app = typer.Typer(
    name="mlefit",
    cls=Root,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with:  mlefit fit DATA 'y ~ x' --family normal",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlefit {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
    ] = False,
) -> None:
    """Maximum likelihood at the shell: fit a family to a table and see which loss it is."""
