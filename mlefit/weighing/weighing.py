"""Fixed data, moving parameters: which parameters the rows support, and how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from mlefit import __version__, families, fitting
from mlefit.distribution.at import known_by_hand
from mlefit.errors import UntrustworthyError, UsageError
from mlefit.inference.boundary import highest
from mlefit.inference.profile import HigherError
from mlefit.provenance import data_info
from mlefit.request import LikelihoodRequest, Request
from mlefit.results.likelihood import (
    SCHEMA,
    CurveInfo,
    LikelihoodResult,
    MaximumInfo,
    RowTerm,
    SampleInfo,
    SurfaceInfo,
)
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.search.verdict import edges_in_words
from mlefit.telling import Tell, unheard
from mlefit.weighing.curve import Axis, Landscape, axes
from mlefit.weighing.points import Top, evaluated, readings, top_at
from mlefit.weighing.sample import PlainSample

BY_HAND = "X"
"""What data given by hand are called."""


def run(
    request: LikelihoodRequest,
    log: Callable[[str], None] = lambda line: None,
    progress: Tell = unheard,
) -> LikelihoodResult:
    """The likelihood at the points that a request names, and about its maximum.

    Args:
        request: the words of the command.
        log: takes one line for each step of the work.
        progress: takes what long work is at, the steps done and all of them.

    Raises:
        MlefitError: a word of the request or a value of the data does not fit.
    """
    common = _by_hand(request) if request.values else request.common
    prepared = fitting.prepare(common, log, progress)
    with np.errstate(all="ignore"):  # a density of zero has no logarithm, and may be asked for
        return _weighed(request, common, PlainSample(prepared), log)


def _weighed(
    request: LikelihoodRequest,
    common: Request,
    sample: PlainSample,
    log: Callable[[str], None],
) -> LikelihoodResult:
    prepared = sample.prepared
    points = [sample.at(text) for text in request.at]
    chosen = axes(sample, request.over)
    if not points and not chosen:
        raise UsageError(
            "no point of the likelihood is named",
            tries=[
                f"--at {','.join(_example(sample))}",
                f"--over {_example(sample)[0].partition('=')[0]}",
            ],
        )
    search = Search(common.tol, common.max_iter, log)
    maximum, top = _maximum(sample, search)
    directions, tests = readings(sample, points, top)
    curve, surface, warnings = _drawn(request, common, sample, maximum, top, points, chosen, search)
    columns = prepared.table.columns
    weights = sample.weights()
    return LikelihoodResult(
        schema=SCHEMA,
        mlefit_version=__version__,
        command=common.command,
        data=data_info(common, prepared.source, prepared.roles, prepared.rows, prepared.table),
        sample=SampleInfo(
            family=prepared.family.label,
            title=prepared.family.heading,
            values=request.values,
            rows=float(columns.rows if weights is None else weights.sum()),
            free=[prepared.family.parameters[k].name for k in sample.free],
            fixed=sample.fixed,
            discrete=prepared.family.support.discrete,
        ),
        maximum=top.info,
        points=evaluated(sample, points, top, with_factors=bool(request.values)),
        directions=directions,
        readings=tests,
        curve=curve,
        surface=surface,
        rows=tuple(_rows(sample, points)) if request.rows else (),
        warnings=warnings,
        notes=prepared.notes,
    )


def _by_hand(request: LikelihoodRequest) -> Request:
    """The same rows as a table."""
    import polars as pl

    common = request.common
    if common.family is None:
        raise UsageError("no family: which distribution?", tries=["mlefit list families"])
    family = families.load(families.resolve(common.family))
    values: list[object] = list(request.values)
    if not common.levels:
        for text in request.values:
            if not math.isfinite(float(text)):
                raise UsageError(f"a value must be a number, not '{text}'")
        values = [float(text) for text in request.values]
    columns = {BY_HAND: values}
    for name, value in known_by_hand(family, {"trials": request.trials}).items():
        columns[name] = [value] * len(request.values)
    trials = "trials" if "trials" in columns else None
    return replace(common, data=pl.DataFrame(columns), target=BY_HAND, trials=trials)


def _example(sample: PlainSample) -> list[str]:
    """Values of the free parameters that could stand behind `--at`."""
    parameters = [sample.family.parameters[k] for k in sample.free]
    return [f"{one.name}={one.domain.inside:g}" for one in parameters]


def _maximum(sample: PlainSample, search: Search) -> tuple[Maximum | None, Top]:
    """The maximum, if there is one inside; and what the points are told of it."""
    prepared = sample.prepared
    try:
        maximum = highest(prepared.model, prepared.engine, search)
    except UntrustworthyError as error:
        return None, Top(MaximumInfo("no-maximum", error.problem, {}, {}, None))
    status = maximum.status
    if status is Status.CONVERGED:
        return maximum, top_at(sample, sample.values(maximum.betas), -maximum.nll)
    message = edges_in_words(maximum) or status.value
    height = -maximum.nll if status is Status.BOUNDARY and not maximum.runs_to_edge else None
    name = status.name.lower().replace("_", "-")
    return None, Top(MaximumInfo(name, message, {}, {}, height))


def _drawn(
    request: LikelihoodRequest,
    common: Request,
    sample: PlainSample,
    maximum: Maximum | None,
    top: Top,
    points: Sequence[Sequence[float]],
    chosen: Sequence[Axis],
    search: Search,
) -> tuple[CurveInfo | None, SurfaceInfo | None, tuple[str, ...]]:
    """The curve and the surface that were asked for, or that suit; and what went wrong."""
    if not chosen and request.drawn:
        chosen = [Axis(k) for k in sample.free[:2]]
    if not chosen:
        return None, None, ()
    if maximum is None:
        if not request.over:
            return None, None, ()
        raise UsageError(
            "there is no maximum to draw the likelihood about",
            top.info.message,
            tries=[f"--fix {word}" for word in _example(sample)[1:]],
        )
    landscape = Landscape(sample, maximum, search, common.conf_level)
    try:
        # two that were asked for are a surface; two that suit have the curve of the first as well
        alone = len(chosen) == 1 or not request.over
        curve = landscape.curve(chosen[0], points, request.steps) if alone else None
        surface = None
        if len(chosen) == 2:
            surface = landscape.surface(chosen[0], chosen[1], points, request.steps)
    except HigherError as higher:
        warning = f"no curve: the likelihood has a place {higher.rise:.3g} nats above its maximum"
        return None, None, (warning,)
    return curve, surface, ()


def _rows(sample: PlainSample, points: Sequence[Sequence[float]]) -> Iterator[RowTerm]:
    """What every row contributes at every point."""
    table = sample.prepared.table
    weights = sample.weights()
    shown = sample.targets()
    heights = [sample.log_densities(values) for values in points]
    for i, value in enumerate(shown):
        for number, height in enumerate(heights, 1):
            known = bool(np.isfinite(height[i]))
            yield RowTerm(
                row=table.rows.row_number(i),
                value=value,
                weight=1.0 if weights is None else float(weights[i]),
                point=number,
                density=float(np.exp(height[i])) if known else 0.0,
                log_density=float(height[i]) if known else None,
            )
