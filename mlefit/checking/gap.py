"""The fit gap: nats that each row of today loses by keeping yesterday's parameters.

    gap = (l1(theta1) - l1(theta0)) / n1

with l1 the log-likelihood of today's n1 rows, theta1 its maximum and theta0 the baseline's. It
estimates the Kullback-Leibler divergence from today's best model to yesterday's, so that one scale
serves every family: about d^2/2 for a shift by d standard deviations.

Is it chance? 2 n1 gap is a likelihood ratio, but theta0 is an estimate too, from n0 rows, so that
for an unchanged day

    X = 2 n1 gap / (1 + n1/n0)

is about chi-squared with k degrees of freedom, k parameters. Two corrections keep the gate from
crying wolf. Where the family is wrong on both days X is a sum of squares weighted by the
eigenvalues of A^-1 B, A the information and B the sum of squared scores: X/c is then referred to
f degrees of freedom, c = tr (A^-1 B)^2 / tr A^-1 B and f = (tr A^-1 B)^2 / tr (A^-1 B)^2, which
have the right mean and variance (J. N. K. Rao and A. J. Scott 1984, Annals of Statistics 12,
46-60). And for few rows X/(c f) is referred to F(f, n0 + n1 - 2k), as in the test of two
regressions (G. C. Chow 1960, Econometrica 28, 591-605).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mlefit._types import Vector
from mlefit.fitting import Prepared
from mlefit.frozen import frozen
from mlefit.inference.covariance import covariance, kinds_for
from mlefit.search.maximum import Maximum

# A gate that misses fewer than this share of the days with such a drift can be said to see it.
POWER = 0.95


class Spread(NamedTuple):
    """How the likelihood ratio of an unchanged day spreads.

    Attributes:
        stretch: c, what it is divided by.
        df: f, its degrees of freedom then.
    """

    stretch: float
    df: float

    @classmethod
    def of(cls, eigenvalues: Vector) -> Spread:
        """That of the eigenvalues of A^-1 B; less than the family's own is not believed."""
        total, squares = float(eigenvalues.sum()), float(eigenvalues @ eigenvalues)
        stretch, df = squares / total, total**2 / squares
        return cls(stretch * max(len(eigenvalues) / total, 1.0), df)


@frozen
class Gap:
    """The fit gap and what chance would make of it.

    Attributes:
        value: nats for each row.
        parameters: that could have moved.
        rows: of today.
        rows_before: of the baseline; infinite where it is exact.
        spread: of the likelihood ratio; None where the family is taken to be right.
    """

    value: float
    parameters: int
    rows: float
    rows_before: float
    spread: Spread | None = None

    @property
    def shift(self) -> float:
        """About the shift that it is, in standard deviations."""
        return shift_of(self.value)

    def __str__(self) -> str:
        return (
            f"{self.value:.4g} nats per row lost, "
            f"about a shift by {self.shift:.2g} standard deviations"
        )

    @property
    def stretch(self) -> float:
        """What the likelihood ratio is divided by for extra spread."""
        return 1.0 if self.spread is None else self.spread.stretch

    @property
    def df(self) -> float:
        """Degrees of freedom of the statistic."""
        return float(self.parameters) if self.spread is None else self.spread.df

    @property
    def _factor(self) -> float:
        """What turns a gap into the statistic."""
        return 2 * self.rows / (1 + self.rows / self.rows_before) / self.stretch

    @property
    def statistic(self) -> float:
        """About chi-squared on an unchanged day."""
        return self.value * self._factor

    @property
    def _df_residual(self) -> float:
        before = self.rows_before if math.isfinite(self.rows_before) else self.parameters
        return before + self.rows - 2 * self.parameters

    @property
    def p_value(self) -> float:
        """Probability of as large a gap on an unchanged day."""
        return _upper_tail(self.statistic, self.df, self._df_residual)

    def smallest(self, threshold: float, alpha: float) -> float:
        """The true gap that such a gate sees on 95 % of days like today.

        Args:
            threshold: of the gap.
            alpha: of the p-value.
        """
        from scipy.special import chndtrinc

        least = max(threshold * self._factor, _quantile(alpha, self.df, self._df_residual))
        return float(chndtrinc(least, self.df, 1 - POWER)) / self._factor


def shift_of(gap: float) -> float:
    """The shift of a mean that costs so many nats per row, in standard deviations."""
    return math.sqrt(2 * gap)


def gap_between(
    maximum: Maximum, prepared: Prepared, lost: float, rows: float, rows_before: float
) -> Gap:
    """The gap that a maximum leaves to a baseline.

    Args:
        maximum: of today.
        prepared: its rows.
        lost: nats for each row.
        rows: of today.
        rows_before: of the baseline.
    """
    value = max(lost, 0.0)  # the maximum itself is exact to the tolerance of the search
    parameters = len(maximum.optimum.gamma)
    return Gap(value, parameters, rows, rows_before, _spread(maximum, prepared))


def _spread(maximum: Maximum, prepared: Prepared) -> Spread | None:
    """From the sandwich of today's fit; None where there is none."""
    clusters = prepared.table.clusters
    kind = "HC0" if clusters is None else "cluster"
    if not maximum.is_trusted or maximum.penalty or kind not in kinds_for(maximum.model.family):
        return None
    squared = prepared.request.sampling_weights is not None
    plain = covariance(maximum, "observed")
    robust = covariance(maximum, kind, squared_weights=squared, clusters=clusters)
    if plain is None or robust is None:
        return None
    # robust = A^-1 B A^-1
    return Spread.of(np.linalg.eigvals(np.linalg.solve(plain, robust)).real)


def _upper_tail(x: float, df: float, df_residual: float) -> float:
    from scipy.special import chdtrc, fdtrc

    if not math.isfinite(x):
        return 0.0
    return float(fdtrc(df, df_residual, x / df) if df_residual > 0 else chdtrc(df, x))


def _quantile(alpha: float, df: float, df_residual: float) -> float:
    from scipy.special import chdtri, fdtri

    if df_residual > 0:
        return float(df * fdtri(df, df_residual, 1 - alpha))
    return float(chdtri(df, alpha))
