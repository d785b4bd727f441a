"""Standard errors and intervals from fits of drawn rows, and what a reader is told of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlefit.diagnosis.gof import drawn
from mlefit.engines.contract import Engine
from mlefit.inference.bca import Influence, reach
from mlefit.inference.bootstrap import Draws, draws
from mlefit.inference.constrained import Single, Smooth
from mlefit.inference.intervals import BCA, BOOTSTRAP, Ends, Intervals
from mlefit.inference.places import places
from mlefit.request import Request
from mlefit.results.fit import Bootstrap
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.telling import Tell

_MOST_LOST = 0.05
# The skewness of the scores under the model is that of so many draws of all rows.
_SKEWNESS_DRAWS = 50

_INFINITE = "so many draws have it at infinity"
_ONE_SIDED = "every draw lies on one side of the estimate"


def resampled(
    request: Request, maximum: Maximum, clusters: NDArray[np.intp] | None, tell: Tell
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
    drawn_ends = _DrawnEnds(request, maximum, fits, clusters)
    spots = list(places(maximum))
    ends = tuple(drawn_ends.of(Single(position)) for position in range(len(spots)))
    warnings = made.warnings
    if drawn_ends.beyond:
        more = 10 * (record.replications + 1) - 1
        told = (
            f"{record.replications:,} draws are too few for some ends, which lie beyond the last "
            f"of them\n  try:  --replications {more}   or   --conf-level 0.9"
        )
        warnings = (*warnings, told)
    return replace(
        made,
        method=request.bootstrap_interval or BCA,
        ends=ends,
        ends_of=drawn_ends.of,
        notes=tuple(
            line
            for spot, one in zip(spots, ends, strict=True)
            for line in (one.turned if spot.falls else one).remarks(spot.name)
        ),
        warnings=warnings,
    )


class _DrawnEnds:
    """The interval that drawn fits give any smooth function of the coefficients.

    Attributes:
        beyond: how many of them ended beyond the last draw.
    """

    def __init__(
        self,
        request: Request,
        maximum: Maximum,
        fits: Draws,
        clusters: NDArray[np.intp] | None,
    ) -> None:
        self._level = request.conf_level
        self._beta = np.concatenate(maximum.betas)
        self._fits = fits
        self._influence = None
        if (request.bootstrap_interval or BCA) == BCA:
            sampled = request.sampling_weights is not None
            engines = _drawn_engines(request, maximum)
            self._influence = Influence(maximum, engines, clusters, squared_weights=sampled)
        self.beyond = 0

    def of(self, function: Smooth) -> Ends:
        """The ends for one function."""
        with np.errstate(all="ignore"):
            values = np.array([function.value(beta) for beta in self._fits.estimates])
            values = values[~np.isnan(values)]
            a = None
            if self._influence is not None:
                slope = function.gradient(self._beta)
                (a,) = self._influence.accelerations(slope[None]).tolist()
        found = reach(values, function.value(self._beta), self._level, a)
        self.beyond += not found.enough
        return Ends(_finite(found.low), _finite(found.high), _why(found.low), _why(found.high))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _why(value: float) -> str:
    return _ONE_SIDED if math.isnan(value) else _INFINITE if math.isinf(value) else ""


def _drawn_engines(request: Request, maximum: Maximum) -> list[Engine]:
    """The rows that the acceleration is of: those that are there, or draws of them."""
    if request.bootstrap != "parametric":
        return [maximum.engine]
    rng = np.random.default_rng([request.seed, _SKEWNESS_DRAWS])
    return [maximum.engine.with_target(drawn(maximum, rng)) for _ in range(_SKEWNESS_DRAWS)]


def _lost(fits: Draws) -> Iterator[str]:
    """Warns where too many draws have no estimates."""
    lost = sum(fits.failed.values())
    if lost > _MOST_LOST * fits.replications:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in fits.failed.items())
        yield (
            f"{lost:,} of {fits.replications:,} draws have no estimates ({causes}), so what the "
            "others say of errors and intervals is about easier samples than these rows"
        )
