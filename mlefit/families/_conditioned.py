"""A family whose values are partly known: censored to an interval, truncated to a range.

A row known only to lie in an interval contributes the probability of the interval, and
rows that had to fall into a range to be seen are divided by the probability of the range:

    ell = log f(y)  or  log P(lower <= Y <= upper),   less  log P(below <= Y <= above)

Both ends belong to the interval, which matters for counts only: a count known to be at
least 5 contributes P(Y >= 5). Where the tails of a distribution have no closed
derivatives in its parameters, central differences of eighth order give them, of a positive
parameter in its logarithm. Their step is a share of the length on which the log-density at
the interval's end bends: the error is about 1e-12 of a score and 1e-10 of an information,
more where the interval is many standard deviations away. A density with a corner or a
sharp edge, which a step would reach across, is not `even`, and is refused.

Source: J. P. Klein and M. L. Moeschberger (2003), Survival Analysis, 2nd ed., section 3.5;
the weights of the differences by B. Fornberg (1988), Mathematics of Computation 51, 699-706.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs, Probability, part
from mlefit.families._interval import log_between
from mlefit.families._records import Moments
from mlefit.support import Domain, Facts, Support, Violation

LOWER, UPPER = "interval_lower", "interval_upper"
"""Names of the known ends of a row's interval; equal where the value itself is known."""

_FIRST = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
_SECOND = np.array([8 / 5, -1 / 5, 8 / 315, -1 / 560])
_CENTRE = -205 / 72
_SHARE = 0.06
# the longest step of a shape or of the way to an end, and of the logarithm of a positive one
_MOST, _MOST_LOG = 0.015, 0.05

LogProbability = Callable[[Sequence[Any]], Rows]
"""Parameters -> rows."""


