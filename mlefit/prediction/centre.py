"""The mean of a new outcome as a function of the linear predictors, and how sure it is.

With V_e the covariance of a row's predictors eta = X beta + offset and g the slopes of the mean in
them, its standard error is the root of g' V_e g (the delta method). Where a single predictor
that was estimated moves the mean, its interval is Wald's in that predictor, and both ends are
mapped, as for the mean of a generalised linear model. Where several do, it is Wald's on a scale
that keeps it inside the family's values: of log(m - l) for a mean m of values above l, of its
log-odds between 0 and 1, else of m itself.

Slopes are those of the links where the mean moves as a parameter itself does. Others are central
differences of eighth order in the parameter, in its logarithm if it is positive, times the link's
slope; on means, which are smooth, they have an error of about 1e-12.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from mlefit._types import Matrix, Rows
from mlefit.design.coded import Design
from mlefit.families._base import Family, Probability
from mlefit.frozen import frozen
from mlefit.likelihood import Model
from mlefit.products import forms_between
from mlefit.support import Domain

_WEIGHTS = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
_STEP = 0.02
_ALIKE = 1e-10

Known = Mapping[str, Rows]


@frozen
class Centre:
    """What is predicted of the outcome of a row: its mean if it has one.

    Args:
        model: family and links; of a family of numbers.
    """

    model: Model

    @property
    def family(self) -> Family:
        """The distribution of an outcome that is seen whatever it is."""
        return self.model.family.whole

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean; else it is the first parameter.

        Who asks for a quantile other than the median is given it, and not the mean of the
        distribution that goes with it.
        """
        has_mean = type(self.family).mean is not Family.mean
        return has_mean and self.family.vertex in (None, 0.5)

    @property
    def words(self) -> str:
        """What it is, where it is not the mean of what is seen."""
        family = self.model.family
        if not self.is_mean:
            first = family.parameters[0]
            why = "" if self.family.vertex else f"{family.name} has no mean: "
            return f"{why}what is predicted is {first.name}, the {first.meaning}"
        if family.is_truncated:
            return "what is predicted is the mean before truncation, also of rows never seen"
        return ""

    def at(self, etas: Sequence[Rows], known: Known) -> Rows:
        """Its value; infinite or NaN where there is none."""
        return self._of(self.model.theta(etas), known)

    def slopes(self, etas: Sequence[Rows], known: Known) -> list[Rows | None]:
        """Its derivative in each predictor; None for one that does not move it."""
        theta = self.model.theta(etas)
        found: list[Rows | None] = []
        for k, (how, link, eta) in enumerate(zip(self._moves, self.model.links, etas, strict=True)):
            if how is None:
                found.append(None)
                continue
            slope = 1.0 if how == "as it" else self._difference(theta, k, known)
            found.append(slope * link.slope(eta))
        return found

    @cached_property
    def moved_by(self) -> tuple[bool, ...]:
        """Which parameters move it."""
        return tuple(how is not None for how in self._moves)

    @cached_property
    def _moves(self) -> tuple[str | None, ...]:
        """How each parameter moves it: None, "as it" moves itself, or in a "curve"."""
        family = self.family
        if not self.is_mean:
            return ("as it", *[None] * (len(family.parameters) - 1))
        return tuple(self._move(k) for k in range(len(family.parameters)))

    def _move(self, k: int) -> str | None:
        """Told at the parameters that the family is tested at."""
        domain, moves, alike = self.family.parameters[k].domain, False, True
        for theta, known, _ in self.family.examples:
            at = _packed(self.family, theta)
            extra = {key: np.array([value]) for key, value in known.items()}
            step = np.array([0.03 * (1 + abs(theta[k]))])
            if domain == Domain.UNIT:
                step = np.array([0.3 * min(theta[k], 1 - theta[k])])
            ahead = list(at)
            ahead[k] = _added(at[k], step)
            change = self._of(ahead, extra) - self._of(at, extra)
            if not np.isfinite(change).all():
                continue
            moves = moves or bool(change != 0)
            alike = alike and bool(np.abs(change / step - 1) < _ALIKE)
        if not moves:
            return None
        return "as it" if alike else "curve"

    def _difference(self, theta: Sequence[Any], k: int, known: Known) -> Rows:
        domain, value = self.family.parameters[k].domain, theta[k]
        if isinstance(value, Probability):
            step = _STEP * np.minimum(value.p, value.q)
        elif domain == Domain.POSITIVE:
            step = _STEP * value
        elif domain.is_bounded:
            step = _STEP * np.minimum(value - domain.lower, domain.upper - value)
        else:
            step = np.full_like(value, _STEP)
        total: Any = 0.0
        for j, weight in enumerate(_WEIGHTS, start=1):
            ends = []
            for sign in (1.0, -1.0):
                moved = list(theta)
                if domain == Domain.POSITIVE:
                    moved[k] = value * np.exp(sign * j * _STEP)
                else:
                    moved[k] = _added(value, sign * j * step)
                ends.append(self._of(moved, known))
            total = total + weight * (ends[0] - ends[1])
        return np.asarray(total / step)

    def _of(self, theta: Sequence[Any], known: Known) -> Rows:
        if not self.is_mean:
            first = theta[0]
            return first.p if isinstance(first, Probability) else np.asarray(first)
        found = self.family.mean(*theta, **{key: known[key] for key in self.family.known})
        assert found is not None
        return found

    def interval(
        self,
        etas: Sequence[Rows],
        known: Known,
        spread: RowSpread,
        quantile: float,
    ) -> tuple[Rows, Rows, Rows]:
        """Standard error and both ends.

        Args:
            etas: linear predictors.
            known: known quantities.
            spread: how sure the predictors are.
            quantile: of the two-sided interval.
        """
        slopes = self.slopes(etas, known)
        error = spread.error_of(slopes)
        sources = [k for k, moves in enumerate(self.moved_by) if moves and spread.is_free(k)]
        if len(sources) == 1:
            (k,) = sources
            reach = quantile * spread.error(k)
            ends = []
            for sign in (-1.0, 1.0):
                moved = list(etas)
                moved[k] = etas[k] + sign * reach
                ends.append(self.at(moved, known))
            return error, np.fmin(*ends), np.fmax(*ends)
        value = self.at(etas, known)
        return error, *_kept_inside(self.family, value, quantile * error)


