"""`mlefit study`: what the maximum likelihood estimate does, in many samples."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mlefit.cli import _option, _values
from mlefit.cli import model_options as model
from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._fitting import exclusive, report_options, tell_notes, watched
from mlefit.cli._flags import FORMAT, LOOKS, PICTURES, PROGRAM, takes
from mlefit.cli._values import whole
from mlefit.errors import ExitCode, UsageError
from mlefit.report import write
from mlefit.request import StudyRequest

_EXAMPLES = """\b
Examples:
  mlefit study --family poisson --at mu=4 --replications 200
  mlefit study -F laplace --at mu=0,b=1 --show efficiency --against mean
  mlefit study -F normal --at mu=0,sigma=1 --rows 100 --against median
  mlefit study -F gamma --at mu=2,k=3 --show coverage --rows 20,80 -f csv
  mlefit study -F poisson --at mu=4 --rows 30 --prior 'normal(0, 0.1)'
"""
_STUDY = "Study"
_PROPERTIES = ("consistency", "efficiency", "normality", "coverage", "invariance", "overfit")
_OTHERS = ("mean", "median", "trimmed-mean", "moments")
_INTERVALS = ("wald", "profile", "mean", "outcome")
_TABLES = (
    "spread", "rates", "normality", "coverage", "rivals", "functions", "links", "overfit",
    "samples",
)  # fmt: skip

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def _listed(*names: str, values: tuple[str, ...], text: str) -> Any:
    return typer.Option(
        *names,
        metavar="NAME,...",
        autocompletion=lambda incomplete: [v for v in values if v.startswith(incomplete)],
        help=f"{text}: {', '.join(values)}.",
        rich_help_panel=_STUDY,
    )


def _rows(text: str | tuple[int, ...]) -> tuple[int, ...]:
    """Numbers of rows from a list with commas, the smallest first."""
    if isinstance(text, tuple):
        return text
    parse = whole("--rows", 1)
    return tuple(sorted({parse(item.strip()) for item in text.split(",")}))


Rows = Annotated[
    Any,
    _option.text(
        "--rows",
        metavar="N,...",
        parser=_rows,
        text="Rows of a sample.",
        panel=_STUDY,
    ),
]
Replications = Annotated[
    int,
    _option.text(
        "--replications",
        metavar="R",
        parser=whole("--replications", 2),
        text="Samples of each size.",
        panel=_STUDY,
    ),
]
Show = Annotated[list[str] | None, _listed("--show", values=_PROPERTIES, text="Only these")]
Intervals = Annotated[
    list[str] | None,
    _listed("--ci", values=_INTERVALS, text="Whose coverage, if not only Wald's"),
]
Against = Annotated[list[str] | None, _listed("--against", values=_OTHERS, text="Other estimators")]
Covariates = Annotated[
    int,
    _option.text(
        "--covariates",
        metavar="K",
        parser=whole("--covariates", 1),
        text="Columns without effect, for overfit.",
        panel=_STUDY,
    ),
]
Priors = Annotated[
    list[str] | None,
    _option.text(
        "--prior",
        metavar="SPEC",
        text="Of their slopes: 'normal(0, 0.1)'. Repeatable.",
        panel=_STUDY,
    ),
]
Table = opt.named_tables(*_TABLES, text="a row for each of them")


@app.command("study", cls=Command, epilog=_EXAMPLES)
@takes(
    {
        "family": (model.Family, None),
        "loss": (model.Loss, None),
        "at": (model.At, None),
        "levels": (model.Levels, None),
        "trials": (model.NumberOfTrials, None),
        "rows": (Rows, "50,100,200,400,800"),
        "replications": (Replications, 1000),
        "seed": (opt.Seed, 1),
        "conf_level": (opt.ConfLevel, 0.95),
        "ci": (Intervals, None),
        "show": (Show, None),
        "against": (Against, None),
        "derive": (opt.Derive, None),
        "covariates": (Covariates, 5),
        "priors": (Priors, None),
    },
    FORMAT,
    {"table": (Table, None)},
    PICTURES,
    {name: flag for name, flag in LOOKS.items() if name != "verbose"},
    PROGRAM,
)
def study(ctx: typer.Context, **flags: Any) -> int:
    """See by simulation what the maximum likelihood estimate is worth."""
    request, options = _request(ctx), report_options(flags)
    from mlefit.study import run  # the numerics load here, so that --help stays quick

    with watched(flags) as (_, tell):
        result = run(request, tell)
    tell_notes(result.notes, options)
    write(result, options)
    found = all(size.fitted for size in result.replications)
    return ExitCode.OK if found else ExitCode.UNTRUSTWORTHY


def _request(ctx: typer.Context) -> StudyRequest:
    """The flags under the names the request has for them."""
    flags = ctx.params
    exclusive(ctx, ("family", "loss"))
    family = flags["family"] or flags["loss"]
    if family is None:
        raise UsageError(
            "no family: a study draws its rows from one",
            tries=["mlefit study --family poisson --at mu=4"],
        )
    return StudyRequest(
        family=family,
        at=tuple(flags["at"] or ()),
        levels=_values.names("--levels", flags["levels"] or ()),
        trials=flags["trials"],
        rows=flags["rows"],
        replications=flags["replications"],
        seed=flags["seed"],
        conf_level=flags["conf_level"],
        ci=_values.names("--ci", flags["ci"] or ()) or ("wald",),
        show=_values.names("--show", flags["show"] or ()) or (),
        against=_values.names("--against", flags["against"] or ()) or (),
        derive=tuple(flags["derive"] or ()),
        covariates=flags["covariates"],
        priors=tuple(flags["priors"] or ()),
        command=ctx.find_root().obj["arguments"],
    )
