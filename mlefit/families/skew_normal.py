"""Skew normal target with mean mu, standard deviation sigma > 0 and slant alpha.

    ell(y; mu, sigma, alpha) = log s + L(w, alpha) - log(sigma),    z = (y - mu)/sigma

    L(w, alpha) = log 2 - log(2 pi)/2 - w^2/2 + log Phi(alpha w)       (its derivatives: `_slanted`)
    w = b + s z,   b = sqrt(2/pi) alpha/sqrt(1 + alpha^2),   s = sqrt(1 - b^2)

    g_z       = s L_w                 g_alpha = s'/s + w' L_w + L_alpha      (' = d/d alpha)
    g_zz      = s^2 L_ww              g_z,alpha = s' L_w + s (w' L_ww + L_w,alpha)
    g_alpha,alpha = s''/s - (s'/s)^2 + w'' L_w + w'^2 L_ww + 2 w' L_w,alpha + L_alpha,alpha
    (see `_location_scale`)

A quantile w moves with alpha by m/(1 + alpha^2), m = phi(alpha w)/Phi(alpha w), since
T(w, alpha) has the slope exp(-(1 + alpha^2) w^2/2)/(2 pi (1 + alpha^2)); z = (w - b)/s moves by
q = (m/(1 + alpha^2) - w')/s.

The direct parameters of R, scipy and Stan are omega = sigma/s, xi = mu - omega b and the same
alpha. Here mean and standard deviation take their place: a covariate of xi and alpha are
nearly the same thing where alpha is small, which a search over them does not survive.

Edges: alpha = 0 is the normal family. There the slope in alpha and the information about it
are 0 whatever the data, so near it the standard error of alpha is large and its interval a
poor guide. Where all residuals lie on one side of a point the likelihood can only rise as
alpha goes to infinity, the half normal: common in samples of less than a hundred.

Source: A. Azzalini and A. Capitanio (2014), The Skew-Normal and Related Families, chapters
2 and 3.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.families._derivation import STANDARDISED, Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._location_scale import LocationScale, location, scale
from mlefit.families._records import Example, Moments, Parameter, Special
from mlefit.families._slanted import (
    log_share,
    log_slanted,
    mills,
    slanted_bends,
    slanted_slopes,
)
from mlefit.support import Domain

ALIASES = ("skewnorm", "azzalini")

_ROOT_2_PI = math.sqrt(2 / math.pi)
# a start nearer to alpha = 0, or to infinity, would begin where the likelihood is flat
_LEAST_SKEWNESS, _MOST_SKEWNESS = 0.1, 0.9

# location and scale of the density before it is moved to its mean and standard deviation
_XI = "mu - sigma*alpha*sqrt(2/(pi + (pi - 2)*alpha^2))"
_OMEGA = "sigma*sqrt((1 + alpha^2)/(1 + (1 - 2/pi)*alpha^2))"


class SkewNormal(LocationScale):
    """See the module's docstring."""

    name = "skew-normal"
    summary = "errors with one longer tail, the normal slanted"
    parameters = (
        location("mean"),
        scale("standard deviation"),
        Parameter("alpha", "identity", Domain.REAL, "slant: above 0 the upper tail is longer"),
    )
    specials = (Special("alpha", 0, "normal"),)
    elementary = False  # the normal distribution function
    rare = True
    examples = (
        Example((0.0, 1.0, 3.0)),
        Example((-3.0, 0.2, -1.2)),
        Example((1200.0, 35.0, 0.0)),
        Example((4.0, 2.0, 25.0)),
    )
    derivation = Derivation(
        "log(2*s/sigma) + log(bell(w)) + log(P)",
        short=(
            STANDARDISED,
            Short("b", "sqrt(2/pi)*alpha/sqrt(1 + alpha^2)", {"alpha": "c"}),
            Short("c", "sqrt(2/pi)/(1 + alpha^2)^1.5", {"alpha": "d"}),
            Short("d", "-3*alpha*c/(1 + alpha^2)"),
            Short("s", "sqrt(1 - b^2)", {"alpha": "-b*c/s"}),
            Short("w", "b + s*z", {"mu": "-s/sigma", "sigma": "-s*z/sigma", "alpha": "g"}),
            Short(
                "g",
                "c - b*c*z/s",
                {
                    "mu": "b*c/(s*sigma)",
                    "sigma": "b*c*z/(s*sigma)",
                    "alpha": "d - z*(c^2 + b*d + b^2*c^2/s^2)/s",
                },
            ),
            Short(
                "P",
                "Phi(alpha*w)",
                {
                    "mu": "-alpha*s*h*P/sigma",
                    "sigma": "-alpha*s*z*h*P/sigma",
                    "alpha": "h*P*(w + alpha*g)",
                },
            ),
            Short(
                "h",
                "bell(alpha*w)/P",
                {
                    "mu": "alpha*s*h*(alpha*w + h)/sigma",
                    "sigma": "alpha*s*z*h*(alpha*w + h)/sigma",
                    "alpha": "-h*(alpha*w + h)*(w + alpha*g)",
                },
            ),
        ),
        remark="c, d and g are the derivatives of b, c and w in alpha",
    )
    elsewhere = (
        in_r("sn::dsn", {"xi": _XI, "omega": _OMEGA, "alpha": "alpha"}),
        in_scipy("skewnorm", {"a": "alpha", "loc": _XI, "scale": _OMEGA}),
        in_stan("skew_normal", {"xi": _XI, "omega": _OMEGA, "alpha": "alpha"}),
    )

    def standard(self, z: Rows, alpha: Rows) -> Rows:
        unit = _unit(alpha)
        return np.log(unit.s) + log_slanted(unit.b + unit.s * z, alpha)

    def slopes(self, z: Rows, alpha: Rows) -> tuple[Rows, Rows]:
        unit = _unit(alpha)
        L_w, L_a = slanted_slopes(unit.b + unit.s * z, alpha)
        return unit.s * L_w, unit.s1 / unit.s + (unit.b1 + unit.s1 * z) * L_w + L_a

    def bends(self, z: Rows, alpha: Rows) -> tuple[Rows, Rows, Rows]:
        b, s, b1, s1, b2, s2 = _unit(alpha)
        w, w1, w2 = b + s * z, b1 + s1 * z, b2 + s2 * z
        L_w, _ = slanted_slopes(w, alpha)
        L_ww, L_wa, L_aa = slanted_bends(w, alpha)
        return (
            s**2 * L_ww,
            s1 * L_w + s * (w1 * L_ww + L_wa),
            s2 / s - (s1 / s) ** 2 + w2 * L_w + w1**2 * L_ww + 2 * w1 * L_wa + L_aa,
        )

    def start(self, moments: Moments) -> tuple[float, float, float]:
        """The moment estimates, with a skewness that a skew normal can have."""
        sd = math.sqrt(moments.variance)
        cubed = moments.mean_of(lambda y: ((y - moments.mean) / sd) ** 3) if sd else 0.0
        size = min(max(abs(cubed), _LEAST_SKEWNESS), _MOST_SKEWNESS)
        # skewness = (4 - pi)/2 (b/s)^3
        ratio = math.copysign((2 * size / (4 - math.pi)) ** (1 / 3), cubed)
        delta = ratio / math.hypot(1, ratio) / _ROOT_2_PI
        return moments.mean, sd, delta / math.sqrt(1 - delta**2)

    def starts(self, moments: Moments) -> tuple[tuple[float, float, float], ...]:
        """Both slants: a covariate can skew the target the other way than the errors."""
        mu, sigma, alpha = self.start(moments)
        return (mu, sigma, alpha), (mu, sigma, -alpha)

    def mean(self, mu: Rows, sigma: Rows, alpha: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, sigma: Rows, alpha: Rows) -> Rows:
        return sigma**2

    def lower_tail(self, z: Rows, alpha: Rows) -> Rows:
        unit = _unit(alpha)
        return log_share(unit.b + unit.s * z, alpha)

    def upper_tail(self, z: Rows, alpha: Rows) -> Rows:
        return self.lower_tail(-z, -alpha)

    def shape_drift(self, z: Rows, alpha: Rows) -> tuple[Rows, Rows]:
        b, s, b1, s1, b2, s2 = _unit(alpha)
        w, w1, w2 = b + s * z, b1 + s1 * z, b2 + s2 * z
        length = 1 + alpha**2
        m, beyond = mills(alpha * w)
        m1 = -m * beyond * (w + alpha * w1)
        q = (m / length - w1) / s
        return q, ((m1 - 2 * alpha * m / length) / length - w2 - s1 * q) / s

    def standard_draws(self, rng: np.random.Generator, n: int, alpha: Rows) -> Rows:
        # delta |U| + sqrt(1 - delta^2) V of two normal draws
        slanted = np.abs(rng.standard_normal(n)) * alpha + rng.standard_normal(n)
        unit = _unit(alpha)
        return (slanted / np.hypot(1, alpha) - unit.b) / unit.s


class _Unit(NamedTuple):
    """b and s, then their first and second derivatives in alpha."""

    b: Rows
    s: Rows
    b1: Rows
    s1: Rows
    b2: Rows
    s2: Rows


def _unit(alpha: Rows) -> _Unit:
    longer = np.hypot(1, alpha)
    b, b1 = _ROOT_2_PI * alpha / longer, _ROOT_2_PI / longer**3
    b2 = -3 * alpha * b1 / longer**2
    s = np.sqrt(1 - b**2)
    s1 = -b * b1 / s
    return _Unit(b, s, b1, s1, b2, -(b1**2 + b * b2 + s1**2) / s)


FAMILY = SkewNormal()
