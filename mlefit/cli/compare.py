"""`mlefit compare`: several models of the same rows, ranked by rows held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
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
    PROGRAM,
    ROLES,
    ROWS,
    SEARCH,
    STRICT,
    TARGET,
    WEIGHTS,
    takes,
)
from mlefit.errors import ExitCode
from mlefit.report import ReportOptions, write
from mlefit.request import ComparisonRequest, Request

_EXAMPLES = """\b
Examples:
  mlefit compare sample_data/rivers.csv --cv 5
  mlefit compare sample_data/doctor_visits.csv -y visits --families poisson,nb
  mlefit compare sample_data/callbacks.csv 'call ~ honors' 'call ~ city'
  mlefit compare sample_data/insurance.csv 'claims~1' 'claims~age' --lrt
  mlefit compare sample_data/insurance.csv -y claims --exposure holders -f md
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


Saved = Annotated[
    list[str] | None,
    typer.Option(
        "--models",
        metavar="FILE.json,...",
        rich_help_panel=_option.MODEL,
        help="Saved fits, as they are. Repeatable.",
    ),
]


@app.command("compare", cls=Command, epilog=_EXAMPLES)
@takes(
    {
        "data": (model.Data, None),
        "formulas": (model.Formulas, None),
        "families": (model.Families, None),
        "saved": (Saved, None),
    },
    TARGET,
    {"folds": (model.HeldOut, 10), "lrt": (model.LikelihoodRatios, False)},
    ROLES,
    PARTLY_SEEN,
    ROWS,
    WEIGHTS,
    SEARCH,
    FORMAT,
    {"table": (opt.ComparisonTable, None)},
    LOOKS,
    STRICT,
    PROGRAM,
)
def compare(ctx: typer.Context, **flags: Any) -> int:
    """Rank families, losses and formulas on the same rows."""
    return _run(_request(ctx), report_options(flags), flags)


def _run(request: ComparisonRequest, options: ReportOptions, flags: Mapping[str, Any]) -> int:
    from mlefit.comparison import comparing  # the numerics load here, so that --help stays quick

    with watched(flags) as (log, tell):
        result = comparing.run(request, log, tell)
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    converged = any(one.status == "converged" for one in result.candidates)
    return ExitCode.OK if converged else ExitCode.UNTRUSTWORTHY


def _request(ctx: typer.Context) -> ComparisonRequest:
    """The flags under the names the request has for them."""
    flags = ctx.params
    exclusive(ctx, opt.WEIGHTS)
    data, formulas = positionals(
        "compare", flags["data"], tuple(flags["formulas"] or ()), several=True
    )
    given = {field.name: flags[field.name] for field in fields(Request) if field.name in flags}
    common = Request(
        **given
        | {
            "data": data,
            "features": _values.names("-x", flags["features"] or ()),
            "levels": _values.names("--levels", flags["levels"] or ()),
            "command": ctx.find_root().obj["arguments"],
        }
    )
    families = _values.names("--families", flags["families"] or ())
    saved = _values.names("--models", flags["saved"] or ()) or ()
    return ComparisonRequest(common, formulas, families, saved, flags["folds"], flags["lrt"])
