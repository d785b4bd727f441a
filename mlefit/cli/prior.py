"""`mlefit prior`: a penalty of one library as a prior, and as settings of the others."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from mlefit.cli import options as opt
from mlefit.cli._command import Command
from mlefit.cli._values import number
from mlefit.errors import UsageError
from mlefit.report import ReportOptions, document, terminal, write_list
from mlefit.translations import LINKS, Conversion, MissingNumberError, convert, systems

_PANEL = "Translation"
_EXAMPLES = """\b
Examples:
  mlefit prior --from sklearn:LogisticRegression,C=0.5 --rows 1200
  mlefit prior --from sklearn:Lasso,alpha=0.1 --rows 500 --phi 4 --to glum
  mlefit prior --from 'normal(0, 0.7)' --family poisson --rows 5190
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def _system_names(incomplete: str) -> list[str]:
    return [system.name for system in systems() if system.name.startswith(incomplete)]


From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="SETTING",
        autocompletion=_system_names,
        show_default=False,
        rich_help_panel=_PANEL,
        help="library:Model,key=value, or a prior.",
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="SYSTEM",
        autocompletion=_system_names,
        rich_help_panel=_PANEL,
        help="If not all of them.",
    ),
]
Family = Annotated[
    str | None,
    typer.Option(
        "-F",
        "--family",
        metavar="NAME",
        autocompletion=lambda incomplete: [name for name in LINKS if name.startswith(incomplete)],
        rich_help_panel=_PANEL,
        help="What is fitted, if the system does not say.",
    ),
]
Rows = Annotated[
    float | None,
    typer.Option(
        "--rows",
        metavar="N",
        parser=number("--rows", 0),
        rich_help_panel=_PANEL,
        help="Rows of the data, or the sum of their weights.",
    ),
]
Phi = Annotated[
    float | None,
    typer.Option(
        "--phi",
        metavar="V",
        parser=number("--phi", 0),
        rich_help_panel=_PANEL,
        help="Dispersion: sigma^2 of a normal family.",
    ),
]
SdY = Annotated[
    float | None,
    typer.Option(
        "--sd-y",
        metavar="S",
        parser=number("--sd-y", 0),
        rich_help_panel=_PANEL,
        help="Standard deviation of the target with divisor n; glmnet's gaussian needs it.",
    ),
]


@app.command("prior", cls=Command, epilog=_EXAMPLES)
def prior(
    ctx: typer.Context,
    setting: From,
    to: To = None,
    family: Family = None,
    rows: Rows = None,
    phi: Phi = None,
    sd_y: SdY = None,
    form: opt.Format = "text",
    color: opt.Colour = "auto",
    ascii_only: opt.Ascii = False,
    debug: opt.Debug = False,
) -> None:
    """Translate a penalty between libraries and a prior."""
    try:
        found = convert(setting, to=to, family=family, rows=rows, phi=phi, sd_y=sd_y)
    except MissingNumberError as missing:
        command = shlex.join(["mlefit", *ctx.obj["arguments"]])
        tries = [f"{command} {flags}" for flags in missing.tries]
        raise UsageError(missing.problem, *missing.evidence, tries=tries) from missing
    stream = sys.stdout
    if form == "json":
        terminal.emit(document.dumps(_record(found)))
        return
    write_list(
        list(_rows(found)),
        ReportOptions(
            format=form,
            colour=terminal.use_colour(color, stream, os.environ),
            ascii_only=ascii_only or terminal.needs_ascii(stream),
            width=terminal.width_of(stream),
        ),
    )


def _rows(found: Conversion) -> Iterator[dict[str, str]]:
    """The prior as mlefit takes it, then one row for each system."""
    yield {"system": "mlefit", "setting": f"--prior '{found.prior}'", "note": _penalty(found)}
    for each in found.translations:
        setting = each.setting or "none"
        yield {"system": each.system, "setting": setting, "note": each.note}


def _penalty(found: Conversion) -> str:
    """The prior as what it adds to the summed NLL."""
    if found.penalty is None:
        return "adds no L1 or L2 penalty to the summed NLL"
    l1, l2 = found.penalty.l1, found.penalty.l2
    terms = [f"{l1:.10g} sum |b|"] * (l1 > 0) + [f"{l2:.10g} sum b^2 / 2"] * (l2 > 0)
    flags = [f"--l1 {l1:.10g}"] * (l1 > 0) + [f"--l2 {l2:.10g}"] * (l2 > 0)
    return f"adds {' + '.join(terms)} to the summed NLL, as {' '.join(flags)} does"


def _record(found: Conversion) -> dict[str, object]:
    return {
        "prior": str(found.prior),
        "name": found.prior.name,
        "numbers": found.prior.numbers,
        "penalty": None if found.penalty is None else asdict(found.penalty),
        "families": found.families,
        "translations": found.translations,
    }
