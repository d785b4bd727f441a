"""Standard errors and intervals from fits of drawn rows, and what a reader is told of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlefit.bca import Reach, accelerations, reach
from mlefit.bootstrap import Draws, draws
from mlefit.engines.local import LocalEngine
from mlefit.gof import drawn
from mlefit.intervals import BCA, BOOTSTRAP, Ends, Intervals, Progress
from mlefit.maximise import Search
from mlefit.maximum import Maximum
from mlefit.places import places
from mlefit.request import Request
from mlefit.results.fit import Bootstrap

_MOST_LOST = 0.05
# The skewness of the scores under the model is that of so many draws of all rows.
_SKEWNESS_DRAWS = 50


def resampled(
    request: Request, maximum: Maximum, clusters: NDArray[np.intp] | None, tell: Progress
) -> Intervals:
    """Standard errors, intervals or both from fits of drawn rows."""
    search = Search(request.tol, request.max_iter)
    fits = draws(request, maximum, clusters, search, lambda i, n: tell("bootstrap, draws", i, n))
    by_rows = "rows" if clusters is None else "clusters"
    record = Bootstrap(
        request.bootstrap if request.bootstrap == "parametric" else by_rows,
        fits.replications,
        request.seed,
        dict(fits.failed),
        dict(fits.infinite),
    )
    made = Intervals(
        maximum,
        covariance=fits.covariance,
        bootstrap=record,
        warnings=tuple(_lost(fits)),
    )
    if request.ci != BOOTSTRAP or not len(fits.estimates):
        return made
    method = request.bootstrap_interval or BCA
    a: Sequence[float | None] = [None] * len(maximum.optimum.gamma)
    if method == BCA:
        sampled = request.sampling_weights is not None
        engines = _drawn_engines(request, maximum)
        a = accelerations(maximum, engines, clusters, squared_weights=sampled).tolist()
    beta = np.concatenate(maximum.betas)
    ends = [
        reach(column, estimate, request.conf_level, acceleration)
        for column, estimate, acceleration in zip(fits.estimates.T, beta, a, strict=True)
    ]
    few = [place.name for place, one in zip(places(maximum), ends, strict=True) if not one.enough]
    warnings = made.warnings
    if few:
        more = 10 * (record.replications + 1) - 1
        told = (
            f"{record.replications:,} draws are too few for the ends of {', '.join(few)}, which "
            f"lie beyond the last draw\n  try:  --replications {more}   or   --conf-level 0.9"
        )
        warnings = (*warnings, told)
    return replace(
        made,
        method=method,
        ends=tuple(Ends(_finite(one.low), _finite(one.high)) for one in ends),
        notes=tuple(_open_ended(maximum, ends)),
        warnings=warnings,
    )


def _drawn_engines(request: Request, maximum: Maximum) -> list[LocalEngine]:
    """The rows that the acceleration is of: those that are there, or draws of them."""
    if request.bootstrap != "parametric":
        return [maximum.engine]
    rng = np.random.default_rng([request.seed, _SKEWNESS_DRAWS])
    return [maximum.engine.with_target(drawn(maximum, rng)) for _ in range(_SKEWNESS_DRAWS)]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _lost(fits: Draws) -> Iterator[str]:
    """Warns where too many draws have no estimates."""
    lost = sum(fits.failed.values())
    if lost > _MOST_LOST * fits.replications:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in fits.failed.items())
        yield (
            f"{lost:,} of {fits.replications:,} draws have no estimates ({causes}), so what the "
            "others say of errors and intervals is about easier samples than these rows"
        )


def _open_ended(maximum: Maximum, ends: Sequence[Reach]) -> Iterator[str]:
    for place, one in zip(places(maximum), ends, strict=True):
        low, high = (one.high, one.low) if place.falls else (one.low, one.high)
        for side, end in (("lower", low), ("upper", high)):
            if math.isinf(end):
                yield f"{place.name} has no {side} end: so many draws have it at infinity"
            elif math.isnan(end):
                yield f"{place.name} has no {side} end: every draw is on one side of the estimate"
