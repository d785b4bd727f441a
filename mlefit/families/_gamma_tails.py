"""Both tails of a gamma number, however large its shape.

For a gamma number X with shape a = 1/q^2 and mean 1, let w = log(x)/q, so that q = 0 is
the limit in which w is normal. With g(v) = (exp(v) - 1 - v)/v^2,

    u = w sqrt(2 g(q w)),    P(X > x) = Phi(-u) + phi(u) q (c_0 + q^2 c_1 + q^4 c_2 + ...)

with Temme's c_i at q u. It serves q < 0.01, where what is left out is below 1e-13 of a tail
that a double can hold, and where SciPy's incomplete gamma functions lose up to seven
digits; they serve the rest.

Source: N. M. Temme (1979), The asymptotic expansion of the incomplete gamma functions,
SIAM J. Math. Anal. 10, 757-766.
"""

from __future__ import annotations

import numpy as np

from mlefit._types import Rows
from mlefit.families._exponential_series import second_order
from mlefit.special import HALF_LOG_2PI, log_probability

# both tails of a normal number are below the smallest double out here
_FARTHEST = 60.0
# an argument below which the first term of a series is all of it
_TINY = 1e-30
# q below which the tails come from Temme's expansion about the normal
_NEARLY_NORMAL = 1e-2
# the first coefficients of Temme's c_0, c_1 and c_2 as power series in eta
_TEMME = (
    (
        -1 / 3,
        1 / 12,
        -2 / 135,
        1 / 864,
        1 / 2835,
        -139 / 777600,
        1 / 25515,
        -2.1854485106799922e-6,
        -1.85406221071516e-6,
        8.296711340953086e-7,
        -1.7665952736826079e-7,
        6.7078535434014986e-9,
        1.0261809784240308e-8,
    ),
    (
        -1 / 540,
        -1 / 288,
        1 / 378,
        -9.9022633744855967e-4,
        2.0576131687242798e-4,
        -4.0187757201646091e-7,
        -1.8098550334489978e-5,
        7.6491609160811101e-6,
    ),
    (4.1335978835978836e-3, -2.6813271604938272e-3, 7.7160493827160494e-4),
)


def log_gamma_tails(w: Rows, q: Rows) -> tuple[Rows, Rows]:
    """log P(X <= x) and log P(X > x) for q >= 0."""
    nearly = q < _NEARLY_NORMAL
    if nearly.all():
        return _nearly_normal(w, q)
    exactly = _incomplete(w, np.where(nearly, 1.0, q))
    if not nearly.any():
        return exactly
    below, above = _nearly_normal(w, np.where(nearly, q, 0.0))
    return np.where(nearly, below, exactly[0]), np.where(nearly, above, exactly[1])


def _incomplete(w: Rows, q: Rows) -> tuple[Rows, Rows]:
    from scipy.special import gammainc, gammaincc, gammaln

    a = q**-2.0
    x = a * np.exp(q * w)
    below, above = gammainc(a, x), gammaincc(a, x)
    # x^a/Gamma(a + 1) but for a share x; x itself may be below the smallest double
    near_zero = a * (np.log(a) + q * w) - gammaln(a + 1)
    lower = np.where(x < _TINY, near_zero, log_probability(below, above))
    return lower, log_probability(above, below)


def _nearly_normal(w: Rows, q: Rows) -> tuple[Rows, Rows]:
    from scipy.special import log_ndtr

    w = np.clip(w, -_FARTHEST, _FARTHEST)
    u = w * np.sqrt(2 * second_order(q * w, 0).value)
    c = [np.polynomial.polynomial.polyval(q * u, coefficients) for coefficients in _TEMME]
    correction = q * (c[0] + q**2 * (c[1] + q**2 * c[2]))
    log_phi = -0.5 * u**2 - HALF_LOG_2PI
    below, above = (
        tail + np.log1p(-sign * correction * np.exp(log_phi - tail))
        for sign, tail in ((1.0, log_ndtr(u)), (-1.0, log_ndtr(-u)))
    )
    return below, above
