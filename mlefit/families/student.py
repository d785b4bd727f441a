"""Student's t target with location mu, scale sigma > 0 and df > 0 degrees of freedom.

    ell(y; mu, sigma, df) = G(df) - log(pi)/2 - (df + 1)/2 log(1 + z^2/df) - log(sigma)

    z = (y - mu)/sigma,   w = z^2/df,   G(df) = lgamma((df + 1)/2) - lgamma(df/2) - log(df)/2

    g_z     = -(df + 1) z/(df + z^2)
    g_df    = G' + (w/(1 + w) - log(1 + w))/2 + z^2/(2 df (df + z^2))
    g_zz    = -(df + 1) (df - z^2)/(df + z^2)^2
    g_z,df  = -z (z^2 - 1)/(df + z^2)^2
    g_df,df = G'' + z^4/(2 df (df + z^2)^2) - z^2 (2 df + z^2)/(2 df^2 (df + z^2)^2)
    (see `_location_scale`)
    expected: (df + 1)/((df + 3) sigma^2), 2 df/((df + 3) sigma^2), -2/((df + 1)(df + 3) sigma)
    for sigma with df, and for df as derived in `expected` [1]

Edges: df = 1 is the cauchy family. As df grows it nears the normal one, and for a sample
with tails no heavier than normal the likelihood only rises on the way there. Where more
than df/(df + 1) of the rows lie exactly on the fit it grows without bound as sigma goes
to 0 [2], for one of n rows if df is below 1/(n - 1): with df free, what is meant by the
maximum is a local one. Over mu, or the coefficients of a regression, it can have several.

[1] K. L. Lange, R. J. A. Little and J. M. G. Taylor (1989), JASA 84, 881-896.
[2] C. Fernandez and M. F. J. Steel (1999), Biometrika 86, 153-167.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Pairs
from mlefit.families._derivation import STANDARDISED, Derivation
from mlefit.families._differences import differences, step
from mlefit.families._elsewhere import Elsewhere, R, in_scipy, in_stan
from mlefit.families._location_scale import LocationScale, half_spread, location, scale
from mlefit.families._log1p import log1p_ratio
from mlefit.families._records import Example, Limit, Moments, Parameter
from mlefit.special import HALF_LOG_2PI, once_a_run, recalled
from mlefit.support import Domain

ALIASES = ("t", "student-t", "students-t", "t-distribution")

# halfway between the cauchy and the nearly normal; and its upper quartile
_START_DF, _START_QUARTILE = 5.0, 0.7267


class Student(LocationScale):
    """See the module's docstring."""

    name = "student"
    title = "Student t"
    summary = "symmetric errors with heavy tails, as heavy as the data say"
    smooth_in = "y"
    parameters = (
        location("median"),
        scale("scale; the standard deviation is sigma sqrt(df/(df - 2)), if df > 2"),
        Parameter("df", "log", Domain.POSITIVE, "degrees of freedom; small is heavy-tailed"),
    )
    limits = (Limit("df", "upper", "normal", "no heavy tails: the normal boundary is the maximum"),)
    elementary = False  # digamma and trigamma functions of df
    rare = True
    examples = (
        Example((0.0, 1.0, 4.0)),
        Example((-3.0, 0.2, 0.8)),
        Example((1200.0, 35.0, 19.0)),
        Example((1.0, 2.0, 400.0)),
    )
    derivation = Derivation(
        "log(gamma((df + 1)/2)) - log(gamma(df/2)) - log(df*pi)/2 - log(sigma)"
        " - (df + 1)*log(1 + z^2/df)/2",
        short=(STANDARDISED,),
        information={
            "mu": "(df + 1)/((df + 3)*sigma^2)",
            "sigma": "2*df/((df + 3)*sigma^2)",
            "sigma df": "-2/((df + 1)*(df + 3)*sigma)",
            "df": "(trigamma(df/2) - trigamma((df + 1)/2))/4 - (df + 5)/(2*df*(df + 1)*(df + 3))",
        },
    )
    elsewhere = (
        Elsewhere(
            R,
            "dt((x - {mu}) / {sigma}, df = {df}) / {sigma}",
            {"mu": "mu", "sigma": "sigma", "df": "df"},
        ),
        in_scipy("t", {"df": "df", "loc": "mu", "scale": "sigma"}),
        in_stan("student_t", {"nu": "df", "mu": "mu", "sigma": "sigma"}),
    )

    def standard(self, z: Rows, df: Rows) -> Rows:
        tail = (df + 1) / 2 * np.log1p(z**2 / df)
        return _normaliser(df).value - HALF_LOG_2PI - tail

    def slopes(self, z: Rows, df: Rows) -> tuple[Rows, Rows]:
        square = z**2
        w = square / df
        # w/(1 + w) - log(1 + w) = w^2 phi'(w), which cancels for small w
        bowed = w**2 * log1p_ratio(w).slope
        g_df = _normaliser(df).slope + 0.5 * bowed + square / (2 * df * (df + square))
        return -(df + 1) * z / (df + square), g_df

    def bends(self, z: Rows, df: Rows) -> tuple[Rows, Rows, Rows]:
        square = z**2
        whole = (df + square) ** 2
        g_dfdf = _normaliser(df).curvature + (
            square**2 / (2 * df * whole) - square * (2 * df + square) / (2 * df**2 * whole)
        )
        return -(df + 1) * (df - square) / whole, -z * (square - 1) / whole, g_dfdf

    def expected(self, mu: Rows, sigma: Rows, df: Rows) -> Pairs:
        # -2 G'' - 1/df^2 = 2 (E of the rest); its leading 1/df^3 is taken out by hand
        rest = -2 * _normaliser(df).curvature - df**-3.0
        own = 0.5 * (rest + (7 * df + 3) / (df**3 * (df + 1) * (df + 3)))
        return {
            (0, 0): (df + 1) / ((df + 3) * sigma**2),
            (1, 1): 2 * df / ((df + 3) * sigma**2),
            (1, 2): -2 / ((df + 1) * (df + 3) * sigma),
            (2, 2): own,
        }

    def start(self, moments: Moments) -> tuple[float, float, float]:
        return moments.quantile(0.5), half_spread(moments) / _START_QUARTILE, _START_DF

    def starts(self, moments: Moments) -> tuple[tuple[float, ...], ...]:
        _, sigma, df = self.start(moments)
        near = [(moments.quantile(share), sigma, df) for share in (0.25, 0.75)]
        start, *heap = self.with_likelier(moments, self._heap(moments))
        return start, *near, *heap

    def _heap(self, moments: Moments) -> tuple[tuple[float, float, float], ...]:
        """The quarter of the sample that lies closest, and all else in the tails."""
        low, high = moments.shortest(0.25)
        if low == high:
            return ()  # so many ties that the likelihood has no bound there
        mu, sigma = (low + high) / 2, (high - low) / 2
        # the tails fall as a power, whose maximum-likelihood estimate is df
        return ((mu, sigma, 1 / moments.mean_of(lambda y: _log_beyond(np.abs(y - mu) / sigma))),)

    def mean(self, mu: Rows, sigma: Rows, df: Rows) -> Rows:
        return np.where(df > 1, mu, np.nan)

    def lower_tail(self, z: Rows, df: Rows) -> Rows:
        from scipy.special import betainc, betaincc

        # of x and 1 - x the one below 1/2 has the digits that a large df needs
        square = z**2
        x = df / (df + square)
        central = betaincc(0.5, df / 2, square / (df + square))
        beyond = 0.5 * np.where(square < df, central, betainc(df / 2, 0.5, x))
        far = (x < _FAR) | (beyond < _SMALL)
        lower = np.where(far, _log_far(z, df, np.where(far, x, 0.0)), np.log(beyond))
        return np.where(z < 0, lower, np.log1p(-beyond))

    def shape_drift(self, z: Rows, df: Rows) -> tuple[Rows, Rows]:
        """Of the smaller tail, whose logarithm has no closed derivatives in df."""
        side, small = np.sign(z), -np.abs(z)
        g_df, g_dfdf = self.slopes(z, df)[1], self.bends(z, df)[2]
        length = step(Domain.POSITIVE, df, bend=g_df**2 + np.abs(g_dfdf))
        slopes, curves = differences(
            lambda at: self.lower_tail(small, *at), [df], [length], [Domain.POSITIVE]
        )
        ratio = np.exp(self.lower_tail(small, df) - self.standard(z, df))
        change = (slopes[0] - g_df) * slopes[0] + curves[0, 0]
        return side * ratio * slopes[0], side * ratio * change

    def standard_draws(self, rng: np.random.Generator, n: int, df: Rows) -> Rows:
        return rng.standard_t(df, size=n)


