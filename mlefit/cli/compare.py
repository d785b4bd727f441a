"""`mlefit compare`: several models of the same rows, ranked by rows held out."""

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
from mlefit.report import ReportOptions, write_comparison
from mlefit.report.progress import Progress
from mlefit.request import ComparisonRequest, Request

_EXAMPLES = """\b
Examples:
  mlefit compare sample_data/rivers.csv --cv 5
  mlefit compare sample_data/doctor_visits.csv -y visits --families poisson,nb
  mlefit compare sample_data/callbacks.csv 'call ~ honors' 'call ~ city'
  mlefit compare sample_data/insurance.csv -y claims --exposure holders -f md
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("compare", cls=Command, epilog=_EXAMPLES)
def compare(
    ctx: typer.Context,
    data: opt.Data = None,
    formulas: opt.Formulas = None,
    families: opt.Families = None,
    target: opt.Target = None,
    features: opt.Features = None,
    levels: opt.Levels = None,
    folds: opt.HeldOut = 10,
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
    threads: opt.Threads = None,
    tol: opt.Tolerance = 1e-10,
    max_iter: opt.MaxIter = 100,
    seed: opt.Seed = 1,
    form: opt.Format = "text",
    table: opt.ComparisonTable = None,
    output: opt.Output = None,
    color: opt.Colour = "auto",
    ascii_only: opt.Ascii = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
    strict: opt.Strict = False,
    debug: opt.Debug = False,
) -> int:
    """Rank families, losses and formulas on the same rows."""
    return _run(_request(ctx), report_options(ctx.params), ctx.params)


def _run(request: ComparisonRequest, options: ReportOptions, flags: Mapping[str, Any]) -> int:
    from mlefit import comparing  # the numerics load here, so that --help stays quick

    result = comparing.run(request, to_log(flags["verbose"]), Progress())
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write_comparison(result, options)
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
    return ComparisonRequest(common, formulas, families, flags["folds"])