@frozen
class RowSpread:
    """The covariance of the linear predictors of some rows.

    Attributes:
        designs: the free columns of each parameter, (p_k, m) each, some of them codes.
        covariance: of all coefficients, shape (p, p).
    """

    designs: Sequence[Design]
    covariance: Matrix

    def is_free(self, k: int) -> bool:
        """Whether anything of a predictor was estimated."""
        return len(self.designs[k]) > 0

    def error_of(self, slopes: Sequence[Rows | None]) -> Rows:
        """Standard error of what has these slopes in the predictors."""
        variance: Rows = np.zeros(self.designs[0].shape[1])
        for k, slope in enumerate(slopes):
            for j, other in enumerate(slopes[: k + 1]):
                if slope is not None and other is not None:
                    variance = variance + (1 if j == k else 2) * slope * other * self._of(j, k)
        return np.sqrt(np.maximum(variance, 0.0))

    def error(self, k: int) -> Rows:
        """Standard error of one predictor."""
        one = np.ones(1)
        return self.error_of([one if j == k else None for j in range(len(self.designs))])

    @cached_property
    def matrices(self) -> Matrix:
        """The covariance of every row's predictors, shape (m, K, K)."""
        count, m = len(self.designs), self.designs[0].shape[1]
        found = np.zeros((m, count, count))
        for k in range(count):
            for j in range(k + 1):
                found[:, j, k] = found[:, k, j] = self._of(j, k)
        return found

    def _of(self, j: int, k: int) -> Rows:
        """The covariance of two of every row's predictors."""
        edges = np.cumsum([0, *(len(X) for X in self.designs)])
        V = self.covariance[edges[j] : edges[j + 1], edges[k] : edges[k + 1]]
        return forms_between(self.designs[j], V, self.designs[k])


def _kept_inside(family: Family, value: Rows, reach: Rows) -> tuple[Rows, Rows]:
    """Both ends, by Wald on a scale that keeps them among the family's values."""
    support = family.support
    if (support.lower, support.upper) == (0, 1):
        scale = value * (1 - value)
        ends = [np.log(value / (1 - value)) + s * reach / scale for s in (-1, 1)]
        return 1 / (1 + np.exp(-ends[0])), 1 / (1 + np.exp(-ends[1]))
    if np.isfinite(support.lower):
        above = value - support.lower
        factor = np.exp(reach / above)
        return support.lower + above / factor, support.lower + above * factor
    return value - reach, value + reach


def _packed(family: Family, theta: Sequence[float]) -> list[Any]:
    return [
        Probability(np.array([value]), np.array([1 - value]))
        if parameter.domain == Domain.UNIT
        else np.array([float(value)])
        for value, parameter in zip(theta, family.parameters, strict=True)
    ]


def _added(value: Any, step: Rows) -> Any:
    if isinstance(value, Probability):
        return Probability(value.p + step, value.q - step)
    return value + step
