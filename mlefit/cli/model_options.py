"""Flags that say what is fitted: data, target, family, priors, and what was only partly seen."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from mlefit.cli import _complete
from mlefit.cli._option import (
    MODEL,
    PARTLY,
    column,
    flag,
    text,
)
from mlefit.cli._values import number, whole


def _family_names(incomplete: str) -> list[str]:
    from mlefit import families  # names and aliases only: their modules stay unloaded

    spellings = [spelling for name in families.NAMES for spelling in families.spellings_of(name)]
    # shells break words at a colon, so reg:gamma would come out as reg:reg:gamma
    names = [name for name in (*families.NAMES, *spellings) if ":" not in name]
    return [name for name in names if name.startswith(incomplete)]


Data = Annotated[
    str | None,
    typer.Argument(metavar="[DATA]", show_default=False, help="A data file, or - for stdin."),
]
Formula = Annotated[
    str | None,
    typer.Argument(
        metavar="[FORMULA]",
        show_default=False,
        autocompletion=_complete.formula,
        help="'y ~ a + b', in quotes; 'y ~ 1' for a sample.",
    ),
]
Formulas = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FORMULA]...",
        show_default=False,
        autocompletion=_complete.formula,
        help="'y ~ a + b', in quotes; each with every family.",
    ),
]

Family = Annotated[
    str | None,
    text(
        "-F", "--family",
        panel=MODEL, metavar="NAME", autocompletion=_family_names,
        text="Distribution of the target.",
    ),
]  # fmt: skip
Loss = Annotated[
    str | None,
    text(
        "--loss",
        panel=MODEL, metavar="NAME", autocompletion=_family_names,
        text="The same, by the name of its loss: mse, mae, log-loss, pinball:0.9.",
    ),
]  # fmt: skip
Families = Annotated[
    list[str] | None,
    text(
        "--families",
        panel=MODEL, metavar="NAME,...", autocompletion=_family_names,
        text="Families or losses; if not those that suit the target. Repeatable.",
    ),
]  # fmt: skip
Target = Annotated[
    str | None,
    column(
        "-y",
        "--target",
        panel=MODEL,
        text="Target, without a formula.",
    ),
]
Features = Annotated[
    list[str] | None,
    text(
        "-x",
        "--features",
        panel=MODEL,
        metavar="COL,...",
        autocompletion=_complete.columns,
        text="Features, or all. Repeatable.",
    ),
]
Levels = Annotated[
    list[str] | None,
    text(
        "--levels",
        panel=MODEL,
        metavar="LEVEL,...",
        text="The target's levels in order: low,mid,high.",
    ),
]
Links = Annotated[
    list[str] | None,
    text("--link", panel=MODEL, metavar="NAME", text="log, or mu=log,sigma=identity. Repeatable."),
]
Models = Annotated[
    list[str] | None,
    text(
        "--model",
        panel=MODEL,
        metavar="FORMULA",
        text="'sigma ~ z' for another parameter. Repeatable.",
    ),
]
Fix = Annotated[
    list[str] | None,
    text(
        "--fix", panel=MODEL, metavar="NAME=V", text="Hold a parameter or coefficient. Repeatable."
    ),
]
Priors = Annotated[
    list[str] | None,
    text(
        "--prior",
        panel=MODEL,
        metavar="SPEC",
        text="'normal(0, 1)' for every slope, 'x ~ laplace(0, 0.5)' for a term, auto for a "
        "scale that the data choose, jeffreys. Repeatable.",
    ),
]
L2 = Annotated[
    float | None,
    text(
        "--l2",
        panel=MODEL,
        metavar="L",
        parser=number("--l2", 0),
        text="Shorthand for the prior normal(0, 1/sqrt(L)).",
    ),
]
L1 = Annotated[
    float | None,
    text(
        "--l1",
        panel=MODEL,
        metavar="L",
        parser=number("--l1", 0),
        text="Shorthand for the prior laplace(0, 1/L).",
    ),
]
Folds = Annotated[
    int | None,
    text(
        "--cv",
        panel=MODEL,
        metavar="K",
        parser=whole("--cv", 2),
        text="Choose the auto of a prior by the NLL of rows held out, K parts in turn.",
    ),
]
HeldOut = Annotated[
    int,
    text(
        "--cv",
        panel=MODEL, metavar="K", parser=whole("--cv", 2),
        text="Parts that the rows are held out in.",
    ),
]  # fmt: skip
LikelihoodRatios = Annotated[
    bool,
    flag("--lrt", panel=MODEL, text="Test each model against the next smaller one, nested in it."),
]
PathSteps = Annotated[
    int | None,
    text(
        "--path",
        panel=MODEL,
        metavar="N",
        parser=whole("--path", 2),
        text="Coefficients under N strengths of the prior, from the strongest.",
    ),
]
Offset = Annotated[
    str | None,
    column(
        "--offset",
        panel=MODEL,
        text="Added to the linear predictor as it is.",
    ),
]
Exposure = Annotated[
    str | None,
    column(
        "--exposure",
        panel=MODEL,
        text="Its log is added to the linear predictor.",
    ),
]
Trials = Annotated[
    str | None,
    column(
        "--trials",
        panel=MODEL,
        text="Number of trials; the target counts successes.",
    ),
]
At = Annotated[
    list[str] | None,
    text(
        "--at",
        panel=MODEL,
        metavar="NAME=V,...",
        text="Values of the parameters: mu=170,sigma=10. Repeatable.",
    ),
]
NumberOfTrials = Annotated[
    float | None,
    text(
        "--trials",
        panel=MODEL,
        metavar="N",
        parser=whole("--trials", 1),
        text="Number of trials; the values count successes.",
    ),
]

Event = Annotated[
    str | None,
    column(
        "--event",
        panel=PARTLY,
        text="0 where the value is only known to be more.",
    ),
]
Lower = Annotated[
    str | None,
    column(
        "--lower",
        panel=PARTLY,
        text="Least the target can be; missing is open.",
    ),
]
Upper = Annotated[
    str | None,
    column(
        "--upper",
        panel=PARTLY,
        text="Most the target can be; missing is open.",
    ),
]
CensoredBelow = Annotated[
    float | None,
    text(
        "--censored-below",
        panel=PARTLY, metavar="V", parser=number("--censored-below", -math.inf),
        text="A target of V or less stands for all of them.",
    ),
]  # fmt: skip
CensoredAbove = Annotated[
    float | None,
    text(
        "--censored-above",
        panel=PARTLY, metavar="V", parser=number("--censored-above", -math.inf),
        text="A target of V or more stands for all of them.",
    ),
]  # fmt: skip
TruncatedBelow = Annotated[
    float | None,
    text(
        "--truncated-below",
        panel=PARTLY, metavar="V", parser=number("--truncated-below", -math.inf),
        text="Values below V are never in the data.",
    ),
]  # fmt: skip
TruncatedAbove = Annotated[
    float | None,
    text(
        "--truncated-above",
        panel=PARTLY, metavar="V", parser=number("--truncated-above", -math.inf),
        text="Values above V are never in the data.",
    ),
]  # fmt: skip
