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
from itertools import pairwise

import numpy as np

from mlefit.comparison.candidates import Candidate, Scored, Weights
from mlefit.comparison.nested import becomes, has_terms_of, holds
from mlefit.design.coding import INTERCEPT, Column
from mlefit.errors import UsageError
from mlefit.results.compare import PairTest
from mlefit.search.span import spans
from mlefit.special import chi2_above

# Two searches for the same maximum end this close, as a share of a log-density.
_ROUNDING = 1e-7
# ... and their heights this close, as a share of these.
_SLACK = 1e-10


class Pairs:
    """Which of several models are special cases of which; every pair is looked at once."""

    def __init__(self) -> None:
        self._spans: dict[tuple[str, str], bool] = {}

    def nested_tests(self, scored: Sequence[Scored]) -> Iterator[PairTest]:
        """A likelihood-ratio test of every pair of which one is a special case of the other."""
        for smaller in scored:
            for larger in scored:
                if smaller.is_converged and self._is_in(smaller.candidate, larger.candidate):
                    yield from likelihood_ratio(smaller, larger)

    def in_order(self, candidates: Sequence[Candidate]) -> list[tuple[str, str]]:
        """Names of each model and the next smaller one, which has to be a special case of it.

        Several formulas are in order within each family, else the families are.

        Raises:
            UsageError: a model does not hold the next smaller one.
        """
        several = len({one.formula for one in candidates}) > 1
        groups: dict[str, list[Candidate]] = {}
        for one in candidates:
            groups.setdefault(one.family if several else one.measure, []).append(one)
        found = []
        for group in groups.values():
            for smaller, larger in pairwise(sorted(group, key=_size)):
                if not self._is_in(smaller, larger):
                    raise _not_nested(smaller, larger, several=several)
                found.append((larger.name, smaller.name))
        if not found:
            raise UsageError(
                "--lrt compares nested models, and there is only one of each kind",
                tries=["'y ~ x' 'y ~ x + z' --lrt", "--families poisson,negbinom --lrt"],
            )
        return found

    def tests_against(self, ranked: Sequence[Scored], weights: Weights) -> Iterator[PairTest]:
        """Vuong's test of the first model against each that is neither in it nor holds it.

        Models that say the same of every row are one, so what holds the one holds the other.
        """
        for other in ranked[1:]:
            best, *rest = ranked
            twins = [
                (best.candidate, one.candidate)
                for one in rest
                if one is other or _is_same(one, other)
            ]
            if not any(self._is_in(*two) or self._is_in(*two[::-1]) for two in twins):
                yield _vuong(best, other, weights)

    def _is_in(self, one: Candidate, other: Candidate) -> bool:
        """Whether the first model is a special case of the second, or the same one."""
        if one is other or one.prepared.roles.response != other.prepared.roles.response:
            return False
        if one.is_foreign or other.is_foreign:  # what was not fitted here is no special case
            return False
        if not (one.family == other.family or holds(other.family, one.family)):
            return False
        (small, *_), (large, *_) = (c.prepared.roles.rights.values() for c in (one, other))
        if has_terms_of(large, small):
            return True
        key = (other.formula, one.formula)
        if key not in self._spans:
            fewer = len(_columns(one)) < len(_columns(other))
            self._spans[key] = fewer and spans(
                (other.prepared.engine, _columns(other)),
                (one.prepared.engine, _columns(one)),
            )
        return self._spans[key]


def _columns(candidate: Candidate) -> list[Column]:
    """Of the first parameter, with the intercept that thresholds may stand for."""
    first = candidate.prepared.predictors[0]
    own = [Column(INTERCEPT, ())] if first.taken_from else []
    return [*own, *first.columns]


def _size(candidate: Candidate) -> int:
    """Coefficients, before any is found to be redundant."""
    return sum(predictor.size for predictor in candidate.prepared.predictors)


def _not_nested(smaller: Candidate, larger: Candidate, *, several: bool) -> UsageError:
    shown = [one.formula if several else one.name for one in (smaller, larger)]
    return UsageError(
        f"--lrt compares each model with the next smaller one, and {shown[1]!r} does not hold "
        f"{shown[0]!r}",
        f"coefficients: {_size(larger)} and {_size(smaller)}, of which neither set spans the other"
        if several
        else "neither family becomes the other where one parameter takes a value",
        tries=["the same without --lrt, which tests models that are not nested too"],
    )


def _is_same(one: Scored, other: Scored) -> bool:
    """Whether two fits say the same of every row."""
    assert one.seen is not None
    assert other.seen is not None
    size = max(float(np.abs(one.seen).max()), 1.0)
    return bool(np.abs(one.seen - other.seen).max() <= _ROUNDING * size)


def likelihood_ratio(smaller: Scored, larger: Scored) -> Iterator[PairTest]:
    """The test of nested models, if both have a maximum."""
    one, other = smaller.candidate, larger.candidate
    where = "inside" if one.family == other.family else becomes(other.family, one.family)
    if where is None or smaller.height is None or larger.height is None:
        return
    if larger.edge == one.family:  # the maximum is the smaller model's
        df, statistic = 1, 0.0
    elif larger.is_converged:
        df = larger.height.parameters - smaller.height.parameters
        statistic = 2 * (smaller.height.nll - larger.height.nll)
    else:
        return
    if df < 1:
        return
    if statistic < -_SLACK * max(abs(smaller.height.nll), 1.0):
        yield PairTest(
            "likelihood ratio",
            other.name,
            one.name,
            statistic=None,
            df=df,
            p_value=None,
            distribution="none: the larger was not found at its highest maximum",
            favours=None,
        )
        return
    statistic = max(statistic, 0.0)
    yield PairTest(
        test="likelihood ratio",
        candidate=other.name,
        against=one.name,
        statistic=statistic,
        df=df,
        p_value=_at_an_edge(statistic, df) if where == "edge" else chi2_above(statistic, df),
        distribution=_mixture(df) if where == "edge" else f"chi2({df})",
        favours=None,
    )


def _mixture(df: int) -> str:
    return f"1/2 chi2({df - 1}) + 1/2 chi2({df})" if df > 1 else "1/2 chi2(1)"


def _at_an_edge(statistic: float, df: int) -> float:
    if statistic <= 0:
        return 1.0
    below = chi2_above(statistic, df - 1) if df > 1 else 0.0
    return (below + chi2_above(statistic, df)) / 2


def _fitted_here(one: Scored) -> int:
    """Parameters that these rows decided."""
    assert one.height is not None
    return 0 if one.candidate.is_foreign else one.height.parameters


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
    correction = (_fitted_here(best) - _fitted_here(other)) * math.log(n) / 2
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
