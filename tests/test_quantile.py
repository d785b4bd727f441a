"""Quantiles are held against the distribution functions they invert, and against scipy.stats."""

from __future__ import annotations

from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from scipy import stats

from mlefit import families
from mlefit.distribution.at import as_theta
from mlefit.distribution.quantile import quantiles
from mlefit.distribution.single import Distribution
from tests.families.test_contract import every_ordered_point

SMALL = np.array([1e-300, 1e-80, 1e-12, 1e-3, 0.05, 0.3, 0.5])
BELOW, ABOVE = np.concatenate([SMALL, 1 - SMALL]), np.concatenate([1 - SMALL, SMALL])


@pytest.fixture(autouse=True)
def _infinities_are_told_by_name():
    with np.errstate(all="ignore"):
        yield


def tails(family, theta, known, y):
    return (
        np.broadcast_to(family.log_cdf(y, *theta, **known), y.shape),
        np.broadcast_to(family.log_sf(y, *theta, **known), y.shape),
    )


def passed(family, theta, known, y):
    """By how much the smaller tail is at its level or beyond."""
    lower, upper = tails(family, theta, known, y)
    return np.where(BELOW <= ABOVE, lower - np.log(BELOW), np.log(ABOVE) - upper)


@every_ordered_point
def test_a_quantile_is_the_smallest_value_that_reaches_its_level(family, theta, known):
    packed = as_theta(family, theta)
    extra = {name: np.full(len(BELOW), value) for name, value in known.items()}
    y = quantiles(family, BELOW, ABOVE, packed, extra)
    assert (np.diff(y[: len(SMALL)]) >= 0).all()
    if family.support.discrete:
        assert (y == np.floor(y)).all()
        assert (passed(family, packed, extra, y) >= -1e-10).all()
        assert (passed(family, packed, extra, y - 1) < 1e-10).all()
        return
    finite = np.isfinite(y)  # what no double is large enough for is infinite
    here = finite & ~np.isin(y, family.support.atoms)
    lower, upper = tails(family, packed, extra, y)
    tail = np.where(BELOW <= ABOVE, lower, upper)
    slope = np.exp(family.log_density(y, *packed, **extra) - tail)
    error = np.abs(passed(family, packed, extra, y)) / slope
    # a compound tail near its atom has a little more than 1e-13
    close = error <= 2e-13 * np.maximum(np.abs(y), abs(theta[0]) * 1e-3)
    # else no double is closer: the levels of its neighbours are on both sides
    below = passed(family, packed, extra, np.nextafter(y, -np.inf)) <= 0
    beyond = passed(family, packed, extra, np.nextafter(y, np.inf)) >= 0
    assert (close | (below & beyond))[here].all(), y[here & ~close]


@every_ordered_point
def test_the_quantile_of_a_probability_is_the_value_itself(family, theta, known):
    distribution = Distribution.of(family, theta, known)
    rng = np.random.default_rng(3)
    extra = {name: np.array([value]) for name, value in known.items()}
    packed = as_theta(family, theta)
    for _ in range(4):
        y = float(np.ravel(family.sample(rng, *packed, **extra))[0])
        lower, upper = (np.exp(tail) for tail in tails(family, packed, extra, np.array([y])))
        if not upper[0]:
            continue  # the last value of all is the quantile of no level below one
        back = distribution.quantile(float(lower[0]), float(upper[0]))
        # where the density is low a rounded probability stands for many values
        height = np.exp(distribution.log_density(y))
        room = 4e-16 * min(lower[0], upper[0]) / height if not family.support.discrete else 0.0
        assert back == pytest.approx(y, rel=1e-13, abs=8 * room)


# of two degrees of freedom in closed form, for older SciPy's quantiles of t are good to 11 digits
T2 = SimpleNamespace(ppf=lambda p: 1 + 2 * (2 * p - 1) / np.sqrt(2 * p * (1 - p)))


