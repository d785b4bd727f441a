"""`mlefit completion`: the script that lets a shell complete mlefit's words."""

from __future__ import annotations

from typing import Annotated

import typer

from mlefit.cli._command import Command
from mlefit.cli._values import choice
from mlefit.report import terminal

SHELLS = ("bash", "zsh", "fish")

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Shell = Annotated[
    str,
    typer.Argument(
        metavar="|".join(SHELLS),
        parser=choice("shell", SHELLS, usage="mlefit completion"),
        autocompletion=lambda incomplete: [s for s in SHELLS if s.startswith(incomplete)],
        help="The shell that will read it.",
    ),
]

_EXAMPLES = """\b
Examples:
  mlefit completion bash > ~/.local/share/bash-completion/completions/mlefit
  mlefit completion zsh > ~/.zfunc/_mlefit
  mlefit completion fish > ~/.config/fish/completions/mlefit.fish
"""


# Loaded from fpath, the file is itself the completion function of the first TAB.
_ZSH_ENDING = """\
if [[ ${{funcstack[1]}} == _mlefit ]]; then
  _mlefit_completion "$@"
else
  {register}
fi"""


@app.command("completion", cls=Command, epilog=_EXAMPLES)
def completion(shell: Shell) -> None:
    """Print the completion script of a shell."""
    terminal.emit(script(shell))


def script(shell: str) -> str:
    """The script as Typer generates it; zsh's also answers the TAB that loads it."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    text = get_completion_script(prog_name="mlefit", complete_var="_MLEFIT_COMPLETE", shell=shell)
    register = "compdef _mlefit_completion mlefit"
    if shell == "zsh" and register in text:
        text = text.replace(register, _ZSH_ENDING.format(register=register))
    return f"{text}\n"
