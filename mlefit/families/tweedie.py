"""Tweedie target: y >= 0 with an atom at 0, mean mu > 0, dispersion phi > 0, power 1 < p < 2.

A Poisson number of gamma amounts, such as the claims of one insurance policy: the variance is
phi mu^p. With D half the unit deviance, a = 2 - p, k = 1/(p - 1), and C the series of
`_compound`, at l = log(lambda) = a log(y) - log(phi) - log(a),

    ell(0; mu, phi, p) = -mu^a/(a phi)
    ell(y; mu, phi, p) = -D/phi - log(y) + C(l, k),    y > 0
    D = y^a/((1 - p) a) - y mu^(1 - p)/(1 - p) + mu^a/a

    d ell/d mu  = (y - mu)/(phi mu^p)      -d2/dmu2      = (mu + p (y - mu))/(phi mu^(p + 1))
    d ell/d phi = D/phi^2 - C_l/phi        -d2/dmu dphi  = (y - mu)/(phi^2 mu^p)
    d ell/d p   = -D_p/phi + C_l l_p + C_k k_p,  l_p = 1/a - log(y),  k_p = -k^2
                                           -d2/dmu dp    = (y - mu) log(mu)/(phi mu^p)

and the rest by the chain rule, written out in `observed`. D with t = log(y/mu) is
mu^a (E(t) - E(a t)/a)/(p - 1), E(t) = exp(t) - 1, which `_half_deviance` takes without
cancellation near t = 0. The density has its digits for every mu, phi and y and for p from
1 + 1e-4 to 2 - 1e-4; nearer to the ends p - 1 and 2 - p have fewer themselves.

p = 1.5 is usual; tweedie:1.5 or --fix p=1.5 holds it, else it is estimated. As p goes to 2
the target is gamma, without an atom; as p goes to 1 it is phi times a Poisson count, so values
on a lattice can make the likelihood rise towards p = 1, and values without a zero towards
p = 2.

Loss: with phi and p held fixed, maximising over mu is minimising the Tweedie deviance 2 D.

Source: B. Jorgensen (1997), The Theory of Dispersion Models, chapter 4; P. K. Dunn and
G. K. Smyth (2005), Statistics and Computing 15, 267-280.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._compound import Series, log_series
from mlefit.families._compound_tails import log_tails
from mlefit.families._derivation import Derivation, Unwritten
from mlefit.families._elsewhere import Elsewhere, R
from mlefit.families._exponential_series import second_order
from mlefit.families._records import Example, Limit, Loss, Moments, Narrowing, Parameter
from mlefit.families._setting import Setting
from mlefit.special import log_complement, log_ratio, recalled
from mlefit.support import NON_NEGATIVE, Domain

ALIASES = (
    "tweedie-deviance",
    "half-tweedie-loss",
    "reg:tweedie",
    "compound-poisson",
    "compound-poisson-gamma",
)

_POWER = 1.5
# half deviances over phi beyond which the smaller tail is below the smallest double
_FARTHEST = 800.0


class Tweedie(Family):
    """See the module's docstring."""

    name = "tweedie"
    summary = "amounts that are often exactly 0, such as claims or rainfall"
    rare = True
    support = replace(NON_NEGATIVE, atoms=(0.0,))
    parameters = (
        Parameter("mu", "log", Domain.POSITIVE, "mean"),
        Parameter(
            "phi",
            "log",
            Domain.POSITIVE,
            "dispersion; the variance is phi mu^p",
            precision_power=-1,
            narrowing=Narrowing(power=0.5, unit=2 - _POWER),
        ),
        Parameter("p", "logit", Domain.between(1, 2), "power of the variance"),
    )
    limits = (
        Limit(
            "p",
            "lower",
            None,
            "no maximum exists: the likelihood rises as p nears 1, where the target is a multiple "
            "of a Poisson count",
            near=1 + 1e-4,
        ),
        Limit(
            "p",
            "upper",
            None,
            "no maximum exists: the likelihood rises as p nears 2, where the target is gamma and "
            "never 0",
            near=2 - 1e-4,
            instead="gamma",
        ),
    )
    setting = Setting("p", None, "power of the variance", lower=1, upper=2, examples=(1.3,))
    elementary = False
    examples = (
        Example((1.0, 1.0, 1.5)),
        Example((300.0, 4.0, 1.2)),
        Example((0.02, 0.5, 1.8)),
    )
    derivation = Derivation(
        "if(y == 0, -mu^(2 - p)/(phi*(2 - p)),"
        " (y*mu^(1 - p)/(1 - p) - mu^(2 - p)/(2 - p))/phi + log(A))",
        unwritten=(
            Unwritten(
                "A",
                "a sum over the number of amounts, the series of Dunn and Smyth",
                ("phi", "p"),
                lambda y, mu, phi, p: np.exp(_factor(y, phi, p)),
            ),
        ),
        estimate={"mu": "mean(y)"},
    )
    elsewhere = (
        Elsewhere(
            R,
            "exp(mgcv::ldTweedie(x, mu = {mu}, p = {p}, phi = {phi})[, 1])",
            {"mu": "mu", "p": "p", "phi": "phi"},
        ),
    )

    def log_density(self, y: Rows, mu: Rows, phi: Rows, p: Rows) -> Rows:
        return _height(y, phi, p) - half_deviance(y, mu, p) / phi

    def score(self, y: Rows, mu: Rows, phi: Rows, p: Rows) -> tuple[Rows, Rows, Rows]:
        D, D_p, _ = _half_deviance(y, mu, p)
        C = _series(y, phi, p)
        l_p, k_p = _l_slope(y, p), -((p - 1) ** -2.0)
        return (
            (y - mu) / mu**p / phi,
            (D / phi - C.d_l) / phi,
            C.d_l * l_p + C.d_k * k_p - D_p / phi,
        )

    def observed(self, y: Rows, mu: Rows, phi: Rows, p: Rows) -> Pairs:
        D, D_p, D_pp = _half_deviance(y, mu, p)
        C = _series(y, phi, p)
        k = 1 / (p - 1)
        l_p, l_pp, k_p, k_pp = _l_slope(y, p), (2 - p) ** -2.0, -(k**2), 2 * k**3
        pull = (y - mu) / mu**p / phi
        along = C.d_ll * l_p + C.d_lk * k_p
        return {
            (0, 0): (mu + p * (y - mu)) / mu ** (p + 1) / phi,
            (0, 1): pull / phi,
            (0, 2): pull * np.log(mu),
            (1, 1): (2 * D / phi - C.d_ll - C.d_l) / phi**2,
            (1, 2): (along - D_p / phi) / phi,
            (2, 2): D_pp / phi
            - (along * l_p + (C.d_lk * l_p + C.d_kk * k_p) * k_p)
            - (C.d_l * l_pp + C.d_k * k_pp),
        }

    def start(self, moments: Moments) -> tuple[float, float, float]:
        if moments.mean == 0:
            return 1.0, 1.0, _POWER
        return moments.mean, moments.variance / moments.mean**_POWER, _POWER

    @staticmethod
    def escape(y: Rows) -> tuple[Any, Any]:
        return y == 0, np.zeros(len(y), dtype=bool)

    def mean(self, mu: Rows, phi: Rows, p: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, phi: Rows, p: Rows) -> Rows:
        return phi * mu**p

    def unit_deviance(self, y: Rows, mu: Rows, phi: Rows, p: Rows) -> Rows:
        return 2 * half_deviance(y, mu, p)

    def dispersion(self, phi: Rows, p: Rows) -> Rows:
        return phi

    def log_cdf(self, y: Rows, mu: Rows, phi: Rows, p: Rows) -> Rows:
        return _tails(y, mu, phi, p)[0]

    def log_sf(self, y: Rows, mu: Rows, phi: Rows, p: Rows) -> Rows:
        return _tails(y, mu, phi, p)[1]

    def sample(self, rng: np.random.Generator, mu: Rows, phi: Rows, p: Rows) -> Rows:
        count = rng.poisson(mu ** (2 - p) / (phi * (2 - p)))
        scale = phi * (p - 1) * mu ** (p - 1)
        return np.where(count > 0, rng.gamma(np.maximum(count, 1) * (2 - p) / (p - 1), scale), 0.0)

    losses = (
        Loss(
            parameter="mu",
            name="Tweedie deviance",
            formula="2 (y^(2-p) / ((1-p) (2-p)) - y mu^(1-p) / (1-p) + mu^(2-p) / (2-p))",
            value=lambda y, mu, *, p: 2 * half_deviance(y, mu, p),
            slope=lambda y, mu, *, p: -2 * ((y - mu) / mu**p),
            scale=lambda phi, p: 0.5 / phi,
            constant=lambda y, phi, p: -_height(y, phi, p),
            given=("p",),
            apis={
                "log": {
                    "R": "glm(formula, family = statmod::tweedie(var.power = p, link.power = 0))"
                }
            },
        ),
    )


