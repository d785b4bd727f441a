"""From columns to the maximum: coordinates, a start, the search.

The search runs in centred coordinates. Only where the information at the start is
ill conditioned does a QR pass decide the rank and turn the columns, so that the
Newton steps see nearly orthogonal ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Basis, Block, Predictor, split
from mlefit.engines.local import LocalEngine
from mlefit.errors import UntrustworthyError
from mlefit.families._base import Moments
from mlefit.likelihood import Kind, Model, Totals
from mlefit.optimise import Optimum, Status, newton
from mlefit.pinball import Vertex, minimise_pinball
from mlefit.rank import ILL_CONDITIONED, Redundant, condition_number, redundant_columns, triangle
from mlefit.refine import refined_coefficients

Log = Callable[[str], None]

_MOST_ROUNDS = 200
_LEAST_SCORE = -1 + np.finfo(float).eps
# A scale below so many roundings of the target's own size is rounding, not spread.
_PERFECT = 1e3 * np.finfo(float).eps


@dataclass(frozen=True)
class Maximum:
    """The maximum of a likelihood and the coordinates it was found in.

    Attributes:
        model: family and links.
        engine: the rows, seen through the predictors that were fitted.
        optimum: where the search ended, in the coordinates of the predictors' bases.
        redundant: for each parameter the columns that were left out.
        asked: the predictors before columns were left out.
        vertex: the linear programme's answer, for families that have a corner.
        moments: of the target.
        refined: coefficients of an ill-conditioned fit, with digits the search could not see.
    """

    model: Model
    engine: LocalEngine
    optimum: Optimum
    redundant: tuple[tuple[Redundant, ...], ...]
    asked: tuple[Predictor, ...]
    vertex: Vertex | None
    moments: Moments
    refined: list[Vector] | None = None

    @property
    def gammas(self) -> list[Vector]:
        """Coefficients of each parameter in the search's coordinates."""
        return split(self.optimum.gamma, self.engine.predictors)

    @property
    def betas(self) -> list[Vector]:
        """Coefficients of each parameter for the user's columns."""
        if self.refined is not None:
            return self.refined
        return [
            predictor.basis.beta(gamma)
            for predictor, gamma in zip(self.engine.predictors, self.gammas, strict=True)
        ]


@dataclass(frozen=True)
class Survey:
    """Sums of one pass over the raw columns; they add."""

    weight: float
    rows: int
    y: float
    y_squared: float
    known: Vector
    columns: Vector
    squares: Vector
    offsets: Vector

    def __add__(self, other: Survey) -> Survey:
        return Survey(
            *(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__)
        )


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        tol: Newton decrement, in nats, at which to stop.
        max_iter: most Newton steps.
        log: takes a line for each step.
    """

    tol: float = 1e-10
    max_iter: int = 100
    log: Log = lambda line: None


def maximise(model: Model, engine: LocalEngine, search: Search) -> Maximum:
    """Find the coefficients of largest likelihood.

    Args:
        model: family and links.
        engine: rows and predictors.
        search: when to stop.

    Raises:
        UntrustworthyError: no start was found that keeps every parameter in its domain.
    """
    asked = engine.predictors
    engine, moments, survey = _centred(engine)
    theta = model.family.start(moments)
    gamma = _start(model, engine, theta, survey)
    first = evaluator(model, engine)(gamma, "expected")
    if not math.isfinite(first.nll):
        raise _no_start(model)
    engine, redundant = _well_conditioned(engine, first.information, survey, search.log)
    if any(predictor.basis.triangle is not None for predictor in engine.predictors):
        gamma = _start(model, engine, theta, survey)
        first = evaluator(model, engine)(gamma, "expected")
    vertex = None
    if model.family.vertex is None:
        optimum = _newton(model, engine, gamma, moments, search, first=first)
    else:
        vertex, optimum = _with_vertex(model, engine, gamma, moments, search)
    maximum = Maximum(model, engine, optimum, redundant, asked, vertex, moments)
    if vertex is not None or optimum.status not in (Status.CONVERGED, Status.PERFECT_FIT):
        return maximum
    return replace(maximum, refined=refined_coefficients(model, engine, optimum, maximum.betas))


def _newton(
    model: Model,
    engine: LocalEngine,
    gamma: Vector,
    moments: Moments,
    search: Search,
    *,
    free: NDArray[np.intp] | None = None,
    first: Totals | None = None,
) -> Optimum:
    """Newton's method with what this model knows: an exact scale, and when it collapses."""
    several = len(model.links) > 1
    return newton(
        evaluator(model, engine),
        gamma,
        tol=search.tol,
        max_iter=search.max_iter,
        begin="expected" if several else "observed",
        free=free,
        bend=_exact_scale(model, engine),
        first=first if several or model.is_fused else None,
        collapsed=_collapse(model, engine, moments),
        log=search.log,
    )


