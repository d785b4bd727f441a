"""`mlefit fit`: flags in, one library call, report out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from mlefit.cli import _messages
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import fit_request, report_options, tell_notes, watched
from mlefit.cli._flags import (
    ERRORS,
    FORMAT,
    LOOKS,
    MEMORY,
    MODEL,
    PARTLY_SEEN,
    PICTURES,
    PRIOR,
    PROGRAM,
    RESAMPLING,
    ROLES,
    ROWS,
    SEARCH,
    STRICT,
    WEIGHTS,
    takes,
)
from mlefit.errors import ExitCode
from mlefit.report import ReportOptions, write, write_dry_run
from mlefit.request import Request

_EXAMPLES = """\b
Examples:
  mlefit fit sample_data/doctor_visits.csv 'visits ~ age + illness' -F poisson
  mlefit fit sample_data/callbacks.csv -y call -x honors,city --loss log-loss
  mlefit fit sample_data/house_prices.csv 'price ~ log(lotsize)' --loss mse
  mlefit fit sample_data/rivers.csv -y length_miles -F laplace -o rivers.json
  mlefit fit sample_data/rivers.csv -y length_miles -F gamma --ci profile
  mlefit fit sample_data/rivers.csv -F normal --ci bootstrap --se bootstrap
  mlefit fit sample_data/callbacks.csv 'call ~ city*honors' --loss bce --anova
  mlefit fit sample_data/insurance.csv 'claims ~ age' -F poisson --test +group
  mlefit fit sample_data/rivers.csv -y length_miles -F exponential --explain
  mlefit fit sample_data/rivers.csv -F gamma --derive 'sd = mu/sqrt(k)'
"""


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("fit", cls=Command, epilog=_EXAMPLES)
@takes(
    {"data": (model.Data, None), "formula": (model.Formula, None)},
    MODEL,
    PRIOR,
    {"cv": (model.Folds, None), "path": (model.PathSteps, None)},
    ROLES,
    PARTLY_SEEN,
    ROWS,
    WEIGHTS,
    ERRORS,
    {"derive": (opt.Derive, None), "by": (opt.By, None)},
    RESAMPLING,
    {
        "tests": (opt.Tests, None),
        "anova": (opt.Anova, False),
        "gof": (opt.GoodnessOfFit, False),
    },
    SEARCH,
    MEMORY,
    FORMAT,
    {"table": (opt.Table, None)},
    PICTURES,
    LOOKS,
    STRICT,
    {"explain": (opt.Steps, False), "dry_run": (opt.DryRun, False)},
    PROGRAM,
)
def fit(ctx: typer.Context, **flags: Any) -> int:
    """Estimate the parameters of a family by maximum likelihood."""
    return _run(fit_request(ctx, "fit"), report_options(flags), flags)


def _run(request: Request, options: ReportOptions, flags: Mapping[str, Any]) -> int:
    from mlefit import fitting  # the numerics load here, so that --help stays quick

    if flags["dry_run"]:
        plan = fitting.plan(request)
        tell_notes(plan.notes, options)
        write_dry_run(plan, options)
        return ExitCode.OK
    if request.by is not None:
        return _run_groups(request, options, flags)
    with watched(flags) as (log, tell):
        result = fitting.run(request, log, tell)
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    converged = result.certificate.status == "converged"
    return ExitCode.OK if converged else ExitCode.UNTRUSTWORTHY


def _run_groups(request: Request, options: ReportOptions, flags: Mapping[str, Any]) -> int:
    """A fit for each group; some that have no maximum leave the others what they are."""
    from mlefit.grouped import grouping

    with watched(flags) as (log, tell):
        result = grouping.run(request, log, tell)
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    converged = any(one.status == "converged" for one in result.groups)
    return ExitCode.OK if converged else ExitCode.UNTRUSTWORTHY
