"""Skew normal target in its direct parameters: location xi, scale omega > 0, slant alpha.

    ell(y; xi, omega, alpha) = log 2 - log(2 pi)/2 - z^2/2 + log Phi(x) - log(omega)

    z = (y - xi)/omega,   x = alpha z,   m(x) = phi(x)/Phi(x),   m' = -m (x + m)

    g_z  = alpha m - z           g_alpha       = z m
    g_zz = alpha^2 m' - 1        g_z,alpha     = m + x m'
                                 g_alpha,alpha = z^2 m'
    (see `_location_scale`, with xi for mu and omega for sigma)

The mean is xi + omega delta sqrt(2/pi), delta = alpha/sqrt(1 + alpha^2), so a covariate of xi
moves the mean by as much. Direct and not centred parameters, because R, scipy and Stan
write the density so and every alpha is allowed.

Edges: alpha = 0 is the normal family, where xi and alpha do the same and the information
is singular whatever the data: near it standard errors are large, the likelihood is flat
and has a maximum on either side. Where all values lie on one side of a fit, it only rises
as alpha goes to infinity, the half normal.

Source: A. Azzalini and A. Capitanio (2014), The Skew-Normal and Related Families, chapters
2 and 3.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Example, Moments, Parameter
from mlefit.families._location_scale import LocationScale
from mlefit.families._slanted import log_slanted, lower_share, mills
from mlefit.support import Domain

ALIASES = ("skewnorm", "azzalini")

_ROOT_2_PI = math.sqrt(2 / math.pi)
# a start nearer to alpha = 0, or to infinity, would begin where the likelihood is flat
_LEAST_SKEWNESS, _MOST_SKEWNESS = 0.1, 0.9


class SkewNormal(LocationScale):
    """See the module's docstring."""

    name = "skew-normal"
    summary = "errors with one longer tail, the normal slanted"
    parameters = (
        Parameter("xi", "identity", Domain.REAL, "location; not the mean unless alpha is 0"),
        Parameter("omega", "log", Domain.POSITIVE, "scale", precision_power=-0.5),
        Parameter("alpha", "identity", Domain.REAL, "slant: above 0 the upper tail is longer"),
    )
    elementary = False  # the normal distribution function
    examples = (
        Example((0.0, 1.0, 3.0)),
        Example((-3.0, 0.2, -1.2)),
        Example((1200.0, 35.0, 0.0)),
        Example((4.0, 2.0, 25.0)),
    )
    elsewhere = {
        "R": "sn::dsn(xi, omega, alpha)",
        "scipy": "skewnorm(a = alpha, loc = xi, scale = omega)",
        "Stan": "skew_normal(xi, omega, alpha)",
    }

    def standard(self, z: Rows, alpha: Rows) -> Rows:
        return log_slanted(z, alpha)

    def slopes(self, z: Rows, alpha: Rows) -> tuple[Rows, Rows]:
        m = mills(alpha * z)[0]
        return alpha * m - z, z * m

    def bends(self, z: Rows, alpha: Rows) -> tuple[Rows, Rows, Rows]:
        x = alpha * z
        m, beyond = mills(x)
        slope = -m * beyond
        return alpha**2 * slope - 1, m + x * slope, z**2 * slope

    def start(self, moments: Moments) -> tuple[float, float, float]:
        """The moment estimates, with a skewness that a skew normal can have."""
        centred = moments.sample - moments.mean
        sd = math.sqrt(moments.variance)
        cubed = float(np.average((centred / sd) ** 3, weights=moments.weight)) if sd else 0.0
        size = min(max(abs(cubed), _LEAST_SKEWNESS), _MOST_SKEWNESS)
        # skewness = (4 - pi)/2 b^3/(1 - b^2)^(3/2) with b = delta sqrt(2/pi)
        root = math.copysign((2 * size / (4 - math.pi)) ** (1 / 3), cubed)
        b = root / math.hypot(1, root)
        delta = b / _ROOT_2_PI
        omega = sd / math.sqrt(1 - b**2)
        return moments.mean - omega * b, omega, delta / math.sqrt(1 - delta**2)

    def mean(self, xi: Rows, omega: Rows, alpha: Rows) -> Rows:
        return xi + omega * _ROOT_2_PI * alpha / np.hypot(1, alpha)

    def variance(self, xi: Rows, omega: Rows, alpha: Rows) -> Rows:
        return omega**2 * (1 - (_ROOT_2_PI * alpha / np.hypot(1, alpha)) ** 2)

    def lower_tail(self, z: Rows, alpha: Rows) -> Rows:
        below = np.array(lower_share(z, alpha))
        # where it is the large one, the other tail is exact
        large = below > 0.5
        logarithm = np.log(below, where=~large, out=np.zeros_like(below))
        logarithm[large] = np.log1p(-lower_share(-z[large], -alpha[large]))
        return logarithm

    def upper_tail(self, z: Rows, alpha: Rows) -> Rows:
        return self.lower_tail(-z, -alpha)

    def standard_draws(self, rng: np.random.Generator, n: int, alpha: Rows) -> Rows:
        # delta |U| + sqrt(1 - delta^2) V of two normal draws
        slanted = np.abs(rng.standard_normal(n)) * alpha / np.hypot(1, alpha)
        return slanted + rng.standard_normal(n) / np.hypot(1, alpha)


FAMILY = SkewNormal()