class Conditioned(Family):
    """A family seen through intervals and a range.

    Args:
        base: the family, which must have `log_cdf`.
        censored: whether rows come with intervals.
        below: values below it are never seen.
        above: values above it are never seen.
    """

    def __init__(
        self, base: Family, *, censored: bool, below: float = -math.inf, above: float = math.inf
    ) -> None:
        self.readings = base.readings
        self.base, self.is_censored, self.below, self.above = base, censored, below, above
        self.name, self.summary, self.examples = base.name, base.summary, base.examples
        self.elsewhere, self.setting, self.value = base.elsewhere, base.setting, base.value
        # the norm of the residuals gives a scale its maximum only where every value is known
        self.parameters = tuple(replace(parameter, norm=None) for parameter in base.parameters)
        self.known = (*base.known, *((LOWER, UPPER) if censored else ()))
        self.support = _support(base.support, censored, below, above)
        self.elementary = False
        self.runaways = ("left-censored", "right-censored")

    @property
    def truncated(self) -> bool:
        """Whether some values are never seen."""
        return self.below > -math.inf or self.above < math.inf

    @property
    def has_expected(self) -> bool:
        return False

    def bound(self, facts: Facts) -> Conditioned:
        base = self.base.bound(facts)
        return Conditioned(base, censored=self.is_censored, below=self.below, above=self.above)

    def log_density(self, y: Rows, *theta: Any, **known: Any) -> Rows:
        known, hidden = self._hidden(known)
        density = self.base.log_density(y, *theta, **known)
        if hidden is not None:
            density = np.array(np.broadcast_to(density, y.shape))
            density[hidden.rows] = self._log_interval(hidden, theta, known)
        if self.truncated:
            density = density - self._log_range(len(y), known)(theta)
            density[(y < self.below) | (y > self.above)] = -np.inf
        return density

    def score(self, y: Rows, *theta: Any, **known: Any) -> tuple[Rows, ...]:
        return self._derivatives(y, theta, known)[0]

    def observed(self, y: Rows, *theta: Any, **known: Any) -> Pairs:
        return self._derivatives(y, theta, known)[1]

    def log_cdf(self, y: Rows, *theta: Any, **known: Any) -> Rows | None:
        up_to = np.clip(y, self.below, self.above)
        return self._share(np.full_like(y, self.below), up_to, theta, known)

    def log_sf(self, y: Rows, *theta: Any, **known: Any) -> Rows | None:
        step = 1.0 if self.support.discrete else 0.0
        low = np.clip(np.floor(y) + 1 if step else y, self.below, self.above)
        return self._share(low, np.full_like(y, self.above), theta, known)

    def _share(
        self, lower: Rows, upper: Rows, theta: Sequence[Any], known: Mapping[str, Any]
    ) -> Rows | None:
        """ln P(lower <= Y <= upper) within the range; None where values are not known."""
        if self.is_censored:
            return None
        inside = log_between(self.base, lower, upper, theta, known)
        return inside - self._log_range(len(lower), known)(theta)

    def start(self, moments: Moments) -> tuple[float, ...]:
        return self.base.start(moments)

    def sample(self, rng: np.random.Generator, *theta: Any, **known: Any) -> Rows:
        """Draws of the truncated distribution, as if nothing were censored."""
        known, _ = self._hidden(known)
        y = self.base.sample(rng, *theta, **known)
        while (outside := (y < self.below) | (y > self.above)).any():
            y[outside] = self.base.sample(
                rng, *part(theta, outside), **{key: v[outside] for key, v in known.items()}
            )
        return y

    def escape(self, y: Rows, **known: Any) -> tuple[Any, Any]:
        """A row known to be low only gains as the location falls, one known to be high as it rises.

        A single value holds the location, unless the base family lets it go.
        """
        lower, upper = known.pop(LOWER, y), known.pop(UPPER, y)
        falls = np.isneginf(lower) & np.isfinite(upper)
        rises = np.isposinf(upper) & np.isfinite(lower)
        if self.base.escape is not None:
            exact = lower == upper
            falling, rising = self.base.escape(y, **known)
            falls, rises = falls | (exact & falling), rises | (exact & rising)
        return falls, rises

    def _hidden(self, known: Mapping[str, Any]) -> tuple[dict[str, Any], _Hidden | None]:
        """The base family's known quantities, and the rows whose value is not known."""
        rest = dict(known)
        if not self.is_censored:
            return rest, None
        lower, upper = rest.pop(LOWER), rest.pop(UPPER)
        rows = np.flatnonzero(lower != upper)
        return rest, _Hidden(rows, lower[rows], upper[rows]) if len(rows) else None

    def _log_interval(
        self, hidden: _Hidden, theta: Sequence[Any], known: Mapping[str, Any]
    ) -> Rows:
        picked = {key: values[hidden.rows] for key, values in known.items()}
        return log_between(self.base, hidden.lower, hidden.upper, part(theta, hidden.rows), picked)

    def _log_range(self, rows: int, known: Mapping[str, Any]) -> LogProbability:
        lower, upper = np.full(rows, self.below), np.full(rows, self.above)
        return lambda theta: log_between(self.base, lower, upper, theta, known)

    def _derivatives(
        self, y: Rows, theta: Sequence[Any], known: Mapping[str, Any]
    ) -> tuple[tuple[Rows, ...], Pairs]:
        known, hidden = self._hidden(known)
        score = [np.array(np.broadcast_to(s, y.shape)) for s in self.base.score(y, *theta, **known)]
        pairs = {
            pair: np.array(np.broadcast_to(J, y.shape))
            for pair, J in self.base.observed(y, *theta, **known).items()
        }
        if hidden is not None:
            rows, own = hidden.rows, part(theta, hidden.rows)
            picked = {key: values[rows] for key, values in known.items()}
            lengths = self._lengths(hidden.lower, hidden.upper, own, picked)

            def interval(moved: Sequence[Any]) -> Rows:
                return log_between(self.base, hidden.lower, hidden.upper, moved, picked)

            slopes, curves = differences(interval, own, lengths, self._domains)
            for s, slope in zip(score, slopes, strict=True):
                s[rows] = slope
            for pair, curve in curves.items():
                pairs.setdefault(pair, np.zeros_like(y))[rows] = -curve
        if self.truncated:
            m = len(y)
            ends = np.full(m, self.below), np.full(m, self.above)
            lengths = self._lengths(*ends, theta, known)
            log_range = self._log_range(m, known)
            slopes, curves = differences(log_range, theta, lengths, self._domains)
            score = [s - slope for s, slope in zip(score, slopes, strict=True)]
            for pair, curve in curves.items():
                pairs[pair] = pairs.get(pair, 0.0) + curve
        return tuple(score), pairs

    def _lengths(
        self, lower: Rows, upper: Rows, theta: Sequence[Any], known: Mapping[str, Any]
    ) -> list[Rows]:
        """For each parameter a step on which the log-probability of an interval hardly bends."""
        bends = [np.zeros(len(lower)) for _ in theta]
        for end, finite in ((lower, np.isfinite(lower)), (upper, np.isfinite(upper))):
            at = np.clip(np.where(finite, end, 0.0), self.base.support.lower, None)
            score = self.base.score(at, *theta, **known)
            observed = self.base.observed(at, *theta, **known)
            for j, bend in enumerate(bends):
                here = np.abs(observed.get((j, j), 0.0)) + np.square(score[j])
                np.maximum(bend, np.where(finite & np.isfinite(here), here, 0.0), out=bend)
        return [
            _step(domain, value, _SHARE / np.sqrt(bend), is_shape=j > 0)
            for j, (domain, value, bend) in enumerate(zip(self._domains, theta, bends, strict=True))
        ]

    @property
    def _domains(self) -> list[Domain]:
        return [parameter.domain for parameter in self.parameters]


