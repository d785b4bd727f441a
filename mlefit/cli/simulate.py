"""`mlefit simulate`: a saved model, or a family at given parameters, in; draws of it out."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

import typer

from mlefit.cli import _values
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import exclusive
from mlefit.cli._flags import PROGRAM, takes
from mlefit.cli._rows import ROWS_OUT, SPELT, Model, Unseen, deliver, row_format, tell
from mlefit.cli._values import whole
from mlefit.errors import ExitCode
from mlefit.request import SimulateRequest

_EXAMPLES = """\b
Examples:
  mlefit simulate -F normal --at mu=170,sigma=10 --rows 1000 --seed 7
  mlefit fit sample_data/leukemia.csv 'time ~ treat' -F gamma -o m.json
  mlefit simulate sample_data/leukemia.csv --model m.json --keep treat
  mlefit simulate sample_data/leukemia.csv -m m.json --uncertainty
  mlefit simulate -F gamma --at mu=2,k=3 --rows 100000 -o draws.parquet
"""

_PANEL = "Draws"

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def _option(*names: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=_PANEL, **more)


Data = Annotated[
    str | None,
    typer.Argument(
        metavar="[DATA]",
        show_default=False,
        help="A table, of which every row is given an outcome, or - for stdin.",
    ),
]
Rows = Annotated[
    int | None,
    _option(
        "-n",
        "--rows",
        metavar="N",
        parser=whole("--rows", 1),
        text="Rows to draw without a table; of a saved sample, as many as it had.",
    ),
]
Replications = Annotated[
    int,
    _option(
        "--replications",
        metavar="R",
        parser=whole("--replications", 1),
        text="Draw all rows so often, numbered in a column.",
    ),
]
Uncertainty = Annotated[
    bool,
    typer.Option(
        "--uncertainty",
        rich_help_panel=_PANEL,
        help="Draw the estimates, too, from their normal approximation.",
    ),
]
Seed = Annotated[
    int,
    _option("--seed", metavar="S", parser=whole("--seed", 0), text="Of every random number."),
]


@app.command("simulate", cls=Command, epilog=_EXAMPLES)
@takes(
    {
        "data": (Data, None),
        "model": (Model, None),
        "family": (model.Family, None),
        "loss": (model.Loss, None),
        "at": (model.At, None),
        "trials": (model.NumberOfTrials, None),
        "levels": (model.Levels, None),
    },
    {
        "rows": (Rows, None),
        "replications": (Replications, 1),
        "uncertainty": (Uncertainty, False),
        "seed": (Seed, 1),
    },
    {"unseen": (Unseen, "error"), "input_format": (opt.InputFormat, None)},
    ROWS_OUT,
    PROGRAM,
)
def simulate(ctx: typer.Context, **flags: Any) -> int:
    """Draw rows from a saved fit or from a distribution."""
    from mlefit.prediction import simulating  # the numerics load here, so that --help stays quick

    exclusive(ctx, ("model", "family", "loss"))
    form = row_format(flags)
    names = [field.name for field in fields(SimulateRequest) if field.name in flags]
    given = {name: flags[name] for name in names}
    request = SimulateRequest(
        **given
        | {
            "family": flags["family"] or flags["loss"],
            "at": tuple(flags["at"] or ()),
            "levels": _values.names("--levels", flags["levels"] or ()),
            "keep": _values.names("--keep", flags["keep"] or ()) or (),
            "spelt": form in SPELT,
        }
    )
    simulation = simulating.prepare(request)
    tell(simulation.notes, flags)
    if deliver(simulation.frames(), simulation.schema, form, flags):
        tell(simulation.tally.notes("draw"), flags)
    return ExitCode.OK
