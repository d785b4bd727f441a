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
from mlefit.families._stirling import remainder
from mlefit.special import FEW, HALF_LOG_2PI, log_complement, log_probability, recalled

# both tails of a normal number are below the smallest double out here
_FARTHEST = 60.0
# an argument below which the first term of a series is all of it
_TINY = 1e-30
# q below which the tails come from Temme's expansion about the normal
_NEARLY_NORMAL = 1e-2
# q above which P(X > x) is so small near x = 0 that 1 - P(X <= x) lacks its digits
_LARGEST = 3.0
# of the series at q = 0.01 and x = a + 1 a thousand terms count
_MOST_TERMS = 2000
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


@recalled
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
    if w.size <= FEW and q.max(initial=0.0) < _LARGEST:
        return _added_up(w, q)
    from scipy.special import gammainc, gammaincc, gammaln

    a = q**-2.0
    x = a * np.exp(q * w)
    below, above = gammainc(a, x), gammaincc(a, x)
    # x^a/Gamma(a + 1) but for a share x; x itself may be below the smallest double
    near_zero = a * (np.log(a) + q * w) - gammaln(a + 1)
    lower = np.where(x < _TINY, near_zero, log_probability(below, above))
    return lower, log_probability(above, below)


def _added_up(w: Rows, q: Rows) -> tuple[Rows, Rows]:
    """The same of few rows, without SciPy.

    With m = x^a exp(-x)/Gamma(a + 1), P(X <= x) is m (1 + x/(a + 1) + x^2/((a + 1)(a + 2)) + ...)
    for x < a + 1, and P(X > x) is m a over the continued fraction

        x + 1 - a - 1 (1 - a)/(x + 3 - a - 2 (2 - a)/(x + 5 - a - ...))

    beyond, which is worked out from its head. Source: NIST Digital Library of Mathematical
    Functions, 8.11.4 and 8.9.2; I. J. Thompson and A. R. Barnett (1986), J. Comput. Phys. 64,
    490-509.
    """
    a = q**-2.0
    x = a * np.exp(q * w)
    nothing, everything = np.isneginf(w), np.isposinf(x)
    w, x = np.where(nothing | everything, 0.0, w), np.where(nothing | everything, a, x)
    log_m = -(w**2) * second_order(q * w, 0).value - HALF_LOG_2PI - 0.5 * np.log(a)
    log_m = log_m - remainder(a).value
    upper = x >= a + 1
    inside, beyond = np.where(upper, a, x), np.where(upper, x, a + 1)
    term = total = np.ones_like(x)
    b = beyond + 1 - a
    ahead, behind = np.full_like(x, np.inf), 1 / b
    fraction = behind
    for j in range(1, _MOST_TERMS):
        term = term * (inside / (a + j))
        total = total + term
        share, b = j * (a - j), b + 2
        behind = 1 / (b + share * behind)
        ahead = b + share / ahead
        change = ahead * behind
        fraction = fraction * change
        if (term <= 1e-17 * total).all() and (np.abs(change - 1) < 4e-16).all():
            break
    smaller = log_m + np.where(upper, np.log(a * fraction), np.log(total))
    # far above its mean X has no other side
    other = log_complement(np.minimum(smaller, 0.0))
    below, above = np.where(upper, other, smaller), np.where(upper, smaller, other)
    below = np.where(nothing, -np.inf, np.where(everything, 0.0, below))
    return below, np.where(nothing, 0.0, np.where(everything, -np.inf, above))


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
