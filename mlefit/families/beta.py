"""Beta target: y strictly between 0 and 1 with mean mu and precision phi > 0.

With shapes a = mu phi and b = (1 - mu) phi, R the remainder of lgamma (see `_stirling`), and
K = mu log(mu/y) + (1 - mu) log((1 - mu)/(1 - y)), which is 0 where y = mu:

    ell(y; mu, phi) = lgamma(phi) - lgamma(a) - lgamma(b) + (a - 1) log y + (b - 1) log(1 - y)
                    = -phi K + log(a b/(2 pi phi))/2 + R(phi) - R(a) - R(b) - log(y (1 - y))

    d ell/d mu  = phi (logit y - psi(a) + psi(b))
    d ell/d phi = -K + 1/(2 phi) + R'(phi) - mu R'(a) - (1 - mu) R'(b)
    -d2/dmu2    = phi^2 (psi'(a) + psi'(b))
    -d2/dmu dphi = a (1/(2 a^2) + R''(a)) - b (1/(2 b^2) + R''(b)) - (d ell/d mu)/phi
    -d2/dphi2   = 1/(2 phi^2) + mu^2 R''(a) + (1 - mu)^2 R''(b) - R''(phi)
    expected: the same without d ell/d mu

The second form of ell loses nothing where phi is large, in which the gamma functions cancel.
The variance is mu (1 - mu)/(1 + phi): the parameters of beta regression [1]. A target with
zeros or ones has no density here. As phi grows the distribution narrows to a point.

[1] S. L. P. Ferrari and F. Cribari-Neto (2004), J. Appl. Stat. 31, 799-815.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs, Probability
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._log1p import log1p_ratio
from mlefit.families._records import Example, Moments, Narrowing, Parameter
from mlefit.families._stirling import remainder
from mlefit.special import log_probability, recalled
from mlefit.support import UNIT_INTERVAL, Domain

ALIASES = ("beta-regression", "betareg")


class Beta(Family):
    """See the module's docstring."""

    name = "beta"
    summary = "shares and rates, strictly between 0 and 1"
    support = UNIT_INTERVAL
    parameters = (
        Parameter("mu", "logit", Domain.UNIT, "mean"),
        Parameter(
            "phi",
            "log",
            Domain.POSITIVE,
            "precision; the variance is mu(1 - mu)/(1 + phi)",
            narrowing=Narrowing(power=-0.5, unit=0),
        ),
    )
    elementary = False  # digamma and trigamma functions
    examples = (
        Example((0.3, 5.0)),
        Example((0.5, 2.0)),
        Example((0.8, 40.0)),
        Example((0.02, 400.0)),
    )
    derivation = Derivation(
        "log(gamma(phi)) - log(gamma(a)) - log(gamma(b)) + (a - 1)*log(y) + (b - 1)*log(1 - y)",
        short=(
            Short("a", "mu*phi"),
            Short("b", "(1 - mu)*phi", {"mu": "-phi", "phi": "1 - mu"}),
        ),
        information={
            "mu": "phi^2*(trigamma(a) + trigamma(b))",
            "mu phi": "a*trigamma(a) - b*trigamma(b)",
            "phi": "mu^2*trigamma(a) + (1 - mu)^2*trigamma(b) - trigamma(phi)",
        },
    )
    elsewhere = (
        in_r("dbeta", {"shape1": "mu*phi", "shape2": "(1 - mu)*phi"}),
        in_scipy("beta", {"a": "mu*phi", "b": "(1 - mu)*phi"}),
        in_stan("beta_proportion", {"mu": "mu", "kappa": "phi"}),
    )

    def log_density(self, y: Rows, mu: Probability, phi: Rows) -> Rows:
        a, b = mu.p * phi, mu.q * phi
        rest = remainder(phi).value - remainder(a).value - remainder(b).value
        width = 0.5 * (np.log(mu.p * mu.q * phi) - math.log(2 * math.pi))
        return width + rest - phi * _distances(y, mu)[0] - np.log(y) - np.log1p(-y)

    def score(self, y: Rows, mu: Probability, phi: Rows) -> tuple[Rows, Rows]:
        a, b = mu.p * phi, mu.q * phi
        at_a, at_b = remainder(a).slope, remainder(b).slope
        divergence, log_odds = _distances(y, mu)
        return (
            phi * (log_odds + (0.5 / a - at_a) - (0.5 / b - at_b)),
            remainder(phi).slope - mu.p * at_a - mu.q * at_b + 0.5 / phi - divergence,
        )

    def observed(self, y: Rows, mu: Probability, phi: Rows) -> Pairs:
        pairs = self.expected(mu, phi)
        return {**pairs, (0, 1): pairs[0, 1] - self.score(y, mu, phi)[0] / phi}

    def expected(self, mu: Probability, phi: Rows) -> Pairs:
        a, b = mu.p * phi, mu.q * phi
        # psi' less 1/x, which cancels between the shapes
        at_a = 0.5 / a**2 + remainder(a).curvature
        at_b = 0.5 / b**2 + remainder(b).curvature
        at_phi = 0.5 / phi**2 + remainder(phi).curvature
        return {
            (0, 0): phi**2 * (1 / a + at_a + 1 / b + at_b),
            (0, 1): a * at_a - b * at_b,
            (1, 1): mu.p**2 * at_a + mu.q**2 * at_b - at_phi,
        }

    def start(self, moments: Moments) -> tuple[float, float]:
        mu = moments.mean
        if moments.variance == 0:
            return mu, math.inf
        return mu, max(mu * (1 - mu) / moments.variance - 1, 0.01)

    def mean(self, mu: Probability, phi: Rows) -> Rows:
        return mu.p

    def variance(self, mu: Probability, phi: Rows) -> Rows:
        return mu.p * mu.q / (1 + phi)

    def log_cdf(self, y: Rows, mu: Probability, phi: Rows) -> Rows:
        return log_probability(*_below_and_above(y, mu, phi))

    def log_sf(self, y: Rows, mu: Probability, phi: Rows) -> Rows:
        below, above = _below_and_above(y, mu, phi)
        return log_probability(above, below)

    def sample(self, rng: np.random.Generator, mu: Probability, phi: Rows) -> Rows:
        # a draw so near an end that it rounds to it is put beside it
        ends = np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)
        return np.clip(rng.beta(mu.p * phi, mu.q * phi), *ends)


