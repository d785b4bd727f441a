"""Flags of rows, errors, search and output, each declared once: a command reads as names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from mlefit.cli._option import (
    ERRORS,
    PROGRAM,
    ROWS,
    SEARCH,
    SHOWN,
    TESTS,
    choice,
    column,
    flag,
    text,
)
from mlefit.cli._values import number, output_file, pictures, size, whole
from mlefit.report.options import FORMATS

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
_ENGINES = ("local", "dask")
_WHEN = ("auto", "always", "never")


Where = Annotated[
    str | None, text("--where", panel=ROWS, metavar="SQL", text="Use only rows where this holds.")
]
Missing = Annotated[
    str,
    choice("--missing", panel=ROWS, values=_MISSING, text="Rows with missing values."),
]
MaxDropped = Annotated[
    str | None,
    text("--max-dropped", panel=ROWS, metavar="N|P%", text="Refuse if more rows are dropped."),
]
InputFormat = Annotated[
    str | None,
    choice("--input-format", panel=ROWS, values=_INPUT_FORMATS, text="If the name does not tell."),
]
FreqWeights = Annotated[
    str | None,
    column(
        "--freq-weights",
        panel=ROWS,
        text="The row stands for this many equal rows.",
    ),
]
PrecisionWeights = Annotated[
    str | None,
    column(
        "--precision-weights",
        panel=ROWS,
        text="The dispersion is divided by this.",
    ),
]
SamplingWeights = Annotated[
    str | None,
    column(
        "--sampling-weights",
        panel=ROWS,
        text="One over the chance to be sampled.",
    ),
]

StandardErrors = Annotated[
    str | None,
    choice("--se", panel=ERRORS, values=_SE_KINDS, text="If not observed."),
]
Intervals = Annotated[
    str | None,
    choice(
        "--ci",
        panel=ERRORS,
        values=_CI_KINDS,
        text="Intervals from the standard errors, the likelihood's fall, or resampling.",
    ),
]
Cluster = Annotated[
    str | None,
    column(
        "--cluster",
        panel=ERRORS,
        text="Rows that belong together.",
    ),
]
SmallSample = Annotated[
    bool, flag("--small-sample", panel=ERRORS, text="Divide by n - p and use t, as lm does.")
]
ConfLevel = Annotated[
    float,
    text(
        "--conf-level",
        panel=ERRORS, metavar="P", parser=number("--conf-level", 0, 1),
        text="Coverage of the intervals.",
    ),
]  # fmt: skip

By = Annotated[
    str | None,
    column(
        "--by",
        panel=ROWS,
        text="A fit for each value of this column.",
    ),
]
Derive = Annotated[
    list[str] | None,
    text(
        "--derive",
        panel=ERRORS, metavar="NAME=EXPR",
        text="A function of the parameters with its error: 'ld50 = -b[Intercept]/b[dose]'. "
        "Repeatable.",
    ),
]  # fmt: skip
Tests = Annotated[
    list[str] | None,
    text(
        "--test",
        panel=TESTS, metavar="TERMS",
        text="Whether these terms say anything: 'x + g', 'sigma ~ z'; or would: '+ z'; or "
        "whether an equation holds: 'b[x] = b[z]'. Repeatable.",
    ),
]  # fmt: skip
Anova = Annotated[
    bool, flag("--anova", panel=TESTS, text="Test every term, each without what contains it.")
]
GoodnessOfFit = Annotated[
    bool,
    flag("--gof", panel=TESTS, text="Test the fit of the family by draws from the fitted model."),
]
Drawn = Annotated[
    str | None,
    choice(
        "--bootstrap",
        panel=ERRORS, values=("rows", "parametric"),
        text="What is drawn: rows, or clusters of them; or targets from the fitted model.",
    ),
]  # fmt: skip
DrawnInterval = Annotated[
    str | None,
    choice(
        "--bootstrap-interval",
        panel=ERRORS, values=("bca", "percentile"),
        text="Shares of the draws, corrected for bias and acceleration or as they are.",
    ),
]  # fmt: skip
Replications = Annotated[
    int | None,
    text(
        "--replications",
        panel=ERRORS, metavar="N", parser=whole("--replications", 19),
        text="Draws: 199 of --gof, 999 of the bootstrap.",
    ),
]  # fmt: skip

Engine = Annotated[
    str,
    choice("--engine", panel=SEARCH, values=_ENGINES, text="Where the passes over the rows run."),
]
Scheduler = Annotated[
    str | None,
    text(
        "--scheduler",
        panel=SEARCH, metavar="URL",
        text="Of a dask cluster, tcp://HOST:8786; if not, one on this machine.",
    ),
]  # fmt: skip
Threads = Annotated[
    int | None,
    text(
        "--threads",
        panel=SEARCH,
        metavar="N",
        parser=whole("--threads", 1),
        text="If not all cores.",
    ),
]
MaxMemory = Annotated[
    str | None,
    text(
        "--max-memory",
        panel=SEARCH, metavar="SIZE", parser=size("--max-memory"),
        text="Beyond it, such as 1GB, the rows pass through a temporary file.",
    ),
]  # fmt: skip
Tolerance = Annotated[
    float,
    text(
        "--tol",
        panel=SEARCH, metavar="T", parser=number("--tol", 0),
        text="Stop when less log-likelihood than this is left.",
    ),
]  # fmt: skip
MaxIter = Annotated[
    int,
    text(
        "--max-iter",
        panel=SEARCH,
        metavar="N",
        parser=whole("--max-iter", 0),
        text="Steps before giving up.",
    ),
]
Seed = Annotated[
    int,
    text(
        "--seed",
        panel=SEARCH, metavar="S", parser=whole("--seed", 0),
        text="Of every random choice.",
    ),
]  # fmt: skip

Format = Annotated[
    str, choice("-f", "--format", panel=SHOWN, values=FORMATS, text="What stdout gets.")
]
Table = Annotated[
    str | None,
    choice(
        "--table",
        panel=SHOWN,
        values=("terms", "fit", "path", "derived", "elsewhere", "tests", "anova", "groups"),
        text="Only this: a row per term, fit, strength, --derive, parameter of R, scipy, Stan, "
        "test, or group.",
    ),
]
ComparisonTable = Annotated[
    str | None,
    choice(
        "--table",
        panel=SHOWN,
        values=("candidates", "tests"),
        text="Only this: a row per model or test.",
    ),
]
FormulaTable = Annotated[
    str | None,
    choice("--table", panel=SHOWN, values=("formulas",), text="Only this: a row per formula."),
]


def named_tables(*names: str, text: str) -> Any:
    """`--table` of a command with these tables."""
    option = choice("--table", panel=SHOWN, values=names, text=f"Only this: {text}.")
    return Annotated[str | None, option]


Output = Annotated[
    Path | None,
    text(
        "-o", "--output",
        panel=SHOWN, metavar="FILE", parser=output_file,
        text="Write .json (the model), .csv, .tsv, .md or .txt as well.",
    ),
]  # fmt: skip
Colour = Annotated[
    str, choice("--color", panel=SHOWN, values=_WHEN, text="Colour, also off with NO_COLOR.")
]
Plot = Annotated[
    Any,
    text(
        "--plot",
        panel=SHOWN,
        metavar="auto|always|never|FILE",
        parser=pictures(_WHEN),
        text="Pictures in text, or a FILE.svg or .png of them.",
    ),
]
Ascii = Annotated[bool, flag("--ascii", panel=SHOWN, text="Nothing but ASCII.")]
Quiet = Annotated[bool, flag("-q", "--quiet", panel=SHOWN, text="No notes; with -o, no report.")]
Verbose = Annotated[bool, flag("-v", "--verbose", panel=SHOWN, text="Tell every step on stderr.")]

Strict = Annotated[bool, flag("--strict", panel=PROGRAM, text="Refuse to guess columns.")]
Steps = Annotated[
    bool,
    flag("--explain", panel=PROGRAM, text="Show each step of Newton's method, with its picture."),
]
DryRun = Annotated[
    bool, flag("--dry-run", panel=PROGRAM, text="Say what would be fitted; stop there.")
]
Debug = Annotated[bool, flag("--debug", panel=PROGRAM, text="Show the traceback of an error.")]
