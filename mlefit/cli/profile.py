"""`mlefit profile`: how fast the likelihood falls as one quantity is held away from its best."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mlefit.cli import _messages, _option
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import fit_request, report_options, tell_notes, watched
from mlefit.cli._flags import (
    FORMAT,
    LOOKS,
    MEMORY,
    MODEL,
    PARTLY_SEEN,
    PICTURES,
    PRIOR,
    PROGRAM,
    ROLES,
    ROWS,
    SEARCH,
    STRICT,
    WEIGHTS,
    takes,
)
from mlefit.cli._values import number, whole
from mlefit.errors import ExitCode
from mlefit.report import write
from mlefit.request import ProfileRequest

_EXAMPLES = """\b
Examples:
  mlefit profile sample_data/rivers.csv -y length_miles -F gamma
  mlefit profile sample_data/leukemia.csv -y time --event cens -F weibull
  mlefit profile sample_data/rivers.csv -F normal --derive 'cv = sigma/mu'
  mlefit profile sample_data/rivers.csv -F gamma --table curve -f csv
"""
_PROFILE = "Profiles"
_LEVEL = 0.95

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Params = Annotated[
    list[str] | None,
    _option.text(
        "--param",
        metavar="NAME",
        text="A coefficient or parameter: x, sigma, sigma:x; if not all. Repeatable.",
        panel=_PROFILE,
    ),
]
Levels = Annotated[
    list[float] | None,
    _option.text(
        "--conf-level",
        metavar="P",
        parser=number("--conf-level", 0, 1),
        text=f"Coverage of the intervals, if not {_LEVEL:g}. Repeatable.",
        panel=_PROFILE,
    ),
]
Points = Annotated[
    int,
    _option.text(
        "--points",
        metavar="N",
        parser=whole("--points", 3),
        text="Places where a curve is computed.",
        panel=_PROFILE,
    ),
]
Table = opt.named_tables("intervals", "curve", "tests", text="a row for each of them")


@app.command("profile", cls=Command, epilog=_EXAMPLES)
@takes(
    {"data": (model.Data, None), "formula": (model.Formula, None)},
    MODEL,
    PRIOR,
    ROLES,
    PARTLY_SEEN,
    ROWS,
    WEIGHTS,
    {
        "params": (Params, None),
        "derive": (opt.Derive, None),
        "levels_of_confidence": (Levels, None),
        "points": (Points, 41),
    },
    SEARCH,
    MEMORY,
    FORMAT,
    {"table": (Table, None)},
    PICTURES,
    LOOKS,
    STRICT,
    PROGRAM,
)
def profile(ctx: typer.Context, **flags: Any) -> int:
    """See how the likelihood falls away from a fit, with intervals beside Wald's."""
    common = fit_request(ctx, "profile", ci="profile")
    options = report_options(flags)
    from mlefit import profiling  # the numerics load here, so that --help stays quick

    request = ProfileRequest(
        common,
        tuple(flags["params"] or ()),
        tuple(sorted(set(flags["levels_of_confidence"] or (_LEVEL,)))),
        flags["points"],
    )
    with watched(flags) as (log, tell):
        result = profiling.run(request, log, tell)
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    return ExitCode.OK