def _log_beyond(z: Rows) -> Rows:
    return np.log(np.maximum(z, 1.0))


# from here on a square is no double, or the tail itself is none
_FAR, _SMALL = 1e-17, 1e-290


def _log_far(z: Rows, df: Rows, x: Rows) -> Rows:
    """ln P(Z <= -|z|) far out: x^a (1 - x)^(1/2)/(2 a B(a, 1/2)) F(a + 1/2, 1; a + 1; x), a = df/2.

    x = df/(df + z^2) enters as its logarithm, which no double is too small for.
    """
    from scipy.special import betaln, hyp2f1

    a, r = df / 2, np.abs(z) / np.sqrt(df)
    log_x = -2 * np.log(r) - np.log1p(np.minimum(1 / r, 1e150) ** 2)
    series = 0.5 * np.log1p(-x) + np.log(hyp2f1(a + 0.5, 1, a + 1, x))
    return a * log_x - np.log(df) - betaln(a, 0.5) + series


class _Normaliser(NamedTuple):
    """G + log(2)/2, which is 0 at infinite df, and the derivatives of G."""

    value: Rows
    slope: Rows
    curvature: Rows


# lgamma(x + 1/2) - lgamma(x) - log(x)/2 at x = df/2 is the sum of these over df, df^3, df^5, ...
_SERIES = (-1 / 4, 1 / 24, -1 / 20, 17 / 112, -31 / 36, 691 / 88, -5461 / 52, 929569 / 480)
_LARGE = 30.0


@recalled
@once_a_run
def _normaliser(df: Rows) -> _Normaliser:
    """From df = 30 on by the asymptotic series, whose first term left out is below 1e-20.

    The gamma functions themselves lose log10(df) digits and more.
    """
    from scipy.special import gammaln, polygamma, psi

    large = np.maximum(df, _LARGE)
    value, slope, curvature = (np.zeros_like(df) for _ in range(3))
    for k, coefficient in reversed(list(enumerate(_SERIES))):
        power = 2 * k + 1
        value = value / large**2 + coefficient
        slope = slope / large**2 - power * coefficient
        curvature = curvature / large**2 + power * (power + 1) * coefficient
    x = np.minimum(df, _LARGE) / 2
    direct = gammaln(x + 0.5) - gammaln(x) - 0.5 * np.log(x)
    direct_slope = 0.5 * (psi(x + 0.5) - psi(x)) - 0.25 / x
    direct_curvature = 0.25 * (polygamma(1, x + 0.5) - polygamma(1, x)) + 0.125 / x**2
    return _Normaliser(
        np.where(df < _LARGE, direct, value / large),
        np.where(df < _LARGE, direct_slope, slope / large**2),
        np.where(df < _LARGE, direct_curvature, curvature / large**3),
    )


FAMILY = Student()
