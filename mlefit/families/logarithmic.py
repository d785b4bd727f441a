"""Logarithmic series target: counts 1, 2, ... with p between 0 and 1.

    ell(y; p) = y log(p) - log(y) - log(L),    L = -log(1 - p)

and with N = log(L/p), which has nothing to subtract where p is small,

    ell            = (y - 1) log(p) - log(y) - N
    d ell/dp       = (y - 1)/p - N'         N'  = 1/((1 - p) L) - 1/p
    -d2 ell/dp2    = (y - 1)/p^2 + N''      N'' = (L - 1)/((1 - p) L)^2 + 1/p^2
    expected: N'/p + N''

The mean is 1 + p N'. It is what a zero-truncated negative binomial becomes as its size k goes
to 0 with mu/k = p/(1 - p): with the logit link the slopes are those of log(mu) there.
P(Y > y) is the incomplete beta function B_p(y + 1, 0) over L.

Source: R. A. Fisher, A. S. Corbet and C. B. Williams (1943), J. Animal Ecology 12, 42-58.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs, Probability
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy
from mlefit.families._log1p import log1p_ratio
from mlefit.families._records import Example, Moments, Parameter
from mlefit.special import log_probability, ratio, times_log
from mlefit.support import POSITIVE_COUNTS, Domain

ALIASES = ("log-series", "logser", "logarithmic-series")

# below it N comes from a series
_SMALL = 0.2
# halvings of an interval of logits, whose ends a double can still tell from 0 and 1
_HALVINGS, _FAR = 60, 35.0
# a second argument of the beta function that is 0 to every digit
_NOTHING = 1e-17


class Logarithmic(Family):
    """See the module's docstring."""

    name = "logarithmic"
    summary = "counts from 1 on, as of individuals by species: many ones, a long tail"
    rare = True
    support = POSITIVE_COUNTS
    parameters = (Parameter("p", "logit", Domain.UNIT, "ratio at which far counts fall"),)
    runaways = ("1", "1")
    examples = (Example((0.05,)), Example((0.6,)), Example((0.97,)))
    derivation = Derivation(
        "y*log(p) - log(y) - log(L)",
        information={"p": "(L - p)/(p*L^2*(1 - p)^2)"},
        short=(Short("L", "-log(1 - p)", {"p": "1/(1 - p)"}),),
    )
    elsewhere = (in_r("VGAM::dlog", {"shape": "p"}), in_scipy("logser", {"p": "p"}))

    def log_density(self, y: Rows, p: Probability) -> Rows:
        return times_log(y - 1, p.p) - np.log(y) - _normaliser(p).value

    def score(self, y: Rows, p: Probability) -> tuple[Rows]:
        return (ratio(y - 1, p.p) - _normaliser(p).slope,)

    def observed(self, y: Rows, p: Probability) -> Pairs:
        return {(0, 0): ratio(y - 1, p.p) / p.p + _normaliser(p).curvature}

    def expected(self, p: Probability) -> Pairs:
        norm = _normaliser(p)
        return {(0, 0): norm.slope / p.p + norm.curvature}

    def start(self, moments: Moments) -> tuple[float]:
        mean = moments.mean if moments.mean > 1 else 1 + 0.5 / moments.rows
        low, high = -_FAR, _FAR
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            odds = math.exp(middle)
            low, high = (middle, high) if odds / math.log1p(odds) < mean else (low, middle)
        return (1 / (1 + math.exp(-low)),)

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 1, np.zeros(len(y), dtype=bool)

    def mean(self, p: Probability) -> Rows:
        return 1 + p.p * _normaliser(p).slope

    def variance(self, p: Probability) -> Rows:
        return p.p**2 * self.expected(p)[0, 0]

    def log_cdf(self, y: Rows, p: Probability) -> Rows:
        return np.log(-np.expm1(self.log_sf(y, p)))

    def log_sf(self, y: Rows, p: Probability) -> Rows:
        from scipy.special import beta, betaincc

        # no row reaches an infinite count, and not every SciPy takes one
        none, all_ = y < 1, y == np.inf
        after = np.where(none | all_, 0.0, np.floor(y)) + 1
        above = betaincc(_NOTHING, after, p.q) * beta(after, _NOTHING)
        beyond = np.log(above) - np.log(-log_probability(p.q, p.p))
        return np.where(none, 0.0, np.where(all_, -np.inf, beyond))

    def sample(self, rng: np.random.Generator, p: Probability) -> Rows:
        return rng.logseries(p.p).astype(float)


class _Normaliser(NamedTuple):
    """N and its derivatives in p."""

    value: Rows
    slope: Rows
    curvature: Rows


def _normaliser(p: Probability) -> _Normaliser:
    small = p.p < _SMALL
    near = log1p_ratio(-np.minimum(p.p, _SMALL))
    tilt = near.slope / near.value
    L = -log_probability(p.q, p.p)
    far, weight = np.where(small, 1.0, p.p), np.where(small, 1.0, p.q * L)
    return _Normaliser(
        np.log(np.where(small, near.value, L / far)),
        np.where(small, -tilt, 1 / weight - 1 / far),
        np.where(small, near.curvature / near.value - tilt**2, (L - 1) / weight**2 + far**-2),
    )


FAMILY = Logarithmic()