def half_deviance(y: Rows, mu: Rows, p: Rows) -> Rows:
    """D of every row."""
    return _half_deviance(y, mu, p)[0]


def _height(y: Rows, phi: Rows, p: Rows) -> Rows:
    """What the log-density of a value holds beside its deviance."""
    return _series(y, phi, p, derivatives=False).value - np.log(np.where(y > 0, y, 1.0))


@recalled
def _half_deviance(y: Rows, mu: Rows, p: Rows) -> tuple[Rows, Rows, Rows]:
    """D and its first two derivatives in p.

    D = M/q with q = p - 1 and M = mu^a N. For t = log(y/mu), g as in `second_order` and
    f(v) = (exp(v) - 1)/v,

        N = E(t) - E(a t)/a = t^2 (g(t) - a g(a t)),  N_a = -t^2 f'(a t),  N_aa = -t^3 f''(a t)

    and at y = 0, where E is -1, N = q/a.
    """
    a, q = 2 - p, p - 1
    zero = y == 0
    t = np.where(zero, 0.0, log_ratio(np.where(zero, mu, y), mu))
    g = second_order(a * t)
    f = g.first_order(a * t)
    N = np.where(zero, q / a, t**2 * (second_order(t, 0).value - a * g.value))
    N_a = np.where(zero, -(a**-2.0), -(t**2) * f.slope)
    N_aa = np.where(zero, 2 * a**-3.0, -(t**3) * f.curvature)
    log_mu = np.log(mu)
    size = mu**a
    M = size * N
    M_a = size * (N * log_mu + N_a)
    M_aa = size * ((N * log_mu + 2 * N_a) * log_mu + N_aa)
    return M / q, -(M_a + M / q) / q, (M_aa + 2 * (M_a + M / q) / q) / q


