"""A family whose values are partly known: censored to an interval, truncated to a range.

A row known only to lie in an interval contributes the probability of the interval, and
rows that had to fall into a range to be seen are divided by the probability of the range:

    ell = log f(y)  or  log P(lower <= Y <= upper),   less  log P(below <= Y <= above)

Both ends belong to the interval, which matters for counts only: a count known to be at
least 5 contributes P(Y >= 5).

Source: J. P. Klein and M. L. Moeschberger (2003), Survival Analysis, 2nd ed., section 3.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs, part
from mlefit.families._interval import derivatives, log_between
from mlefit.families._records import Moments
from mlefit.support import Facts, Support, Violation

LOWER, UPPER = "interval_lower", "interval_upper"
"""Names of the known ends of a row's interval; equal where the value itself is known."""


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
        self.readings, self.derivation = base.readings, base.derivation
        self.base, self.is_censored, self.below, self.above = base, censored, below, above
        self.is_truncated = below > -math.inf or above < math.inf
        self.name, self.summary, self.examples = base.name, base.summary, base.examples
        self.elsewhere, self.setting, self.value = base.elsewhere, base.setting, base.value
        # the norm of the residuals gives a scale its maximum only where every value is known
        self.parameters = tuple(replace(parameter, norm=None) for parameter in base.parameters)
        self.known = (*base.known, *((LOWER, UPPER) if censored else ()))
        self.support = _support(base.support, censored, below, above)
        self.elementary = False
        self.runaways = ("left-censored", "right-censored")
        self.limits = base.limits

    @property
    def whole(self) -> Family:
        return self.base

    @property
    def uncensored(self) -> Family:
        if not self.is_truncated:
            return self.base
        return Conditioned(self.base, censored=False, below=self.below, above=self.above)

    @property
    def has_expected(self) -> bool:
        return False

    def bound(self, facts: Facts) -> Conditioned:
        return self.alike(self.base.bound(facts))

    def alike(self, other: Family) -> Conditioned:
        return Conditioned(other, censored=self.is_censored, below=self.below, above=self.above)

    def log_density(self, y: Rows, *theta: Any, **known: Any) -> Rows:
        known, hidden = self._hidden(known)
        density = self.base.log_density(y, *theta, **known)
        if hidden is not None:
            density = np.array(np.broadcast_to(density, y.shape))
            own = hidden.of(theta, known)
            density[hidden.rows] = log_between(self.base, *hidden.ends, *own)
        if self.is_truncated:
            density = density - log_between(self.base, *self._range(len(y)), theta, known)
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
        everything = self._range(len(lower))
        return log_between(self.base, lower, upper, theta, known) - log_between(
            self.base, *everything, theta, known
        )

    def start(self, moments: Moments) -> tuple[float, ...]:
        return self.base.start(moments)

    def starts(self, moments: Moments) -> tuple[tuple[float, ...], ...]:
        return self.base.starts(moments)

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
        return rest, _Hidden(rows, (lower[rows], upper[rows])) if len(rows) else None

    def _range(self, rows: int) -> tuple[Rows, Rows]:
        """The ends of the range for every row."""
        return np.full(rows, self.below), np.full(rows, self.above)

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
            slopes, curves = derivatives(self.base, *hidden.ends, *hidden.of(theta, known))
            for s, slope in zip(score, slopes, strict=True):
                s[hidden.rows] = slope
            for pair, curve in curves.items():
                pairs.setdefault(pair, np.zeros_like(y))[hidden.rows] = -curve
        if self.is_truncated:
            slopes, curves = derivatives(self.base, *self._range(len(y)), theta, known)
            score = [s - slope for s, slope in zip(score, slopes, strict=True)]
            for pair, curve in curves.items():
                pairs[pair] = pairs.get(pair, 0.0) + curve
        return tuple(score), pairs


class _Hidden(NamedTuple):
    """Rows of a block whose value is only known to lie in an interval."""

    rows: Any
    ends: tuple[Rows, Rows]

    def of(
        self, theta: Sequence[Any], known: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Their parameters and known quantities."""
        return part(theta, self.rows), {key: values[self.rows] for key, values in known.items()}


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
