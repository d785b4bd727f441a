"""What every family must satisfy. A new file in mlefit/families is tested by existing."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad

from mlefit import families
from mlefit.families._base import Family, Moments, Probability
from mlefit.support import BINARY, COUNTS, REAL_LINE, SUCCESSES, Domain
from tests.numeric import slope

# Points (theta, known quantities) at which a family is tested.
POINTS: dict[str, list[tuple[tuple[float, ...], dict[str, float]]]] = {
    "bernoulli": [((0.2,), {}), ((0.93,), {})],
    "binomial": [((0.2,), {"trials": 1.0}), ((0.6,), {"trials": 17.0})],
    "laplace": [((0.0, 1.0), {}), ((-3.0, 0.2), {}), ((40.0, 7.5), {})],
    "normal": [((0.0, 1.0), {}), ((-3.0, 0.2), {}), ((1200.0, 35.0), {})],
    "poisson": [((0.3,), {}), ((4.0,), {}), ((250.0,), {})],
}
CASES = [
    pytest.param(families.load(name), theta, known, id=f"{name}-{theta}")
    for name, points in POINTS.items()
    for theta, known in points
]
every_point = pytest.mark.parametrize(("family", "theta", "known"), CASES)
every_family = pytest.mark.parametrize("name", families.NAMES)


def test_no_family_is_untested():
    assert tuple(sorted(POINTS)) == families.NAMES


@every_family
def test_a_family_is_named_like_its_file_and_its_defaults_exist(name):
    family = families.load(name)
    assert family.name == name
    for parameter in family.parameters:
        from mlefit.specify import suitable_links

        assert parameter.link in suitable_links(parameter)


@every_family
def test_aliases_lead_to_one_family(name):
    for spelling in families.spellings_of(name):
        assert families.resolve(spelling.upper().replace("-", "_")) == name
    everything = [s for n in families.NAMES for s in (n, *families.spellings_of(n))]
    assert len(everything) == len(set(everything))


@every_point
def test_the_density_integrates_to_one(family, theta, known):
    assert mean(family, theta, known, lambda y: 1.0) == pytest.approx(1, abs=1e-8)


@every_point
def test_mean_and_variance_are_those_of_the_density(family, theta, known):
    packed, extra = packed_theta(family, theta, 1), rows(known, 1)
    claimed = family.mean(*packed, **extra)[0]
    first = mean(family, theta, known, lambda y: y)
    second = mean(family, theta, known, lambda y: (y - first) ** 2)
    assert claimed == pytest.approx(first, rel=1e-7, abs=1e-8)
    assert family.variance(*packed, **extra)[0] == pytest.approx(second, rel=1e-6)


@every_point
def test_the_score_is_the_slope_of_the_log_density(family, theta, known):
    y = sample_points(family, theta, known)
    claimed = family.score(y, *packed_theta(family, theta, len(y)), **rows(known, len(y)))
    for j, one in enumerate(claimed):
        along = partial(log_density, family, y, theta, known, j)
        numeric = slope(along, theta[j], size(theta, j))
        np.testing.assert_allclose(one, numeric, rtol=1e-8, atol=1e-8)


@every_point
def test_the_observed_information_is_minus_the_slope_of_the_score(family, theta, known):
    y = sample_points(family, theta, known)
    claimed = family.observed(y, *packed_theta(family, theta, len(y)), **rows(known, len(y)))
    for j, k in itertools.combinations_with_replacement(range(len(theta)), 2):
        numeric = -slope(score_along(family, y, theta, known, j, k), theta[j], size(theta, j))
        one = np.broadcast_to(claimed.get((j, k), 0.0), y.shape)
        np.testing.assert_allclose(one, numeric, rtol=1e-7, atol=1e-7)


@every_point
def test_the_expected_information_is_the_mean_product_of_scores(family, theta, known):
    claimed = family.expected(*packed_theta(family, theta, 1), **rows(known, 1))
    for j, k in itertools.combinations_with_replacement(range(len(theta)), 2):

        def product(y, j=j, k=k):
            score = family.score(np.array([y]), *packed_theta(family, theta, 1), **rows(known, 1))
            return float(score[j][0] * score[k][0])

        expected = float(np.ravel(claimed.get((j, k), 0.0))[0])
        assert mean(family, theta, known, product) == pytest.approx(expected, rel=1e-6, abs=1e-7)


@every_point
def test_the_expected_information_is_the_mean_of_the_observed_one(family, theta, known):
    claimed = family.expected(*packed_theta(family, theta, 1), **rows(known, 1))
    for pair in itertools.combinations_with_replacement(range(len(theta)), 2):
        if family.vertex is not None and pair == (0, 0):
            continue  # all of it lies in the corner, where there is no second derivative

        def one(y, pair=pair):
            observed = family.observed(
                np.array([y]), *packed_theta(family, theta, 1), **rows(known, 1)
            )
            return float(np.ravel(observed.get(pair, 0.0))[0])

        expected = float(np.ravel(claimed.get(pair, 0.0))[0])
        assert mean(family, theta, known, one) == pytest.approx(expected, rel=1e-6, abs=1e-7)


@every_point
def test_a_claimed_information_slope_is_that_of_its_logarithm(family, theta, known):
    claimed = family.information_slope(*packed_theta(family, theta, 1), **rows(known, 1))
    if claimed is None:
        return  # it is for families of one parameter, and only if they say so

    def log_information(value):
        packed = packed_theta(family, (value,), 1)
        return np.log(family.expected(*packed, **rows(known, 1))[0, 0])

    numeric = slope(log_information, theta[0], 0.3 * size(theta, 0))
    np.testing.assert_allclose(claimed, numeric, rtol=1e-7)


@every_point
def test_a_loss_is_the_nll_up_to_its_scale_and_constant(family, theta, known):
    y = sample_points(family, theta, known)
    assert family.losses
    for loss in family.losses:
        for mu in nearby(family, theta):
            packed = packed_theta(family, (mu, *theta[1:]), len(y))
            extra = rows(known, len(y))
            rebuilt = loss.scale(*packed[1:]) * loss.value(y, packed[0], **extra)
            rebuilt = rebuilt + loss.constant(y, *packed[1:], **extra)
            nll = -family.log_density(y, *packed, **extra)
            np.testing.assert_allclose(rebuilt, nll, rtol=1e-12, atol=1e-12)
            slopes = loss.scale(*packed[1:]) * loss.slope(y, packed[0], **extra)
            np.testing.assert_allclose(slopes, -family.score(y, *packed, **extra)[0], rtol=1e-12)


@every_point
def test_the_unit_deviance_is_twice_the_distance_to_the_saturated_model(family, theta, known):
    y = sample_points(family, theta, known)
    packed, extra = packed_theta(family, theta, len(y)), rows(known, len(y))
    claimed = family.unit_deviance(y, *packed, **extra)
    if claimed is None:
        pytest.skip("the family has no deviance")
    scale = theta[1] ** 2 if family.has_free_scale else 1.0
    own_mean = y / extra["trials"] if "trials" in extra else y
    inside = np.clip(
        own_mean, 1e-300, 1 - 1e-16 if family.parameters[0].domain is Domain.UNIT else None
    )
    if family.parameters[0].domain is Domain.REAL:
        inside = own_mean
    saturated = packed_rows(family, inside, theta)
    height = family.log_density(y, *saturated, **extra) - family.log_density(y, *packed, **extra)
    np.testing.assert_allclose(claimed, 2 * scale * height, rtol=1e-9, atol=1e-9)


@every_family
@pytest.mark.parametrize("moments", ["typical", "all zero", "all one"])
def test_start_values_lie_inside_the_domain(name, moments):
    family = families.load(name)
    mean_y, variance = {"typical": (0.4, 0.3), "all zero": (0.0, 0.3), "all one": (1.0, 0.3)}[
        moments
    ]
    start = family.start(Moments(10.0, mean_y, variance, {"trials": 1.0}))
    for value, parameter in zip(start, family.parameters, strict=True):
        assert parameter.domain.contains(np.array([value]))


@pytest.mark.parametrize(
    ("support", "good", "bad", "words"),
    [
        (REAL_LINE, [-1.5, 0, 1e300], [], ""),
        (COUNTS, [0, 1, 1e6], [0.5], "non-integers"),
        (COUNTS, [0, 1], [-1], "negative values"),
        (BINARY, [0, 1], [2], "values other than 0 and 1"),
        (SUCCESSES, [0, 3], [4], "more successes than trials"),
    ],
)
def test_a_support_tells_what_does_not_belong(support, good, bad, words):
    known = {"trials": np.full(len(good) + len(bad), 3.0)} if support is SUCCESSES else {}
    assert (
        support.first_violation(
            np.array(good, float), {k: v[: len(good)] for k, v in known.items()}
        )
        is None
    )
    if bad:
        found = support.first_violation(np.array([*good, *bad], float), known)
        assert found is not None
        assert found[0] == words
        assert found[1].tolist() == [False] * len(good) + [True] * len(bad)


def test_canonical_forms_equal_the_general_ones_where_both_are_exact():
    rng = np.random.default_rng(5)
    eta = rng.normal(0, 2, 200)
    for name, link, known in (
        ("poisson", "log", {}),
        ("bernoulli", "logit", {}),
        ("binomial", "logit", {"trials": 9.0}),
    ):
        family = families.load(name)
        extra = rows(known, len(eta))
        high = {"poisson": 12, "bernoulli": 2, "binomial": 10}[name]
        y = rng.integers(0, high, len(eta)).astype(float)
        form = family.fused((link,))
        assert form is not None
        fused = form(y, eta, **extra)
        from mlefit.likelihood import Model
        from mlefit.links import resolve

        model = Model(family, [resolve(link)], fuse=False)
        theta = model.theta([eta])
        mapping = resolve(link)
        np.testing.assert_allclose(
            fused.log_density, family.log_density(y, *theta, **extra), rtol=1e-11, atol=1e-12
        )
        score = family.score(y, *theta, **extra)[0] * mapping.slope(eta)
        np.testing.assert_allclose(fused.score, score, rtol=1e-9, atol=1e-11)
        expected = family.expected(*theta, **extra)[0, 0] * mapping.slope(eta) ** 2
        np.testing.assert_allclose(fused.information, expected, rtol=1e-9)


@pytest.mark.parametrize("eta", [-800.0, -40.0, -1e-8, 0.0, 35.0, 720.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_the_logit_form_keeps_its_digits_in_the_tails(eta, y):
    with mpmath.workdps(800):
        exact = y * mpmath.mpf(eta) - mpmath.log1p(mpmath.exp(eta))
        mu = 1 / (1 + mpmath.exp(-mpmath.mpf(eta)))
    logit = families.load("bernoulli").fused(("logit",))
    assert logit is not None
    form = logit(np.array([y]), np.array([eta]))
    assert form.log_density[0] == pytest.approx(float(exact), rel=1e-14, abs=1e-300)
    assert form.information[0] == pytest.approx(float(mu * (1 - mu)), rel=1e-13, abs=1e-305)


def packed_theta(family: Family, theta: Any, n: int) -> list[Any]:
    return packed_rows(family, np.full(n, float(theta[0])), theta)


def packed_rows(family: Family, first: np.ndarray, theta: Any) -> list[Any]:
    values = [first, *(np.full(len(first), float(t)) for t in theta[1:])]
    return [
        Probability(value, 1 - value) if parameter.domain is Domain.UNIT else value
        for value, parameter in zip(values, family.parameters, strict=True)
    ]


def rows(known: dict[str, float], n: int) -> dict[str, np.ndarray]:
    return {key: np.full(n, value) for key, value in known.items()}


def log_density(family, y, theta, known, j, value):
    moved = list(theta)
    moved[j] = value
    return family.log_density(y, *packed_theta(family, moved, len(y)), **rows(known, len(y)))


def score_along(family, y, theta, known, j, k):
    """Score of parameter k as a function of parameter j."""

    def function(value):
        moved = list(theta)
        moved[j] = value
        return family.score(y, *packed_theta(family, moved, len(y)), **rows(known, len(y)))[k]

    return function


def size(theta, j) -> float:
    """A length on which a log-density bends: a share of the distance to 0 or 1."""
    value = abs(theta[j]) if j or len(theta) == 1 else theta[1]
    return min(value, 1 - value) if len(theta) == 1 and value < 1 else value


def nearby(family: Family, theta: Any) -> list[float]:
    mu = theta[0]
    return [mu, mu * 0.9, mu * 1.05]


def sample_points(family: Family, theta: Any, known: dict[str, float]) -> np.ndarray:
    """Values all over the support, none on a corner of the log-density."""
    if family.support.discrete:
        top = int(known.get("trials", 1 if family.support.binary else theta[0] * 3 + 5))
        return np.unique(np.linspace(0, top, 12).round())
    return theta[0] + theta[1] * np.array([-4.1, -1.3, -0.4, 0.3, 0.9, 2.2, 5.0])


def mean(family: Family, theta: Any, known: dict[str, float], function) -> float:
    """Of a function under the family: a sum for counts, an integral for densities."""

    def term(y: float) -> float:
        at = np.array([float(y)])
        density = family.log_density(at, *packed_theta(family, theta, 1), **rows(known, 1))
        return float(np.exp(density[0])) * function(float(y))

    if family.support.discrete:
        top = int(
            known.get(
                "trials", 1 if family.support.binary else theta[0] + 40 * theta[0] ** 0.5 + 60
            )
        )
        return sum(term(y) for y in range(top + 1))
    centre, scale = theta
    pieces = [(-60, -8), (-8, 0), (0, 8), (8, 60)]
    return sum(
        quad(term, centre + scale * lo, centre + scale * hi, epsabs=1e-12, epsrel=1e-12)[0]
        for lo, hi in pieces
    )
