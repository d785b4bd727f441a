"""The way of Newton's method to the maximum, and the curve it walked on.

From each place gamma the search looks along its direction d. There the log-likelihood is the
curve l(gamma + t d), and the search sees the parabola with the same slope and curvature

    l(gamma) + 2 D t - D t^2,      D half the squared Newton decrement,

whose top is at t = 1 and lies D above the place: what the step promises. With priors l is the
log-posterior.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from mlefit._types import Vector
from mlefit.design.predictors import betas
from mlefit.results.fit import SearchPath, SearchStep
from mlefit.search.climb import Search
from mlefit.search.maximise import restarted
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Step
from mlefit.search.sparse import slopes_at

# from a little behind the place to well beyond the top of the parabola
_FROM, _TO, _POINTS = -0.6, 2.2, 57
# steps that are drawn: those that promise enough to be seen, and no more than a page of them
_SEEN, _MOST = 1e-3, 3
# standard errors to begin away from a maximum that has a closed form
_AWAY = 8.0


@dataclass
class Recorder:
    """Takes the places of every search that a fit makes.

    Attributes:
        searches: one list of places for each.
    """

    searches: list[list[Step]] = field(default_factory=list)

    def __call__(self, step: Step) -> None:
        """Take one place."""
        if step.number == 0 or not self.searches:
            self.searches.append([])
        self.searches[-1].append(step)


def search_path(recorder: Recorder, maximum: Maximum, search: Search) -> SearchPath | None:
    """The search that ended at the maximum; None if Newton's method did not lead there.

    Where the start was the maximum already, for it has a closed form, a search from a few
    standard errors away is told instead.

    Args:
        recorder: of the fit.
        maximum: where it ended.
        search: how to search.
    """
    steps = _ended(recorder, maximum)
    if steps is None:
        return None
    if steps[0].decrement > _SEEN or maximum.vertex is not None or maximum.edges:
        return _path(maximum, steps)
    again = Recorder()
    gamma = maximum.optimum.gamma.copy()
    gamma[0] -= _AWAY / np.sqrt(maximum.optimum.curvatures[0])
    restarted(maximum, gamma, replace(search, record=again))
    found = again.searches[-1] if again.searches else []
    return _path(maximum, found or steps, away=bool(found))


def _ended(recorder: Recorder, maximum: Maximum) -> list[Step] | None:
    """The recorded search that ended at the maximum."""
    gamma = maximum.optimum.gamma
    for steps in reversed(recorder.searches):
        if steps[-1].gamma.shape == gamma.shape and np.array_equal(steps[-1].gamma, gamma):
            return steps
    return None


def _path(maximum: Maximum, steps: list[Step], *, away: bool = False) -> SearchPath:
    names = [parameter.name for parameter in maximum.model.family.parameters]
    terms = [
        f"{name}:{column.label}"
        for name, predictor in zip(names, maximum.engine.predictors, strict=True)
        for column in predictor.columns
    ]
    seen = [step.number for step in steps if step.decrement > _SEEN][:_MOST]
    return SearchPath(
        objective="log-likelihood" if maximum.penalty is None else "log-posterior",
        terms=terms,
        steps=[
            _record(maximum, step, after, drawn=step.number in seen)
            for step, after in zip(steps, [*steps[1:], None], strict=True)
        ],
        away=away,
    )


def _record(maximum: Maximum, step: Step, after: Step | None, *, drawn: bool) -> SearchStep:
    diagonal = np.abs(np.diag(step.totals.information))
    slopes = np.abs(step.totals.score) / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    across = np.linspace(_FROM, _TO, _POINTS) if drawn else np.zeros(0)
    height = -float(step.totals.nll)
    rise = step.decrement
    return SearchStep(
        step=step.number,
        log_likelihood=height,
        predicted_rise=rise,
        largest_slope=float(slopes.max(initial=0.0)),
        information=step.kind,
        length=None if after is None else _length(step, after.gamma),
        estimates=np.concatenate(betas(maximum.engine.predictors, step.gamma)).tolist(),
        direction=float(step.direction[0]) if len(step.direction) == 1 else None,
        across=across.tolist(),
        curve=[
            None if not np.isfinite(one) else float(one) for one in _curve(maximum, step, across)
        ],
        parabola=(height + 2 * rise * across - rise * across**2).tolist(),
    )


def _length(step: Step, gamma: Vector) -> float | None:
    """What part of its direction a step went; None if it went another way."""
    d, moved = step.direction, gamma - step.gamma
    size = float(d @ d)
    share = float(moved @ d) / size if size > 0 else 0.0
    return share if np.allclose(moved, share * d, rtol=1e-6, atol=1e-9 * np.abs(d).max()) else None


def _curve(maximum: Maximum, step: Step, across: Vector) -> Vector:
    """What is maximised, along the direction."""
    if not len(across):
        return across
    points = step.gamma + across[:, None] * step.direction
    heights = -slopes_at(maximum.model, maximum.engine, points, None).nll
    if maximum.penalty is not None:
        heights = heights + [maximum.penalty.log_density(point) for point in points]
    return np.asarray(heights)
