"""`mlefit probability`: fixed parameters, moving data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mlefit.cli import _option, _values
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import exclusive, report_options, tell_notes
from mlefit.cli._flags import FORMAT, LOOKS, PICTURES, PROGRAM, takes
from mlefit.errors import ExitCode
from mlefit.report import write
from mlefit.request import ProbabilityRequest

_PANEL = "Questions"
_EXAMPLES = """\b
Examples:
  mlefit probability -F normal --at mu=170,sigma=10 --above 185
  mlefit probability -F poisson --at mu=3 --below 5 --equal 0 --plot always
  mlefit probability -F gamma --at mu=2,k=3 --between 1,4 --quantile 0.5,0.975
  mlefit probability -F binomial --at mu=0.3 --trials 10 --above 7 -f csv
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def _question(flag: str, metavar: str, text: str) -> Any:
    option = typer.Option(*flag.split(), metavar=metavar, rich_help_panel=_PANEL, help=text)
    return Annotated[list[str] | None, option]


Model = Annotated[
    str | None,
    typer.Option(
        "-m",
        "--model",
        metavar="FILE",
        help="A fitted plain sample, saved by -o, instead of family and parameters.",
        rich_help_panel=_option.MODEL,
    ),
]
Below = _question("--below", "V,...", "P(X <= V). Repeatable, as all questions are.")
Above = _question("--above", "V,...", "P(X > V).")
Between = _question("--between", "LOW,HIGH", "P(LOW <= X <= HIGH).")
Equal = _question("--equal --density", "V,...", "P(X = V) of a count, else the density at V.")
Quantile = _question(
    "--quantile", "P,...", "Smallest V with P(X <= V) >= P; 1-1e-20 keeps the digits of 1e-20."
)


@app.command("probability", cls=Command, epilog=_EXAMPLES)
@takes(
    {
        "family": (model.Family, None),
        "loss": (model.Loss, None),
        "at": (model.At, None),
        "model": (Model, None),
        "trials": (model.NumberOfTrials, None),
        "levels": (model.Levels, None),
        "below": (Below, None),
        "above": (Above, None),
        "between": (Between, None),
        "equal": (Equal, None),
        "quantile": (Quantile, None),
    },
    FORMAT,
    {"table": (opt.named_tables("answers", "density", text="a row per answer or value"), None)},
    PICTURES,
    LOOKS,
    PROGRAM,
)
def probability(ctx: typer.Context, **flags: Any) -> int:
    """Probability of values, the parameters being given."""
    from mlefit import chance  # the numerics load here, so that --help stays quick

    exclusive(ctx, ("family", "loss"))
    result = chance.run(
        ProbabilityRequest(
            family=flags["family"] or flags["loss"],
            model=flags["model"],
            at=tuple(flags["at"] or ()),
            levels=_values.names("--levels", flags["levels"] or ()),
            trials=flags["trials"],
            **{name: _each(name, flags[name]) for name in ("below", "above", "equal", "quantile")},
            between=tuple(flags["between"] or ()),
            command=ctx.find_root().obj["arguments"],
        )
    )
    options = report_options(flags)
    tell_notes(result.notes, options)
    write(result, options)
    return ExitCode.OK


def _each(name: str, texts: Sequence[str] | None) -> tuple[str, ...]:
    """The values of comma lists."""
    return _values.names(f"--{name}", texts or ()) or ()