class _Hidden:
    """Rows of a block whose value is only known to lie in an interval."""

    def __init__(self, rows: Any, lower: Rows, upper: Rows) -> None:
        self.rows, self.lower, self.upper = rows, lower, upper


def differences(
    function: LogProbability,
    theta: Sequence[Any],
    steps: Sequence[Rows],
    domains: Sequence[Domain],
) -> tuple[list[Rows], dict[tuple[int, int], Rows]]:
    """First and second derivatives of a function of the parameters, row by row.

    Args:
        function: of all parameters.
        theta: where, each (n,).
        steps: lengths of a step of each parameter, or of the logarithm of a positive one,
            each (n,).
        domains: of each parameter.
    """
    here = function(theta)

    def along(direction: Mapping[int, float]) -> tuple[Rows, Rows]:
        """First and second derivative in units of the steps."""
        first, second = np.zeros_like(here), _CENTRE * here
        for k, (one, two) in enumerate(zip(_FIRST, _SECOND, strict=True), start=1):
            up, down = (
                function(
                    _moved(
                        theta, domains, {j: sign * k * s * steps[j] for j, s in direction.items()}
                    )
                )
                for sign in (1, -1)
            )
            first += one * (up - down)
            second += two * (up + down)
        return first, second

    slopes: list[Rows] = []
    curves: dict[tuple[int, int], Rows] = {}
    # a step of log theta is one of theta, times theta
    units = [
        step * (value if domain == Domain.POSITIVE else 1.0)
        for step, value, domain in zip(steps, theta, domains, strict=True)
    ]
    for j, (unit, step) in enumerate(zip(units, steps, strict=True)):
        first, second = along({j: 1.0})
        if domains[j] == Domain.POSITIVE:
            second = second - step * first
        slopes.append(first / unit)
        curves[j, j] = second / unit**2
    for j, k in combinations(range(len(steps)), 2):
        together, apart = along({j: 1.0, k: 1.0})[1], along({j: 1.0, k: -1.0})[1]
        curves[j, k] = (together - apart) / (4 * units[j] * units[k])
    return slopes, curves


def _moved(theta: Sequence[Any], domains: Sequence[Domain], by: Mapping[int, Rows]) -> list[Any]:
    moved = list(theta)
    for j, step in by.items():
        value = moved[j]
        if isinstance(value, Probability):
            moved[j] = Probability(value.p + step, value.q - step)
        else:
            moved[j] = value * np.exp(step) if domains[j] == Domain.POSITIVE else value + step
    return moved


def _step(domain: Domain, value: Any, length: Rows, *, is_shape: bool) -> Rows:
    """A step of the parameter, or of the logarithm of a positive one, that stays well inside.

    A real parameter that comes first may have the unit of the target; any other is a shape,
    a number near one.
    """
    if isinstance(value, Probability):
        return np.minimum(length, _MOST * np.minimum(value.p, value.q))
    if domain.is_bounded:
        return np.minimum(length, _MOST * np.minimum(value - domain.lower, domain.upper - value))
    if domain == Domain.POSITIVE:
        return np.minimum(length / value, _MOST_LOG)
    return np.minimum(length, _MOST) if is_shape else length


def _support(base: Support, censored: bool, below: float, above: float) -> Support:
    """What an exact value must be; an interval may reach beyond it."""
    violations = list(base.violations)
    if below > -math.inf:
        violations.append(Violation(f"values below {below:g}", lambda y, known: y < below))
    if above < math.inf:
        violations.append(Violation(f"values above {above:g}", lambda y, known: y > above))
    if censored:
        violations = [_of_exact(violation) for violation in violations]
    lower, upper = max(base.lower, below), min(base.upper, above)
    return replace(base, violations=tuple(violations), lower=lower, upper=upper)


def _of_exact(violation: Violation) -> Violation:
    return Violation(
        violation.words,
        lambda y, known: violation.found(y, known) & (known[LOWER] == known[UPPER]),
    )
