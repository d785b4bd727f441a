"""What every prior must satisfy. A new file in mlefit/priors is tested by existing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from mlefit import priors
from mlefit.errors import UsageError
from mlefit.priors._base import InformationPrior, Prior
from tests.numeric import slope

# Numbers at which a prior is tested.
POINTS: dict[str, list[tuple[float, ...]]] = {
    "cauchy": [(0.0, 1.0), (-3.0, 0.2), (12.0, 7.5)],
    "elasticnet": [(1.0, 0.5), (4.0, 0.0), (0.3, 1.0), (9.0, 0.98)],
    "gamma": [(2.0, 1.0), (1.5, 8.0), (30.0, 3.0)],
    "horseshoe": [(1.0, 2.0), (0.05, 2.5), (3.0, 0.4), (1e-4, 100.0)],
    "laplace": [(0.0, 1.0), (-3.0, 0.2), (12.0, 7.5)],
    "normal": [(0.0, 1.0), (-3.0, 0.2), (12.0, 7.5)],
    "student": [(3.0, 0.0, 1.0), (1.0, -3.0, 0.2), (30.0, 12.0, 7.5)],
}
CASES = [
    pytest.param(priors.load(name)(*numbers), id=f"{name}-{numbers}")
    for name, points in POINTS.items()
    for numbers in points
]
# Priors of all coefficients together, functions of what the rows tell about them.
OF_INFORMATION = ("jeffreys",)
# Counts and values no prior of that name can have.
WRONG = [
    ("normal", (1.0,)),
    ("normal", (0.0, 1.0, 2.0)),
    ("normal", (0.0, 0.0)),
    ("laplace", (0.0, -1.0)),
    ("cauchy", (0.0, math.inf)),
    ("student", (0.0, 0.0, 1.0)),
    ("student", (3.0, 0.0, math.nan)),
    ("elasticnet", (0.0, 0.5)),
    ("elasticnet", (1.0, -0.1)),
    ("elasticnet", (1.0, 1.1)),
    ("elasticnet", (1.0, math.nan)),
    ("gamma", (0.0, 1.0)),
    ("horseshoe", (1.0,)),
    ("horseshoe", (1.0, 0.0)),
    ("gamma", (1.0, 0.0)),
    ("jeffreys", (1.0,)),
]
AROUND = np.array([-7.0, -1.3, -0.2, 0.4, 2.5, 40.0])
every_point = pytest.mark.parametrize("prior", CASES)
every_prior = pytest.mark.parametrize("name", priors.NAMES)


def test_no_prior_is_untested():
    assert tuple(sorted([*POINTS, *OF_INFORMATION])) == priors.NAMES


@every_prior
def test_a_prior_is_named_like_its_file_and_says_how_it_is_written(name):
    prior = priors.load(name)
    assert prior.name == name
    assert prior.summary
    assert prior.penalty
    numbers = f"({', '.join(prior.parameters)})" if prior.parameters else ""
    assert prior.usage() == name + numbers
    assert set(prior.positive) <= set(prior.parameters)


def test_every_prior_is_listed_once_in_order():
    assert [prior.name for prior in priors.every()] == sorted([*POINTS, *OF_INFORMATION])


def test_an_unknown_prior_is_refused_with_the_close_one():
    with pytest.raises(UsageError, match="no prior 'laplce'") as refusal:
        priors.load("laplce")
    assert refusal.value.tries == ("--prior 'laplace(centre, scale)'",)


@every_point
def test_the_density_integrates_to_one(prior):
    def density(b: float) -> float:
        return float(np.exp(prior.log_density(np.array([b]))[0]))

    lowest = 0.0 if prior.natural else -math.inf
    below = quad(density, lowest, prior.mode, epsabs=1e-12, epsrel=1e-11)[0]
    above = quad(density, prior.mode, math.inf, epsabs=1e-12, epsrel=1e-11)[0]
    assert below + above == pytest.approx(1, abs=1e-9)


@every_point
def test_the_slope_is_that_of_the_smooth_part(prior):
    b = points(prior)
    numeric = [slope(lambda at: smooth(prior, at), one, step(prior, one)) for one in b]
    np.testing.assert_allclose(prior.slope(b), np.ravel(numeric), rtol=1e-8, atol=1e-8)


@every_point
def test_the_curvature_is_minus_the_slope_of_the_slope(prior):
    b = points(prior)
    numeric = [slope(lambda at: prior.slope(np.array([at])), one, step(prior, one)) for one in b]
    np.testing.assert_allclose(prior.curvature(b), -np.ravel(numeric), rtol=1e-8, atol=1e-8)


@every_point
def test_the_penalty_is_zero_at_the_mode_and_positive_elsewhere(prior):
    assert prior.penalty_of(np.array([prior.mode])) == pytest.approx(0, abs=1e-12)
    assert (prior.penalty_of(points(prior)) > 0).all()


@pytest.mark.parametrize("name", OF_INFORMATION)
def test_the_slope_in_the_information_is_that_of_the_log_density(name):
    prior = priors.load(name)()
    assert isinstance(prior, InformationPrior)
    rng = np.random.default_rng(1)
    half = rng.normal(size=(3, 8))
    information = half @ half.T
    direction = rng.normal(size=(3, 3))
    direction += direction.T

    def height(t: float) -> np.ndarray:
        return np.array(prior.of_information(information + t * direction)[0])

    claimed = (prior.of_information(information)[1] * direction).sum()
    assert slope(height, 0.0) == pytest.approx(claimed, rel=1e-8)
    assert prior.of_information(np.zeros((3, 3)))[0] == -math.inf
    # beta = T gamma turns the information I of beta into T'IT
    T = rng.normal(size=(3, 3))
    change = prior.in_coordinates(np.linalg.slogdet(T)[1])
    turned = prior.of_information(T.T @ information @ T)[0]
    assert turned - change == pytest.approx(prior.of_information(information)[0])


@pytest.mark.parametrize(
    ("name", "numbers", "l1", "l2"),
    [
        ("normal", (0, 0.2), 0, 25),
        ("laplace", (0, 0.2), 5, 0),
        ("elasticnet", (4, 0.25), 1, 3),
        ("elasticnet", (4, 0), 0, 4),
        ("elasticnet", (4, 1), 4, 0),
    ],
)
def test_the_strengths_are_those_of_the_penalty(name, numbers, l1, l2):
    prior = made(name, *numbers)
    assert {"l1": 0, "l2": 0} | prior.strengths == pytest.approx({"l1": l1, "l2": l2})
    b = points(prior)
    np.testing.assert_allclose(
        l1 * np.abs(b) + l2 * b**2 / 2, prior.penalty_of(b), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("name", ["cauchy", "student", "gamma", "horseshoe"])
def test_a_prior_that_is_no_l1_or_l2_penalty_has_no_strength(name):
    assert made(name, *POINTS[name][0]).strengths == {}


@every_point
def test_a_prior_prints_as_it_is_written(prior):
    name, _, numbers = str(prior).rstrip(")").partition("(")
    again = priors.load(name)(*map(float, numbers.split(",")))
    assert again.numbers == prior.numbers


@pytest.mark.parametrize(("name", "numbers"), WRONG)
def test_wrong_numbers_are_refused(name, numbers):
    with pytest.raises(UsageError):
        priors.load(name)(*numbers)


@pytest.mark.parametrize("strength", [1e-3, 0.7, 40.0, 1e6])
def test_an_elastic_net_of_ratio_one_is_laplace_and_of_ratio_zero_normal(strength):
    lasso, ridge = made("elasticnet", strength, 1), made("elasticnet", strength, 0)
    assert_same(lasso, made("laplace", 0, 1 / strength))
    assert_same(ridge, made("normal", 0, strength**-0.5))


@pytest.mark.parametrize("strength", [1e-3, 0.7, 40.0, 1e6])
@pytest.mark.parametrize("ratio", [1e-12, 1 - 1e-12])
def test_an_elastic_net_nears_its_limits_without_losing_digits(strength, ratio):
    near, limit = made("elasticnet", strength, ratio), made("elasticnet", strength, round(ratio))
    b = np.linspace(-3, 3, 7) / math.sqrt(strength)
    np.testing.assert_allclose(near.log_density(b), limit.log_density(b), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("centre", "scale"), [(0, 1), (-3, 0.2), (12, 7.5)])
def test_a_cauchy_prior_is_students_with_one_degree_of_freedom(centre, scale):
    assert_same(made("cauchy", centre, scale), made("student", 1, centre, scale))


def test_students_prior_with_many_degrees_of_freedom_is_normal():
    many, normal = made("student", 1e7, 1, 2), made("normal", 1, 2)
    np.testing.assert_allclose(many.log_density(AROUND[:-1]), normal.log_density(AROUND[:-1]), 1e-5)
    np.testing.assert_allclose(many.slope(AROUND[:-1]), normal.slope(AROUND[:-1]), 1e-5)


@pytest.mark.parametrize(
    "name", [name for name in POINTS if priors.load(name).parameters[-1] == "scale"]
)
def test_a_prior_of_huge_scale_neither_pulls_nor_bends(name):
    numbers = [1e60 if word == "scale" else 1.0 for word in priors.load(name).parameters]
    wide = made(name, *numbers)
    for pull in (wide.slope(AROUND), wide.curvature(AROUND), wide.penalty_of(AROUND)):
        np.testing.assert_allclose(pull, 0, atol=1e-50)
    assert wide.corner_weight < 1e-50


@every_point
def test_a_prior_names_a_wide_one_exactly_if_it_bends_the_other_way_somewhere(prior):
    far = prior.mode + width(prior) * np.geomspace(1e-3, 100, 200)
    assert bool((prior.curvature(far) < 0).any()) == (prior.wide is not None)
    assert prior.wide is None or prior.wide.wide is None


def made(name: str, *numbers: float) -> Prior:
    return priors.load(name)(*numbers)


def width(prior: Prior) -> float:
    """A length over which the density changes."""
    numbers = prior.numbers
    if "rate" in numbers:
        return math.sqrt(numbers["shape"]) / numbers["rate"]
    return numbers.get("scale", 1 / numbers.get("strength", 1.0))


def points(prior: Prior) -> np.ndarray:
    """Points on both sides of the mode, far and near, inside the prior's domain."""
    if prior.natural:
        return prior.mode * np.array([0.05, 0.4, 0.9, 1.2, 3.0, 20.0])
    return prior.mode + width(prior) * AROUND


def step(prior: Prior, at: float) -> float:
    return at if prior.natural else width(prior)


def smooth(prior: Prior, at: float) -> np.ndarray:
    b = np.array([at])
    return prior.log_density(b) + prior.corner_weight * np.abs(b - prior.centre)


def assert_same(one: Prior, other: Prior) -> None:
    assert one.corner_weight == pytest.approx(other.corner_weight)
    for b in (points(one), points(other)):
        for method in ("log_density", "slope", "curvature", "penalty_of"):
            np.testing.assert_allclose(
                getattr(one, method)(b), getattr(other, method)(b), rtol=1e-11, atol=1e-11
            )
