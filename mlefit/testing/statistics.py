"""The three statistics of a hypothesis, and the distribution that each refers to."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.engines.contract import Engine
from mlefit.frozen import frozen
from mlefit.likelihood import Kind, Model
from mlefit.search.maximum import Maximum, evaluator
from mlefit.special import chi2_above
from mlefit.symmetric import cholesky, unit_diagonal
from mlefit.testing.models import Nesting
from mlefit.triangular import solve_lower

# A sandwich of few clusters is singular, and less than this of a variance is its rounding.
_FLATTEST = 1e-11


@frozen
class Spread:
    """What the fit says of the variance that tests refer to.

    Attributes:
        kind: of the covariance: observed, HC0, ...
        covariance: of the fit's coefficients, in their order; None where there is none.
        degrees: n - p where the variance is estimated from them; None for a known one.
        dispersion: what multiplies the family's variance; 1 unless it is estimated.
        rows: n, where a constant sigma is profiled out of the likelihood ratio; else None.
    """

    kind: str
    covariance: Matrix | None
    degrees: float | None = None
    dispersion: float = 1.0
    rows: float | None = None

    def with_fewer(self, df: int) -> Spread:
        """The same of a model with so many columns more."""
        return self if self.degrees is None else replace(self, degrees=self.degrees - df)


@frozen
class Statistic:
    """A number and the distribution it has if the terms say nothing."""

    value: float
    df: int
    degrees: float | None

    @property
    def distribution(self) -> str:
        """In words: chi2(2), F(2, 96)."""
        return f"chi2({self.df})" if self.degrees is None else f"F({self.df}, {self.degrees:g})"

    @property
    def p_value(self) -> float:
        """Probability of a larger one."""
        if self.degrees is None:
            return chi2_above(self.value, self.df)
        from scipy.special import fdtrc

        return float(fdtrc(self.df, self.degrees, self.value))


def ratio(larger: float, smaller: float, best: float, df: int, spread: Spread) -> Statistic:
    """The likelihood ratio, or the F that it is where a variance is estimated.

    Args:
        larger: negative log-likelihood of the model with the terms.
        smaller: that without them.
        best: that of the fit, which estimates the variance.
        df: independent columns more.
        spread: of the fit.
    """
    twice = max(2 * (smaller - larger), 0.0)
    if spread.rows is not None and spread.degrees is not None:
        n = spread.rows
        # (RSS0 - RSS1) / RSS, each RSS being proportional to exp(2 nll / n)
        more = math.exp(2 * (larger - best) / n) * math.expm1(twice / n)
        return Statistic(more * spread.degrees / df, df, spread.degrees)
    if spread.kind == "quasi" and spread.degrees is not None:
        return Statistic(twice / df / spread.dispersion, df, spread.degrees)
    return Statistic(twice, df, None)


def wald(maximum: Maximum, nesting: Nesting, spread: Spread) -> Statistic | None:
    """How far the estimates are from what the smaller model allows.

    Returns:
        None if there is no covariance, or one of too few clusters or residuals to be definite.
    """
    V = spread.covariance
    if V is None:
        return None
    errors = np.sqrt(np.diag(V))
    errors[errors == 0] = 1.0
    # in units of their errors neither the basis nor the sum of squares depends on units
    b = np.concatenate(maximum.betas) / errors
    L = _complement(nesting.matrix / errors[:, None], nesting.rank)
    flattest = 0.0 if spread.kind in ("observed", "expected", "quasi") else _FLATTEST
    value = _quadratic(L.T @ b, L.T @ (V / np.outer(errors, errors)) @ L, flattest)
    if value is None:
        return None
    df = nesting.df
    return Statistic(value if spread.degrees is None else value / df, df, spread.degrees)


def score(model: Model, engine: Engine, at: Vector, df: int) -> Statistic | None:
    """The slope of the larger model at the smaller one's maximum; None if it has no curvature.

    Args:
        model: family and links.
        engine: the rows, seen through the larger model's predictors.
        at: the smaller model's maximum in its coordinates.
        df: independent columns more.
    """
    totals = evaluator(model, engine)(at, information_kind(model))
    value = _quadratic(totals.score, np.asarray(totals.information))
    return None if value is None or not math.isfinite(value) else Statistic(value, df, None)


def information_kind(model: Model) -> Kind:
    """Which information the score test divides by."""
    return "expected" if model.family.has_expected else "observed"


def _quadratic(u: Vector, matrix: Matrix, flattest: float = 0.0) -> float | None:
    """u' M^-1 u, or None if M is not positive definite.

    Args:
        u: shape (p,).
        matrix: M, shape (p, p).
        flattest: the least share of its variance that a direction may add to those before it.
    """
    scaled = unit_diagonal(matrix)
    factor = None if scaled is None else cholesky(np.asarray(scaled[0]))
    if scaled is None or factor is None or np.diag(factor).min() ** 2 < flattest:
        return None
    half = solve_lower(factor, u * scaled[1])
    return float(half @ half)


def _complement(A: Matrix, rank: int) -> Matrix:
    """An orthonormal basis of what is orthogonal to the columns of A."""
    if not A.shape[1]:
        return np.eye(len(A))
    lengths = np.linalg.norm(A, axis=0)
    U, _, _ = np.linalg.svd(A / np.where(lengths > 0, lengths, 1.0), full_matrices=True)
    return np.asarray(U[:, rank:])
