"""`mlefit check`: the gate of a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlefit.cli import _messages, _option, _values
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import positionals, report_options, tell_notes, to_log
from mlefit.cli._flags import FORMAT, LOOKS, PROGRAM, SEARCH, takes
from mlefit.cli._values import number
from mlefit.errors import UsageError
from mlefit.report import write
from mlefit.report.progress import Progress
from mlefit.request import CheckRequest, Request

_EXAMPLES = """\b
Examples:
  mlefit check today.csv --baseline model.json
  mlefit check today.csv --checks checks.toml
  mlefit check today.csv --baseline model.json --expect 'b[x] > 0'
  mlefit check monday.json tuesday.json
"""
_GATE = "Gate"

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Other = Annotated[
    str | None,
    typer.Argument(
        metavar="[TODAY.json]",
        show_default=False,
        help="After the document of a fit: another, which is checked against it.",
    ),
]
Baseline = Annotated[
    str | None,
    _option.text(
        "--baseline",
        metavar="FILE.json",
        text="The fit that today is checked against.",
        panel=_GATE,
    ),
]
Checks = Annotated[
    Path | None,
    _option.text(
        "--checks", metavar="FILE.toml", text="What is checked, if not the default.", panel=_GATE
    ),
]
Expect = Annotated[
    list[str] | None,
    _option.text(
        "--expect",
        metavar="EXPR",
        text="A comparison that must hold: 'b[x] > 0.2', 'fit_gap < 0.01'. Repeatable.",
        panel=_GATE,
    ),
]
Warn = Annotated[
    list[str] | None,
    _option.text(
        "--warn",
        metavar="EXPR",
        text="A comparison that warns if it does not hold. Repeatable.",
        panel=_GATE,
    ),
]
Only = Annotated[
    list[str] | None,
    _option.text(
        "--only", metavar="NAME,...", text="Run only these checks. Repeatable.", panel=_GATE
    ),
]
Skip = Annotated[
    list[str] | None,
    _option.text("--skip", metavar="NAME,...", text="Do not run these. Repeatable.", panel=_GATE),
]
Exact = Annotated[
    bool,
    _option.flag(
        "--exact", text="The baseline is a specification, known without error.", panel=_GATE
    ),
]
Alpha = Annotated[
    float | None,
    _option.text(
        "--alpha",
        metavar="P",
        parser=number("--alpha", 0, 1),
        text="Significance that must accompany an effect, if not 0.001.",
        panel=_GATE,
    ),
]
FailOn = Annotated[
    str,
    _option.choice(
        "--fail-on",
        values=("fail", "warn", "never"),
        text="The least that makes the command exit with 1.",
        panel=_GATE,
    ),
]
AllowEmpty = Annotated[
    bool, _option.flag("--allow-empty", text="Nothing checked is no error.", panel=_GATE)
]
Table = opt.named_tables(
    "outcomes", "measured", "sensitivity", text="a row for each check, quantity or condition"
)


@app.command("check", cls=Command, epilog=_EXAMPLES)
@takes(
    {
        "data": (model.Data, None),
        "other": (Other, None),
        "baseline": (Baseline, None),
        "checks": (Checks, None),
        "expect": (Expect, None),
        "warn": (Warn, None),
        "only": (Only, None),
        "skip": (Skip, None),
        "exact": (Exact, False),
        "alpha": (Alpha, None),
        "fail_on": (FailOn, "fail"),
        "allow_empty": (AllowEmpty, False),
        "family": (model.Family, None),
        "target": (model.Target, None),
        "features": (model.Features, None),
        "where": (opt.Where, None),
        "max_dropped": (opt.MaxDropped, None),
        "input_format": (opt.InputFormat, None),
    },
    SEARCH,
    FORMAT,
    {"table": (Table, None)},
    LOOKS,
    PROGRAM,
)
def check(ctx: typer.Context, **flags: Any) -> int:
    """Check that today's data still fit yesterday's model."""
    request, options = _request(ctx), report_options(flags)
    from mlefit.checking import gate  # the numerics load here, so that --help stays quick

    result = gate.run(request, to_log(flags["verbose"]), Progress())
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    return result.exit_code


def _request(ctx: typer.Context) -> CheckRequest:
    """The flags under the names the request has for them."""
    flags = ctx.params
    data, _ = positionals("check", flags["data"], ())
    baseline = flags["baseline"]
    if flags["other"] is not None:
        if baseline is not None:
            raise UsageError(
                f"the fit to check {flags['other']} against is {data}, so --baseline has no place"
            )
        data, baseline = flags["other"], data
    common = Request(
        **{
            name: flags[name]
            for name in ("family", "target", "where", "input_format", "seed", "threads", "tol")
        },
        max_iter=flags["max_iter"],
        features=_values.names("-x", flags["features"] or ()),
        command=ctx.find_root().obj["arguments"],
    )
    return CheckRequest(
        data=data,
        baseline=baseline,
        checks=flags["checks"],
        expect=tuple(flags["expect"] or ()),
        warn=tuple(flags["warn"] or ()),
        only=_values.names("--only", flags["only"] or ()) or (),
        skip=_values.names("--skip", flags["skip"] or ()) or (),
        exact=flags["exact"],
        alpha=flags["alpha"],
        max_dropped=flags["max_dropped"],
        fail_on=flags["fail_on"],
        allow_empty=flags["allow_empty"],
        common=common,
    )
