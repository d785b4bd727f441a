"""How sure: from the curvature at the maximum to covariances, tests and intervals.

    observed, expected   A^-1, with A the information of that kind
    quasi                A^-1 X2/(n - p), with the expected A and Pearson's statistic
                         X2 = sum (y - mean)^2/variance; tests and intervals refer to t(n - p)
    HC0 ... HC3          A^-1 B A^-1, B the sum over rows of score score', for HC1 times
                         n/(n - p), for HC2 and HC3 with each row's score over
                         (1 - h)^(1/2) and (1 - h), h its leverage
    cluster              the same with scores summed within clusters first

A is the observed information (the expected one for a family with a corner), p the
number of coefficients of the first parameter. Under sampling weights B weighs
every row by its weight squared; frequency weights count rows.

Sources: A. W. van der Vaart (1998), Asymptotic Statistics, section 5.6; J. G.
MacKinnon and H. White (1985), J. Econometrics 29, 305-325; P. McCullagh and J. A.
Nelder (1989), Generalized Linear Models, 2nd ed., section 9.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.arrow import ArrowInverse, Spread, Symmetric, among
from mlefit.design.blocks import Block
from mlefit.design.coded import Coded
from mlefit.design.predictors import user_matrix
from mlefit.errors import UsageError
from mlefit.families._base import Family
from mlefit.frozen import frozen
from mlefit.likelihood import RowTerms
from mlefit.products import forms, information, sums_within
from mlefit.search.maximum import Maximum
from mlefit.symmetric import inverse

# of a leverage, which is 1 for a row that alone decides a coefficient
_ROUNDING = 1e-6
# of a sum of products, in units of the last place
_ROUNDINGS = 16

KINDS = ("observed", "expected", "quasi", "HC0", "HC1", "HC2", "HC3", "cluster")


def kinds_for(family: Family) -> tuple[str, ...]:
    """The kinds of standard error that a family can have."""
    if family.vertex is not None:
        return ("expected",)
    lacking = {
        "expected": not family.has_expected,
        "quasi": not family.implies_variance,
        # they divide by the leverage of a row in one predictor, and classes have several
        "HC2": family.support.levels,
        "HC3": family.support.levels,
    }
    return tuple(kind for kind in KINDS if not lacking.get(kind, False))


@frozen
class Reference:
    """The distribution that tests and intervals refer to.

    Attributes:
        degrees: of freedom of Student's t; None for the normal distribution.
    """

    degrees: float | None = None

    @classmethod
    def called(cls, name: str) -> Reference:
        """The one whose `name` this is."""
        return cls(float(name[2:-1]) if name.startswith("t(") else None)

    def quantile(self, level: float) -> float:
        """The z (or t) of a two-sided interval."""
        upper = 0.5 + level / 2
        if self.degrees is None:
            return NormalDist().inv_cdf(upper)
        from scipy.special import stdtrit

        return float(stdtrit(self.degrees, upper))

    def p_value(self, statistic: float) -> float:
        """Two-sided probability of a statistic at least this far from zero."""
        if self.degrees is None:
            return math.erfc(abs(statistic) / math.sqrt(2))
        from scipy.special import stdtr

        return 2 * float(stdtr(self.degrees, -abs(statistic)))

    @property
    def name(self) -> str:
        """How a report calls it."""
        return "normal" if self.degrees is None else f"t({self.degrees:g})"


def covariance(
    maximum: Maximum,
    kind: str,
    *,
    dispersion: float = 1.0,
    squared_weights: bool = False,
    clusters: NDArray[np.intp] | None = None,
) -> Spread | None:
    """Covariance of the coefficients of the user's columns, shape (p, p).

    Args:
        maximum: where the likelihood is highest.
        kind: one of `KINDS`.
        dispersion: for kind 'quasi', what multiplies the family's own variance.
        squared_weights: whether weights stand for sampled rows, not repeated ones.
        clusters: for kind 'cluster', the code of each row's cluster, 0 to G - 1.

    Returns:
        None if the information cannot be inverted, or rows are too few for this kind.

    Raises:
        UsageError: a row has too much leverage for this kind.
    """
    bread = inverse_information(maximum, kind)
    if bread is None:
        return None
    predictors = maximum.engine.predictors
    if kind in ("observed", "expected", "quasi"):
        bread = bread * (dispersion if kind == "quasi" else 1.0)
        if isinstance(bread, ArrowInverse):
            return bread.turned(user_matrix(predictors, bread.rest))
        to_user = user_matrix(predictors)
        found: Matrix = to_user @ bread @ to_user.T
    else:
        half = user_matrix(predictors) @ np.asarray(bread)
        found = _sandwich(half, _meat(maximum, kind, squared_weights, clusters))
    # as many coefficients as rows leave no residual to make a sandwich of
    return found if np.isfinite(found).all() else None


def _sandwich(half: Matrix, meat: Matrix) -> Matrix:
    """H B H', zero for coefficients that it only gives rounding.

    Rows that decide a coefficient alone, as the only one of its level does, have no residual.
    """
    found: Matrix = half @ meat @ half.T
    sizes = np.einsum("ij,jk,ik->i", np.abs(half), np.abs(meat), np.abs(half), optimize=True)
    nothing = np.diag(found) <= _ROUNDINGS * len(meat) * np.finfo(float).eps * sizes
    found[nothing] = found[:, nothing] = 0.0
    return found


def inverse_information(maximum: Maximum, kind: str) -> Spread | None:
    """A^-1 in the search's coordinates, of the expected information if `kind` says so."""
    if kind in ("expected", "quasi") or maximum.model.family.vertex is not None:
        return inverse(maximum.expected.information)
    return inverse(maximum.optimum.totals.information)


