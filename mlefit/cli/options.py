"""Every flag, declared once. A command reads as names and types."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from mlefit.cli._values import choice, number, output_file, pictures, whole
from mlefit.report.options import FORMATS

MODEL, PARTLY, ROWS, ERRORS, TESTS, SEARCH, SHOWN, PROGRAM = (
    "Model",
    "Censored and truncated targets",
    "Rows and weights",
    "Standard errors",
    "Tests",
    "Search",
    "Output",
    "Program",
)

WEIGHTS = ("freq_weights", "precision_weights", "sampling_weights")

_MISSING = ("drop", "error")
_INPUT_FORMATS = ("csv", "tsv", "parquet", "ipc", "ndjson")
_SE_KINDS = (
    "observed",
    "expected",
    "quasi",
    "HC0",
    "HC1",
    "HC2",
    "HC3",
    "cluster",
    "bootstrap",
    "debiased",
)
_CI_KINDS = ("wald", "profile", "bootstrap")
_WHEN = ("auto", "always", "never")


def _family_names(incomplete: str) -> list[str]:
    from mlefit import families  # names and aliases only: their modules stay unloaded

    spellings = [spelling for name in families.NAMES for spelling in families.spellings_of(name)]
    # shells break words at a colon, so reg:gamma would come out as reg:reg:gamma
    names = [name for name in (*families.NAMES, *spellings) if ":" not in name]
    return [name for name in names if name.startswith(incomplete)]


def _flag(*names: str, panel: str, text: str) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel)


def _text(*names: str, panel: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=panel, **more)


def _choice(*names: str, panel: str, values: tuple[str, ...], text: str) -> Any:
    return typer.Option(
        *names,
        metavar="|".join(values),
        parser=choice(names[-1], values),
        autocompletion=lambda incomplete: [v for v in values if v.startswith(incomplete)],
        help=text,
        rich_help_panel=panel,
    )


Data = Annotated[
    str | None,
    typer.Argument(metavar="[DATA]", show_default=False, help="A data file, or - for stdin."),
]
Formula = Annotated[
    str | None,
    typer.Argument(
        metavar="[FORMULA]",
        show_default=False,
        help="'y ~ a + b', in quotes; 'y ~ 1' for a sample.",
    ),
]
Formulas = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FORMULA]...",
        show_default=False,
        help="'y ~ a + b', in quotes; each with every family.",
    ),
]

Family = Annotated[
    str | None,
    _text(
        "-F", "--family",
        panel=MODEL, metavar="NAME", autocompletion=_family_names,
        text="Distribution of the target.",
    ),
]  # fmt: skip
Loss = Annotated[
    str | None,
    _text(
        "--loss",
        panel=MODEL, metavar="NAME", autocompletion=_family_names,
        text="The same, by the name of its loss: mse, mae, log-loss, pinball:0.9.",
    ),
]  # fmt: skip
Families = Annotated[
    list[str] | None,
    _text(
        "--families",
        panel=MODEL, metavar="NAME,...", autocompletion=_family_names,
        text="Families or losses; if not those that suit the target. Repeatable.",
    ),
]  # fmt: skip
Target = Annotated[
    str | None,
    _text("-y", "--target", panel=MODEL, metavar="COL", text="Target, without a formula."),
]
Features = Annotated[
    list[str] | None,
    _text("-x", "--features", panel=MODEL, metavar="COL,...", text="Features, or all. Repeatable."),
]
Levels = Annotated[
    list[str] | None,
    _text(
        "--levels",
        panel=MODEL,
        metavar="LEVEL,...",
        text="The target's levels in order: low,mid,high.",
    ),
]
Links = Annotated[
    list[str] | None,
    _text("--link", panel=MODEL, metavar="NAME", text="log, or mu=log,sigma=identity. Repeatable."),
]
Models = Annotated[
    list[str] | None,
    _text(
        "--model",
        panel=MODEL,
        metavar="FORMULA",
        text="'sigma ~ z' for another parameter. Repeatable.",
    ),
]
Fix = Annotated[
    list[str] | None,
    _text(
        "--fix", panel=MODEL, metavar="NAME=V", text="Hold a parameter or coefficient. Repeatable."
    ),
]
Priors = Annotated[
    list[str] | None,
    _text(
        "--prior",
        panel=MODEL,
        metavar="SPEC",
        text="'normal(0, 1)' for every slope, 'x ~ laplace(0, 0.5)' for a term, auto for a "
        "scale that the data choose, jeffreys. Repeatable.",
    ),
]
L2 = Annotated[
    float | None,
    _text(
        "--l2",
        panel=MODEL,
        metavar="L",
        parser=number("--l2", 0),
        text="Shorthand for the prior normal(0, 1/sqrt(L)).",
    ),
]
L1 = Annotated[
    float | None,
    _text(
        "--l1",
        panel=MODEL,
        metavar="L",
        parser=number("--l1", 0),
        text="Shorthand for the prior laplace(0, 1/L).",
    ),
]
Folds = Annotated[
    int | None,
    _text(
        "--cv",
        panel=MODEL,
        metavar="K",
        parser=whole("--cv", 2),
        text="Choose the auto of a prior by the NLL of rows held out, K parts in turn.",
    ),
]
HeldOut = Annotated[
    int,
    _text(
        "--cv",
        panel=MODEL, metavar="K", parser=whole("--cv", 2),
        text="Parts that the rows are held out in.",
    ),
]  # fmt: skip
LikelihoodRatios = Annotated[
    bool,
    _flag("--lrt", panel=MODEL, text="Test each model against the next smaller one, nested in it."),
]
PathSteps = Annotated[
    int | None,
    _text(
        "--path",
        panel=MODEL,
        metavar="N",
        parser=whole("--path", 2),
        text="Coefficients under N strengths of the prior, from the strongest.",
    ),
]
Offset = Annotated[
    str | None,
    _text("--offset", panel=MODEL, metavar="COL", text="Added to the linear predictor as it is."),
]
Exposure = Annotated[
    str | None,
    _text(
        "--exposure", panel=MODEL, metavar="COL", text="Its log is added to the linear predictor."
    ),
]
Trials = Annotated[
    str | None,
    _text(
        "--trials",
        panel=MODEL,
        metavar="COL",
        text="Number of trials; the target counts successes.",
    ),
]
At = Annotated[
    list[str] | None,
    _text(
        "--at",
        panel=MODEL,
        metavar="NAME=V,...",
        text="Values of the parameters: mu=170,sigma=10. Repeatable.",
    ),
]
NumberOfTrials = Annotated[
    float | None,
    _text(
        "--trials",
        panel=MODEL,
        metavar="N",
        parser=whole("--trials", 1),
        text="Number of trials; the values count successes.",
    ),
]

Event = Annotated[
    str | None,
    _text(
        "--event", panel=PARTLY, metavar="COL", text="0 where the value is only known to be more."
    ),
]
Lower = Annotated[
    str | None,
    _text("--lower", panel=PARTLY, metavar="COL", text="Least the target can be; missing is open."),
]
Upper = Annotated[
    str | None,
    _text("--upper", panel=PARTLY, metavar="COL", text="Most the target can be; missing is open."),
]
CensoredBelow = Annotated[
    float | None,
    _text(
        "--censored-below",
        panel=PARTLY, metavar="V", parser=number("--censored-below", -math.inf),
        text="A target of V or less stands for all of them.",
    ),
]  # fmt: skip
CensoredAbove = Annotated[
    float | None,
    _text(
        "--censored-above",
        panel=PARTLY, metavar="V", parser=number("--censored-above", -math.inf),
        text="A target of V or more stands for all of them.",
    ),
]  # fmt: skip
TruncatedBelow = Annotated[
    float | None,
    _text(
        "--truncated-below",
        panel=PARTLY, metavar="V", parser=number("--truncated-below", -math.inf),
        text="Values below V are never in the data.",
    ),
]  # fmt: skip
TruncatedAbove = Annotated[
    float | None,
    _text(
        "--truncated-above",
        panel=PARTLY, metavar="V", parser=number("--truncated-above", -math.inf),
        text="Values above V are never in the data.",
    ),
]  # fmt: skip

Where = Annotated[
    str | None, _text("--where", panel=ROWS, metavar="SQL", text="Use only rows where this holds.")
]
Missing = Annotated[
    str,
    _choice("--missing", panel=ROWS, values=_MISSING, text="Rows with missing values."),
]
MaxDropped = Annotated[
    str | None,
    _text("--max-dropped", panel=ROWS, metavar="N|P%", text="Refuse if more rows are dropped."),
]
InputFormat = Annotated[
    str | None,
    _choice("--input-format", panel=ROWS, values=_INPUT_FORMATS, text="If the name does not tell."),
]
FreqWeights = Annotated[
    str | None,
    _text(
        "--freq-weights", panel=ROWS, metavar="COL", text="The row stands for this many equal rows."
    ),
]
PrecisionWeights = Annotated[
    str | None,
    _text(
        "--precision-weights", panel=ROWS, metavar="COL", text="The dispersion is divided by this."
    ),
]
SamplingWeights = Annotated[
    str | None,
    _text(
        "--sampling-weights", panel=ROWS, metavar="COL", text="One over the chance to be sampled."
    ),
]

StandardErrors = Annotated[
    str | None,
    _choice("--se", panel=ERRORS, values=_SE_KINDS, text="If not observed."),
]
Intervals = Annotated[
    str | None,
    _choice(
        "--ci",
        panel=ERRORS,
        values=_CI_KINDS,
        text="Intervals from the standard errors, the likelihood's fall, or resampling.",
    ),
]
Cluster = Annotated[
    str | None, _text("--cluster", panel=ERRORS, metavar="COL", text="Rows that belong together.")
]
SmallSample = Annotated[
    bool, _flag("--small-sample", panel=ERRORS, text="Divide by n - p and use t, as lm does.")
]
ConfLevel = Annotated[
    float,
    _text(
        "--conf-level",
        panel=ERRORS, metavar="P", parser=number("--conf-level", 0, 1),
        text="Coverage of the intervals.",
    ),
]  # fmt: skip

Derive = Annotated[
    list[str] | None,
    _text(
        "--derive",
        panel=ERRORS, metavar="NAME=EXPR",
        text="A function of the parameters with its error: 'ld50 = -b[Intercept]/b[dose]'. "
        "Repeatable.",
    ),
]  # fmt: skip
Tests = Annotated[
    list[str] | None,
    _text(
        "--test",
        panel=TESTS, metavar="TERMS",
        text="Whether these terms say anything: 'x + g', 'sigma ~ z'; or would: '+ z'; or "
        "whether an equation holds: 'b[x] = b[z]'. Repeatable.",
    ),
]  # fmt: skip
Anova = Annotated[
    bool, _flag("--anova", panel=TESTS, text="Test every term, each without what contains it.")
]
GoodnessOfFit = Annotated[
    bool,
    _flag("--gof", panel=TESTS, text="Test the fit of the family by draws from the fitted model."),
]
Drawn = Annotated[
    str | None,
    _choice(
        "--bootstrap",
        panel=ERRORS, values=("rows", "parametric"),
        text="What is drawn: rows, or clusters of them; or targets from the fitted model.",
    ),
]  # fmt: skip
DrawnInterval = Annotated[
    str | None,
    _choice(
        "--bootstrap-interval",
        panel=ERRORS, values=("bca", "percentile"),
        text="Shares of the draws, corrected for bias and acceleration or as they are.",
    ),
]  # fmt: skip
Replications = Annotated[
    int | None,
    _text(
        "--replications",
        panel=ERRORS, metavar="N", parser=whole("--replications", 19),
        text="Draws: 199 of --gof, 999 of the bootstrap.",
    ),
]  # fmt: skip

Threads = Annotated[
    int | None,
    _text(
        "--threads",
        panel=SEARCH,
        metavar="N",
        parser=whole("--threads", 1),
        text="If not all cores.",
    ),
]
Tolerance = Annotated[
    float,
    _text(
        "--tol",
        panel=SEARCH, metavar="T", parser=number("--tol", 0),
        text="Stop when less log-likelihood than this is left.",
    ),
]  # fmt: skip
MaxIter = Annotated[
    int,
    _text(
        "--max-iter",
        panel=SEARCH,
        metavar="N",
        parser=whole("--max-iter", 0),
        text="Steps before giving up.",
    ),
]
Seed = Annotated[
    int,
    _text(
        "--seed",
        panel=SEARCH, metavar="S", parser=whole("--seed", 0),
        text="Of every random choice.",
    ),
]  # fmt: skip

Format = Annotated[
    str, _choice("-f", "--format", panel=SHOWN, values=FORMATS, text="What stdout gets.")
]
Table = Annotated[
    str | None,
    _choice(
        "--table",
        panel=SHOWN,
        values=("terms", "fit", "path", "derived", "elsewhere", "tests", "anova"),
        text="Only this: a row per term, fit, strength, --derive, parameter of R, scipy, Stan, or "
        "test.",
    ),
]
ComparisonTable = Annotated[
    str | None,
    _choice(
        "--table",
        panel=SHOWN,
        values=("candidates", "tests"),
        text="Only this: a row per model or test.",
    ),
]
FormulaTable = Annotated[
    str | None,
    _choice("--table", panel=SHOWN, values=("formulas",), text="Only this: a row per formula."),
]


def named_tables(*names: str, text: str) -> Any:
    """`--table` of a command with these tables."""
    option = _choice("--table", panel=SHOWN, values=names, text=f"Only this: {text}.")
    return Annotated[str | None, option]


Output = Annotated[
    Path | None,
    _text(
        "-o", "--output",
        panel=SHOWN, metavar="FILE", parser=output_file,
        text="Write .json (the model), .csv, .tsv, .md or .txt as well.",
    ),
]  # fmt: skip
Colour = Annotated[
    str, _choice("--color", panel=SHOWN, values=_WHEN, text="Colour, also off with NO_COLOR.")
]
Plot = Annotated[
    Any,
    _text(
        "--plot",
        panel=SHOWN,
        metavar="auto|always|never|FILE",
        parser=pictures(_WHEN),
        text="Pictures in text, or a FILE.svg or .png of them.",
    ),
]
Ascii = Annotated[bool, _flag("--ascii", panel=SHOWN, text="Nothing but ASCII.")]
Quiet = Annotated[bool, _flag("-q", "--quiet", panel=SHOWN, text="No notes; with -o, no report.")]
Verbose = Annotated[bool, _flag("-v", "--verbose", panel=SHOWN, text="Tell every step on stderr.")]

Strict = Annotated[bool, _flag("--strict", panel=PROGRAM, text="Refuse to guess columns.")]
Steps = Annotated[
    bool,
    _flag("--explain", panel=PROGRAM, text="Show each step of Newton's method, with its picture."),
]
DryRun = Annotated[
    bool, _flag("--dry-run", panel=PROGRAM, text="Say what would be fitted; stop there.")
]
Debug = Annotated[bool, _flag("--debug", panel=PROGRAM, text="Show the traceback of an error.")]