@pytest.mark.parametrize(
    ("name", "values", "scipy"),
    [
        ("normal", (170.0, 10.0), stats.norm(170, 10)),
        ("gamma", (2.0, 3.0), stats.gamma(3, scale=2 / 3)),
        ("student", (1.0, 2.0, 2.0), T2),
        ("beta", (0.3, 5.0), stats.beta(1.5, 3.5)),
        ("weibull", (250.0, 0.7), stats.weibull_min(0.7, scale=250)),
        ("gumbel", (0.0, 1.0), stats.gumbel_r()),
        ("cauchy", (0.0, 1.0), stats.cauchy()),
        ("lognormal", (0.0, 1.0), stats.lognorm(1)),
    ],
)
def test_quantiles_are_those_of_scipy(name, values, scipy):
    levels = np.array([0.001, 0.2, 0.5, 0.9, 0.9999])
    family = families.load(name)
    found = quantiles(family, levels, 1 - levels, as_theta(family, values))
    np.testing.assert_allclose(found, scipy.ppf(levels), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "values", "known", "scipy"),
    [
        ("poisson", (4.0,), {}, stats.poisson(4)),
        ("binomial", (0.6,), {"trials": 17.0}, stats.binom(17, 0.6)),
        ("negbinom", (4.0, 1.5), {}, stats.nbinom(1.5, 1.5 / 5.5)),
        ("geometric", (4.0,), {}, stats.geom(0.2, loc=-1)),
    ],
)
def test_quantiles_of_counts_are_those_of_scipy(name, values, known, scipy):
    levels = np.array([1e-9, 0.001, 0.2, 0.5, 0.9, 0.9999])
    family = families.load(name)
    extra = {key: np.full(len(levels), value) for key, value in known.items()}
    found = quantiles(family, levels, 1 - levels, as_theta(family, values), extra)
    assert found.tolist() == scipy.ppf(levels).tolist()


def test_a_level_that_is_reached_but_for_rounding_is_reached():
    family = families.load("binomial")
    for trials, k in ((10, 3), (7, 5), (31, 11)):
        distribution = Distribution.of(family, (0.3,), {"trials": trials})
        level = stats.binom(trials, 0.3).cdf(k)
        assert distribution.quantile(level * (1 + 2e-16), 1 - level) == k


def test_far_quantiles_have_the_digits_of_mpmath():
    normal = families.load("normal")
    with mpmath.workdps(40):
        for level in (1e-300, 1e-20, 0.25):
            exact = mpmath.findroot(
                lambda z, level=level: mpmath.log(mpmath.ncdf(z)) - mpmath.log(level),
                -mpmath.sqrt(-2 * mpmath.log(level)),
            )
            for below, above, sign in ((level, 1.0, 1), (1.0, level, -1)):
                y = quantiles(
                    normal, np.array([below]), np.array([above]), as_theta(normal, (0, 1))
                )
                assert y[0] == pytest.approx(float(sign * exact), rel=1e-15)


def test_each_row_has_its_own_distribution():
    gamma = families.load("gamma")
    mu, k = np.array([1.0, 5.0, 0.2]), np.array([0.5, 3.0, 70.0])
    level = np.array([0.01, 0.5, 0.99])
    found = quantiles(gamma, level, 1 - level, (mu, k))
    np.testing.assert_allclose(found, stats.gamma.ppf(level, k, scale=mu / k), rtol=1e-12)


def test_tails_stay_exact_where_squares_and_arguments_are_no_doubles():
    student, gamma = families.load("student"), families.load("generalised-gamma")
    with mpmath.workdps(40):
        for df, z in ((0.8, -1e200), (4.0, -1e155), (30.0, -1e14)):
            x = mpmath.mpf(df) / (mpmath.mpf(df) + mpmath.mpf(z) ** 2)
            exact = mpmath.log(mpmath.betainc(df / 2, 0.5, 0, x, regularized=True) / 2)
            claimed = student.log_cdf(np.array([z]), *as_theta(student, (0.0, 1.0, df)))
            assert claimed[0] == pytest.approx(float(exact), rel=1e-14)
        a, x = mpmath.mpf(2.5) ** -2, mpmath.mpf(2.5) ** -2
        x *= mpmath.exp(2.5 * (mpmath.log(mpmath.mpf("1e-45")) - 1) / mpmath.mpf(0.3))
        exact = mpmath.log(mpmath.gammainc(a, 0, x, regularized=True))
        claimed = gamma.log_cdf(np.array([1e-45]), *as_theta(gamma, (1.0, 0.3, 2.5)))
        assert claimed[0] == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize(
    "name", ["poisson", "negbinom", "zip", "binomial", "normal", "gamma", "student", "tweedie"]
)
def test_where_a_search_begins_does_not_matter(name):
    family = families.load(name)
    levels = np.array([1e-6, 0.3, 0.975])
    for theta, known, _ in family.examples:
        packed = as_theta(family, theta)
        extra = {key: np.full(len(levels), float(value)) for key, value in known.items()}
        y = quantiles(family, levels, 1 - levels, packed, extra)
        for near in (np.roll(y, 1), np.array([1.3 * y[0] + 1, np.nan, y[2]])):
            found = quantiles(family, levels, 1 - levels, packed, extra, near)
            if family.support.discrete:
                assert (found == y).all()
            else:
                np.testing.assert_allclose(found, y, rtol=1e-10, atol=1e-13)
