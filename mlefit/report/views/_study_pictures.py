"""The pictures of a study: errors against rows, quantiles of z, and what few rows flatter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from statistics import NormalDist

from mlefit.report.pictures import Curve, Frame, Picture
from mlefit.results.study import Overfit, Shape, Spread, StudyResult

_MOST_CURVES = 6


def errors(spread: Sequence[Spread]) -> Picture | None:
    """Log error against log rows: straight lines, parallel to the expected one."""
    curves = []
    for name, group in groupby(spread, key=lambda one: one.parameter):
        own = [one for one in group if one.rmse]
        if len(own) > 1:
            curves.append(
                Curve(
                    [math.log10(one.rows) for one in own],
                    [math.log10(one.rmse or math.nan) for one in own],
                    name,
                )
            )
    if not curves:
        return None
    sizes = sorted({one.rows for one in spread})
    x = [math.log10(rows) for rows in sizes]
    start = min(curve.y[0] for curve in curves) - 0.2
    expected = Curve(x, [start - (value - x[0]) / 2 for value in x], "slope -1/2")
    return Picture(
        "log10 of the root mean squared error, against the rows",
        [*curves[:_MOST_CURVES], expected],
        Frame(f"{sizes[0]:,} rows", f"{sizes[-1]:,} rows", height=10),
    )


def quantiles(result: StudyResult, shapes: Sequence[Shape]) -> Picture | None:
    """Quantiles of z less the normal ones, for the fewest rows: level where it is normal."""
    least = min(one.rows for one in shapes)
    normal = [NormalDist().inv_cdf(p) for p in result.probabilities]
    curves = [
        Curve(
            normal,
            [math.nan if q is None else q for q in one.quantiles],
            one.parameter,
        )
        for one in shapes
        if one.rows == least
    ]
    ends = [f"{100 * p:g}%" for p in (result.probabilities[0], result.probabilities[-1])]
    return Picture(
        f"quantiles of z against those of the normal distribution, {least:,} rows",
        [Curve(normal, normal, "normal"), *curves[:_MOST_CURVES]],
        Frame(ends[0], ends[1], height=10),
    )


def overfit(records: Sequence[Overfit]) -> Picture | None:
    curves = []
    priors = list(dict.fromkeys(one.prior for one in records))
    for prior in priors:
        own = [one for one in records if one.prior == prior]
        x = [math.log10(one.rows) for one in own]
        number = f" {priors.index(prior)}" if len(priors) > 2 else ""
        words = f", prior{number}" if prior else ""
        for name, heights in (
            (f"fresh{words}", [one.fresh for one in own]),
            (f"own{words}", [one.in_sample for one in own]),
        ):
            curves.append(Curve(x, [math.nan if h is None else h for h in heights], name))
    sizes = sorted({one.rows for one in records})
    if len(sizes) < 2:
        return None
    return Picture(
        "NLL of a row, against the rows of the sample",
        curves,
        Frame(f"{sizes[0]:,} rows", f"{sizes[-1]:,} rows", height=10),
    )