def evaluator(model: Model, engine: LocalEngine) -> Callable[[Vector, Kind], Totals]:
    """The sums over all rows as a function of all coefficients."""

    def evaluate(gamma: Vector, kind: Kind) -> Totals:
        gammas = split(gamma, engine.predictors)
        return engine.total(lambda block: model.totals(block, gammas, kind))

    return evaluate


def _centred(engine: LocalEngine) -> tuple[LocalEngine, Moments, Survey]:
    """Shift columns by their means wherever an intercept takes up the shift."""
    raw = engine.with_predictors(
        [replace(p, basis=Basis(np.zeros(p.size))) for p in engine.predictors]
    )
    shift = float(next(raw.blocks()).y[0])
    survey = raw.total(lambda block: _survey(block, shift))
    means = split(survey.columns / survey.rows, engine.predictors)
    predictors = []
    for predictor, mean in zip(engine.predictors, means, strict=True):
        centre = mean if predictor.has_intercept else np.zeros(predictor.size)
        centre[:1] = 0.0
        predictors.append(replace(predictor, basis=Basis(centre)))
    centred_mean = survey.y / survey.weight
    moments = Moments(
        rows=survey.weight,
        mean=shift + centred_mean,
        variance=max(survey.y_squared / survey.weight - centred_mean**2, 0.0),
        known=dict(zip(engine.known, survey.known / survey.weight, strict=True)),
    )
    return raw.with_predictors(predictors), moments, survey


def _survey(block: Block, shift: float) -> Survey:
    m = len(block.y)
    y = block.y - shift
    return Survey(
        weight=float(m if block.weight is None else block.weight.sum()),
        rows=m,
        y=float(block.weighted(y).sum()),
        y_squared=float(block.weighted(y * y).sum()),
        known=np.array([block.weighted(values).sum() for values in block.known.values()]),
        columns=np.concatenate([X.sum(axis=1) for X in block.designs]),
        squares=np.concatenate([np.einsum("ij,ij->i", X, X) for X in block.designs]),
        offsets=np.array([np.broadcast_to(offset, m).sum() for offset in block.offsets]),
    )


def _start(model: Model, engine: LocalEngine, theta: Sequence[float], survey: Survey) -> Vector:
    """Coefficients that bring every linear predictor near the start of a plain sample."""
    gammas: list[Vector] = []
    for k, (link, predictor, value) in enumerate(
        zip(model.links, engine.predictors, theta, strict=True)
    ):
        eta = float(link.forward(np.array([value]))[0])
        if predictor.has_intercept:
            gamma = np.zeros(predictor.size)
            gamma[0] = eta - survey.offsets[k] / survey.rows
            triangle = predictor.basis.triangle
            gammas.append(gamma if triangle is None else triangle @ gamma)
        else:
            gammas.append(_projected(engine, k, eta) if predictor.size else np.zeros(0))
    return np.concatenate(gammas)


def _projected(engine: LocalEngine, k: int, eta: float) -> Vector:
    """Least-squares coefficients of a constant linear predictor, for want of an intercept."""

    def products(block: Block) -> Matrix:
        X = block.designs[k]
        return np.column_stack([X @ X.T, X @ np.broadcast_to(eta - block.offsets[k], X.shape[1])])

    sums = engine.total(products)
    scale = 1 / np.sqrt(np.maximum(np.diag(sums), np.finfo(float).tiny))
    scaled = sums[:, :-1] * np.outer(scale, scale)
    return scale * np.linalg.lstsq(scaled, sums[:, -1] * scale, rcond=None)[0]


def _well_conditioned(
    engine: LocalEngine, information: Matrix, survey: Survey, log: Log
) -> tuple[LocalEngine, tuple[tuple[Redundant, ...], ...]]:
    """Leave out redundant columns and turn the coordinates of nearly dependent ones."""
    edges = np.cumsum([0, *(predictor.size for predictor in engine.predictors)])
    predictors: list[Predictor] = []
    redundant: list[tuple[Redundant, ...]] = []
    for k, (lo, hi) in enumerate(pairwise(edges)):
        predictor = engine.predictors[k]
        left_out: list[Redundant] = []
        if condition_number(information[lo:hi, lo:hi]) > ILL_CONDITIONED:
            log(f"nearly dependent columns: a QR pass decides the rank of parameter {k + 1}")
            R = triangle((block.designs[k] for block in engine.blocks()), predictor.size)
            centre = predictor.basis.centre
            left_out = redundant_columns(R, np.sqrt(survey.squares[lo:hi]), centre)
            positions = [column.index for column in left_out]
            predictor = predictor.without(positions)
            turned = np.asarray(np.linalg.qr(np.delete(R, positions, axis=1), mode="r"))
            basis = replace(predictor.basis, triangle=turned / math.sqrt(survey.rows))
            predictor = replace(predictor, basis=basis)
        predictors.append(predictor)
        redundant.append(tuple(left_out))
    return engine.with_predictors(predictors), tuple(redundant)


