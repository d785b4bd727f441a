"""`mlefit fit`: flags in, one library call, report out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO

import typer

from mlefit.cli import _messages, _values
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.errors import ExitCode, UsageError
from mlefit.report import ReportOptions, terminal, write, write_dry_run
from mlefit.report.progress import Progress
from mlefit.request import Request

_WEIGHTS = ("freq_weights", "precision_weights", "sampling_weights")

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
    return _run(_request(ctx), _report_options(ctx.params), ctx.params)


def _run(request: Request, options: ReportOptions, flags: Mapping[str, Any]) -> int:
    from mlefit import fitting  # the numerics load here, so that --help stays quick

    if flags["dry_run"]:
        plan = fitting.plan(request)
        _tell_notes(plan.notes, options)
        write_dry_run(plan, options)
        return ExitCode.OK
    result = fitting.run(request, _log(flags["verbose"]), Progress())
    _tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    converged = result.certificate.status == "converged"
    return ExitCode.OK if converged else ExitCode.UNTRUSTWORTHY


def _request(ctx: typer.Context) -> Request:
    """The flags under the names the request has for them."""
    flags = ctx.params
    _exclusive(ctx, ("family", "loss"))
    _exclusive(ctx, _WEIGHTS)
    data, formula = _positionals(flags["data"], flags["formula"])
    given = {field.name: flags[field.name] for field in fields(Request) if field.name in flags}
    given |= {name: tuple(flags[name] or ()) for name in ("links", "models", "fix", "priors")}
    return Request(
        **given
        | {
            "data": data,
            "formula": formula,
            "family": flags["family"] or flags["loss"],
            "features": _values.names("-x", flags["features"] or ()),
            "levels": _values.names("--levels", flags["levels"] or ()),
            "command": ctx.find_root().obj["arguments"],
        }
    )


def _exclusive(ctx: typer.Context, names: tuple[str, ...]) -> None:
    given = [f"--{name.replace('_', '-')}" for name in names if ctx.params[name] is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} cannot stand together", tries=given)


def _positionals(data: str | None, formula: str | None) -> tuple[str, str | None]:
    """Data and formula; a lone formula means that the rows come from standard input."""
    lone = formula is None and data is not None and "~" in data.lstrip()[1:]
    if lone and not Path(str(data)).exists():
        data, formula = None, data
    if data == "":
        raise UsageError(
            "the name of the data file is empty", "is it a variable of the shell that is not set?"
        )
    stdin: TextIO | None = sys.stdin  # None if it was closed before the start
    if data in {None, "-"} and stdin is not None and stdin.isatty():
        raise UsageError("no data: name a file, or pipe rows in", tries=["mlefit fit DATA 'y ~ x'"])
    return data or "-", formula


def _report_options(flags: Mapping[str, Any]) -> ReportOptions:
    stream = sys.stdout
    return ReportOptions(
        format=flags["form"],
        table=flags["table"],
        output=flags["output"],
        colour=terminal.use_colour(flags["color"], stream, os.environ),
        ascii_only=flags["ascii_only"] or terminal.needs_ascii(stream),
        width=terminal.width_of(stream),
        quiet=flags["quiet"],
        plot=terminal.use_pictures(flags["plot"], stream),
    )


def _tell_notes(notes: Iterable[str], options: ReportOptions) -> None:
    if not options.quiet:
        _messages.tell_all("note", notes)


def _log(verbose: bool) -> Callable[[str], None]:
    return (lambda line: terminal.tell(f"{line}\n")) if verbose else (lambda line: None)
