"""Tests of pairs of models on the rows that both were fitted to.

Nested, with d parameters more of which none is at an edge of its domain:

    LR = 2 (log L - log L0) ~ chi2(d)

Nested, with q parameters more inside and one more that is at an edge of its domain: half the
mass stays at the edge, so LR ~ 1/2 chi2(q) + 1/2 chi2(q + 1), chi2(0) being a point at 0
(S. G. Self and K.-Y. Liang 1987, J. American Statistical Association 82, 605-610, case 6).

Not nested, with m the rows' differences of log-density and k parameters each:

    z = (sum m - (k1 - k2) log(n) / 2) / (sqrt(n) s),   s^2 the variance of m with divisor n

is standard normal where both are equally far from the truth (Q. H. Vuong 1989, Econometrica
57, 307-333). The correction is Schwarz's, so that the sum is half a difference of BIC:
without it the larger of two equally good models would win.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from mlefit.candidates import Scored, Weights
from mlefit.nested import becomes, has_terms_of, holds
from mlefit.results.compare import PairTest

# Two searches for the same maximum end this close, as a share of a log-density.
_ROUNDING = 1e-7


def nested_tests(scored: Sequence[Scored]) -> Iterator[PairTest]:
    """A likelihood-ratio test of every pair of which one is a special case of the other."""
    for smaller in scored:
        for larger in scored:
            if smaller.is_converged and _is_in(smaller, larger):
                yield from _likelihood_ratio(smaller, larger)


def tests_against(ranked: Sequence[Scored], weights: Weights) -> Iterator[PairTest]:
    """Vuong's test of the first model against each that is neither in it nor holds it.

    Models that say the same of every row are one, so what holds the one holds the other.
    """
    for other in ranked[1:]:
        best, *rest = ranked
        twins = [one for one in rest if one is other or _is_same(one, other)]
        if not any(_is_in(best, one) or _is_in(one, best) for one in twins):
            yield _vuong(best, other, weights)


def _is_same(one: Scored, other: Scored) -> bool:
    """Whether two fits say the same of every row."""
    assert one.seen is not None
    assert other.seen is not None
    size = max(float(np.abs(one.seen).max()), 1.0)
    return bool(np.abs(one.seen - other.seen).max() <= _ROUNDING * size)


def _is_in(smaller: Scored, larger: Scored) -> bool:
    """Whether one model is a special case of the other, or the same one."""
    one, other = smaller.candidate, larger.candidate
    if smaller is larger or one.prepared.roles.response != other.prepared.roles.response:
        return False
    if not (one.family == other.family or holds(other.family, one.family)):
        return False
    (small, *_), (large, *_) = (c.prepared.roles.rights.values() for c in (one, other))
    return has_terms_of(large, small)


def _likelihood_ratio(smaller: Scored, larger: Scored) -> Iterator[PairTest]:
    one, other = smaller.candidate, larger.candidate
    where = "inside" if one.family == other.family else becomes(other.family, one.family)
    if where is None or smaller.height is None or larger.height is None:
        return
    if larger.edge == one.family:  # the maximum is the smaller model's
        df, statistic = 1, 0.0
    elif larger.is_converged:
        df = larger.height.parameters - smaller.height.parameters
        statistic = max(2 * (smaller.height.nll - larger.height.nll), 0.0)
    else:
        return
    if df < 1:
        return
    yield PairTest(
        test="likelihood ratio",
        candidate=other.name,
        against=one.name,
        statistic=statistic,
        df=df,
        p_value=_at_an_edge(statistic, df) if where == "edge" else _chi2_above(statistic, df),
        distribution=_mixture(df) if where == "edge" else f"chi2({df})",
        favours=None,
    )


def _mixture(df: int) -> str:
    return f"1/2 chi2({df - 1}) + 1/2 chi2({df})" if df > 1 else "1/2 chi2(1)"


def _at_an_edge(statistic: float, df: int) -> float:
    if statistic <= 0:
        return 1.0
    below = _chi2_above(statistic, df - 1) if df > 1 else 0.0
    return (below + _chi2_above(statistic, df)) / 2


def _chi2_above(statistic: float, df: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))


def _vuong(best: Scored, other: Scored, weights: Weights) -> PairTest:
    assert best.seen is not None
    assert other.seen is not None
    assert best.height is not None
    assert other.height is not None
    n = weights.total
    more = best.seen - other.seen
    mean = float(weights.values @ more) / n
    variance = float(weights.values @ (more - mean) ** 2) / n
    same = _is_same(best, other)
    correction = (best.height.parameters - other.height.parameters) * math.log(n) / 2
    z = math.nan if same else (n * mean - correction) / math.sqrt(n * variance)
    favoured = None if same else (best if z > 0 else other).candidate.name
    return PairTest(
        test="Vuong",
        candidate=best.candidate.name,
        against=other.candidate.name,
        statistic=None if same else z,
        df=None,
        p_value=None if same else math.erfc(abs(z) / math.sqrt(2)),
        distribution="normal",
        favours=favoured,
    )
