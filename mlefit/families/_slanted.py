"""The standard skew normal density 2 phi(z) Phi(alpha z), its slope and its distribution.

Source of P(Z <= z) = Phi(z) - 2 T(z, alpha), with Owen's function T: A. Azzalini (1985),
Scand. J. Stat. 12, 171-178.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows

_ROOT_2_PI = math.sqrt(2 / math.pi)
_LOG_ROOT_2_PI = math.log(_ROOT_2_PI)


def log_slanted(z: Rows, alpha: Rows) -> Rows:
    """Its logarithm."""
    from scipy.special import log_ndtr

    return _LOG_ROOT_2_PI - 0.5 * z**2 + log_ndtr(alpha * z)


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


def lower_share(z: Rows, alpha: Rows) -> Rows:
    """P(Z <= z) = Phi(z) - 2 T(z, alpha), T of Owen; and by quadrature where that cancels."""
    from scipy.special import ndtr, owens_t

    whole = ndtr(z)
    below = whole - 2 * owens_t(z, alpha)
    lost = below < 0.1 * whole
    if lost.any():
        below = np.array(below)
        below[lost] = _lower_by_quadrature(z[lost], alpha[lost])
    return below


_DROP, _NODES, _NEWTON_STEPS = 45.0, 80, 8


def _lower_by_quadrature(z: Rows, alpha: Rows) -> Rows:
    """The integral of the density from where it is e^-45 of f(z), below which nothing is left.

    log f is concave, so Newton's method finds that place from below without overshooting, and
    between them the integrand has the shape of e^(-45 s) to e^(-45 s^2): the rule is exact.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    height, end = log_slanted(z, alpha), z - _DROP / _slope(z, alpha)
    for _ in range(_NEWTON_STEPS):
        short = log_slanted(end, alpha) - height + _DROP
        end = end - short / _slope(end, alpha)
    half = (z - end) / 2
    total = np.zeros_like(z)
    for node, weight in zip(nodes + 1, weights, strict=True):
        total += weight * np.exp(log_slanted(z - node * half, alpha) - height)
    return np.exp(height) * half * total


def _slope(z: Rows, alpha: Rows) -> Rows:
    return alpha * mills(alpha * z)[0] - z
