"""Where a search begins: good coordinates, and of many rows the maximum of a few."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mlefit._types import Vector
from mlefit.engines.local import LocalEngine
from mlefit.errors import UntrustworthyError
from mlefit.families._records import Moments
from mlefit.likelihood import Kind, Model, Totals
from mlefit.search.climb import SUSPICIOUS_STEPS, Log, Search, climb
from mlefit.search.conditioning import are_dependent, examined, well_conditioned
from mlefit.search.few import thinned
from mlefit.search.optimise import Status
from mlefit.search.rank import Redundant
from mlefit.search.sparse import partial_totals, slopes_at
from mlefit.search.start import Survey, start_coefficients

_FEW_ROWS = 20_000
# They leave p (N/n - 1)/2 nats on average, so of many coefficients they lead near enough only
# if they are more; and a level of a factor needs enough of them to have a maximum at all.
_FEW_FOR_EACH = 200
_ENOUGH = 1e-3  # nats: what a few rows leave open is more


class Begin(NamedTuple):
    """Where a search begins.

    Attributes:
        gamma: coefficients.
        ahead: steps on a few rows that led there.
    """

    gamma: Vector
    ahead: int = 0

    @property
    def near(self) -> bool:
        """Whether the maximum is near, where the observed information leads best."""
        return self.ahead > 0

    @property
    def kind(self) -> Kind:
        """The information that leads from there."""
        return "observed" if self.near else "guide"


def begin_there(engine: LocalEngine, gamma: Vector) -> Begin:
    """At these coefficients themselves."""
    return Begin(gamma)


def begin_on_few(
    model: Model, moments: Moments, search: Search, engine: LocalEngine, gamma: Vector
) -> Begin:
    """At the maximum of a few of many rows, unless it is hard to find or impossible for all."""
    few = thinned(engine, max(_FEW_ROWS, _FEW_FOR_EACH * len(gamma)))
    if few is None or not math.isfinite(_nll(model, few, gamma)):
        return Begin(gamma)
    optimum = climb(model, few, gamma, moments, Search(_ENOUGH, SUSPICIOUS_STEPS))
    if optimum.status is not Status.CONVERGED:
        return Begin(gamma)
    search.log(f"start from {few.columns.rows:,} rows: {optimum.steps} steps")
    return Begin(optimum.gamma, optimum.steps)


def first_look(
    model: Model,
    engine: LocalEngine,
    theta: Sequence[float],
    survey: Survey,
    held: set[str],
    begin: Callable[[LocalEngine, Vector], Begin],
    log: Log,
) -> tuple[LocalEngine, tuple[tuple[Redundant, ...], ...], Begin, Totals | None]:
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


def _nll(model: Model, engine: LocalEngine, gamma: Vector) -> float:
    return float(slopes_at(model, engine, gamma[None], None).nll[0])


def _no_start(model: Model) -> UntrustworthyError:
    parameter, link = model.family.parameters[0], model.links[0]
    return UntrustworthyError(
        f"no start was found with every {parameter.name} {parameter.domain.words} "
        f"under the {link.name} link",
        tries=[f"--link {parameter.link}"],
    )
