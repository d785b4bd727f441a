"""`mlefit likelihood`: fixed data, moving parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from mlefit.cli import _messages, _option, _values
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import exclusive, positionals, report_options, tell_notes, watched
from mlefit.cli._flags import (
    FORMAT,
    LOOKS,
    PARTLY_SEEN,
    PICTURES,
    PROGRAM,
    ROWS,
    SEARCH,
    STRICT,
    takes,
)
from mlefit.errors import ExitCode, UsageError
from mlefit.report import ReportOptions, write
from mlefit.request import LikelihoodRequest, Request

_PANEL = "Points and curves"
_TABLES = ("points", "directions", "readings", "curve", "surface", "rows")
_EXAMPLES = """\b
Examples:
  mlefit likelihood 185 -F normal --at mu=170,sigma=10 --at mu=180,sigma=8
  mlefit likelihood 3 5 2 -F poisson --at mu=3 --over mu
  mlefit likelihood sample_data/rivers.csv -F gamma --at mu=500,k=2 --over k
  mlefit likelihood sample_data/rivers.csv -F gamma --over mu,k --plot always
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def _own(name: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(name, metavar=metavar, rich_help_panel=_PANEL, help=text, **more)


Given = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[DATA|VALUES]...",
        show_default=False,
        help="A data file, or - for stdin; or the values, behind -- if one is negative.",
    ),
]
Points = Annotated[
    list[str] | None,
    _own("--at", "NAME=V,...", "A point: mu=170,sigma=10. Repeat for several."),
]
Over = Annotated[
    list[str] | None,
    _own(
        "--over",
        "NAME[=FROM:TO]",
        "Curve along a parameter, the others at their best; with two, mu,sigma, a surface.",
    ),
]
Steps = Annotated[
    int | None,
    _own("--steps", "N", "Steps along each of them.", parser=_values.whole("--steps", 2)),
]
Trials = Annotated[
    str | None,
    typer.Option(
        "--trials",
        metavar="COL|N",
        rich_help_panel=_option.MODEL,
        help="Number of trials; the values count successes.",
    ),
]


@app.command("likelihood", cls=Command, epilog=_EXAMPLES)
@takes(
    {
        "given": (Given, None),
        "family": (model.Family, None),
        "loss": (model.Loss, None),
        "target": (model.Target, None),
        "levels": (model.Levels, None),
        "trials": (Trials, None),
        "fix": (model.Fix, None),
        "at": (Points, None),
        "over": (Over, None),
        "steps": (Steps, None),
    },
    PARTLY_SEEN,
    ROWS,
    {"freq_weights": (opt.FreqWeights, None), "conf_level": (opt.ConfLevel, 0.95)},
    SEARCH,
    FORMAT,
    {"table": (opt.named_tables(*_TABLES, text="a row for each of them"), None)},
    PICTURES,
    LOOKS,
    STRICT,
    PROGRAM,
)
def likelihood(ctx: typer.Context, **flags: Any) -> int:
    """Likelihood of parameters, the data being given."""
    options = report_options(flags)
    return _run(_request(ctx, options), options, flags)


def _run(request: LikelihoodRequest, options: ReportOptions, flags: Mapping[str, Any]) -> int:
    from mlefit.weighing import weighing  # the numerics load here, so that --help stays quick

    with watched(flags) as (log, tell):
        result = weighing.run(request, log, tell)
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    return ExitCode.OK


def _request(ctx: typer.Context, options: ReportOptions) -> LikelihoodRequest:
    """The flags under the names the request has for them."""
    flags = ctx.params
    exclusive(ctx, ("family", "loss"))
    given = tuple(flags["given"] or ())
    levels = _values.names("--levels", flags["levels"] or ())
    values = given if _are_values(given, levels or ()) else ()
    trials: str | None = flags["trials"]
    number: float | None = None
    if values and trials is not None:
        trials, number = None, float(_values.whole("--trials", 1)(str(trials)))
    formula: str | None = None
    data: str | None = None
    if not values:
        data, formulas = positionals("likelihood", next(iter(given), None), given[1:])
        if len(formulas) > 1:
            raise UsageError(f"one data file, or values: '{formulas[1]}' is neither")
        formula = next(iter(formulas), None)
    named = {field.name: flags[field.name] for field in fields(Request) if field.name in flags}
    common = Request(
        **named
        | {
            "data": data,
            "formula": formula,
            "family": flags["family"] or flags["loss"],
            "levels": levels,
            "trials": trials,
            "fix": tuple(flags["fix"] or ()),
            "command": ctx.find_root().obj["arguments"],
        }
    )
    table = options.table
    return LikelihoodRequest(
        common,
        values=values,
        trials=number,
        at=tuple(flags["at"] or ()),
        over=tuple(flags["over"] or ()),
        steps=flags["steps"],
        drawn=options.plot or options.picture is not None or table in ("curve", "surface"),
        rows=table == "rows",
    )


def _are_values(given: Sequence[str], levels: Sequence[str]) -> bool:
    """Whether the arguments are the data themselves, and no file of them."""
    if not given or Path(given[0]).exists():
        return False
    return all(text in levels if levels else _is_number(text) for text in given)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
