"""Generalised extreme value target: location mu, scale sigma > 0 and tail index xi.

    ell(y; mu, sigma, xi) = -(1 + xi) s - e^-s - log(sigma)

    s = log(1 + xi z)/xi = z phi(u),   z = (y - mu)/sigma,   u = xi z   (phi: see `_log1p`)
    t = e^-s,   c = t - 1 - xi,   s_z = 1/(1 + u),   s_xi = z^2 phi'(u),   s_zz = -xi/(1 + u)^2,
    s_z,xi = -z/(1 + u)^2,   s_xi,xi = z^3 phi''(u)

    g_z    = c s_z                             g_xi    = c s_xi - s
    g_zz   = c s_zz - t s_z^2                  g_z,xi  = c s_z,xi - (t s_xi + 1) s_z
                                               g_xi,xi = c s_xi,xi - (t s_xi + 2) s_xi
    (see `_location_scale`)
    and where s stays dz/dxi = -s_xi/s_z

The support 1 + xi z > 0 depends on the parameters: outside it the density is 0 and the
log-density -infinity, a place where no search can stand. xi = 0 is the gumbel family, xi > 0
has a heavy upper tail and a lower end, xi < 0 an upper end at mu - sigma/xi. For xi < -1 the
likelihood grows without bound as that end nears the largest value; the maximum meant is
the local one with xi > -1. Its standard errors rest on xi > -1/2 [1].

[1] R. L. Smith (1985), Biometrika 72, 67-90. Density: S. Coles (2001), An Introduction to
Statistical Modeling of Extreme Values, section 3.1.3.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._derivation import STANDARDISED, Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy
from mlefit.families._location_scale import LocationScale, location, scale
from mlefit.families._log1p import log1p_ratio
from mlefit.families._records import Example, Moments, Parameter, Special
from mlefit.families._stirling import log_gamma
from mlefit.families.gumbel import gumbel_start, log_one_minus_exp
from mlefit.support import Domain

ALIASES = ("genextreme", "generalised-extreme-value", "generalized-extreme-value")


class GEV(LocationScale):
    """See the module's docstring."""

    name = "gev"
    title = "GEV"
    summary = "maxima with a tail index, such as yearly floods"
    parameters = (
        location("location; the quantile at 0.3679"),
        scale("scale"),
        Parameter(
            "xi", "identity", Domain.REAL, "tail index: heavy above 0, bounded above below 0"
        ),
    )
    rare = True
    specials = (Special("xi", 0, "gumbel"),)
    examples = (
        Example((0.0, 1.0, 0.2)),
        Example((-3.0, 0.2, -0.25)),
        Example((12.0, 3.5, 1e-9)),
        Example((12.0, 3.5, 0.0)),
    )
    derivation = Derivation(
        "-log(sigma) + (1 + xi)*log(t) - t",
        short=(
            STANDARDISED,
            Short("u", "1 + xi*z", {"mu": "-xi/sigma", "sigma": "-xi*z/sigma", "xi": "z"}),
            Short(
                "t",
                "u^(-1/xi)",
                {
                    "mu": "t/(sigma*u)",
                    "sigma": "t*z/(sigma*u)",
                    "xi": "-t*(log(t) + z/u)/xi",
                },
            ),
        ),
        singular=("xi",),
    )
    elsewhere = (
        in_r("evd::dgev", {"loc": "mu", "scale": "sigma", "shape": "xi"}),
        in_scipy("genextreme", {"c": "-xi", "loc": "mu", "scale": "sigma"}),
    )

    def standard(self, z: Rows, xi: Rows) -> Rows:
        s = _reduced(z, xi)
        return np.where(xi * z > -1, -(1 + xi) * s - np.exp(-s), -np.inf)

    def slopes(self, z: Rows, xi: Rows) -> tuple[Rows, Rows]:
        phi = log1p_ratio(xi * z)
        s = z * phi.value
        c = np.exp(-s) - 1 - xi
        return c / (1 + xi * z), c * z**2 * phi.slope - s

    def bends(self, z: Rows, xi: Rows) -> tuple[Rows, Rows, Rows]:
        phi = log1p_ratio(xi * z)
        t = np.exp(-z * phi.value)
        c = t - 1 - xi
        s_z, s_xi = 1 / (1 + xi * z), z**2 * phi.slope
        return (
            -(c * xi + t) * s_z**2,
            -c * z * s_z**2 - (t * s_xi + 1) * s_z,
            c * z**3 * phi.curvature - (t * s_xi + 2) * s_xi,
        )

    def start(self, moments: Moments) -> tuple[float, float, float]:
        # with xi = 0 every value is inside the support
        return (*gumbel_start(moments), 0.0)

    def mean(self, mu: Rows, sigma: Rows, xi: Rows) -> Rows:
        # (Gamma(1 - xi) - 1)/xi, whose limit at xi = 0 is Euler's constant
        rate = _log_gamma_ratio(xi)
        tail = np.where(xi == 0, 1.0, xi)
        shift = np.where(xi == 0, rate, np.expm1(tail * rate) / tail)
        return mu + sigma * np.where(xi < 1, shift, np.inf)

    def lower_tail(self, z: Rows, xi: Rows) -> Rows:
        return -_rate(z, xi)

    def upper_tail(self, z: Rows, xi: Rows) -> Rows:
        return log_one_minus_exp(_rate(z, xi))

    def shape_drift(self, z: Rows, xi: Rows) -> tuple[Rows, Rows]:
        phi, longer = log1p_ratio(xi * z), 1 + xi * z
        change = -(z**3) * (phi.curvature * longer + phi.slope)
        return -(z**2) * phi.slope * longer, change

    def standard_draws(self, rng: np.random.Generator, n: int, xi: Rows) -> Rows:
        reduced = rng.gumbel(size=n)
        # (e^(xi s) - 1)/xi, whose limit at xi = 0 is s
        curved = np.expm1(xi * reduced) / np.where(xi == 0, 1.0, xi)
        return np.where(xi == 0, reduced, curved)


def _reduced(z: Rows, xi: Rows) -> Rows:
    """s, whose distribution is the standard Gumbel one; NaN outside the support."""
    u = xi * z
    return np.where(np.abs(u) < 1, z * log1p_ratio(u).value, np.log1p(u) / xi)


def _rate(z: Rows, xi: Rows) -> Rows:
    """e^-s, minus the logarithm of P(Z <= z): infinite below the support and 0 above it."""
    inside = np.exp(-_reduced(z, xi))
    return np.where(xi * z > -1, inside, np.where(z < 0, math.inf, 0.0))


def _log_gamma_ratio(xi: Rows) -> Rows:
    """lgamma(1 - xi)/xi; for |xi| < 0.1 gamma + zeta(2) xi/2 + zeta(3) xi^2/3 + ..."""
    from scipy.special import zeta

    near = np.abs(xi) < 0.1
    small = np.where(near, xi, 0.0)
    series = np.zeros_like(small)
    for k in range(18, 1, -1):
        series = (series + zeta(k) / k) * small
    far = np.where(near | (xi >= 1), 0.5, xi)
    return np.where(near, np.euler_gamma + series, log_gamma(1 - far) / far)


FAMILY = GEV()
