"""Where a search begins: good coordinates, and of many rows the maximum of a few."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mlefit._types import Vector
from mlefit.design.predictors import split
from mlefit.engines.contract import Engine
from mlefit.errors import UntrustworthyError
from mlefit.families._records import Moments
from mlefit.likelihood import Kind, Model, Totals
from mlefit.search.climb import SUSPICIOUS_STEPS, Log, Search, climb
from mlefit.search.conditioning import are_dependent, examined, well_conditioned
from mlefit.search.few import thinned
from mlefit.search.optimise import Optimum, Status
from mlefit.search.rank import Redundant
from mlefit.search.several import SAME_HEIGHT
from mlefit.search.sparse import partial_totals
from mlefit.search.start import Survey, start_coefficients

_MANY_ROWS = 100_000  # of fewer, a look at all costs as little as a search on some
_FEW_ROWS = 5_000
# A level of a factor needs enough of them to have a maximum at all.
_FEW_FOR_EACH = 150
_ENOUGH = 1e-3  # nats: what a few rows leave open is more
# Rows for a step between the few and all: so many, but of all no more than the one share and no
# less than the other. They leave p (N/n - 1)/2 nats on average.
_MORE_ROWS = 100_000
_SHARES = 3, 10
_FURTHER = 3  # times as many as the few: a step on fewer is not worth its look
_ONE_STEP = Search(tol=math.inf, settled=math.inf)


class Begin(NamedTuple):
    """Where a search begins.

    Attributes:
        gamma: coefficients.
        few: where a search on a few rows ended that led there.
    """

    gamma: Vector
    few: Optimum | None = None

    @property
    def ahead(self) -> int:
        """Steps on a few rows."""
        return 0 if self.few is None else self.few.steps

    @property
    def near(self) -> bool:
        """Whether the maximum is near, where the observed information leads best."""
        return self.ahead > 0

    def meets(self, other: Begin) -> bool:
        """Whether two searches on the same few rows ended at the same maximum."""
        if self.few is None or other.few is None:
            return False
        apart = self.gamma - other.gamma
        return bool(0.5 * apart @ self.few.totals.information @ apart < SAME_HEIGHT)

    @property
    def kind(self) -> Kind:
        """The information that leads from there."""
        return "observed" if self.near else "guide"


def begin_there(engine: Engine, gamma: Vector) -> Begin:
    """At these coefficients themselves."""
    return Begin(gamma)


def begin_on_few(
    model: Model, moments: Moments, search: Search, engine: Engine, gamma: Vector
) -> Begin:
    """At the maximum of a few of many rows, unless it is hard to find or impossible for all."""
    if engine.rows < _MANY_ROWS:
        return Begin(gamma)
    few = thinned(engine, max(_FEW_ROWS, _FEW_FOR_EACH * len(gamma)))
    if few is None or not math.isfinite(_nll(model, few, gamma)):
        return Begin(gamma)
    hasty = Search(_ENOUGH, SUSPICIOUS_STEPS, settled=_ENOUGH)
    optimum = climb(model, few, gamma, moments, hasty)
    if optimum.status is not Status.CONVERGED:
        return Begin(gamma)
    search.log(f"start from {few.rows:,} rows: {optimum.steps} steps")
    more = _more(engine, few)
    if more is not None:
        # a step on these saves one on all of them
        further = climb(model, more, optimum.gamma, moments, _ONE_STEP, near=True)
        if further.status is Status.CONVERGED:
            search.log(f"a step on {more.rows:,} rows")
            optimum = replace(further, steps=optimum.steps + further.steps)
    return Begin(optimum.gamma, optimum)


def _more(engine: Engine, few: Engine) -> Engine | None:
    """Rows for a step between the few and all, where they are more than the few by far."""
    least, most = _SHARES
    step = min(max(engine.rows // _MORE_ROWS, least), most)
    return engine.runs(step) if engine.rows >= _FURTHER * step * few.rows else None


def possible(model: Model, engine: Engine, begun: Begin, gamma: Vector) -> Begin | None:
    """The same beginning, or that at gamma where a row is impossible; None if it is there too."""
    tries = [begun, Begin(gamma)] if begun.near else [begun]
    return next((one for one in tries if math.isfinite(_nll(model, engine, one.gamma))), None)


def first_look(
    model: Model,
    engine: Engine,
    theta: Sequence[float],
    survey: Survey,
    held: set[str],
    begin: Callable[[Engine, Vector], Begin],
    log: Log,
) -> tuple[Engine, tuple[tuple[Redundant, ...], ...], Begin, Totals | None]:
    """Good coordinates, the columns left out for them, a start, and the sums there if known.

    Raises:
        UntrustworthyError: no start was found that keeps every parameter in its domain.
    """
    at = examined(model, engine, survey, held)
    start, first = Begin(np.zeros(0)), None
    if not are_dependent(engine, at, survey):
        plain = start_coefficients(model, engine, theta, survey)
        start = begin(engine, plain)
        first = partial_totals(model, engine, start.gamma, start.kind, at)
        if start.near and not math.isfinite(first.nll):  # impossible for other rows
            start, begin = Begin(plain), begin_there
            first = partial_totals(model, engine, plain, start.kind, at)
    engine, redundant = well_conditioned(
        model, engine, at, None if first is None else first.information, survey, held, log
    )
    turned = any(p.basis.triangle is not None for p in engine.predictors)
    if first is None or turned or any(redundant):
        start = begin(engine, start_coefficients(model, engine, theta, survey))
        first = None
    nll = _nll(model, engine, start.gamma) if first is None else first.nll
    if not math.isfinite(nll):
        raise _no_start(model)
    return engine, redundant, start, first


def _nll(model: Model, engine: Engine, gamma: Vector) -> float:
    gammas = split(gamma, engine.predictors)
    found = engine.total(lambda block: -block.total(model.log_density(block, gammas)), "start")
    return math.inf if math.isnan(found) else found


def _no_start(model: Model) -> UntrustworthyError:
    parameter, link = model.family.parameters[0], model.links[0]
    return UntrustworthyError(
        f"no start was found with every {parameter.name} {parameter.domain.words} "
        f"under the {link.name} link",
        tries=[f"--link {parameter.link}"],
    )
