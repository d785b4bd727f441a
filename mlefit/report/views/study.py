"""The properties of the maximum likelihood estimate, each as a table and most as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from statistics import NormalDist

from mlefit.report import numbers
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Grid, Section, View
from mlefit.report.views import _study_pictures as pictures
from mlefit.report.views._study_tables import tables
from mlefit.results.study import (
    Coverage,
    Rate,
    Spread,
    StudyResult,
)

# Of the quantiles of z, those that a line of a terminal has room for.
_SHOWN_QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
# Where a line has not, these go, in this order.
_DISPENSABLE = ("skew", "25%", "75%")
# A share so many of its errors from the level is not chance any more.
_FAR = 2.5
# A root mean square so many times what the median says of a normal distribution.
_FAR_OUT = 2.0
_OWN_SCALE = "its own"
_NEW_OUTCOME = "new outcome"


def view(result: StudyResult) -> View:
    """What a report of a study shows."""
    return View(
        title=_title(result),
        ledger=_ledger(result),
        sections=partial(_sections, result),
        tables=tables(result),
    )


def _title(result: StudyResult) -> list[str]:
    at = ", ".join(f"{name} = {value:g}" for name, value in result.parameters.items())
    known = [f"{name} {value:g}" for name, value in result.known.items()]
    return [f"Study of {result.family}", at, *known]


def _ledger(result: StudyResult) -> str:
    sizes = [one.rows for one in result.replications] + [one.rows for one in result.overfit]
    return f"{result.samples:,} samples of {_listed(sizes)} rows, seed {result.seed}"


def _listed(values: Iterable[int]) -> str:
    return ", ".join(f"{value:,}" for value in dict.fromkeys(values))


def _sections(result: StudyResult, options: ReportOptions) -> list[Section]:
    made: Mapping[str, Callable[[StudyResult], Iterator[Section]]] = {
        "samples": _head,
        "spread": _consistency,
        "rates": _consistency,
        "efficiency": _efficiency,
        "rivals": _rivals,
        "normality": partial(_normality, width=options.width),
        "coverage": _coverage,
        "functions": _invariance,
        "links": _invariance,
        "overfit": _overfit,
    }
    if options.table is not None:
        return list(made[options.table](result))
    return [section for make in dict.fromkeys(made.values()) for section in make(result)]


def _head(result: StudyResult) -> Iterator[Section]:
    """What the numbers are, and which samples have no maximum inside the family."""
    lines = [
        [f"{count:,} of {one.samples:,} samples of {one.rows:,} rows: {cause}"]
        for one in result.replications
        for cause, count in one.failures.items()
    ]
    if lines:
        lines = [["samples without a maximum inside the family, left out below:"], *lines]
    if {"consistency", "efficiency", "overfit"} & set(result.shown):
        lines = [["+- is the standard error that the number of samples leaves"], *lines]
    if lines:
        yield Section(before=lines)


def _consistency(result: StudyResult) -> Iterator[Section]:
    if "consistency" not in result.shown or not result.spread:
        return
    spread = result.spread
    names = _once(one.parameter for one in spread)
    firsts = zip(spread, names, strict=True)
    columns = {
        "parameter": names,
        "rows": [f"{one.rows:,}" for one in spread],
        "truth": [_number(one.truth) if first else "" for one, first in firsts],
        "bias": [_number(one.bias) for one in spread],
        "rmse": [_number(one.rmse) for one in spread],
        "+-": [_number(one.rmse_std_error, 2) for one in spread],
        "median error": [_number(one.median_error) for one in spread],
    }
    after = [
        [
            f"{rate.parameter}: rmse falls as rows^{_power(rate)}",
            f"median error as rows^{_fixed(rate.median_slope, 3)}",
            "expected rows^-0.5",
        ]
        for rate in result.rates
    ]
    ruled = dict.fromkeys(one.parameter for one in spread if _is_ruled_by_few(one))
    if ruled:
        after += [[f"{', '.join(ruled)}: few samples far out rule rmse and variance"]]
    yield Section(
        "Consistency: more rows, closer to the truth",
        (),
        _grid(columns, 1),
        after,
        pictures.errors(spread),
    )


def _is_ruled_by_few(one: Spread) -> bool:
    """Whether the errors have a tail that no normal distribution has."""
    if not one.rmse or not one.median_error:
        return False
    return one.rmse > _FAR_OUT * one.median_error / NormalDist().inv_cdf(0.75)


def _power(rate: Rate) -> str:
    return f"{_fixed(rate.slope, 3)} +- {_fixed(rate.std_error, 3)}"


def _efficiency(result: StudyResult) -> Iterator[Section]:
    if "efficiency" not in result.shown or not result.spread:
        return
    spread = result.spread
    columns = {
        "parameter": _once(one.parameter for one in spread),
        "rows": [f"{one.rows:,}" for one in spread],
        "variance": [_number(one.variance) for one in spread],
        "bound": [_number(one.bound) for one in spread],
        "efficiency": [_fixed(one.efficiency, 3) for one in spread],
        "+-": [_fixed(one.efficiency_std_error, 3) for one in spread],
    }
    before = [[f"bound: inverse of the expected information at the truth, {result.information}"]]
    if all(one.bound is None for one in spread):
        before = [["no bound: the expected information at the truth has no inverse"]]
    yield Section(
        "Efficiency: no unbiased estimate varies less (Cramer-Rao)", before, _grid(columns, 1)
    )


def _rivals(result: StudyResult) -> Iterator[Section]:
    if not result.rivals:
        return
    rivals = result.rivals
    columns = {
        "estimator": _once(one.estimator for one in rivals),
        "of": [one.target for one in rivals],
        "rows": [f"{one.rows:,}" for one in rivals],
        "samples": [f"{one.samples:,}" for one in rivals],
        "variance": [_number(one.variance) for one in rivals],
        "by likelihood": [_number(one.mle_variance) for one in rivals],
        "efficiency": [_fixed(one.relative_efficiency, 3) for one in rivals],
        "+-": [_fixed(one.std_error, 3) for one in rivals],
    }
    yield Section(
        "Against other estimators: variance by maximum likelihood over theirs",
        (),
        _grid(columns, 2),
        [["at an efficiency of 0.5 the other estimator needs twice the rows"]],
    )


def _normality(result: StudyResult, width: int | None) -> Iterator[Section]:
    if not result.shapes:
        return
    at = [i for i, p in enumerate(result.probabilities) if p in _SHOWN_QUANTILES]
    shapes = result.shapes
    normal = [NormalDist().inv_cdf(result.probabilities[i]) for i in at]
    columns = {
        "parameter": ["normal", *_once(one.parameter for one in shapes)],
        "rows": ["", *(f"{one.rows:,}" for one in shapes)],
        "mean": ["0", *(_fixed(one.mean, 2) for one in shapes)],
        "sd": ["1", *(_fixed(one.sd, 2) for one in shapes)],
        "skew": ["0", *(_fixed(one.skewness, 2) for one in shapes)],
    }
    for column, i in enumerate(at):
        name = f"{100 * result.probabilities[i]:g}%"
        cells = [_fixed(one.quantiles[i], 2) for one in shapes]
        columns[name] = [f"{normal[column]:z.2f}", *cells]
    for name in _DISPENSABLE:
        if width is not None and _width(columns) > width:
            del columns[name]
    links = {one.parameter: one.link for one in shapes}
    scale = ", ".join(f"{name} ({link})" for name, link in links.items())
    yield Section(
        "Normality: z = (estimate - truth) / standard error, and its quantiles",
        [[f"on the scale of the link: {scale}"]],
        _grid(columns, 1),
        (),
        pictures.quantiles(result, shapes),
    )


def _coverage(result: StudyResult) -> Iterator[Section]:
    shares = [one for one in result.coverage if one.scale != _OWN_SCALE]
    if not shares:
        return
    sizes = list(dict.fromkeys(one.rows for one in shares))
    first = list(dict.fromkeys(one.name for one in shares))
    kinds = dict.fromkeys((one.name, one.method, one.scale) for one in shares)
    names = sorted(kinds, key=lambda kind: first.index(kind[0]))
    columns = {
        "parameter": _once(name for name, _, _ in names),
        "interval": [
            f"{method}, {scale}" if scale != "any" else method for _, method, scale in names
        ],
    }
    for rows in sizes:
        own = {(o.name, o.method, o.scale): o for o in shares if o.rows == rows}
        columns[f"{rows:,} rows"] = [_share(own.get(key)) for key in names]
    counted = [one for one in shares if one.name != _NEW_OUTCOME]
    errors = [one.std_error for one in counted if one.std_error is not None]
    level = numbers.percent(result.conf_level)
    after = (
        [[f"by chance a share is off by {100 * max(errors):.2g} (its standard error)"]]
        if errors
        else []
    )
    if any(_is_far(one) for one in shares):
        after += [[f"* more than {_FAR:g} standard errors from {level}"]]
    if len(counted) < len(shares):
        after += [
            [
                "new outcome: how probable one between the limits is, in the mean of the samples",
                "counts move in steps, so theirs hold more",
            ]
        ]
    yield Section(
        f"Coverage: percent of the {level} intervals that hold the truth",
        (),
        _grid(columns, 2),
        after,
    )


def _share(one: Coverage | None) -> str:
    if one is None or one.coverage is None:
        return ""
    return f"{'*' if _is_far(one) else ''}{100 * one.coverage:.1f}"


def _is_far(one: Coverage) -> bool:
    return (
        one.coverage is not None
        and one.std_error is not None
        and one.name != _NEW_OUTCOME
        and abs(one.coverage - one.level) > _FAR * one.std_error
    )


def _invariance(result: StudyResult) -> Iterator[Section]:
    if not result.functions and not result.other_links:
        return
    before = [
        [
            f"{one.parameter} searched through the {one.other} link instead of {one.link}",
            f"{one.samples:,} samples",
            f"the same to {numbers.small(one.difference or 0.0)} standard errors",
        ]
        for one in result.other_links
    ]
    own = {one.name: one for one in result.coverage if one.scale == _OWN_SCALE}
    functions = result.functions
    columns = {
        "function": [one.name for one in functions],
        "truth": [_number(one.truth) for one in functions],
        "mean of g(estimate)": [_number(one.mean) for one in functions],
        "sd": [_number(one.sd) for one in functions],
        "delta error": [_number(one.delta_error) for one in functions],
        "coverage": [_share(own.get(one.name)) for one in functions],
    }
    after = []
    if functions:
        reach = NormalDist().inv_cdf(0.5 + result.conf_level / 2)
        after = [
            [
                f"{functions[0].rows:,} rows",
                "delta error: median standard error by the delta method",
                f"coverage: of g +- {reach:.2f} of them, on the scale of g",
            ]
        ]
    yield Section(
        "Invariance: the estimate of g is g of the estimate",
        before,
        _grid(columns, 1) if functions else None,
        after,
    )


def _overfit(result: StudyResult) -> Iterator[Section]:
    if not result.overfit:
        return
    rows = result.overfit
    columns = {
        "prior": _once(one.prior or "none" for one in rows),
        "rows": [f"{one.rows:,}" for one in rows],
        "own rows": [_fixed(one.in_sample, 4) for one in rows],
        "truth": [_fixed(one.truth, 4) for one in rows],
        "fresh rows": [_fixed(one.fresh, 4) for one in rows],
        "gap": [_fixed(one.gap, 4) for one in rows],
        "+-": [_fixed(one.std_error, 4) for one in rows],
        "k/n": [_fixed(one.expected, 4) for one in rows],
    }
    failed = [
        [f"{number:,} samples left out: {cause}"]
        for cause, number in result.overfit_failures.items()
    ]
    count, first = result.covariates, next(iter(result.parameters))
    columns_of = f"{count} column{'s' * (count != 1)} without effect on {first}"
    yield Section(
        "Overfit: few rows flatter the fit that has seen them",
        [
            [columns_of, "NLL of a row"],
            *failed,
        ],
        _grid(columns, 1),
        [["k/n: the gap to first order, coefficients over rows"]],
        pictures.overfit(rows),
    )


def _grid(columns: Mapping[str, Sequence[str]], words: int) -> Grid:
    """A table whose first columns are words and the others numbers."""
    cells = [
        list(column) if index < words else numbers.aligned(column)
        for index, column in enumerate(columns.values())
    ]
    return Grid(tuple(columns), tuple(zip(*cells, strict=True)), words)


def _width(columns: Mapping[str, Sequence[str]]) -> int:
    return sum(max(map(len, (name, *cells))) + 2 for name, cells in columns.items())


def _once(names: Iterable[str]) -> list[str]:
    """Names, each where it begins only."""
    shown, last = [], None
    for name in names:
        shown.append("" if name == last else name)
        last = name
    return shown


def _number(value: float | None, digits: int = 4) -> str:
    return numbers.significant(value, digits)


def _fixed(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:z.{places}f}"
