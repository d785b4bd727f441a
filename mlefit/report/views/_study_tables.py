"""The tidy tables of a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from statistics import NormalDist

from mlefit.report.sections import TidyTable
from mlefit.report.tables import Row, tidy
from mlefit.results.study import (
    Coverage,
    Function,
    OtherLink,
    Overfit,
    Rate,
    Rival,
    Spread,
    StudyResult,
)


def tables(result: StudyResult) -> Mapping[str, Callable[[], TidyTable]]:
    """Each by its name; the first, which is what CSV gets, holds something if any does."""
    made: dict[str, Callable[[], TidyTable]] = {
        "spread": partial(TidyTable.of, Spread, result.spread),
        "rates": partial(TidyTable.of, Rate, result.rates),
        "normality": partial(_normality_table, result),
        "coverage": partial(TidyTable.of, Coverage, result.coverage),
        "rivals": partial(TidyTable.of, Rival, result.rivals),
        "functions": partial(TidyTable.of, Function, result.functions),
        "links": partial(TidyTable.of, OtherLink, result.other_links),
        "overfit": partial(TidyTable.of, Overfit, result.overfit),
        "samples": partial(_samples_table, result),
    }
    ordered = sorted(made, key=lambda name: not made[name]().rows)
    return {name: made[name] for name in ordered}


def _normality_table(result: StudyResult) -> TidyTable:
    """One row for each quantile."""
    columns = ("parameter", "link", "rows", "mean", "sd", "skewness", "probability", "z", "normal")
    rows: list[Row] = [
        {
            "parameter": one.parameter,
            "link": one.link,
            "rows": one.rows,
            "mean": tidy(one.mean),
            "sd": tidy(one.sd),
            "skewness": tidy(one.skewness),
            "probability": p,
            "z": tidy(q),
            "normal": NormalDist().inv_cdf(p),
        }
        for one in result.shapes
        for p, q in zip(result.probabilities, one.quantiles, strict=True)
    ]
    return TidyTable(columns, rows)


def _samples_table(result: StudyResult) -> TidyTable:
    """One row for each size and fate of its samples."""
    rows: list[Row] = []
    for one in result.replications:
        fates = {"maximum inside the family": one.fitted, **one.failures}
        rows += [
            {"rows": one.rows, "samples": count, "fate": fate} for fate, count in fates.items()
        ]
    return TidyTable(("rows", "samples", "fate"), rows)
