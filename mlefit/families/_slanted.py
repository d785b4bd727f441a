"""The density 2 phi(w) Phi(alpha w), the derivatives of its logarithm L, and its distribution.

    x = alpha w,   m(x) = phi(x)/Phi(x),   m' = -m (x + m)

    L_w  = alpha m - w         L_alpha       = w m
    L_ww = alpha^2 m' - 1      L_w,alpha     = m + x m'
                               L_alpha,alpha = w^2 m'

Source of P(W <= w) = Phi(w) - 2 T(w, alpha), with Owen's function T: A. Azzalini (1985),
Scand. J. Stat. 12, 171-178.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.special import HALF_LOG_2PI

_ROOT_2_PI = math.sqrt(2 / math.pi)


def log_slanted(w: Rows, alpha: Rows) -> Rows:
    """L."""
    from scipy.special import log_ndtr

    return math.log(2) - HALF_LOG_2PI - 0.5 * w**2 + log_ndtr(alpha * w)


def slanted_slopes(w: Rows, alpha: Rows) -> tuple[Rows, Rows]:
    """L_w and L_alpha."""
    m = mills(alpha * w)[0]
    return alpha * m - w, w * m


def slanted_bends(w: Rows, alpha: Rows) -> tuple[Rows, Rows, Rows]:
    """L_ww, L_w,alpha and L_alpha,alpha."""
    x = alpha * w
    m, beyond = mills(x)
    slope = -m * beyond
    return alpha**2 * slope - 1, m + x * slope, w**2 * slope


def log_share(w: Rows, alpha: Rows) -> Rows:
    """Logarithm of P(W <= w)."""
    w, alpha = np.broadcast_arrays(w, alpha)
    below = np.array(_lower_share(w, alpha))
    # where it is the large one, the other tail is exact
    large = below > 0.5
    logarithm = np.log(below, where=~large, out=np.zeros_like(below))
    logarithm[large] = np.log1p(-_lower_share(-w[large], -alpha[large]))
    return logarithm


# Below this m(x) comes from its continued fraction, whose depth gives every digit there.
_FAR, _DEPTH = -4.0, 60


def mills(x: Rows) -> tuple[Rows, Rows]:
    """m(x) = phi(x)/Phi(x) and x + m(x), without the subtraction that cancels for x << 0.

    m(-t) = t + 1/(t + 2/(t + 3/(t + ...))) for t > 0.
    """
    from scipy.special import erfcx

    m = _ROOT_2_PI / erfcx(-x / math.sqrt(2))
    beyond = x + m
    far = x < _FAR
    if far.any():
        t = -x[far]
        fraction = np.zeros_like(t)
        for k in range(_DEPTH, 0, -1):
            fraction = k / (t + fraction)
        m[far], beyond[far] = t + fraction, fraction
    return m, beyond


def _lower_share(w: Rows, alpha: Rows) -> Rows:
    """P(W <= w) = Phi(w) - 2 T(w, alpha), T of Owen; and by quadrature where that cancels."""
    from scipy.special import ndtr, owens_t

    whole = ndtr(w)
    below = whole - 2 * owens_t(w, alpha)
    lost = below < 0.1 * whole
    if lost.any():
        below[lost] = _lower_by_quadrature(w[lost], alpha[lost])
    return below


_DROP, _NODES, _NEWTON_STEPS = 45.0, 80, 8


def _lower_by_quadrature(w: Rows, alpha: Rows) -> Rows:
    """The integral of the density from where it is e^-45 of f(w), below which nothing is left.

    log f is concave, so Newton's method finds that place from below without overshooting, and
    between them the integrand has the shape of e^(-45 s) to e^(-45 s^2): the rule is exact.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    height, end = log_slanted(w, alpha), w - _DROP / slanted_slopes(w, alpha)[0]
    for _ in range(_NEWTON_STEPS):
        short = log_slanted(end, alpha) - height + _DROP
        end = end - short / slanted_slopes(end, alpha)[0]
    half = (w - end) / 2
    total = np.zeros_like(w)
    for node, weight in zip(nodes + 1, weights, strict=True):
        total += weight * np.exp(log_slanted(w - node * half, alpha) - height)
    return np.exp(height) * half * total
