"""`mlefit predict`: a saved model and new rows in, a row of predictions for each out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from mlefit.cli import _messages, _values
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import positionals, report_options, watched
from mlefit.cli._flags import ENGINE, PROGRAM, takes
from mlefit.cli._rows import ROWS_OUT, SPELT, Model, Unseen, deliver, row_format, tell
from mlefit.cli._values import choice
from mlefit.errors import ExitCode, UsageError
from mlefit.report import check_output, write
from mlefit.request import PredictRequest

_EXAMPLES = """\b
Examples:
  mlefit fit sample_data/heights.csv -y height_inches -F normal -o m.json
  mlefit predict sample_data/heights.csv --model m.json
  mlefit predict sample_data/heights.csv -m m.json --quantiles 0.1,0.9
  mlefit predict sample_data/heights.csv -m m.json --keep all -o p.parquet
  mlefit predict sample_data/heights.csv -m m.json --aggregate
"""

_PANEL = "Columns"
_RESIDUALS = ("quantile", "deviance", "pearson", "response")

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def _option(*names: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=_PANEL, **more)


What = Annotated[
    list[str] | None,
    _option(
        "--what",
        metavar="GROUP,...",
        text="fitted, outcome, classes, parameters, residual, nll, influence, or all. "
        "If not: fitted or classes, and with a target residual and nll.",
    ),
]
Quantiles = Annotated[
    list[str] | None,
    _option("--quantiles", metavar="P,...", text="Quantiles of a new outcome: 0.1,0.5,0.9."),
]
Residuals = Annotated[
    str,
    _option(
        "--residuals",
        metavar="|".join(_RESIDUALS),
        parser=choice("--residuals", _RESIDUALS),
        text="Kind of residual.",
    ),
]
Uncertainty = Annotated[
    bool,
    typer.Option(
        "--uncertainty/--no-uncertainty",
        rich_help_panel=_PANEL,
        help="Whether limits of an outcome count that the estimates are not certain.",
    ),
]
Aggregate = Annotated[
    bool,
    typer.Option(
        "--aggregate", rich_help_panel=_PANEL, help="Only the NLL of all rows, as a report."
    ),
]


@app.command("predict", cls=Command, epilog=_EXAMPLES)
@takes(
    {"data": (model.Data, None), "model": (Model, None)},
    {
        "what": (What, None),
        "quantiles": (Quantiles, None),
        "conf_level": (opt.ConfLevel, 0.95),
        "uncertainty": (Uncertainty, True),
        "residuals": (Residuals, "quantile"),
        "aggregate": (Aggregate, False),
    },
    {"unseen": (Unseen, "error"), "input_format": (opt.InputFormat, None)},
    ENGINE,
    ROWS_OUT,
    PROGRAM,
)
def predict(ctx: typer.Context, **flags: Any) -> int:
    """Predict every row of a table by a saved fit."""
    from mlefit.prediction import predicting  # the numerics load here, so that --help stays quick

    request = _request(ctx)
    if flags["aggregate"]:
        return _judge(request, flags)
    form = row_format(flags)
    prediction = predicting.prepare(replace(request, spelt=form in SPELT))
    tell(prediction.notes, flags)
    if deliver(prediction.frames(), prediction.schema, form, flags):
        tell(prediction.tally.notes(), flags)
    return ExitCode.OK


def _judge(request: PredictRequest, flags: Mapping[str, Any]) -> int:
    from mlefit.prediction import judging

    output: Path | None = flags["output"]
    if output is not None:
        check_output(output)
    looks = {"table": None, "color": "auto", "form": flags["form"] or "text"}
    options = report_options({**flags, **looks})
    with watched(flags) as (_, tell_rows):
        result = judging.held_out(request, tell_rows)
    tell(result.notes, flags)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    return ExitCode.OK


def _request(ctx: typer.Context) -> PredictRequest:
    """The flags under the names the request has for them."""
    flags = ctx.params
    if flags["model"] is None:
        raise UsageError(
            "no model: which fit is to predict?",
            tries=["--model m.json, where mlefit fit ... -o m.json has saved it"],
        )
    data, _ = positionals("predict", flags["data"], ())
    given = {
        field.name: flags[field.name] for field in fields(PredictRequest) if field.name in flags
    }
    return PredictRequest(
        **given
        | {
            "data": data,
            "what": _values.names("--what", flags["what"] or ()),
            "keep": _values.names("--keep", flags["keep"] or ()) or (),
            "quantiles": _values.numbers("--quantiles", flags["quantiles"] or (), 0, 1),
            "command": ctx.find_root().obj["arguments"],
        }
    )
