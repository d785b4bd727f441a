"""`mlefit fit`: flags in, one library call, report out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import typer

from mlefit.cli import _messages, _values
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import exclusive, positionals, report_options, tell_notes, to_log
from mlefit.errors import ExitCode
from mlefit.report import ReportOptions, write, write_dry_run
from mlefit.report.progress import Progress
from mlefit.request import Request

_EXAMPLES = """\b
Examples:
  mlefit fit sample_data/doctor_visits.csv 'visits ~ age + illness' -F poisson
  mlefit fit sample_data/callbacks.csv -y call -x honors,city --loss log-loss
  mlefit fit sample_data/house_prices.csv 'price ~ log(lotsize)' --loss mse
  mlefit fit sample_data/rivers.csv -y length_miles -F laplace -o rivers.json
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("fit", cls=Command, epilog=_EXAMPLES)
def fit(
    ctx: typer.Context,
    data: opt.Data = None,
    formula: opt.Formula = None,
    family: opt.Family = None,
    loss: opt.Loss = None,
    target: opt.Target = None,
    features: opt.Features = None,
    levels: opt.Levels = None,
    links: opt.Links = None,
    models: opt.Models = None,
    fix: opt.Fix = None,
    priors: opt.Priors = None,
    l2: opt.L2 = None,
    l1: opt.L1 = None,
    cv: opt.Folds = None,
    path: opt.PathSteps = None,
    offset: opt.Offset = None,
    exposure: opt.Exposure = None,
    trials: opt.Trials = None,
    event: opt.Event = None,
    lower: opt.Lower = None,
    upper: opt.Upper = None,
    censored_below: opt.CensoredBelow = None,
    censored_above: opt.CensoredAbove = None,
    truncated_below: opt.TruncatedBelow = None,
    truncated_above: opt.TruncatedAbove = None,
    where: opt.Where = None,
    missing: opt.Missing = "drop",
    max_dropped: opt.MaxDropped = None,
    input_format: opt.InputFormat = None,
    freq_weights: opt.FreqWeights = None,
    precision_weights: opt.PrecisionWeights = None,
    sampling_weights: opt.SamplingWeights = None,
    se: opt.StandardErrors = None,
    cluster: opt.Cluster = None,
    small_sample: opt.SmallSample = False,
    conf_level: opt.ConfLevel = 0.95,
    gof: opt.GoodnessOfFit = False,
    replications: opt.Replications = 199,
    threads: opt.Threads = None,
    tol: opt.Tolerance = 1e-10,
    max_iter: opt.MaxIter = 100,
    seed: opt.Seed = 1,
    form: opt.Format = "text",
    table: opt.Table = None,
    output: opt.Output = None,
    color: opt.Colour = "auto",
    plot: opt.Plot = "auto",
    ascii_only: opt.Ascii = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
    strict: opt.Strict = False,
    dry_run: opt.DryRun = False,
    debug: opt.Debug = False,
) -> int:
    """Estimate the parameters of a family by maximum likelihood."""
    return _run(_request(ctx), report_options(ctx.params), ctx.params)


def _run(request: Request, options: ReportOptions, flags: Mapping[str, Any]) -> int:
    from mlefit import fitting  # the numerics load here, so that --help stays quick

    if flags["dry_run"]:
        plan = fitting.plan(request)
        tell_notes(plan.notes, options)
        write_dry_run(plan, options)
        return ExitCode.OK
    result = fitting.run(request, to_log(flags["verbose"]), Progress())
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    converged = result.certificate.status == "converged"
    return ExitCode.OK if converged else ExitCode.UNTRUSTWORTHY


def _request(ctx: typer.Context) -> Request:
    """The flags under the names the request has for them."""
    flags = ctx.params
    exclusive(ctx, ("family", "loss"))
    exclusive(ctx, opt.WEIGHTS)
    formula = flags["formula"]
    data, formulas = positionals("fit", flags["data"], () if formula is None else (formula,))
    given = {field.name: flags[field.name] for field in fields(Request) if field.name in flags}
    given |= {name: tuple(flags[name] or ()) for name in ("links", "models", "fix", "priors")}
    return Request(
        **given
        | {
            "data": data,
            "formula": next(iter(formulas), None),
            "family": flags["family"] or flags["loss"],
            "features": _values.names("-x", flags["features"] or ()),
            "levels": _values.names("--levels", flags["levels"] or ()),
            "command": ctx.find_root().obj["arguments"],
        }
    )
