"""Von Mises target: an angle in radians with mean direction mu and concentration kappa > 0.

    ell(y; mu, kappa) = kappa (cos(y - mu) - 1) - log(2 pi) - log(e^-kappa I_0(kappa))

    d ell/d mu    = kappa sin(y - mu)            -d2/dmu2       = kappa cos(y - mu)
    d ell/d kappa = cos(y - mu) - A(kappa)       -d2/dmu dkappa = -sin(y - mu)
                                                 -d2/dkappa2    = A'(kappa)
    expected: kappa A, 0, A', with A = I_1/I_0 and A' = 1 - A^2 - A/kappa

Angles count modulo 2 pi: every y from -2 pi to 2 pi is taken, so that both customs, from 0
to a full turn and from -pi to pi, are the same; what lies beyond is hardly in radians and is
refused. One turn of the density is a probability. Angles have no order, hence no tails; mu
itself is told up to full turns.

The default link of mu is the identity: a covariate turns the direction at a constant rate.
The tan-half link, mu = 2 arctan(eta), keeps the direction within one turn. Over the
coefficients of either the likelihood can have several local maxima. As kappa goes to 0 all
directions become alike and mu means nothing; sqrt(1/kappa) is nearly a standard deviation
where kappa is large.

Source: K. V. Mardia and P. E. Jupp (2000), Directional Statistics, sections 3.5.4 and 5.3;
tan-half link: N. I. Fisher and A. J. Lee (1992), Biometrics 48, 665-677.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family, Pairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._records import Example, Moments, Narrowing, Parameter
from mlefit.special import once_a_run, recalled
from mlefit.support import ANGLES, Domain

ALIASES = ("vonmises", "circular-normal", "circular", "angle")


_QUARTERS = (0.5 * math.pi, math.pi, 1.5 * math.pi)


class VonMises(Family):
    """See the module's docstring."""

    name = "von-mises"
    title = "von Mises"
    summary = "directions, as angles in radians"
    support = ANGLES
    smooth_in = "y"
    parameters = (
        Parameter("mu", "identity", Domain.REAL, "mean direction", links=("identity", "tan-half")),
        Parameter(
            "kappa",
            "log",
            Domain.POSITIVE,
            "concentration",
            narrowing=Narrowing(power=-0.5, unit=0),
        ),
    )
    elementary = False  # Bessel functions
    rare = True
    examples = (
        Example((0.0, 1.0)),
        Example((2.5, 0.2)),
        Example((-1.0, 12.0)),
        Example((0.5, 300.0)),
    )
    derivation = Derivation(
        "kappa*cos(y - mu) - log(2*pi) - log(bessel0(kappa))",
        short=(Short("A", "bessel1(kappa)/bessel0(kappa)", {"kappa": "1 - A^2 - A/kappa"}),),
        estimate={"mu": "direction(sum(sin(y)), sum(cos(y)))"},
        information={"mu": "kappa*A", "kappa": "1 - A^2 - A/kappa"},
    )
    elsewhere = (
        in_r("circular::dvonmises", {"mu": "mu", "kappa": "kappa"}),
        in_scipy("vonmises", {"kappa": "kappa", "loc": "mu"}),
        in_stan("von_mises", {"mu": "mu", "kappa": "kappa"}),
    )

    def log_density(self, y: Rows, mu: Rows, kappa: Rows) -> Rows:
        from scipy.special import i0e

        return -kappa * _short_of_one(y - mu) - math.log(2 * math.pi) - np.log(i0e(kappa))

    def score(self, y: Rows, mu: Rows, kappa: Rows) -> tuple[Rows, Rows]:
        return kappa * np.sin(y - mu), _resultant(kappa).short - _short_of_one(y - mu)

    def observed(self, y: Rows, mu: Rows, kappa: Rows) -> Pairs:
        return {
            (0, 0): kappa * np.cos(y - mu),
            (0, 1): -np.sin(y - mu),
            (1, 1): _resultant(kappa).slope,
        }

    def expected(self, mu: Rows, kappa: Rows) -> Pairs:
        short, slope = _resultant(kappa)
        return {(0, 0): kappa * (1 - short), (1, 1): slope}

    def start(self, moments: Moments) -> tuple[float, float]:
        """The maximum in mu, and Fisher's approximation of the one in kappa."""
        east, north = moments.mean_of(np.cos), moments.mean_of(np.sin)
        mu, length = math.atan2(north, east), math.hypot(east, north)
        short = moments.mean_of(lambda y: _short_of_one(y - mu))
        if length < 0.85:
            return mu, max(2 * length + length**3, 0.01)
        return mu, 1 / (2 * short) if short > 0 else math.inf

    def starts(self, moments: Moments) -> tuple[tuple[float, float], ...]:
        """The four quarters of the circle."""
        mu, kappa = self.start(moments)
        turned = (math.remainder(mu + quarter, 2 * math.pi) for quarter in _QUARTERS)
        return ((mu, kappa), *((at, kappa) for at in turned))

    def sample(self, rng: np.random.Generator, mu: Rows, kappa: Rows) -> Rows:
        return rng.vonmises(mu, kappa)


def _short_of_one(angle: Rows) -> Rows:
    """1 - cos, without the subtraction that cancels for small angles."""
    return 2 * np.sin(angle / 2) ** 2


class _Resultant(NamedTuple):
    """1 - A(kappa) and A'(kappa)."""

    short: Rows
    slope: Rows


def _series() -> tuple[float, ...]:
    """The a_n of A(kappa) = 1 + a_1/kappa + a_2/kappa^2 + ..., from A' = 1 - A^2 - A/kappa."""
    a = [1.0]
    for n in range(1, _TERMS + 1):
        products = sum(a[i] * a[n - i] for i in range(1, n))
        a.append(((n - 2) * a[n - 1] - products) / 2)
    return tuple(a)


_LARGE, _TERMS = 30.0, 20
_SERIES = _series()


@recalled
@once_a_run
def _resultant(kappa: Rows) -> _Resultant:
    """From kappa = 30 on by the asymptotic series, whose first term left out is below 1e-17.

    The Bessel functions themselves lose log10(kappa) digits of the first and twice as many
    of the second.
    """
    from scipy.special import i0e, i1e

    large = np.maximum(kappa, _LARGE)
    short, slope = np.zeros_like(kappa), np.zeros_like(kappa)
    for n in range(_TERMS, 0, -1):
        short = short / large - _SERIES[n]
        slope = slope / large - n * _SERIES[n]
    small = np.minimum(kappa, _LARGE)
    at_zero, at_one = i0e(small), i1e(small)
    direct = (at_zero - at_one) / at_zero
    # (1 - A)(1 + A) - A/kappa
    direct_slope = direct * (2 - direct) - at_one / at_zero / small
    return _Resultant(
        np.where(kappa < _LARGE, direct, short / large),
        np.where(kappa < _LARGE, direct_slope, slope / large**2),
    )


FAMILY = VonMises()
