"""`mlefit explain`: where a likelihood, a loss, a prior or a number of a report comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import fit_request, report_options, tell_notes
from mlefit.cli._flags import (
    FORMAT,
    LOOKS,
    MODEL,
    PARTLY_SEEN,
    PRIOR,
    PROGRAM,
    ROLES,
    ROWS,
    WEIGHTS,
    takes,
)
from mlefit.errors import ExitCode, UsageError
from mlefit.report import write
from mlefit.request import Request

_EXAMPLES = """\b
Examples:
  mlefit explain
  mlefit explain poisson
  mlefit explain poisson sample_data/doctor_visits.csv -y visits
  mlefit explain mse -f md
  mlefit explain LinearRegression
  mlefit explain l2 sample_data/insurance.csv 'claims ~ age' -F poisson --l2 5
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def _topics(incomplete: str) -> list[str]:
    from mlefit.explaining import topics  # names only: no family is loaded

    # shells break words at a colon
    names = [name for name in topics.names() if ":" not in name]
    return [name for name in names if name.startswith(incomplete)]


Topic = Annotated[
    str | None,
    typer.Argument(
        metavar="[TOPIC]",
        autocompletion=_topics,
        show_default=False,
        help="A family, loss, prior, link, concept, field or estimator; none for the list.",
    ),
]


@app.command("explain", cls=Command, epilog=_EXAMPLES)
@takes(
    {"topic": (Topic, None), "data": (model.Data, None), "formula": (model.Formula, None)},
    MODEL,
    PRIOR,
    ROLES,
    PARTLY_SEEN,
    ROWS,
    WEIGHTS,
    FORMAT,
    {"table": (opt.FormulaTable, None)},
    LOOKS,
    PROGRAM,
)
def explain(ctx: typer.Context, **flags: Any) -> int:
    """Derive a family, loss or prior step by step, in letters or your numbers."""
    request = _request(ctx, flags)
    options = report_options(flags)
    from mlefit.explaining import pages  # the numerics load here

    command = ctx.find_root().obj["arguments"]
    page = pages.explain(flags["topic"], request, command)
    tell_notes(page.notes, options)
    write(page, options)
    return ExitCode.OK


def _request(ctx: typer.Context, flags: Mapping[str, Any]) -> Request | None:
    """The fit whose numbers are wanted; None for letters."""
    if not (flags["data"] or flags["formula"] or flags["target"]):
        return None
    if flags["topic"] is None:
        raise UsageError(
            "explain what? name a family, a loss or a prior before the data",
            tries=["mlefit explain poisson DATA -y COL", "mlefit explain"],
        )
    return fit_request(ctx, f"explain {flags['topic']}")
