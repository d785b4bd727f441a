"""The fit gap: nats that each row of today loses by keeping yesterday's parameters.

    gap = (l1(theta1) - l1(theta0)) / n1

with l1 the log-likelihood of today's n1 rows, theta1 its maximum and theta0 the baseline's. It
estimates the Kullback-Leibler divergence from today's best model to yesterday's, so that one scale
serves every family: about d^2/2 for a shift by d standard deviations.

Is it chance? 2 n1 gap is a likelihood ratio, but theta0 is an estimate too, from n0 rows, so that
for an unchanged day

    X = 2 n1 gap / (1 + n1/n0)

is about chi-squared with k degrees of freedom, k parameters. Two corrections keep the gate from
crying wolf. Where the family is wrong on both days X is stretched: it is divided by the mean
eigenvalue of A^-1 B, A the information and B the sum of squared scores (J. N. K. Rao and A. J.
Scott 1984, Annals of Statistics 12, 46-60), where that is over 1. And for few rows X/k is referred
to F(k, n0 + n1 - 2k), as in the test of two regressions (G. C. Chow 1960, Econometrica 28,
591-605).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mlefit.fitting import Prepared
from mlefit.inference.covariance import covariance, kinds_for
from mlefit.search.maximum import Maximum

# A gate that misses fewer than this share of the days with such a drift can be said to see it.
POWER = 0.95


@dataclass(frozen=True)
class Gap:
    """The fit gap and what chance would make of it.

    Attributes:
        value: nats for each row.
        df: parameters that could have moved.
        rows: of today.
        rows_before: of the baseline; infinite where it is exact.
        stretch: mean eigenvalue of A^-1 B, at least 1.
    """

    value: float
    df: int
    rows: float
    rows_before: float
    stretch: float

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
        before = self.rows_before - self.df if math.isfinite(self.rows_before) else 0.0
        return before + self.rows - self.df

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
    df = len(maximum.optimum.gamma)
    return Gap(value, df, rows, rows_before, _stretch(maximum, prepared))


def _stretch(maximum: Maximum, prepared: Prepared) -> float:
    """The mean eigenvalue of A^-1 B; 1 where there is no sandwich, or it is smaller."""
    clusters = prepared.table.clusters
    kind = "HC0" if clusters is None else "cluster"
    if not maximum.is_trusted or maximum.penalty or kind not in kinds_for(maximum.model.family):
        return 1.0
    squared = prepared.request.sampling_weights is not None
    plain = covariance(maximum, "observed")
    robust = covariance(maximum, kind, squared_weights=squared, clusters=clusters)
    if plain is None or robust is None:
        return 1.0
    return max(float(np.trace(np.linalg.solve(plain, robust))) / len(plain), 1.0)


def _upper_tail(x: float, df: int, df_residual: float) -> float:
    from scipy.special import chdtrc, fdtrc

    if not math.isfinite(x):
        return 0.0
    return float(fdtrc(df, df_residual, x / df) if df_residual > 0 else chdtrc(df, x))


def _quantile(alpha: float, df: int, df_residual: float) -> float:
    from scipy.special import chdtri, fdtri

    if df_residual > 0:
        return float(df * fdtri(df, df_residual, 1 - alpha))
    return float(chdtri(df, alpha))