def _meat(
    maximum: Maximum,
    kind: str,
    squared_weights: bool,
    clusters: NDArray[np.intp] | None,
) -> Matrix:
    engine = maximum.engine
    scores = _scores_for(maximum, kind, squared_weights)

    if kind == "cluster":
        assert clusters is not None
        groups = int(clusters.max()) + 1

        def within(block: Block) -> Matrix:
            codes = clusters[block.start : block.start + len(block.y)]
            values = [block.weighted(s) for s in scores(block)]
            return sums_within(codes, groups, block.designs, values)

        sums = engine.total(within, "standard errors")
        return sums.T @ sums

    def products(block: Block) -> Symmetric:
        weight = block.weight
        if weight is not None and squared_weights:
            weight = weight**2
        if any(isinstance(X, Coded) for X in block.designs):
            return information(block.designs, _pairs(scores(block), weight))
        S = np.concatenate([X * s for X, s in zip(block.designs, scores(block), strict=True)])
        return np.dot(S if weight is None else S * weight, S.T)

    meat = np.asarray(engine.total(products, "standard errors"))
    if kind == "HC1":
        p = engine.predictors[0].size
        n = engine.rows if squared_weights else maximum.moments.rows
        meat = meat * (n / (n - p) if n > p else math.nan)
    return meat


def _scores_for(
    maximum: Maximum, kind: str, squared_weights: bool
) -> Callable[[Block], list[Rows]]:
    """Derivatives of every row's log-density in its linear predictors, as a kind takes them."""
    model, gammas = maximum.model, maximum.gammas
    power = {"HC2": 0.5, "HC3": 1.0}.get(kind)
    own = [] if power is None else [own_inverse(maximum, k) for k in range(len(gammas))]

    def scores(block: Block) -> list[Rows]:
        terms = model.row_terms(block, gammas, model.leverage_kind)
        if power is None:
            return list(terms.score)
        found = []
        for k, (X, score) in enumerate(zip(block.designs, terms.score, strict=True)):
            inside = _leverage(block, k, terms, own[k], squared_weights) if len(X) else 0.0
            if np.any(inside > 1 + _ROUNDING):
                raise UsageError(
                    f"--se {kind} divides by one minus a row's leverage, and without a closed "
                    f"form of its information {model.family.name} has rows with more than one",
                    tries=["--se HC1"],
                )
            found.append(score / (1 - inside) ** power)
        return found

    return scores


def _pairs(score: Sequence[Rows], weight: Rows | None) -> dict[tuple[int, int], Rows]:
    """The products of every row's slopes in two linear predictors, times its weight."""
    weight = np.ones(1) if weight is None else weight
    pairs = combinations_with_replacement(range(len(score)), 2)
    return {(j, k): weight * score[j] * score[k] for j, k in pairs}


def own_inverse(maximum: Maximum, k: int) -> Spread:
    """Inverse information of one parameter's coefficients, the others taken as known.

    The hat matrix of its working regression is made of it. Where parameters are hard to
    tell apart, their block of the joint inverse would give leverages far above one.
    """
    lo = sum(predictor.size for predictor in maximum.engine.predictors[:k])
    hi = lo + maximum.engine.predictors[k].size
    inverted = inverse(among(maximum.optimum.totals.information, np.arange(lo, hi)))
    return np.full((hi - lo, hi - lo), np.nan) if inverted is None else inverted


def _leverage(block: Block, k: int, terms: RowTerms, own: Spread, squared_weights: bool) -> Rows:
    """Diagonal of the hat matrix of one parameter's working regression."""
    bend = terms.information[k, k]
    if squared_weights:
        bend = block.weighted(bend)
    return bend * forms(block.designs[k], own)


def natural_scale(
    maximum: Maximum, k: int, std_error: float, quantile: float, centre: float | None = None
) -> tuple[float, float, float, float]:
    """A parameter without covariates: estimate, standard error, lower and upper end.

    The error is the delta method's; the ends are mapped from the link scale, so they
    never leave the parameter's domain. Both are about `centre`, if that is not the estimate.
    """
    link = maximum.model.links[k]
    eta: Vector = maximum.betas[k][:1]
    middle = float(eta[0]) if centre is None else centre
    ends = link.inverse(np.array([middle - quantile * std_error, middle + quantile * std_error]))
    low, high = sorted(float(end) for end in ends)
    return (
        float(link.inverse(eta)[0]),
        abs(float(link.slope(np.array([middle]))[0])) * std_error,
        low,
        high,
    )
