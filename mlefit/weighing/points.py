"""Single points of a likelihood, and three ways to hold one against the rows.

With l the log-likelihood, highest at theta^, a point theta has

    height      2 (l(theta^) - l(theta))                    the likelihood ratio
    slope       U' I(theta)^-1 U,  U = dl/dtheta            the score test, which needs no maximum
    distance    (theta^ - theta)' J(theta^) (theta^ - theta)      Wald's test

all three chi-square in as many degrees of freedom as parameters are free, if theta is true and
the rows are many: they are equal where l is a parabola. I is the expected information where it
has a closed form, J the observed one, of a family with a corner the expected one. Slopes and
distances are of the parameters themselves, not of their links.

Sources: C. R. Rao (1948), Math. Proc. Cambridge Phil. Soc. 44, 50-57; A. W. van der Vaart
(1998), Asymptotic Statistics, chapter 16.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.frozen import frozen
from mlefit.likelihood import Kind, Totals
from mlefit.results.likelihood import Direction, MaximumInfo, Point, Reading
from mlefit.special import chi2_above
from mlefit.symmetric import inverse
from mlefit.weighing.sample import PlainSample

_MOST_FACTORS = 5


@frozen
class Top:
    """The maximum as the points see it.

    Attributes:
        info: what is told of it.
        values: every parameter; empty if there is no maximum inside.
        information: of the free parameters there; None if it cannot be inverted.
    """

    info: MaximumInfo
    values: tuple[float, ...] = ()
    information: Matrix | None = None


def top_at(sample: PlainSample, values: Sequence[float], log_likelihood: float) -> Top:
    """The maximum, given where it is."""
    information = np.asarray(sample.totals(values, _kind_at_top(sample)).information)
    covariance = inverse(information)
    named = _named(sample, values)
    errors = {} if covariance is None else np.sqrt(np.diag(covariance)).tolist()
    return Top(
        MaximumInfo(
            status="converged",
            message="",
            at=named,
            std_errors=dict(zip(_free_names(sample), errors, strict=True)) if errors else {},
            log_likelihood=log_likelihood,
        ),
        tuple(values),
        None if covariance is None else information,
    )


def evaluated(
    sample: PlainSample, points: Sequence[Sequence[float]], top: Top, *, with_factors: bool
) -> list[Point]:
    """The height of every point, and how far below the best and the maximum it is."""
    heights = [-sample.totals(values, "observed").nll for values in points]
    best, highest = max(heights, default=-math.inf), top.info.log_likelihood
    return [
        Point(
            point=number,
            at=_named(sample, values),
            likelihood=math.exp(height) if height < 709 else math.inf,
            log_likelihood=_finite(height),
            factors=_factors(sample, values) if with_factors else (),
            below_best=_finite(best - height),
            below_maximum=None if highest is None else _finite(highest - height),
            relative_support=None if highest is None else math.exp(min(height - highest, 0.0)),
        )
        for number, (values, height) in enumerate(zip(points, heights, strict=True), 1)
    ]


def readings(
    sample: PlainSample, points: Sequence[Sequence[float]], top: Top
) -> tuple[list[Direction], list[Reading]]:
    """Slopes and distances of every parameter, and the three tests, at every point."""
    directions: list[Direction] = []
    tests: list[Reading] = []
    for number, values in enumerate(points, 1):
        here = sample.totals(values, "observed")
        directions += _directions(sample, number, values, here, top)
        tests += _tests(sample, number, values, here, top)
    return directions, tests


def _directions(
    sample: PlainSample, number: int, values: Sequence[float], here: Totals, top: Top
) -> Iterator[Direction]:
    free = sample.free_values(values)
    for position, name in enumerate(_free_names(sample)):
        value = float(free[position])
        estimate = top.info.at.get(name)
        error = top.info.std_errors.get(name)
        z = None if estimate is None or not error else (estimate - value) / error
        yield Direction(
            point=number,
            parameter=name,
            value=value,
            slope=_finite(-float(here.score[position])),
            estimate=estimate,
            std_error=error,
            z=z,
        )


def _tests(
    sample: PlainSample, number: int, values: Sequence[float], here: Totals, top: Top
) -> Iterator[Reading]:
    df = len(sample.free)
    height = None
    if top.values and math.isfinite(here.nll):
        assert top.info.log_likelihood is not None
        height = max(2 * (top.info.log_likelihood + here.nll), 0.0)
    yield _reading(number, "height", "likelihood ratio", height, df)
    kind: Kind = "expected" if sample.family.has_expected else "observed"
    inverted = inverse(sample.totals(values, kind).information)
    spread = None if inverted is None else np.asarray(inverted)
    yield _reading(number, "slope", "score", _form(-here.score, spread), df, kind)
    distance = None
    if top.information is not None:
        apart = sample.free_values(top.values) - sample.free_values(values)
        distance = _form(apart, top.information)
    kind = _kind_at_top(sample)
    yield _reading(number, "distance", "Wald", distance, df, kind)


def _kind_at_top(sample: PlainSample) -> Kind:
    """The curvature of the observed likelihood; a corner has none."""
    return "observed" if sample.family.vertex is None else "expected"


def _reading(
    number: int, reading: str, test: str, statistic: float | None, df: int, kind: str = ""
) -> Reading:
    p_value = None if statistic is None else chi2_above(statistic, df)
    return Reading(number, reading, test, statistic, df, p_value, kind)


def _form(v: Vector, matrix: Matrix | None) -> float | None:
    """v' M v."""
    return None if matrix is None else _finite(float(v @ matrix @ v))


def _factors(sample: PlainSample, values: Sequence[float]) -> tuple[float, ...]:
    heights = sample.log_densities(values)
    if not 1 < len(heights) <= _MOST_FACTORS:
        return ()
    return tuple(np.exp(np.where(np.isnan(heights), -np.inf, heights)).tolist())


def _free_names(sample: PlainSample) -> list[str]:
    return [sample.family.parameters[k].name for k in sample.free]


def _named(sample: PlainSample, values: Sequence[float]) -> dict[str, float]:
    names = [parameter.name for parameter in sample.family.parameters]
    return dict(zip(names, map(float, values), strict=True))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
