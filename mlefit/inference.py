"""How sure: from the curvature at the maximum to covariances, tests and intervals.

    observed, expected   A^-1, with A the information of that kind
    HC0 ... HC3          A^-1 B A^-1, B the sum over rows of score score', for HC1 times
                         n/(n - p), for HC2 and HC3 with each row's score over
                         (1 - h)^(1/2) and (1 - h), h its leverage
    cluster              the same with scores summed within clusters first

A is the observed information (the expected one for a family with a corner), p the
number of coefficients of the first parameter. Under sampling weights B weighs
every row by its weight squared; frequency weights count rows.

Sources: A. W. van der Vaart (1998), Asymptotic Statistics, section 5.6; J. G.
MacKinnon and H. White (1985), J. Econometrics 29, 305-325.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows, Vector
from mlefit.design.blocks import Block, block_diagonal
from mlefit.likelihood import RowTerms
from mlefit.maximise import Maximum
from mlefit.symmetric import inverse

KINDS = ("observed", "expected", "HC0", "HC1", "HC2", "HC3", "cluster")


@dataclass(frozen=True)
class Reference:
    """The distribution that tests and intervals refer to.

    Attributes:
        degrees: of freedom of Student's t; None for the normal distribution.
    """

    degrees: float | None = None

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
    squared_weights: bool = False,
    clusters: NDArray[np.intp] | None = None,
) -> Matrix | None:
    """Covariance of the coefficients of the user's columns, shape (p, p).

    Args:
        maximum: where the likelihood is highest.
        kind: one of `KINDS`.
        squared_weights: whether weights stand for sampled rows, not repeated ones.
        clusters: for kind 'cluster', the code of each row's cluster, 0 to G - 1.

    Returns:
        None if the information cannot be inverted.
    """
    bread = inverse_information(maximum, kind)
    if bread is None:
        return None
    if kind not in ("observed", "expected"):
        bread = bread @ _meat(maximum, kind, bread, squared_weights, clusters) @ bread
    to_user = block_diagonal([p.basis.to_user() for p in maximum.engine.predictors])
    return to_user @ bread @ to_user.T


def inverse_information(maximum: Maximum, kind: str) -> Matrix | None:
    """A^-1 in the search's coordinates, of the expected information if `kind` says so."""
    if kind == "expected" or maximum.model.family.vertex is not None:
        return inverse(maximum.evaluate(maximum.optimum.gamma, "expected").information)
    return inverse(maximum.optimum.totals.information)


def _meat(
    maximum: Maximum,
    kind: str,
    bread: Matrix,
    squared_weights: bool,
    clusters: NDArray[np.intp] | None,
) -> Matrix:
    model, engine = maximum.model, maximum.engine
    gammas = maximum.gammas
    p = engine.predictors[0].size
    leverage_power = {"HC2": 0.5, "HC3": 1.0}.get(kind)

    def scores(block: Block) -> Matrix:
        terms = model.row_terms(block, gammas, "expected")
        parts = []
        for k, (X, score) in enumerate(zip(block.designs, terms.score, strict=True)):
            if leverage_power is not None and len(X):
                inside = _leverage(block, k, terms, bread, squared_weights)
                score = score / (1 - inside) ** leverage_power
            parts.append(X * score)
        return np.concatenate(parts)

    if kind == "cluster":
        assert clusters is not None
        sums = np.zeros((int(clusters.max()) + 1, len(bread)))
        for block in engine.blocks():
            codes = clusters[block.start : block.start + len(block.y)]
            np.add.at(sums, codes, block.weighted(scores(block)).T)
        return sums.T @ sums

    def products(block: Block) -> Matrix:
        S = scores(block)
        if block.weight is None:
            return np.dot(S, S.T)
        weight = block.weight**2 if squared_weights else block.weight
        return np.dot(S * weight, S.T)

    meat = engine.total(products)
    if kind == "HC1":
        n = maximum.engine.columns.rows if squared_weights else maximum.moments.rows
        meat = meat * (n / (n - p))
    return meat


def _leverage(block: Block, k: int, terms: RowTerms, bread: Matrix, squared_weights: bool) -> Rows:
    """Diagonal of the hat matrix of one parameter's working regression."""
    lo = sum(len(X) for X in block.designs[:k])
    X = block.designs[k]
    own = bread[lo : lo + len(X), lo : lo + len(X)]
    information = terms.information[k, k]
    if squared_weights:
        information = block.weighted(information)
    return information * np.einsum("ij,ij->j", X, own @ X)


def natural_scale(
    maximum: Maximum, k: int, std_error: float, quantile: float, centre: float | None = None
) -> tuple[float, float, float, float]:
    """A parameter without covariates: estimate, standard error, lower and upper end.

    The error is the delta method's; the ends are mapped from the link scale, so they
    never leave the parameter's domain. They lie about `centre`, if that is not the estimate.
    """
    link = maximum.model.links[k]
    eta: Vector = maximum.gammas[k][:1]
    middle = float(eta[0]) if centre is None else centre
    ends = link.inverse(np.array([middle - quantile * std_error, middle + quantile * std_error]))
    low, high = sorted(float(end) for end in ends)
    return (
        float(link.inverse(eta)[0]),
        abs(float(link.slope(eta)[0])) * std_error,
        low,
        high,
    )
