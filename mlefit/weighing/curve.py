"""How the likelihood falls away from its top, along one parameter or over two.

A curve holds one parameter at values and lets the others take their best: the profile, which is
the likelihood itself where there are no others. It is cut where it has fallen by half the
chi-square quantile, and the ends of the cut are an interval. Over two parameters the points that
are less than half the quantile of two degrees of freedom below the top are a joint region.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.design.blocks import Block
from mlefit.design.predictors import betas, split
from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.inference.constrained import Single
from mlefit.inference.intervals import Ends
from mlefit.inference.profile import Curve, Place
from mlefit.results.likelihood import CurveInfo, CurvePoint, RegionLevel, SurfaceInfo
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import newton
from mlefit.weighing.sample import PlainSample

_STEPS = 80  # of a curve
_SIDE = 40  # of a surface over all free parameters
_SIDE_OF_SEARCHES = 24  # where each place is a search of its own
_BEYOND = 1.6  # times the way to the ends of the interval
_WIDER = 1.75  # the same for a surface, whose outermost rim is that of 99%
_FARTHEST = 8.0  # standard errors to a point that is still shown
_FALLBACK = 3.0  # standard errors, where the interval has no end
_REGIONS = (0.5, 0.8, 0.95, 0.99)
_AT_ONCE = 64  # places in one pass
# rows to pass over, at all places together, before places become fewer
_ROWS_OF_SEARCHES, _ROWS_OF_HEIGHTS = 4e7, 4e8


@frozen
class Axis:
    """A parameter to move along.

    Attributes:
        position: among all parameters of the family.
        ends: where to begin and to end; None for what suits.
    """

    position: int
    ends: tuple[float, float] | None = None


def axes(sample: PlainSample, texts: Sequence[str]) -> list[Axis]:
    """The parameters that `--over` names, as NAME or NAME=FROM:TO.

    Raises:
        UsageError: a name that is no free parameter, or a range that is none.
    """
    names = [parameter.name for parameter in sample.family.parameters]
    free = [names[k] for k in sample.free]
    found = []
    for text in (piece.strip() for written in texts for piece in written.split(",")):
        name, equals, span = (part.strip() for part in text.partition("="))
        if name not in free:
            why = f"{name} is held" if name in names else f"no parameter '{name}'"
            raise UsageError(
                f"--over {text}: {why}",
                f"parameters that move: {', '.join(free)}",
                tries=[f"--over {close}" for close in did_you_mean(name, free)],
            )
        k = names.index(name)
        found.append(Axis(k, _range(sample, k, text, span) if equals else None))
    if len(found) > 2 or len({axis.position for axis in found}) < len(found):
        raise UsageError("--over takes one parameter for a curve, or two for a surface")
    return found


def _range(sample: PlainSample, k: int, text: str, span: str) -> tuple[float, float]:
    low, colon, high = span.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = math.nan, math.nan
    if not colon or not ends[0] < ends[1] or not math.isfinite(ends[0] + ends[1]):
        raise UsageError(f"--over {text} is not NAME=FROM:TO", "for example --over mu=150:190")
    parameter = sample.family.parameters[k]
    if not parameter.domain.contains(np.array(ends)):
        raise UsageError(f"--over {text}: {parameter.name} must be {parameter.domain.words}")
    return ends


class Landscape:
    """The likelihood of a plain sample about its maximum.

    Args:
        sample: the rows.
        maximum: inside the domains of all parameters.
        search: how to find the best of the parameters that are not held.
        level: coverage of the intervals.
    """

    def __init__(self, sample: PlainSample, maximum: Maximum, search: Search, level: float) -> None:
        self._sample, self._maximum, self._search = sample, maximum, search
        self._level = level
        self._quantile = NormalDist().inv_cdf((1 + level) / 2)
        self._curves: dict[int, Curve] = {}
        self._intervals: dict[int, Ends] = {}

    def curve(
        self, axis: Axis, points: Sequence[Sequence[float]], steps: int | None = None
    ) -> CurveInfo:
        """The profile of one parameter, its cut, and the ends of the interval.

        Args:
            axis: the parameter.
            points: parameters of which the curve should show the value, if they are near.
            steps: values along it.
        """
        k = axis.position
        curve = self._curve(k)
        cut = self._interval(k)
        low, high = ((cut.low, cut.why_low), (cut.high, cut.why_high))
        if self._falls(k):
            low, high = high, low
        ends = axis.ends or self._around(k, _BEYOND, points)
        interval = [self._value(k, end) for end, _ in (low, high) if end is not None]
        exact = [self._value(k, curve.estimate), *(values[k] for values in points), *interval]
        values = {float(value) for value in np.linspace(*ends, (steps or self._steps()) + 1)}
        values |= {value for value in exact if ends[0] <= value <= ends[1]}
        return CurveInfo(
            parameter=self._sample.family.parameters[k].name,
            others="profiled" if len(self._sample.free) > 1 else "alone",
            level=self._level,
            cut=self._quantile**2 / 2,
            low=None if low[0] is None else self._value(k, low[0]),
            high=None if high[0] is None else self._value(k, high[0]),
            low_reason=low[1] if low[0] is None else "",
            high_reason=high[1] if high[0] is None else "",
            points=sorted(self._points(k, values), key=lambda point: point.value),
        )

    def surface(
        self,
        first: Axis,
        second: Axis,
        points: Sequence[Sequence[float]],
        steps: int | None = None,
    ) -> SurfaceInfo:
        """How far below the top the likelihood is over two parameters, the others at their best."""
        searches = len(self._sample.free) > 2
        side = steps or self._side(searches=searches)
        across, up = (
            np.linspace(*(axis.ends or self._around(axis.position, _WIDER, points)), side + 1)
            for axis in (first, second)
        )
        heights = self._heights(first.position, second.position, across, up)
        below = np.maximum(heights - self._top, 0.0)
        names = [parameter.name for parameter in self._sample.family.parameters]
        return SurfaceInfo(
            parameters=(names[first.position], names[second.position]),
            others="profiled" if searches else "alone",
            levels=tuple(RegionLevel(level, -math.log1p(-level)) for level in _REGIONS),
            first=across.tolist(),
            second=up.tolist(),
            below_maximum=[
                [value if math.isfinite(value) else None for value in row] for row in below.tolist()
            ],
        )

    @property
    def _top(self) -> float:
        return float(self._maximum.optimum.totals.nll)

    def _curve(self, k: int) -> Curve:
        if k not in self._curves:
            position = self._sample.free.index(k)
            self._curves[k] = Curve(self._maximum, self._search, Single(position))
        return self._curves[k]

    def _around(
        self, k: int, wider: float, points: Sequence[Sequence[float]]
    ) -> tuple[float, float]:
        """Where a picture begins and ends: about the interval, and the points if they are near."""
        curve = self._curve(k)
        etas = [self._eta(k, values[k]) for values in points]
        room = _FARTHEST * curve.std_error
        etas = [eta for eta in etas if abs(eta - curve.estimate) <= room]
        cut = self._interval(k)
        for sign, end in ((-1, cut.low), (1, cut.high)):
            far = curve.estimate + sign * _FALLBACK * curve.std_error
            reach = (far if end is None else end) - curve.estimate
            etas.append(curve.estimate + wider * reach)
        low, high = sorted(self._value(k, eta) for eta in (min(etas), max(etas)))
        return low, high

    def _interval(self, k: int) -> Ends:
        """Where the profile is cut, on the link scale."""
        if k not in self._intervals:
            self._intervals[k] = self._curve(k).ends(self._quantile)
        return self._intervals[k]

    def _falls(self, k: int) -> bool:
        """Whether the parameter falls as its link rises."""
        estimate = np.array([self._curve(k).estimate])
        return bool(self._sample.links[k].slope(estimate)[0] < 0)

    def _value(self, k: int, eta: float) -> float:
        return float(self._sample.links[k].inverse(np.array([eta]))[0])

    def _eta(self, k: int, value: float) -> float:
        return float(self._sample.links[k].forward(np.array([value]))[0])

    def _points(self, k: int, values: Collection[float]) -> Iterator[CurvePoint]:
        """The profile at values of the parameter, each way from the estimate."""
        curve = self._curve(k)
        places = sorted((self._eta(k, value), value) for value in values)
        for side in (
            [place for place in reversed(places) if place[0] < curve.estimate],
            [place for place in places if place[0] >= curve.estimate],
        ):
            found = curve.along([eta for eta, _ in side])
            for (_, value), place in zip(side, found, strict=True):
                below = place.root**2 / 2
                known = math.isfinite(below) and place.converged
                yield CurvePoint(
                    value=value,
                    log_likelihood=-self._top - below if known else None,
                    below_maximum=below if known else None,
                    others=self._others(k, place) if known else {},
                )

    def _others(self, k: int, place: Place) -> Mapping[str, float]:
        if self._sample.family.vertex is not None:
            return {}  # a refit of a corner keeps only its height
        values = self._sample.values(betas(self._maximum.engine.predictors, place.gamma))
        names = [parameter.name for parameter in self._sample.family.parameters]
        return {names[j]: values[j] for j in self._sample.free if j != k}

    def _heights(self, first: int, second: int, across: Vector, up: Vector) -> Matrix:
        """The least NLL at every place: a row for each value of the second parameter."""
        free = self._sample.free
        i, j = free.index(first), free.index(second)
        gammas = np.tile(self._maximum.optimum.gamma, (len(up), len(across), 1))
        gammas[:, :, i] = self._sample.links[first].forward(across)
        gammas[:, :, j] = self._sample.links[second].forward(up)[:, None]
        others = np.array([n for n in range(len(free)) if n not in (i, j)], dtype=np.intp)
        flat = gammas.reshape(-1, len(free))
        if not len(others):
            parts = [flat[lo : lo + _AT_ONCE] for lo in range(0, len(flat), _AT_ONCE)]
            return np.concatenate([self._nll(part) for part in parts]).reshape(gammas.shape[:2])
        heights = np.full(gammas.shape[:2], math.inf)
        for row, start in enumerate(gammas):
            best: Vector | None = None
            for column, gamma in enumerate(start):
                if best is not None:
                    gamma[others] = best[others]
                optimum = newton(
                    self._maximum.evaluate,
                    gamma,
                    free=others,
                    tol=math.sqrt(self._search.tol),
                    max_iter=self._search.max_iter,
                )
                heights[row, column] = optimum.totals.nll
                best = optimum.gamma
        return heights

    def _nll(self, gammas: Matrix) -> Vector:
        """The NLL at several places in one pass, without its derivatives."""
        model, engine = self._maximum.model, self._maximum.engine
        places = [split(gamma, engine.predictors) for gamma in gammas]

        def heights(block: Block) -> Vector:
            rows = (block.weighted(model.log_density(block, place)) for place in places)
            return np.array([-float(row.sum()) for row in rows])

        nll = engine.total(heights)
        return np.where(np.isnan(nll), np.inf, nll)

    def _steps(self) -> int:
        """Steps of a curve: fewer where many rows are passed over at each."""
        return int(np.clip(_ROWS_OF_SEARCHES / self._maximum.engine.rows, 30, _STEPS))

    def _side(self, *, searches: bool) -> int:
        """The same along each side of a surface."""
        rows = self._maximum.engine.rows
        if searches:
            return int(np.clip(math.sqrt(_ROWS_OF_SEARCHES / rows), 14, _SIDE_OF_SEARCHES))
        return int(np.clip(math.sqrt(_ROWS_OF_HEIGHTS / rows), 18, _SIDE))