def _l_slope(y: Rows, p: Rows) -> Rows:
    """The derivative of log(lambda) in p; 0 for zeros, which have no series."""
    return np.where(y > 0, 1 / (2 - p) - np.log(np.where(y > 0, y, 1.0)), 0.0)


@recalled
def _series(y: Rows, phi: Rows, p: Rows, *, derivatives: bool = True) -> Series:
    """C and its derivatives for positive values, zeros for zeros."""
    rows = np.flatnonzero(y > 0)
    phi, power = (value if len(value) == 1 else value[rows] for value in (phi, p))
    lam = np.broadcast_to(_count(y[rows], phi, power), rows.shape)
    found = np.zeros((6, len(y)))
    found[:, rows] = log_series(lam, 1 / (power - 1), derivatives=derivatives)
    return Series(*found)


def _factor(y: Rows, phi: Rows, p: Rows) -> Rows:
    """The logarithm of what the density of a positive value holds beside mu; 0 for a zero."""
    y, phi, p = np.broadcast_arrays(y, phi, p)
    value = np.where(y > 0, y, 1.0)
    rest = -np.log(value) - value ** (2 - p) / ((1 - p) * (2 - p) * phi)
    return np.where(y > 0, _series(y, phi, p, derivatives=False).value + rest, 0.0)


def _count(mean: Rows, phi: Rows, p: Rows) -> Rows:
    """The expected number of amounts, lambda."""
    return mean ** (2 - p) / (phi * (2 - p))


@recalled
def _tails(y: Rows, mu: Rows, phi: Rows, p: Rows) -> tuple[Rows, Rows]:
    """Both log tails: a sum, except at 0 and so far out that one of them is nothing."""
    y, mu, phi, p = np.broadcast_arrays(np.asarray(y, dtype=float), mu, phi, p)
    below, above = np.where(y < mu, -np.inf, 0.0), np.where(y < mu, 0.0, -np.inf)
    near = (y > 0) & (half_deviance(np.maximum(y, 0.0), mu, p) < _FARTHEST * phi)
    at, mean, dispersion, power = y[near], mu[near], phi[near], p[near]
    x = at / (dispersion * (power - 1) * mean ** (power - 1))
    below[near], above[near] = log_tails(
        x, _count(at, dispersion, power), _count(mean, dispersion, power), 1 / (power - 1) - 1
    )
    none = -_count(mu, phi, p)
    below = np.where(y > 0, np.maximum(below, none), np.where(y == 0, none, -np.inf))
    return below, np.where(y == 0, log_complement(none), np.where(y < 0, 0.0, above))


FAMILY = Tweedie()