# Where y lies within this share of mu and of 1 - mu, logarithms of their ratio are made of the
# distance: K is quadratic in it, and the difference of logarithms would cancel.
_NEAR = 0.1


@recalled
def _distances(y: Rows, mu: Probability) -> tuple[Rows, Rows]:
    """K, and logit y - logit mu: what y and mu differ by."""
    # of y and 1 - y the one on the side of the smaller of mu and 1 - mu
    gap = np.where(mu.p < 0.5, y - mu.p, mu.q - (1 - y))
    near = np.abs(gap) < _NEAR * np.minimum(mu.p, mu.q)
    up, down = np.where(near, gap / mu.p, 0.0), np.where(near, -gap / mu.q, 0.0)
    lower = mu.p < 0.5
    log_y = np.log(y) - np.where(lower, np.log(mu.p), np.log1p(-mu.q))
    log_rest = np.log1p(-y) - np.where(lower, np.log1p(-mu.p), np.log(mu.q))
    return (
        np.where(near, mu.p * _beyond(up) + mu.q * _beyond(down), -mu.p * log_y - mu.q * log_rest),
        np.where(near, np.log1p(up) - np.log1p(down), log_y - log_rest),
    )


def _beyond(u: Rows) -> Rows:
    """u - log(1 + u), without the subtraction that cancels for small u."""
    return u**2 * (log1p_ratio(u).slope + 1 / (1 + u))


@recalled
def _below_and_above(y: Rows, mu: Probability, phi: Rows) -> tuple[Rows, Rows]:
    from scipy.special import betainc, betaincc

    inside = np.clip(y, 0.0, 1.0)
    shapes = mu.p * phi, mu.q * phi
    return betainc(*shapes, inside), betaincc(*shapes, inside)


FAMILY = Beta()