def _exact_scale(model: Model, engine: LocalEngine) -> Callable[[Vector, Any], Vector] | None:
    """A direction that solves for a constant scale instead of creeping towards it.

    With eta = log scale, the mean score is mean(|z|^q) - 1, so the scale that is best
    for the present location lies log(1 + mean score)/q away, however far that is.
    """
    position = _constant_scale(model, engine)
    if position is None:
        return None
    k, at = position
    norm = model.family.parameters[k].norm
    assert norm is not None

    def bend(direction: Vector, now: Any) -> Vector:
        mean_score = -float(now.score[at]) / now.rows
        bent = direction.copy()
        # residuals of nothing but rounding leave a mean score of -1 and no logarithm
        bent[at] = math.log1p(max(mean_score, _LEAST_SCORE)) / norm
        return bent

    return bend


def _constant_scale(model: Model, engine: LocalEngine) -> tuple[int, int] | None:
    """Parameter and position of a scale with one coefficient and a log link."""
    at = 0
    for k, (parameter, link, predictor) in enumerate(
        zip(model.family.parameters, model.links, engine.predictors, strict=True)
    ):
        if parameter.norm is not None and link.name == "log" and predictor.size == 1:
            return (k, at) if predictor.has_intercept else None
        at += predictor.size
    return None


def _collapse(model: Model, engine: LocalEngine, moments: Moments) -> Callable[[Vector], bool]:
    """Tells a perfect fit: a scale that has shrunk to the rounding of the target."""
    position = _constant_scale(model, engine)
    if position is None:
        return lambda gamma: False
    least = _PERFECT * math.hypot(moments.mean, math.sqrt(moments.variance))
    lowest = math.log(least) if least > 0 else -math.inf
    return lambda gamma: bool(gamma[position[1]] <= lowest)


def _with_vertex(
    model: Model, engine: LocalEngine, gamma: Vector, moments: Moments, search: Search
) -> tuple[Vertex, Optimum]:
    """Location by linear programme and the rest by Newton, in turn until neither moves.

    With a constant scale the location does not depend on it, so one turn is all. The
    objective is smooth in the rest and convex in the location, so a point that
    neither can improve is stationary.
    """
    p = engine.predictors[0].size
    rest = np.arange(p, len(gamma))
    constant_scale = all(predictor.size <= 1 for predictor in engine.predictors[1:])
    tau = model.family.vertex
    assert tau is not None
    gamma = gamma.copy()
    nll = math.inf
    for turn in range(_MOST_ROUNDS):
        blocks = partial(_pinball_blocks, model, engine, gamma)
        vertex = minimise_pinball(blocks, p, engine.columns.rows, tau)
        gamma[:p] = vertex.beta
        optimum = _newton(model, engine, gamma, moments, search, free=rest)
        gamma = optimum.gamma.copy()
        search.log(
            f"turn {turn + 1}: vertex in {vertex.passes} passes, NLL {optimum.totals.nll:.10g}"
        )
        if constant_scale or nll - optimum.totals.nll <= search.tol:
            break
        nll = optimum.totals.nll
    if not vertex.optimal:
        optimum = replace(optimum, status=Status.NOT_A_VERTEX)
    return vertex, optimum


def _pinball_blocks(
    model: Model, engine: LocalEngine, gamma: Vector
) -> Iterator[tuple[Matrix, Rows, Rows | None]]:
    """The location's columns, the target less its offset, and weights over the scale."""
    gammas = split(gamma, engine.predictors)
    varying = any(p.size > 1 or p.offsets or p.held for p in engine.predictors[1:])
    for block in engine.blocks():
        weight = block.weight
        if varying:
            scale = model.theta(model.etas(block, gammas))[1]
            weight = block.weighted(1 / scale)
        yield block.designs[0], block.y - block.offsets[0], weight


def _no_start(model: Model) -> UntrustworthyError:
    parameter, link = model.family.parameters[0], model.links[0]
    return UntrustworthyError(
        f"no start was found with every {parameter.name} {parameter.domain.value} "
        f"under the {link.name} link",
        tries=[f"--link {parameter.link}"],
    )
