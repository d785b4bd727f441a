"""`mlefit check`: the gate of a pipeline."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from mlefit.cli import _complete, _messages, _option, _values
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import positionals, report_options, tell_notes, watched
from mlefit.cli._flags import FORMAT, LOOKS, MEMORY, PROGRAM, SEARCH, takes
from mlefit.cli._values import number
from mlefit.errors import ExitCode, UsageError
from mlefit.report import (
    ReportOptions,
    render,
    terminal,
    write,
    write_list,
)
from mlefit.report.files import write_atomically
from mlefit.request import CheckRequest, Request

_EXAMPLES = """\b
Examples:
  mlefit check today.csv --baseline model.json
  mlefit check today.csv --checks checks.toml
  mlefit check today.csv --baseline model.json --expect 'b[x] > 0'
  mlefit check monday.json tuesday.json
  mlefit check --power --baseline model.json
"""
_GATE = "Gate"
_OUTPUTS = "Outputs"
_PLANNING = "Planning"

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
        autocompletion=_complete.term,
        text="A comparison that must hold: 'b[x] > 0.2', 'fit_gap < 0.01'. Repeatable.",
        panel=_GATE,
    ),
]
Warn = Annotated[
    list[str] | None,
    _option.text(
        "--warn",
        metavar="EXPR",
        autocompletion=_complete.term,
        text="A comparison that warns if it does not hold. Repeatable.",
        panel=_GATE,
    ),
]
Only = Annotated[
    list[str] | None,
    _option.text(
        "--only",
        metavar="NAME,...",
        autocompletion=_complete.check,
        text="Run only these checks. Repeatable.",
        panel=_GATE,
    ),
]
Skip = Annotated[
    list[str] | None,
    _option.text(
        "--skip",
        metavar="NAME,...",
        autocompletion=_complete.check,
        text="Do not run these. Repeatable.",
        panel=_GATE,
    ),
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
        text="Significance that must accompany an effect, if not 0.0002.",
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
By = Annotated[
    str | None,
    _option.column(
        "--by",
        text="Look at the rows of each value of this column by themselves.",
        panel=_GATE,
    ),
]
Junit = Annotated[
    Path | None,
    _option.text(
        "--junit",
        metavar="FILE.xml",
        parser=_values.writable,
        text="Write the outcomes as JUnit XML as well.",
        panel=_OUTPUTS,
    ),
]
GitLab = Annotated[
    Path | None,
    _option.text(
        "--gitlab",
        metavar="FILE.json",
        parser=_values.writable,
        text="Write what did not pass as a code-quality report as well.",
        panel=_OUTPUTS,
    ),
]
GitHub = Annotated[
    str,
    _option.choice(
        "--github",
        values=("auto", "always", "never"),
        text="Annotate the run and its summary; auto in a GitHub workflow.",
        panel=_OUTPUTS,
    ),
]
History = Annotated[
    Path | None,
    _option.text(
        "--history",
        metavar="FILE.jsonl",
        parser=_values.writable,
        text="Add a line about today; checks of trends read those before.",
        panel=_OUTPUTS,
    ),
]
WriteBaseline = Annotated[
    Path | None,
    _option.text(
        "--write-baseline",
        metavar="FILE.json",
        parser=_values.writable,
        text="Write today's fit as the next baseline, if all checks pass.",
        panel=_OUTPUTS,
    ),
]
Accept = Annotated[
    bool,
    _option.flag(
        "--accept",
        text="Write that baseline whatever failed or warned, and say what.",
        panel=_OUTPUTS,
    ),
]
Init = Annotated[
    bool, _option.flag("--init", text="Print a checks file to start from.", panel=_PLANNING)
]
ListChecks = Annotated[
    bool, _option.flag("--list", text="Say which checks would be run.", panel=_PLANNING)
]
Power = Annotated[
    bool,
    _option.flag(
        "--power", text="Say what drift the gate would see, without data.", panel=_PLANNING
    ),
]
Planned = Annotated[
    list[int] | None,
    _option.text(
        "--rows",
        metavar="N",
        parser=_values.whole("--rows", 1),
        text="Of --power: rows of a day, if not some. Repeatable.",
        panel=_PLANNING,
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
        "junit": (Junit, None),
        "gitlab": (GitLab, None),
        "github": (GitHub, "auto"),
        "history": (History, None),
        "write_baseline": (WriteBaseline, None),
        "accept": (Accept, False),
        "init": (Init, False),
        "list_checks": (ListChecks, False),
        "power": (Power, False),
        "planned": (Planned, None),
        "family": (model.Family, None),
        "target": (model.Target, None),
        "features": (model.Features, None),
        "by": (By, None),
        "where": (opt.Where, None),
        "max_dropped": (opt.MaxDropped, None),
        "input_format": (opt.InputFormat, None),
    },
    SEARCH,
    MEMORY,
    FORMAT,
    {"table": (Table, None)},
    LOOKS,
    PROGRAM,
)
def check(ctx: typer.Context, **flags: Any) -> int:
    """Check that today's data still fit yesterday's model."""
    options = report_options(flags)
    planning = next((plan for flag, plan in _PLANS.items() if flags[flag]), None)
    request = _request(ctx, needs_data=planning is None)
    if planning is not None:
        planning(request, options, flags)
        return ExitCode.OK
    if flags["accept"] and flags["write_baseline"] is None:
        raise UsageError("--accept is about a baseline to write", tries=["--write-baseline FILE"])
    from mlefit.checking import gate  # the numerics load here, so that --help stays quick

    with watched(flags) as (log, tell):
        made = gate.checked(request, log, tell)
    result = made.result
    tell_notes(result.notes, options)
    _messages.tell_all("warning", result.warnings)
    write(result, options)
    _write_outputs(result, options, flags)
    if flags["history"] is not None:
        made.remember(flags["history"])
    if flags["write_baseline"] is not None:
        _write_baseline(made, options, flags)
    return result.exit_code


def _write_outputs(result: Any, options: ReportOptions, flags: Mapping[str, Any]) -> None:
    """What the systems around a pipeline read."""
    for name in ("junit", "gitlab"):
        if flags[name] is not None:
            module = importlib.import_module(f"mlefit.report.ci.{name}")
            write_atomically(flags[name], module.render(result))
    from mlefit.report.ci import github

    if flags["github"] == "always" or (flags["github"] == "auto" and github.is_here(os.environ)):
        # the runner reads commands from both streams, and standard output belongs to the report
        terminal.tell(github.commands(result, os.environ))
        github.append_summary(render(result, replace(options, format="md")), os.environ)


def _write_baseline(made: Any, options: ReportOptions, flags: Mapping[str, Any]) -> None:
    """Today's fit as the next baseline: after a pass, or with what is accepted said."""
    path, result = flags["write_baseline"], made.result
    if result.status != "pass" and not flags["accept"]:
        why = f"'{path}' was not written: {result.verdict}"
        _messages.tell("warning", f"{why}\n  to write it all the same: --accept")
        return
    document = made.baseline()
    if document is None:
        _messages.tell("warning", f"'{path}' was not written: today has no fit that converged")
        return
    write_atomically(path, render(document, replace(options, format="json")))
    said = f"; accepted: {', '.join(result.accepted)}" if result.accepted else ""
    tell_notes([f"today's fit was written to '{path}' as the next baseline{said}"], options)


def _init(request: CheckRequest, options: ReportOptions, flags: Mapping[str, Any]) -> None:
    from mlefit.checking import starter

    terminal.emit(starter.text(request))


def _list(request: CheckRequest, options: ReportOptions, flags: Mapping[str, Any]) -> None:
    from mlefit.checking import starter

    write_list(starter.listed(request), options)


def _power(request: CheckRequest, options: ReportOptions, flags: Mapping[str, Any]) -> None:
    from mlefit.checking import power

    write(power.run(request, flags["planned"] or ()), options)


# what is asked for before there is a day: name of the flag -> what answers it
_PLANS: Mapping[str, Callable[[CheckRequest, ReportOptions, Mapping[str, Any]], None]] = {
    "init": _init,
    "list_checks": _list,
    "power": _power,
}


def _request(ctx: typer.Context, *, needs_data: bool) -> CheckRequest:
    """The flags under the names the request has for them."""
    flags = ctx.params
    data = positionals("check", flags["data"], ())[0] if needs_data else flags["data"]
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
            for name in (*MEMORY, *SEARCH, "family", "target", "where", "input_format")
        },
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
        accept=flags["accept"],
        by=flags["by"],
        history=flags["history"],
        common=common,
    )
