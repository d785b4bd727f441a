"""The density with a normal core and exponential tails, for any place k where they meet.

    f(z) = exp(-rho(z))/C,    rho(z) = z^2/2 for |z| <= k, k |z| - k^2/2 beyond
    C = B + 2 T/k,            B = sqrt(2 pi) (2 Phi(k) - 1),  T = exp(-k^2/2)

    C' = -2 T/k^2;  B/C is the probability of the core, 2 T/(k C) that of the tails
    E z^2 [|z| <= k] = (B - 2 k T)/C;   E z^2 beyond = 2 T (k + 2/k + 2/k^3)/C

    A quantile z = -a moves with k by q, and the one at a by -q; with Q = 2 T/(k C),
    q   = exp((a^2 - k^2)/2) sqrt(2 pi) (2 Phi(a) - 1)/(k^2 C) in the core,
          a/k - 1 + (1 - Q)/k^2 beyond
    q_a = a q + Q/k,  1/k;   q_k = q (Q/k - k - 2/k),  -a/k^2 - 2 (1 - Q)/k^3 - Q'/k^2

Source: P. J. Huber (1964), Annals of Mathematical Statistics 35(1), 73-101, section 4.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mlefit._types import Rows

_ROOT_2PI = math.sqrt(2 * math.pi)


def cost(z: Rows, k: Any) -> Rows:
    """rho(z)."""
    size = np.abs(z)
    return np.where(size <= k, z * z / 2, k * (size - k / 2))


def pull(z: Rows, k: Any) -> Rows:
    """rho'(z): z, but never beyond k."""
    return np.clip(z, -k, k)


def weight(z: Rows, k: Any) -> Rows:
    """rho'(z)/z: weights of the least squares that rho is least at (P. J. Huber 1964)."""
    return k / np.maximum(np.abs(z), k)


def core(z: Rows, k: Any) -> Rows:
    """rho''(z): 1 in the core, 0 in the tails."""
    return (np.abs(z) <= k).astype(z.dtype)


def pieces(k: Any) -> tuple[Any, Any, Any]:
    """B, T and C."""
    from scipy.special import erf

    inside = _ROOT_2PI * erf(k / math.sqrt(2))
    edge = np.exp(-k * k / 2)
    return inside, edge, inside + 2 * edge / k


def tails(k: Any) -> Any:
    """q = 2 T/(k C), the probability of both tails."""
    _, edge, whole = pieces(k)
    return 2 * edge / (k * whole)


def core_square(k: Any) -> Any:
    """Mean of z^2 in the core. Where k is small its digits cancel, beside a sum of about 1."""
    inside, edge, whole = pieces(k)
    return (inside - 2 * k * edge) / whole


def variance(k: Any) -> Any:
    """Mean of z^2."""
    _, edge, whole = pieces(k)
    return core_square(k) + 2 * edge * (k + 2 / k + 2 / k**3) / whole


def log_cdf(z: Rows, k: Any) -> Rows:
    """log P(Z <= z); log P(Z > z) is this of -z."""
    below = _log_below(-np.abs(z), k)
    return np.where(z <= 0, below, np.log1p(-np.exp(below)))


def _log_below(z: Rows, k: Any) -> Rows:
    """log P(Z <= z) for z <= 0: of one tail, or of a tail and a part of the core."""
    from scipy.special import ndtr

    _, edge, whole = pieces(k)
    tail = k * (k / 2 + np.minimum(z, -k)) - np.log(k * whole)
    part = edge / k + _ROOT_2PI * (ndtr(np.maximum(z, -k)) - ndtr(-k))
    return np.where(z < -k, tail, np.log(part / whole))


def drift(z: Rows, k: Any) -> tuple[Rows, Rows, Rows]:
    """dz/dk where P(Z <= z) stays, and its derivatives in z and in k."""
    from scipy.special import erf

    whole, share = pieces(k)[2], tails(k)
    share_k = share * (share / k - k - 1 / k)
    size = np.abs(z)
    inner = np.minimum(size, k)
    risen = np.exp((inner**2 - k**2) / 2) / (k**2 * whole)
    core_q = risen * _ROOT_2PI * erf(inner / math.sqrt(2))
    beyond = size > k
    q = np.where(beyond, size / k - 1 + (1 - share) / k**2, core_q)
    q_z = np.where(beyond, 1 / k, size * q + share / k)
    far_k = -size / k**2 - 2 * (1 - share) / k**3 - share_k / k**2
    q_k = np.where(beyond, far_k, q * (share / k - k - 2 / k))
    side = -np.sign(z)
    return side * q, -q_z, side * q_k


def draws(rng: np.random.Generator, k: Rows) -> Rows:
    """One value of z for every row of k."""
    from scipy.special import ndtr, ndtri

    inside, _, whole = pieces(k)
    low = ndtr(-k)
    middle = ndtri(low + rng.uniform(size=k.shape) * (1 - 2 * low))
    outside = rng.choice((-1.0, 1.0), k.shape) * (k + rng.standard_exponential(k.shape) / k)
    return np.where(rng.uniform(size=k.shape) < inside / whole, middle, outside)
