"""The series in the density of a Poisson number of gamma amounts, without cancellation.

A tweedie density with power p = 1 + 1/k at y, for mean y, is exp(C)/y with

    C(lambda, k) = log(k - 1)/2 - log(2 pi) + log sum_{j >= 1} exp(T_j)
    T_j = -r(j b) - r(j) - k V_j,    V_j = lambda - j - j log(lambda/j) >= 0,    b = k - 1

where lambda is the expected number of amounts, b the shape of one, and r what Stirling's
formula leaves of lgamma. That is the series of Dunn and Smyth, W_j = y^(j b) ... / (j!
Gamma(j b)), with both gamma functions opened and the exponential part of the density drawn
in: every large term is gone, so a sum of any size keeps its digits.

Near its peak at j = lambda the summand is a bell of width s = sqrt(lambda/k). Three ways to
add, each exact to 1e-16 of the sum:

    lambda <= 100        every j from 1 to where exp(T_j) < 1e-17 of the peak, at most 240
    s <= 1.5             the 35 whole numbers around lambda
    otherwise            the sum is an integral to exp(-2 pi^2 s^2), and that is a sum over
                         35 points at distance h = s/1.5 times h, to exp(-2 pi^2 (s/h)^2)

so the work has a bound for every lambda and k > 1. Derivatives in log(lambda) and k are
moments of the derivatives of T_j; for the integral they are taken at fixed j/lambda,
where they stay of the size of their result.

Source: P. K. Dunn and G. K. Smyth (2005), Series evaluation of Tweedie exponential
dispersion model densities, Statistics and Computing 15, 267-280. Error of the trapezoidal
rule: L. N. Trefethen and J. A. C. Weideman (2014), SIAM Review 56, 385-458.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.families._stirling import Remainder, remainder
from mlefit.special import recalled

# lambda up to which every term from j = 1 on is added
_FEW = 100.0
# points on each side of the peak, and how many of them make up its width
_SIDE = 17
_PER_WIDTH = 1.5
# terms held at a time
_CELLS = 65536
# width of a panel of log(lambda), times k, and the points it is interpolated from
_PANEL = 0.3
_NODES = 10
_ANGLES = math.pi * (np.arange(_NODES) + 0.5) / _NODES
_TO_CHEBYSHEV = np.cos(np.outer(_ANGLES, np.arange(_NODES))) * (2 / _NODES)
_TO_CHEBYSHEV[:, 0] /= 2
_TO_POWERS = np.zeros((_NODES, _NODES))
_TO_POWERS[0, 0] = _TO_POWERS[1, 1] = 1
for _n in range(2, _NODES):  # T_n = 2 x T_(n - 1) - T_(n - 2)
    _TO_POWERS[_n] = 2 * np.roll(_TO_POWERS[_n - 1], 1) - _TO_POWERS[_n - 2]
# panels come in runs of so many, which blocks with about the same values share
_RUN = 8
_NEAR = 0.25
_TERMS = 12


class Series(NamedTuple):
    """C of every row with its derivatives in l = log(lambda) and in k."""

    value: Rows
    d_l: Rows
    d_k: Rows
    d_ll: Rows
    d_lk: Rows
    d_kk: Rows


def log_series(lam: Rows, k: Rows, *, derivatives: bool = True) -> Series:
    """C(lambda, k) for lambda > 0 and k > 1.

    Args:
        lam: expected number of amounts, shape (m,).
        k: 1/(p - 1), shape (m,), or (1,) if all rows share it: then faster.
        derivatives: whether to find them; zeros otherwise.
    """
    if len(k) == 1 and len(lam):
        # in panels of log(lambda)
        place = np.log(lam) * (k / _PANEL)
        first, last = (end // _RUN * _RUN for end in (place.min(), place.max()))
        if (last + _RUN - first) * _NODES < len(lam):
            panel = np.floor(place)
            inside = 2 * (place - panel) - 1
            known = _interpolants(np.arange(first, last + _RUN), k, derivatives=derivatives)
            return Series(*_interpolated(known, (panel - first).astype(np.intp), inside))
        distinct, at = np.unique(lam, return_inverse=True)
        return Series(*_summed(distinct, k, derivatives)[:, at])
    return Series(*_summed(lam, k, derivatives))


@recalled
def _interpolants(panels: Rows, k: Rows, *, derivatives: bool) -> Rows:
    """Coefficients of the powers of the place in a panel, shape (6, _NODES, number of panels).

    Where rows share k, C is a function of log(lambda) alone. It is analytic for imaginary
    parts below pi/k, where the zeros of the series lie, so that 10 Chebyshev points in a panel
    of width 0.3/k give it to 1e-16.
    """
    nodes = (panels[:, None] + 0.5 + 0.5 * np.cos(_ANGLES)) * (_PANEL / k)
    known = _summed(np.exp(nodes.ravel()), k, derivatives).reshape(6, -1, _NODES)
    # first those of the Chebyshev polynomials: the cancellation in the powers is exact then
    return np.einsum("qpn,nj->qjp", np.einsum("qpi,in->qpn", known, _TO_CHEBYSHEV), _TO_POWERS)


def _interpolated(known: Rows, panel: NDArray[np.intp], inside: Rows) -> Rows:
    """Each quantity at places inside its panel."""
    found = np.zeros((len(known), len(panel)))
    for coefficients, values in zip(known, found, strict=True):
        if coefficients.any():
            for power in coefficients[::-1]:
                values *= inside
                values += power[panel]
    return found


def _summed(lam: Rows, k: Rows, derivatives: bool) -> Rows:
    """C and its derivatives by adding the series, shape (6, m)."""
    found = np.zeros((6, len(lam)))
    order = np.argsort(lam)
    few = int(np.searchsorted(lam[order], _FEW, side="right"))
    at = 0
    while at < len(lam):
        # neighbours in size need about the same number of terms
        stop = few if at < few else len(lam)
        terms = _last(lam[order[at]], k) if at < few else 2 * _SIDE + 1
        rows = order[at : min(at + max(1, _CELLS // terms), stop)]
        shape = k if len(k) == 1 else k[rows]
        part = _few_terms if at < few else _around_peak
        found[:, rows] = part(lam[rows, None], shape[:, None], derivatives)
        at += len(rows)
    b = k - 1
    found[0] += 0.5 * np.log(b) - math.log(2 * math.pi)
    if derivatives:
        found[2] += 0.5 / b
        found[5] -= 0.5 / b**2
    return found


def _last(lam: float, k: Rows) -> int:
    """The last j that counts, for lambda up to 100."""
    least = float(k.min())
    return math.ceil(lam + 10.5 * math.sqrt(lam / least) + 25 / least) + 2


def _few_terms(lam: Rows, k: Rows, derivatives: bool) -> Rows:
    j = np.arange(1.0, _last(float(lam.max()), k) + 1)[None, :]
    return _moments(lam, k, j, lam - j, np.ones_like(lam), derivatives)


def _around_peak(lam: Rows, k: Rows, derivatives: bool) -> Rows:
    step = np.maximum(np.sqrt(lam / k) / _PER_WIDTH, 1.0)
    centre = np.where(step > 1, lam, np.round(lam))
    away = step * np.arange(-_SIDE, _SIDE + 1.0)[None, :]
    # lambda - j without the rounding of a large lambda
    return _moments(lam, k, centre + away, (lam - centre) - away, step, derivatives)


def _moments(lam: Rows, k: Rows, j: Rows, gap: Rows, step: Rows, derivatives: bool) -> Rows:
    """log sum exp(T) with derivatives, shape (6, m); gap is lambda - j."""
    inside = j > 0
    j = np.where(inside, j, 1.0)
    V = j * excess(np.where(inside, gap, 0.0) / j, lam / j)
    r_j, r_jb = remainder(j), remainder(j * (k - 1))
    T = np.where(inside, -r_jb.value - r_j.value - k * V, -np.inf)
    top = T.max(axis=1, keepdims=True)
    weight = np.exp(T - top)
    total = weight.sum(axis=1, keepdims=True)
    found = np.zeros((6, len(lam)))
    found[0] = (np.log(step * total) + top)[:, 0]
    if derivatives:
        found[1:] = _derivatives(lam, k, j, gap, V, step, r_j, r_jb, weight / total)
    return found


def _derivatives(
    lam: Rows,
    k: Rows,
    j: Rows,
    gap: Rows,
    V: Rows,
    step: Rows,
    r_j: Remainder,
    r_jb: Remainder,
    share: Rows,
) -> tuple[Rows, ...]:
    jb = j * (k - 1)
    T_k = -j * r_jb.slope - V
    T_kk = -(j**2) * r_jb.curvature
    # whole j: they stand still as lambda moves
    T_l, T_ll, T_lk = -k * gap, -k * lam, -gap
    spread = step > 1
    if spread.any():  # an integral: j/lambda stands still, and the integrand gains lambda
        bend_j = j * (r_j.slope + j * r_j.curvature)
        bend_jb = jb * (r_jb.slope + jb * r_jb.curvature)
        T_l = np.where(spread, -k * V - jb * r_jb.slope - j * r_j.slope, T_l)
        T_ll = np.where(spread, -k * V - bend_jb - bend_j, T_ll)
        T_lk = np.where(spread, -V - j * (r_jb.slope + jb * r_jb.curvature), T_lk)

    def mean(values: Rows) -> Rows:
        return (share * values).sum(axis=1, keepdims=True)

    mean_l, mean_k = mean(T_l), mean(T_k)
    from_l, from_k = T_l - mean_l, T_k - mean_k
    results = (
        mean_l + spread,
        mean_k,
        mean(T_ll + from_l**2),
        mean(T_lk + from_l * from_k),
        mean(T_kk + from_k**2),
    )
    return tuple(result[:, 0] for result in results)


def excess(t: Rows, ratio: Rows) -> Rows:
    """t - log(1 + t) for 1 + t = ratio > 0, without cancellation near t = 0.

    With z = t/(2 + t): t z - 2 (z^3/3 + z^5/5 + ...), the error below 1e-17 for |t| < 1/4.
    """
    near = np.abs(t) < _NEAR
    small = np.where(near, t, 0.0)
    z = small / (2 + small)
    series = np.zeros_like(z)
    for n in range(_TERMS, 0, -1):
        series = series * z**2 + 1 / (2 * n + 1)
    return np.where(near, z * (small - 2 * z**2 * series), t - np.log(ratio))
